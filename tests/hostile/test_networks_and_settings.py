"""Proxies with passwords, a `.netrc`, certificates that are not there, and variables full of nonsense."""

from __future__ import annotations

import base64
import http.server
import os
import pwd
import threading
from collections.abc import Iterator

import pytest
from tests.helpers.logs import everything_logged
from tests.helpers.servers import RawServer, answer, refusing_address

import rtcp
from rtcp.config.sources import profile_path

FIELDS = {"client_id": "machine", "client_secret": "p8", "org_id": "0A@AdobeOrg", "scopes": "openid", "retries": 0}
PASSWORD = "pass/word@hush"
CREDENTIALS = f"mara:{PASSWORD.replace('/', '%2F').replace('@', '%40')}"


def with_credentials(url: str) -> str:
    return url.replace("//", f"//{CREDENTIALS}@")


def said_by(call) -> tuple[BaseException, str]:
    """The error of a call, and everything that was logged on the way."""
    with everything_logged() as log, pytest.raises(rtcp.RtcpError) as caught:
        call()
    return caught.value, "\n".join([str(caught.value), repr(vars(caught.value)), *log.texts()])


def lacks_password(text: str) -> bool:
    basic = base64.b64encode(f"mara:{PASSWORD}".encode()).decode()
    return not any(word in text for word in ("hush", "mara", basic))


@pytest.mark.parametrize("way", ["setting", "environment"])
def test_a_proxy_is_given_its_password_and_nobody_else_hears_of_it(monkeypatch, way):
    with RawServer(answer(502, b"<html>bad gateway</html>")) as proxy:
        if way == "environment":
            monkeypatch.setenv("HTTP_PROXY", with_credentials(proxy.url))
        config = rtcp.Config(
            **FIELDS,
            token="t",
            base_url="http://platform.example",
            allow_plain_http=True,
            proxies=with_credentials(proxy.url) if way == "setting" else None,
        )
        with rtcp.Client(config) as client:
            _, text = said_by(lambda: client.merge_policies.get("p"))

            assert lacks_password(text + repr(client) + repr(client.config) + str(vars(client)))
        expected = base64.b64encode(f"mara:{PASSWORD}".encode())
        assert b"Proxy-Authorization: Basic " + expected in proxy.received[0]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_nobody_serves_is_named_without_its_password(monkeypatch, scheme):
    dead = refusing_address()
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", with_credentials(dead))

    address = {"base_url": f"{scheme}://platform.example", "allow_plain_http": True}
    with rtcp.Client(rtcp.Config(**FIELDS, token="t", **address)) as client:
        error, text = said_by(lambda: client.merge_policies.get("p"))

    assert isinstance(error, rtcp.ConnectError)
    assert f"no connection to platform.example through the proxy {dead.removeprefix('http://')}" in str(error)
    assert lacks_password(text)


def test_a_proxy_of_another_kind_names_the_settings_to_look_at(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"socks5://{CREDENTIALS}@127.0.0.1:1080")

    with rtcp.Client(rtcp.Config(**FIELDS, token="t")) as client:
        error, text = said_by(lambda: client.merge_policies.get("p"))

    assert isinstance(error, rtcp.ConfigError)
    assert "HTTP(S)_PROXY" in str(error)
    assert lacks_password(text)


@pytest.mark.parametrize("status", [403, 407])
def test_what_a_proxy_refuses_is_told_with_its_status_and_not_asked_again(status):
    with RawServer(answer(status)) as proxy:
        config = rtcp.Config(**{**FIELDS, "retries": 5}, token="t", proxies=with_credentials(proxy.url))
        with rtcp.Client(config) as client:
            error, text = said_by(lambda: client.merge_policies.get("p"))

        assert [line.split()[0] for line in proxy.request_lines] == ["CONNECT"]
    assert isinstance(error, rtcp.ConnectError)
    assert (f"refused the way to platform.adobe.io with {status}" in str(error), error.may_have_been_applied) == (
        True,
        False,
    )
    assert ("wants a login" in str(error)) is (status == 407)
    assert lacks_password(text)


def test_what_a_proxy_cannot_do_now_is_asked_again(clock):
    with RawServer(answer(503)) as proxy:
        config = rtcp.Config(**{**FIELDS, "retries": 2}, token="t", proxies=proxy.url)
        with rtcp.Client(config, clock=clock) as client, pytest.raises(rtcp.ConnectError, match="with 503"):
            client.merge_policies.get("p")

        assert len(proxy.received) == 3


def test_without_a_proxy_none_is_named():
    with rtcp.Client(rtcp.Config(**FIELDS, token="t", base_url=refusing_address())) as client:
        error, _ = said_by(lambda: client.merge_policies.get("p"))

    assert "proxy" not in str(error)


class _Keeping(http.server.BaseHTTPRequestHandler):
    """Gives tokens and merge policies, and keeps the headers it was sent."""

    protocol_version = "HTTP/1.1"

    def _reply(self) -> None:
        self.server.seen.append((self.path, self.headers.get_all("Authorization")))  # type: ignore[attr-defined]
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b'{"access_token": "ours", "expires_in": 86399}' if self.path.startswith("/ims") else b'{"children": []}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _reply  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def keeping() -> Iterator[http.server.ThreadingHTTPServer]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Keeping) as server:
        server.seen = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_netrc_neither_replaces_our_token_nor_reaches_the_token_call(monkeypatch, tmp_path, keeping):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login mara password hush\ndefault login mara password hush\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    url = f"http://127.0.0.1:{keeping.server_port}"

    with rtcp.Client(rtcp.Config(**FIELDS, base_url=url, ims_url=url)) as client:
        list(client.merge_policies.list())

    (token_path, of_token_call), (_, of_list) = keeping.seen
    assert token_path.startswith("/ims/token/v3")
    assert (of_token_call, of_list) == (None, ["Bearer ours"])


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", None])
def test_a_bundle_that_is_not_there_is_named_with_its_source(monkeypatch, tmp_path, variable):
    bundle = tmp_path / "gone.pem"
    if variable is not None:
        monkeypatch.setenv(variable, str(bundle))
    config = rtcp.Config(**FIELDS, token="t", base_url="https://127.0.0.1:9", ca_bundle=None if variable else bundle)

    with rtcp.Client(config) as client, pytest.raises(rtcp.ConfigError) as caught:
        client.merge_policies.get("p")

    assert f"the certificate bundle {str(bundle)!r} of {variable or 'ca_bundle'} cannot be read" in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "nonsense"),
    [
        ("RTCP_TIMEOUT", "abc"),
        ("RTCP_TIMEOUT", "-1"),
        ("RTCP_TIMEOUT", "1,5,7,9"),
        ("RTCP_RETRIES", "many"),
        ("RTCP_RETRIES", "-2"),
        ("RTCP_BASE_URL", "platform"),
        ("RTCP_IMS_URL", "http://user:hush@ims.example"),
        ("RTCP_EDGE_URL", "://"),
        ("RTCP_CLIENT_ID", "a\x01b"),
        ("RTCP_TOKEN", "hush\x7f"),
    ],
)
def test_a_variable_full_of_nonsense_is_named(monkeypatch, variable, nonsense):
    monkeypatch.setenv(variable, nonsense)

    with pytest.raises(rtcp.ConfigError, match=f"from the environment variable {variable}") as caught:
        rtcp.Client()

    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_of_several_bad_variables_the_one_that_is_told_of_is_named(monkeypatch):
    for variable in ("TIMEOUT", "RETRIES", "BASE_URL", "IMS_URL", "EDGE_URL", "STREAMING_URL", "MEDIA_URL"):
        monkeypatch.setenv(f"RTCP_{variable}", "nonsense")

    with pytest.raises(rtcp.ConfigError, match=r"^timeout must be .* \(from the environment variable RTCP_TIMEOUT\)"):
        rtcp.Config.load()


def test_a_bad_setting_of_a_profile_names_the_profile_and_the_file(monkeypatch, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('[shop]\nretries = "many"\n')
    monkeypatch.setenv("RTCP_CONFIG", str(path))

    with pytest.raises(rtcp.ConfigError, match=r"retries must be .* \(from profile 'shop' of .*config.toml\)"):
        rtcp.Client(profile="shop")
    assert rtcp.Config.load(profile="shop", retries=2).retries == 2


def test_emulator_variables_full_of_nonsense_are_named(monkeypatch):
    monkeypatch.setenv("RTCP_EMULATOR", "yes")

    with pytest.raises(rtcp.ConfigError, match="the emulator's address must be an http"):
        rtcp.Client()


@pytest.fixture
def homeless(monkeypatch):
    """A user without HOME and without an entry, as containers start programs."""

    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)

    def nobody(_: object) -> None:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(pwd, "getpwuid", nobody)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_settings_come_from_elsewhere(monkeypatch):
    monkeypatch.setenv("RTCP_CLIENT_ID", "machine")

    assert rtcp.Config.load().client_id == "machine"
    with pytest.raises(rtcp.ConfigError, match="org_id"):
        rtcp.Config.load().require("org_id")


@pytest.mark.usefixtures("homeless")
@pytest.mark.parametrize("fields", [{"profile": "shop"}, {"token_cache": "~/token.json"}])
def test_without_a_home_what_lies_there_is_told(fields):
    with pytest.raises(rtcp.ConfigError, match="no home folder"):
        rtcp.Client(**fields)
    with pytest.raises(rtcp.ConfigError, match="RTCP_CONFIG"):
        profile_path()


@pytest.mark.parametrize("home", ["/proc", os.devnull])
def test_a_home_that_takes_no_files_is_survived(command, monkeypatch, home, tmp_path):
    credential = tmp_path / "credential.json"
    credential.write_text('{"client_id": "a", "client_secret": "hush", "org_id": "b", "scopes": "openid"}')
    environment = {"HOME": home, "XDG_CONFIG_HOME": None, "RTCP_EMULATOR": None}

    kept = command(f"rtcp config import '{credential}' --store-secret", environment=environment)

    assert kept.returncode != 0
    assert kept.stderr.startswith("error: ")
    assert "hush" not in kept.stderr
