"""The server as a whole: starting, stopping, restarting, and its command line."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request

import pytest
import requests

import rtcp.emulator
from rtcp.emulator import Clock, Emulator, EmulatorError
from rtcp.emulator.__main__ import main

POLICIES = "/data/core/ups/config/mergePolicies"


def test_it_listens_on_loopback_at_a_free_port():
    with Emulator() as first, Emulator() as second:
        assert first.url.startswith("http://127.0.0.1:")
        assert first.url != second.url


def test_it_stops_listening_when_the_block_ends():
    with Emulator() as emulator:
        url = emulator.url

    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/_emulator/status", timeout=1)


def test_stopping_twice_is_no_error():
    emulator = Emulator().start()
    emulator.stop()
    emulator.stop()


def test_a_long_delay_does_not_hold_up_the_stop(stranger):
    with Emulator() as emulator:
        emulator.faults.always("*", delay=600)
        asking = threading.Thread(target=_ignore_failure, args=(f"{emulator.url}{POLICIES}",))
        asking.start()
        while not emulator.requests:
            pass

    asking.join(60)
    assert not asking.is_alive()


def test_it_has_no_address_before_it_runs():
    emulator = Emulator()
    with pytest.raises(EmulatorError, match="does not run"):
        _ = emulator.url
    emulator.stop()


def test_starting_twice_is_refused(emulator):
    with pytest.raises(EmulatorError, match="runs already"):
        emulator.start()


def test_an_address_in_use_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        emulator = Emulator(port=port)
        with pytest.raises(EmulatorError, match=f"127.0.0.1:{port}"):
            emulator.start()
        emulator.stop()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com"])
def test_an_address_that_others_reach_is_refused(host):
    with pytest.raises(EmulatorError, match="loopback"):
        Emulator(host=host)


def test_such_an_address_can_be_allowed():
    with Emulator(host="0.0.0.0", allow_remote=True) as emulator:
        assert requests.get(emulator.url.replace("0.0.0.0", "127.0.0.1") + "/_emulator/status", timeout=60).ok


def test_an_unknown_dialect_is_refused():
    with pytest.raises(ValueError, match="klingon"):
        Emulator(dialect="klingon")


def test_a_file_keeps_policies_over_a_restart(platform, tmp_path):
    ids = []
    for _ in range(2):
        with Emulator(db=tmp_path / "profiles.db") as emulator:
            platform.url = emulator.url
            platform.sign_in()
            ids.append(platform.get(POLICIES).json()["children"][0]["id"])

    assert ids[0] == ids[1]


def test_a_shared_clock_is_left_alone_by_a_reset():
    clock = Clock(frozen_at_ms=1_000)
    emulator = Emulator(clock=clock)
    emulator.reset()

    assert (emulator.clock.now_ms(), emulator.dialect) == (1_000, "guide")
    emulator.stop()


def test_a_failure_inside_is_a_500_and_not_the_end(emulator, platform, monkeypatch, caplog):
    monkeypatch.setattr(emulator.store.sandbox("prod"), "policies", lambda: 1 / 0)
    broken = platform.get(POLICIES).status_code
    monkeypatch.undo()

    assert (broken, platform.get(POLICIES).status_code) == (500, 200)
    assert "ZeroDivisionError" in caplog.text


def test_importing_the_package_loads_no_server():
    heavy = ("uvicorn", "sqlite3", "requests", "pydantic")

    assert loaded_by("rtcp.emulator", heavy) == []


def test_the_server_loads_nothing_that_only_some_requests_need():
    heavy = ("pydantic", "requests", "pyarrow", "jsonschema_rs", "yaml", "rtcp.client")

    assert loaded_by("rtcp.emulator.server", heavy) == []


def test_without_the_extra_the_way_to_install_it_is_told():
    script = "import sys; sys.modules['uvicorn'] = None; from rtcp.emulator import Emulator"
    failed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert failed.stderr.endswith("ImportError: uvicorn is not installed; run: pip install 'rtcp[emulator]'\n")


def test_the_package_names_what_it_has():
    assert {"Emulator", "Clock"} <= set(dir(rtcp.emulator))
    with pytest.raises(AttributeError, match="Nothing"):
        _ = rtcp.emulator.Nothing


@pytest.fixture
def served():
    """The command line in a process of its own, and the address it prints."""
    command = [sys.executable, "-m", "rtcp.emulator", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline(), process.stdout.readline()]
        yield process, lines
        process.kill()


def test_serve_prints_its_address_and_how_to_use_it(served):
    _, (first, second) = served
    url = second.strip().rpartition("=")[2]

    assert second.startswith("use it from a shell: export RTCP_EMULATOR=http://127.0.0.1:")
    assert first.startswith(f"rtcp emulator on {url} ")
    with urllib.request.urlopen(f"{url}/_emulator/status", timeout=60) as answer:
        assert json.load(answer)["dialect"] == "guide"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_serve_ends_cleanly_on_a_signal(served, name):
    process, _ = served
    process.send_signal(getattr(signal, name))

    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_serve_refuses_an_address_that_others_reach(capsys):
    assert main(["serve", "--host", "0.0.0.0"]) == 1
    assert "loopback" in capsys.readouterr().err


def test_load_fills_a_running_emulator(emulator, platform, tmp_path, capsys):
    (tmp_path / "people.jsonl").write_text('{"mail": "ines@example.com"}\n')
    manifest = tmp_path / "world.toml"
    manifest.write_text(
        '[[datasets]]\nid = "d"\nclass = "_xdm.context.profile"\nfile = "people.jsonl"\n'
        'identities = [{ path = "mail", namespace = "Email", primary = true }]\n'
    )

    assert main(["load", str(manifest), "--data", str(tmp_path), "--url", emulator.url]) == 0
    assert json.loads(capsys.readouterr().out)["datasets"][0]["accepted"] == 1
    assert platform.person("ines@example.com").status_code == 200


def test_load_says_why_a_manifest_is_refused(emulator, tmp_path, capsys):
    assert main(["load", str(tmp_path / "none.toml"), "--url", emulator.url]) == 1
    assert "none.toml" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "nonsense", "http://127.0.0.1:1"])
def test_load_says_when_there_is_no_emulator(tmp_path, capsys, url):
    assert main(["load", str(tmp_path / "x.toml"), "--url", url]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def loaded_by(module, names):
    """Which of the names a fresh interpreter has loaded after importing a module."""
    script = f"import json, sys, {module}; print(json.dumps([name for name in {names!r} if name in sys.modules]))"
    # Coverage, which follows tests into the processes they start, loads modules of its own.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-c", script]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=bare).stdout)


def _ignore_failure(url):
    with contextlib.suppress(requests.RequestException):
        requests.get(url, timeout=60)


def test_an_answer_leaves_in_one_piece():
    form = b"grant_type=client_credentials&client_id=c&client_secret=s&scope=openid"
    with Emulator() as emulator:
        host, port = emulator.url.removeprefix("http://").split(":")
        head = (
            f"POST /ims/token/v3 HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(form)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head.encode() + form)
            first = connection.recv(65_536)

    assert first.startswith(b"HTTP/1.1 200")
    assert json.loads(first.partition(b"\r\n\r\n")[2])["access_token"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
@pytest.mark.parametrize(
    "command", ["from rtcp.cli import main; main()", "from rtcp.emulator.__main__ import main; exit(main())"]
)
def test_ctrl_c_breaks_off_what_is_loaded_first(command, tmp_path):
    rows = tmp_path / "people.jsonl"
    os.mkfifo(rows)
    manifest = tmp_path / "world.toml"
    manifest.write_text(
        '[[datasets]]\nid = "people"\nname = "People"\nclass = "_xdm.context.profile"\nfile = "people.jsonl"\n'
        'identities = [{ path = "personalEmail.address", namespace = "Email", primary = true }]\n'
    )
    words = [*(["emulator"] if "cli" in command else []), "serve", "--port", "0", "--load", str(manifest)]
    start = [sys.executable, "-c", command, *words]
    # The file opens when the emulator has begun to read.
    with subprocess.Popen(start, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process, rows.open("w"):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    assert (process.returncode, out, err.splitlines()) == (130, "", ["interrupted"])
