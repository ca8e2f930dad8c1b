"""No value of any setting sends a secret to somebody who cannot prove who he is, or in clear text."""

from __future__ import annotations

import json
import pickle
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers.servers import RawServer, answer, refusing_address

import rtcp

SECRET = "p8-secret"
FIELDS: dict[str, Any] = {
    "client_id": "machine", "client_secret": SECRET, "org_id": "0A@AdobeOrg", "scopes": "openid", "retries": 0,
    "streaming_url": "https://127.0.0.1:9",
}  # fmt: skip
TOKEN = answer(200, b'{"access_token": "ours", "expires_in": 86399}')
BLANKS = ["", " ", "\t", "\n", "  \r\n "]
ODD = [
    "0",
    "false",
    "False",
    "no",
    "off",
    "None",
    "null",
    "''",
    ".",
    "./",
    "/dev/null",
    "gone.pem",
    "gone/",
    "\x00",
    "~",
]
NO_PATHS = [False, True, 0, 1, 0.0, [], {}, (), b"", b"pem"]


@pytest.fixture(scope="module")
def impostor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawServer]:
    """A server with a certificate that it signed itself, for another name; it gives a token to whoever asks."""
    folder = tmp_path_factory.mktemp("impostor")
    openssl = shutil.which("openssl")
    assert openssl, "these tests make a certificate with openssl"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=other.example", "-keyout", str(folder / "key.pem"), "-out", str(folder / "chain.pem")]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    with RawServer(TOKEN, tls=context) as server:
        yield server


def argument(spelling: Any, fields: dict[str, Any], _: Path) -> rtcp.Client:
    return rtcp.Client(**fields, ca_bundle=spelling)


def config(spelling: Any, fields: dict[str, Any], _: Path) -> rtcp.Client:
    return rtcp.Client(rtcp.Config(**fields, ca_bundle=spelling))


def replaced(spelling: Any, fields: dict[str, Any], _: Path) -> rtcp.Client:
    return rtcp.Client(rtcp.Config(**fields).replace(ca_bundle=spelling))


def pickled(spelling: Any, fields: dict[str, Any], _: Path) -> rtcp.Client:
    return rtcp.Client(pickle.loads(pickle.dumps(rtcp.Config(**fields, ca_bundle=spelling))))


def behind_its_back(spelling: Any, fields: dict[str, Any], _: Path) -> rtcp.Client:
    """As a pickle of an earlier version may hold it."""
    client = rtcp.Client(**fields)
    object.__setattr__(client.config, "ca_bundle", spelling)
    return client


def of_requests(spelling: Any, fields: dict[str, Any], _: Path) -> rtcp.Client:
    client = rtcp.Client(**fields)
    client.http.verify = spelling
    return client


def beside_a_credential_file(spelling: Any, fields: dict[str, Any], folder: Path) -> rtcp.Client:
    path = folder / "credential.json"
    text = spelling if isinstance(spelling, str) else "x"
    inside = {"ca_bundle": text, "verify": False, "VERIFY": text, "REQUESTS_CA_BUNDLE": ""}
    path.write_text(json.dumps({**inside, "client_id": "machine", "client_secret": SECRET, "org_id": "o"}))
    urls = {name: value for name, value in fields.items() if name.endswith("_url")}
    return rtcp.Client(rtcp.Config.from_file(path, **urls, scopes="openid", retries=0, ca_bundle=spelling))


CALLS: list[Callable[[Any, dict[str, Any], Path], rtcp.Client]] = [
    argument, config, replaced, pickled, behind_its_back, of_requests, beside_a_credential_file,
]  # fmt: skip


def nothing_reaches(impostor: RawServer, make: Callable[[dict[str, Any]], rtcp.Client]) -> None:
    before = len(impostor.received)
    fields = {**FIELDS, "base_url": impostor.url, "ims_url": impostor.url}
    for extra in ({}, {"token": "given"}):
        with pytest.raises((rtcp.ConfigError, rtcp.ConnectError)) as caught:  # noqa: SIM117
            with make({**fields, **extra}) as client:
                client.merge_policies.get("p")
        assert SECRET not in str(caught.value)
    assert len(impostor.received) == before


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("spelling", [*BLANKS, *ODD, *NO_PATHS, Path(), Path("gone.pem"), Path("gone")], ids=repr)
def test_no_spelling_of_a_bundle_turns_verification_off(impostor, call, spelling, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    nothing_reaches(impostor, lambda fields: call(spelling, fields, tmp_path))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    call=st.sampled_from(CALLS),
    spelling=st.one_of(
        st.text(max_size=12), st.sampled_from([*BLANKS, *ODD]), st.booleans(), st.none(), st.integers(), st.binary()
    ),
)
def test_no_value_at_all_does(impostor, tmp_path, call, spelling):
    nothing_reaches(impostor, lambda fields: call(spelling, fields, tmp_path))


@pytest.mark.parametrize("variable", ["RTCP_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("spelling", [*BLANKS, *(odd for odd in ODD if "\x00" not in odd)], ids=repr)
def test_no_spelling_of_a_variable_does(impostor, variable, spelling, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv(variable, spelling)

    nothing_reaches(impostor, lambda fields: rtcp.Client(**fields))


@pytest.mark.parametrize("spelling", ['""', '" "', "false", "true", "0", "[]", "{}", '"gone.pem"', '"."'])
def test_no_spelling_in_a_profile_does(impostor, spelling, monkeypatch, tmp_path):
    monkeypatch.setenv("RTCP_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text(f"[default]\nca_bundle = {spelling}\n")

    nothing_reaches(impostor, lambda fields: rtcp.Client(**fields))


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_bundle_is_absent_so_that_the_next_place_has_its_say(blank, monkeypatch, tmp_path):
    monkeypatch.setenv("RTCP_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text('[default]\nca_bundle = "own.pem"\n')
    monkeypatch.setenv("RTCP_CA_BUNDLE", blank)

    assert rtcp.Config.load(ca_bundle=blank).ca_bundle == "own.pem"
    assert rtcp.Config(ca_bundle=blank).ca_bundle is None


@pytest.mark.parametrize("name", ["base_url", "ims_url", "streaming_url", "edge_url", "media_url"])
@pytest.mark.parametrize("host", ["platform.example", "10.0.0.7", "localhost.example", "127.0.0.1.example", "0.0.0.0"])
def test_an_address_of_another_machine_is_encrypted(name, host):
    with pytest.raises(rtcp.ConfigError, match=f"{name} is 'http://{host}': without TLS .* allow_plain_http"):
        rtcp.Config(**{name: f"http://{host}"})
    with pytest.raises(rtcp.ConfigError, match="without TLS"):
        rtcp.Config().replace(**{name: f"HTTP://{host}"})


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:80", "http://localhost", "http://[::1]:8089", "https://a.example"]
)
def test_this_machine_needs_no_encryption(address):
    assert rtcp.Config(base_url=address).base_url == address


@pytest.mark.parametrize("said", [True, "1", "true", "YES", " on "])
@pytest.mark.parametrize("by", ["argument", "environment", "profile"])
def test_plain_http_can_be_allowed(said, by, monkeypatch, tmp_path):
    monkeypatch.setenv("RTCP_CONFIG", str(tmp_path / "config.toml"))
    fields = {"base_url": "http://platform.example"}
    if by == "argument":
        fields["allow_plain_http"] = said
    elif by == "environment":
        monkeypatch.setenv("RTCP_ALLOW_PLAIN_HTTP", str(said))
    else:
        (tmp_path / "config.toml").write_text(f"[default]\nallow_plain_http = {json.dumps(said)}\n")

    assert rtcp.Config.load(**fields).allow_plain_http is True


@pytest.mark.parametrize("said", [False, "", "0", "False", "no", "OFF"])
def test_and_is_not_by_a_no(said):
    assert rtcp.Config(allow_plain_http=said).allow_plain_http is False
    with pytest.raises(rtcp.ConfigError, match="without TLS"):
        rtcp.Config(base_url="http://platform.example", allow_plain_http=said)


@pytest.mark.parametrize("said", ["2", "maybe", "truee", "y", 1, 0, None, [], b"1"])
@pytest.mark.parametrize("name", ["allow_plain_http", "emulator"])
def test_what_is_neither_yes_nor_no_is_an_error(name, said):
    with pytest.raises(rtcp.ConfigError, match=f"{name} must be true or false"):
        rtcp.Config(**{name: said})


def test_calling_oneself_an_emulators_client_allows_nothing():
    with pytest.raises(rtcp.ConfigError, match="without TLS"):
        rtcp.Config(base_url="http://platform.example", client_secret=SECRET, emulator=True)


@pytest.mark.parametrize("said", ["1", "true", "yes"])
def test_an_emulator_on_another_machine_is_used_when_that_is_meant(said, monkeypatch):
    monkeypatch.setenv("RTCP_EMULATOR", "http://emulator.internal:8089")
    monkeypatch.setenv("RTCP_EMULATOR_ALLOW_REMOTE", said)

    config = rtcp.Config.load()

    assert (config.base_url, config.client_id) == ("http://emulator.internal:8089", "emulator")


def test_an_unencrypted_address_that_came_past_the_check_is_not_used():
    with rtcp.Client(**FIELDS, token="t") as client:
        object.__setattr__(client.config, "base_url", "http://platform.example")

        with pytest.raises(rtcp.ConfigError, match="without TLS"):
            client.merge_policies.get("p")


def test_what_is_not_encrypted_does_not_leave_the_machine_through_a_proxy(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://user:hush@proxy.example:3128")
    config = rtcp.Config(**{**FIELDS, "base_url": refusing_address(), "token": "t"})

    with (
        rtcp.Client(config) as client,
        pytest.raises(rtcp.ConfigError, match=r"through the proxy proxy.example:3128") as told,
    ):
        client.merge_policies.get("p")

    assert "hush" not in str(told.value)


def test_a_redirect_to_an_unencrypted_address_is_not_followed():
    with RawServer(answer(200)) as plain:
        moved = answer(302, b"", f"Location: {plain.url}/data\r\n")
        with RawServer(moved) as server:
            client = rtcp.Client(**{**FIELDS, "base_url": server.url, "token": "t"})
            with client, pytest.raises(rtcp.RtcpError):
                client.merge_policies.get("p")
        assert plain.received == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"timeout": True}, "timeout"),
        ({"timeout": (True, 5)}, "timeout"),
        ({"timeout": None}, "timeout"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": ""}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"retries": False}, "retries"),
        ({"retries": None}, "retries"),
        ({"retries": ""}, "retries"),
        ({"proxies": {"htps": "http://127.0.0.1:1"}}, "schemes of proxies"),
        ({"proxies": {"": "http://127.0.0.1:1"}}, "schemes of proxies"),
        ({"proxies": False}, "proxies"),
        ({"token": False}, "token"),
        ({"client_id": b"machine"}, "client_id"),
        ({"sandbox": True}, "sandbox"),
        ({"token_cache": Path()}, "token_cache"),
        ({"token_cache": False}, "token_cache"),
    ],
    ids=repr,
)
def test_no_other_setting_is_taken_for_something_weaker(fields, problem):
    with pytest.raises(rtcp.ConfigError, match=problem):
        rtcp.Config(**fields)


@pytest.mark.parametrize("blank", ["", " ", {}, {"https": ""}], ids=repr)
def test_a_blank_proxy_does_not_set_that_of_the_environment_aside(blank, monkeypatch):
    dead = refusing_address()
    monkeypatch.setenv("HTTPS_PROXY", dead)

    with (
        rtcp.Client(rtcp.Config(**FIELDS, token="t", proxies=blank)) as client,
        pytest.raises(rtcp.ConnectError) as told,
    ):
        client.merge_policies.get("p")

    assert f"through the proxy {dead.removeprefix('http://')}" in str(told.value)


@pytest.mark.parametrize("name", ["sandbox", "sandbox_id", "token", "org_id", "client_id"])
def test_a_blank_argument_leaves_the_environment_its_say(name, monkeypatch):
    monkeypatch.setenv(f"RTCP_{name.upper()}", "said")

    assert getattr(rtcp.Config.load(**{name: " "}), name) == "said"
