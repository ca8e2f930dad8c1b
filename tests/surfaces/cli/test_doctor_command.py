"""`rtcp doctor`: what it finds, that it is true on every path, and that nothing secret or personal is in it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from tests.helpers.servers import RawServer, answer, raw, refusing_address

from rtcp.bulk.reject_file import RejectFile
from rtcp.bulk.spool import Queue, SpoolFile
from rtcp.emulator import Emulator
from rtcp.rows.rejects import Reject

SECRET = "p8e-do-not-print-me"
HOSTS = ("BASE_URL", "IMS_URL", "STREAMING_URL", "EDGE_URL")


@pytest.fixture(scope="module")
def guarded():
    """An emulator that takes one credential only."""
    with Emulator(credentials={"the-key": [SECRET]}) as emulator:
        yield emulator


@pytest.fixture
def settings(guarded, monkeypatch, tmp_path):
    """Settings as for the real service, whose hosts happen to be an emulator's."""
    guarded.reset()
    monkeypatch.chdir(tmp_path)
    for name in HOSTS:
        monkeypatch.setenv(f"RTCP_{name}", guarded.url)
    for name, value in {
        "CLIENT_ID": "the-key",
        "CLIENT_SECRET": SECRET,
        "ORG_ID": "ABC@AdobeOrg",
        "SCOPES": "openid,AdobeID",
    }.items():
        monkeypatch.setenv(f"RTCP_{name}", value)
    return guarded


def found(result, name: str, topic: str = "") -> dict[str, str]:
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    (one,) = [line for line in lines if line["name"] == name and line["topic"].startswith(topic)]
    return one


def everywhere(monkeypatch, url: str) -> None:
    for name in HOSTS:
        monkeypatch.setenv(f"RTCP_{name}", url)


def dated(moment: datetime) -> bytes:
    return (
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nDate: " + format_datetime(moment, True).encode() + b"\r\n\r\n"
    )


def reject(number: int) -> Reject:
    return Reject({"email": "jane@example.com"}, number, None, "unknown", "no answer came", can_retry=True)


def test_all_is_well_where_all_is_well(run, settings):
    result = run("doctor")

    outcomes = {json.loads(line)["outcome"] for line in result.stdout.splitlines()}
    assert (result.exit_code, outcomes) == (0, {"ok", "told"})
    assert found(result, "reach")["detail"].endswith(" s")
    assert "lives for 24.0 h" in found(result, "token", "credentials")["detail"]
    assert found(result, "gateway", "credentials")["outcome"] == "ok"
    assert "0 failed" in result.stderr


def test_it_asks_the_hosts_without_a_token_and_writes_nothing(run, settings):
    run("doctor")

    roots = [request for request in settings.requests if request.path == "/"]
    assert len(roots) == 1
    assert "authorization" not in {name.lower() for name in roots[0].headers}
    assert {request.method for request in settings.requests if request.path != "/ims/token/v3"} == {"GET"}


def test_a_wrong_secret_is_a_failed_token_and_no_word_on_the_gateway(run, settings, monkeypatch):
    monkeypatch.setenv("RTCP_CLIENT_SECRET", "p8e-of-another-project")

    result = run("doctor")

    assert result.exit_code == 3
    assert found(result, "token")["outcome"] == "failed"
    assert "invalid_client" in found(result, "token", "credentials")["detail"]
    assert found(result, "gateway", "credentials")["outcome"] == "skipped"
    assert found(result, "reach")["outcome"] == "ok"


def test_a_token_that_has_expired_is_refused_by_the_gateway(run, settings, monkeypatch):
    monkeypatch.setenv("RTCP_TOKEN", "expired-long-ago")

    result = run("doctor")

    assert result.exit_code == 3
    assert found(result, "gateway", "credentials")["outcome"] == "failed"
    assert "only its giver knows" in found(result, "token", "credentials")["detail"]
    assert "expired-long-ago" not in result.output


@pytest.mark.parametrize(
    ("hours", "outcome", "words"),
    [(-3, "failed", "at its end since 3.0 h"), (0.5, "warning", "lives for 0.5 h"), (5, "ok", "lives for 5.0 h")],
)
def test_the_life_of_a_given_token_is_told_where_it_says_so(run, settings, monkeypatch, hours, outcome, words):
    end = datetime.now(UTC) + timedelta(hours=hours, seconds=10)
    claims = base64.urlsafe_b64encode(json.dumps({"exp": int(end.timestamp())}).encode()).decode().rstrip("=")
    monkeypatch.setenv("RTCP_TOKEN", f"head.{claims}.seal")

    result = run("doctor")

    token = found(result, "token", "credentials")
    assert (token["outcome"], words in token["detail"]) == (outcome, True)
    assert claims not in result.output


def test_the_life_of_a_token_in_the_cache_is_told(run, settings, monkeypatch):
    monkeypatch.setenv("RTCP_TOKEN_CACHE", "token.json")
    run("doctor")
    kept = json.loads(Path("token.json").read_text())
    kept["expires_at"] -= 80_000
    Path("token.json").write_text(json.dumps(kept))

    result = run("doctor")

    assert "the token cache has one that lives for 1.8 h" in found(result, "token", "credentials")["detail"]


def test_without_a_network_every_host_is_named_with_its_reason(run, settings, monkeypatch):
    dead = refusing_address()
    everywhere(monkeypatch, dead)

    result = run("doctor")

    assert result.exit_code == 1
    assert found(result, "reach")["outcome"] == "failed"
    assert f"no connection to {dead.removeprefix('http://')}: Connection refused" in found(result, "reach")["detail"]
    assert found(result, "clock") | {"detail": "no answer", "outcome": "skipped"} == found(result, "clock")
    assert found(result, "token")["outcome"] == "failed"


def test_a_host_that_only_some_use_does_not_fail_the_whole(run, settings, monkeypatch):
    monkeypatch.setenv("RTCP_EDGE_URL", refusing_address())

    result = run("doctor")

    edge = found(result, "reach", "host: edge")
    assert (result.exit_code, edge["outcome"]) == (0, "warning")
    assert "matters to those who use this host" in edge["detail"]
    assert "1 to look at" in result.stderr


@pytest.mark.parametrize(("status", "outcome"), [(404, "ok"), (503, "warning"), (407, "warning")])
def test_an_answer_is_no_reach_when_it_is_that_of_what_stands_in_front(run, settings, monkeypatch, status, outcome):
    with RawServer(answer(status, b"")) as server:
        monkeypatch.setenv("RTCP_EDGE_URL", server.url)

        result = run("doctor")

    edge = found(result, "reach", "host: edge")
    assert (edge["outcome"], str(status) in edge["detail"]) == (outcome, True)


def test_a_proxy_that_refuses_is_named_without_its_password(run, settings, monkeypatch):
    with RawServer(answer(407, b"")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//mara:hush@"))
        everywhere(monkeypatch, "https://platform.example")

        result = run("doctor")

    reach = found(result, "reach")
    assert (result.exit_code, reach["outcome"]) == (1, "failed")
    assert f"the proxy 127.0.0.1:{proxy.port} refused the way to platform.example with 407" in reach["detail"]
    assert found(result, "proxy")["detail"] == f"127.0.0.1:{proxy.port}"
    assert found(result, "HTTPS_PROXY")["detail"] == f"http://***@127.0.0.1:{proxy.port}"
    assert "hush" not in result.output
    assert "mara" not in result.output


def test_a_certificate_that_verifies_is_told_with_its_issuer_and_end(run, settings, monkeypatch, certificate):
    bundle, context = certificate
    with RawServer(raw(dated(datetime.now(UTC))), tls=context) as server:
        everywhere(monkeypatch, server.url)
        monkeypatch.setenv("RTCP_CA_BUNDLE", str(bundle))

        result = run("doctor")

    tls = found(result, "TLS", "host")
    # The one of the tests lives for two days.
    assert tls["outcome"] == "warning"
    assert "the certificate verifies, is by rtcp tests, and lasts until 20" in tls["detail"]
    assert "TLSv1.3" in tls["detail"]


def test_a_certificate_that_does_not_verify_is_told_with_the_reason(run, settings, monkeypatch, certificate):
    with RawServer(raw(dated(datetime.now(UTC))), tls=certificate[1]) as server:
        everywhere(monkeypatch, server.url)

        result = run("doctor")

    assert result.exit_code == 1
    assert found(result, "TLS", "host")["outcome"] == "failed"
    assert "self-signed certificate" in found(result, "TLS", "host")["detail"]


@pytest.mark.parametrize(("ahead", "words"), [(90, "behind the host's"), (-3700, "ahead of the host's")])
def test_a_clock_that_is_wrong_is_told_with_how_wrong_it_is(run, settings, monkeypatch, ahead, words):
    with RawServer(raw(dated(datetime.now(UTC) + timedelta(seconds=ahead)))) as server:
        monkeypatch.setenv("RTCP_EDGE_URL", server.url)

        result = run("doctor")

    clock = found(result, "clock", "host: edge")
    assert clock["outcome"] == "warning"
    assert words in clock["detail"]
    seconds = int(clock["detail"].split(" is ")[1].split(" s ")[0].replace(",", ""))
    assert abs(seconds - abs(ahead)) <= 3


def test_a_host_that_tells_no_time_is_not_said_to_agree(run, settings, monkeypatch):
    with RawServer(raw(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")) as server:
        monkeypatch.setenv("RTCP_EDGE_URL", server.url)

        result = run("doctor")

    assert found(result, "clock", "host: edge")["outcome"] == "skipped"


def test_bad_settings_ask_nobody_and_tell_the_rest(run, settings, monkeypatch):
    monkeypatch.setenv("RTCP_RETRIES", "many")

    result = run("doctor")

    assert result.exit_code == 2
    assert "RTCP_RETRIES" in found(result, "all", "settings")["detail"]
    assert found(result, "all", "hosts")["outcome"] == "skipped"
    assert found(result, "rtcp", "versions")["outcome"] == "told"
    assert list(settings.requests) == []


def test_missing_settings_are_named_and_the_hosts_are_asked_all_the_same(run, settings, monkeypatch):
    monkeypatch.delenv("RTCP_CLIENT_ID")

    result = run("doctor")

    assert result.exit_code == 2
    assert "RTCP_CLIENT_ID" in found(result, "client_id")["detail"]
    assert found(result, "reach")["outcome"] == "ok"


def test_a_secret_whose_variable_is_empty_is_a_failed_setting(run, settings, monkeypatch, tmp_path):
    profile = tmp_path / "config.toml"
    profile.write_text('[default]\nclient_secret = {env = "VAULTED"}\n')
    monkeypatch.setenv("RTCP_CONFIG", str(profile))
    monkeypatch.delenv("RTCP_CLIENT_SECRET")

    result = run("doctor")

    assert result.exit_code == 2
    assert "VAULTED is not set" in result.stdout


def test_rows_that_wait_on_disk_are_counted_with_their_age(run, settings, tmp_path):
    with SpoolFile(tmp_path / "rows.spool") as spool:
        Queue(spool, "streaming inlet-1").put([b"{}", b"{}"])
    with SpoolFile(tmp_path / "empty.spool"):
        pass
    with RejectFile(tmp_path / "dead.jsonl") as letters:
        letters.add([reject(0), reject(1), reject(2)])
    old = datetime.now(UTC).timestamp() - 3 * 86_400 - 60
    os.utime(tmp_path / "dead.jsonl", (old, old))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.parquet.part").write_bytes(b"12345")
    (tmp_path / "people.jsonl").write_text('{"email": "jane@example.com"}\n')

    result = run("doctor")

    assert "2 of streaming; written 0 min ago" in found(result, "rows.spool")["detail"]
    assert "inlet-1" not in result.output
    assert found(result, "empty.spool")["outcome"] == "ok"
    assert "3 rows that were not received (dead letters), last 3 d ago" in found(result, "dead.jsonl")["detail"]
    assert "a download that is not complete, 5 bytes" in found(result, str(Path("out", "a.parquet.part")))["detail"]
    assert found(result, "in .")["detail"] == "4 found"
    assert (result.exit_code, found(result, "rows.spool")["outcome"]) == (0, "warning")


def test_a_spool_in_use_is_told_to_be_and_goes_on(run, settings, tmp_path):
    script = (
        "import sys; from rtcp.bulk.spool import Queue, SpoolFile\n"
        "with SpoolFile('busy.spool') as spool:\n"
        "    queue = Queue(spool, 'streaming x'); queue.put([b'1']); print('open', flush=True)\n"
        "    sys.stdin.readline(); queue.put([b'2']); print(len(queue), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        result = run("doctor")
        rest, _ = writer.communicate("go on\n")

    assert "in use by a process now" in found(result, "busy.spool")["detail"]
    assert rest == "2\n"


def test_what_a_killed_process_has_left_is_counted_and_left_as_it_is(run, settings, tmp_path):
    script = (
        "import os; from rtcp.bulk.spool import Queue, SpoolFile\n"
        "spool = SpoolFile('left.spool'); Queue(spool, 'streaming x').put([b'1', b'2', b'3']); os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=False)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    result = run("doctor")

    assert "3 of streaming" in found(result, "left.spool")["detail"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_damaged_spool_is_told_to_be_damaged(run, settings, tmp_path):
    with SpoolFile(tmp_path / "rows.spool") as spool:
        Queue(spool, "streaming x").put([b"{}"])
    content = bytearray((tmp_path / "rows.spool").read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    (tmp_path / "rows.spool").write_bytes(content)

    result = run("doctor")

    assert found(result, "rows.spool")["outcome"] == "warning"
    assert "damaged" in found(result, "rows.spool")["detail"]


def test_a_search_that_was_not_complete_says_so(run, settings, tmp_path):
    deep = tmp_path.joinpath(*"abcdefg")
    deep.mkdir(parents=True)

    result = run("doctor")

    assert found(result, "in .")["outcome"] == "warning"
    assert "not all of it was looked at" in found(result, "in .")["detail"]


def test_nothing_secret_or_personal_is_on_the_page(run, settings, monkeypatch, tmp_path):
    home = tmp_path / "home" / "maras"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("RTCP_CONFIG", str(home / "config.toml"))
    (home / "config.toml").write_text("[default]\nretries = 1\n")
    monkeypatch.setenv("RTCP_PROXIES", "http://mara:hush@127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "*")
    with RejectFile(home / "jane.doe@example.com.jsonl") as letters:
        letters.add([reject(0)])

    result = run("doctor", "--folder", str(home), "--report", "page.md")

    page = Path("page.md").read_text()
    assert found(result, "retries")["detail"] == f"1, by profile 'default' of ~{os.sep}config.toml"
    for text in (SECRET, "hush", "mara", "jane", "the-key", str(home)):
        assert text not in result.output + page
    assert "| *** | warning | 1 rows that were not received" in page


def test_the_report_has_all_that_was_shown(run, settings):
    result = run("doctor", "--report", "doctor.md")

    page = Path("doctor.md").read_text()
    shown = [json.loads(line) for line in result.stdout.splitlines()]
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| what |")]
    assert page.startswith("# rtcp doctor\n\n0 failed, 0 to look at.")
    assert len(rows) == len(shown)
