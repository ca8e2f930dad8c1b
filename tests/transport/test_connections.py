"""Proxies, certificates, redirects and broken connections, over real sockets."""

from __future__ import annotations

import gc
import select
import socket
import struct
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.adapters import Answer, mounted
from tests.helpers.clock import FakeClock
from tests.helpers.samples import POLICY_BYTES
from tests.helpers.servers import RawServer, answer, cut, cut_in_body, raw, refusing_address

import rtcp
from rtcp.transport import adapter

SETTINGS: dict[str, Any] = {"token": "given-token", "client_id": "machine", "org_id": "0A1B@AdobeOrg"}
FOUND = answer(200, POLICY_BYTES)


def client_at(url: str, *, clock: FakeClock | None = None, **fields: Any) -> rtcp.Client:
    return rtcp.Client(
        rtcp.Config(**{**SETTINGS, "base_url": url, "allow_plain_http": True, "retries": 0, **fields}), clock=clock
    )


def create(client: rtcp.Client) -> rtcp.MergePolicy:
    return client.merge_policies.create(name="New", identity_graph="none", attribute_merge="timestampOrdered")


def test_a_certificate_that_does_not_verify_is_refused_and_not_retried(certificate: Any, clock: FakeClock) -> None:
    _, context = certificate
    with RawServer(FOUND, tls=context) as server:
        with client_at(server.url, clock=clock, retries=3) as client, pytest.raises(rtcp.ConnectError) as caught:
            client.merge_policies.get("p-1")

        assert server.received == []
    assert not caught.value.is_transient
    assert "ca_bundle=" in str(caught.value)
    assert clock.slept == []


def test_a_creation_over_a_bad_certificate_was_not_made(certificate: Any) -> None:
    _, context = certificate
    with RawServer(FOUND, tls=context) as server:  # noqa: SIM117
        with client_at(server.url) as client, pytest.raises(rtcp.ConnectError) as caught:
            create(client)

    assert not caught.value.may_have_been_applied


def test_ca_bundle_makes_a_private_authority_trusted(certificate: Any) -> None:
    chain, context = certificate
    with RawServer(FOUND, tls=context) as server, client_at(server.url, ca_bundle=chain) as client:
        assert client.merge_policies.get("p-1").name == "Found"


def test_requests_ca_bundle_is_honoured(certificate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    chain, context = certificate
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(chain))

    with RawServer(FOUND, tls=context) as server, client_at(server.url) as client:
        assert client.merge_policies.get("p-1").name == "Found"


def test_a_certificate_bundle_that_is_not_there_is_told(tmp_path: Path) -> None:
    with client_at("https://127.0.0.1:1", ca_bundle=tmp_path / "none.pem") as client:  # noqa: SIM117
        with pytest.raises(rtcp.ConfigError, match="ca_bundle"):
            client.merge_policies.get("p-1")


def test_a_bundle_named_by_the_environment_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/none.pem")

    with client_at("https://127.0.0.1:1") as client, pytest.raises(rtcp.ConfigError, match="REQUESTS_CA_BUNDLE"):
        client.merge_policies.get("p-1")


def test_a_bundle_that_holds_no_certificate_is_told(certificate: Any, tmp_path: Path) -> None:
    _, context = certificate
    bundle = tmp_path / "empty.pem"
    bundle.write_text("no certificate")

    with RawServer(FOUND, tls=context) as server, client_at(server.url, ca_bundle=bundle) as client:  # noqa: SIM117
        with pytest.raises(rtcp.ConfigError, match="ca_bundle"):
            client.merge_policies.get("p-1")


def test_http_proxy_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(FOUND) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with client_at("http://platform.example") as client:
            client.merge_policies.get("p-1")

        assert proxy.request_lines == ["GET http://platform.example/data/core/ups/config/mergePolicies/p-1 HTTP/1.1"]


def test_https_goes_through_a_tunnel_so_that_the_proxy_sees_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(answer(403)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with client_at("https://platform.example") as client, pytest.raises(rtcp.ConnectError) as caught:
            create(client)

        assert [line.rpartition(" ")[0] for line in proxy.request_lines] == ["CONNECT platform.example:443"]
        assert b"given-token" not in proxy.received[0]
    assert not caught.value.may_have_been_applied


def test_no_proxy_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(FOUND) as server:
        monkeypatch.setenv("HTTP_PROXY", refusing_address())
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with client_at(server.url) as client:
            client.merge_policies.get("p-1")

        assert len(server.received) == 1


@pytest.mark.parametrize("as_mapping", [False, True])
def test_a_proxy_can_be_a_setting(as_mapping: bool) -> None:
    with RawServer(FOUND) as proxy:
        with client_at("http://platform.example", proxies={"http": proxy.url} if as_mapping else proxy.url) as client:
            client.merge_policies.get("p-1")

        assert len(proxy.received) == 1


def test_an_unreachable_proxy_is_a_connection_that_was_not_made(clock: FakeClock) -> None:
    with client_at("http://platform.example", clock=clock, proxies=refusing_address(), retries=2) as client:  # noqa: SIM117
        with pytest.raises(rtcp.ConnectError) as caught:
            create(client)

    assert not caught.value.may_have_been_applied
    assert len(clock.slept) == 2


def test_a_proxy_that_cuts_after_the_request_may_have_passed_it_on(clock: FakeClock) -> None:
    with RawServer(cut) as proxy:
        with client_at("http://platform.example", clock=clock, proxies=proxy.url, retries=3) as client:  # noqa: SIM117
            with pytest.raises(rtcp.ConnectError) as caught:
                create(client)

        assert len(proxy.received) == 1
    assert caught.value.may_have_been_applied
    assert "may have been created" in str(caught.value)


def test_a_proxy_that_stalls_after_the_request_may_have_passed_it_on(clock: FakeClock) -> None:
    with RawServer() as proxy:
        slow = client_at("http://platform.example", clock=clock, proxies=proxy.url, retries=3, timeout=(5, 0.1))
        with slow as client, pytest.raises(rtcp.RequestTimeoutError) as caught:
            create(client)
        proxy.await_requests(1)

        assert len(proxy.received) == 1
    assert caught.value.may_have_been_applied


def test_a_proxy_address_that_is_none_is_a_setting_to_check() -> None:
    with (
        client_at("http://platform.example", proxies="http://") as client,
        pytest.raises(rtcp.ConfigError, match="proxies"),
    ):
        client.merge_policies.get("p-1")


def test_the_emulator_is_reached_past_a_proxy_of_the_environment(
    emulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", refusing_address())

    with rtcp.Client.for_emulator(emulator.url) as client:
        assert client.merge_policies.list().first() is not None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", [lambda client: client.merge_policies.get("p-1"), create], ids=["get", "create"])
def test_a_redirect_is_an_error_and_is_not_followed(status: int, call: Any) -> None:
    with RawServer(FOUND) as other, RawServer(answer(status, b"", f"Location: {other.url}/x\r\n")) as server:
        with client_at(server.url) as client, pytest.raises(rtcp.ResponseError, match="redirect") as caught:
            call(client)

        assert caught.value.status == status
        assert other.received == []
        assert len(server.received) == 1


@pytest.mark.parametrize("location", ["http://[bad", "ftp://a.example/", "//", "\xff\xfe", "", "/same?token=1"])
def test_no_location_breaks_the_error(location: str) -> None:
    with RawServer(answer(302, b"", f"Location: {location}\r\n")) as server:  # noqa: SIM117
        with client_at(server.url) as client, pytest.raises(rtcp.ResponseError, match="redirect"):
            client.merge_policies.get("p-1")


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (cut, rtcp.ConnectError),
        (cut_in_body, rtcp.ConnectError),
        (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), rtcp.ConnectError),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), rtcp.ConnectError),
        (answer(200, b"no gzip at all", "Content-Encoding: gzip\r\n"), rtcp.DecodeError),
        (answer(200, b""), rtcp.DecodeError),
        (answer(200, b"<html>Hello</html>"), rtcp.DecodeError),
        (answer(200, b'{"id": "p-1", "na'), rtcp.DecodeError),
        (answer(200, b'{"id": {"deep": 1}, "identityGraph": 3}'), rtcp.DecodeError),
        (answer(200, b"[1, 2]"), rtcp.DecodeError),
        (answer(200, b"\xff\xfe"), rtcp.DecodeError),
        (answer(204, b""), rtcp.DecodeError),
    ],
)
def test_whatever_comes_back_is_a_typed_error(behaviour: Any, kind: type[rtcp.RequestError]) -> None:
    with RawServer(behaviour) as server, client_at(server.url) as client, pytest.raises(kind) as caught:
        client.merge_policies.get("p-1")

    assert caught.value.request_id is not None
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_body_that_must_not_be_there_is_not_read_as_the_next_answer() -> None:
    other = POLICY_BYTES.replace(b'"name"', b'"other"')

    def deletes_and_sends_more(connection: Any, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: %d\r\n\r\n" % len(other))
        # Only once somebody waits for an answer: nothing lies on the connection when it is taken up again.
        connection.recv(1)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(other), other))

    with RawServer(deletes_and_sends_more, FOUND) as server, client_at(server.url) as client:
        client.merge_policies.delete("p-1")
        policy = client.merge_policies.get("p-2")

    assert policy.name is not None


def test_a_host_that_does_not_exist_is_a_connection_that_was_not_made() -> None:
    with client_at("http://nowhere.invalid") as client, pytest.raises(rtcp.ConnectError) as caught:
        create(client)

    assert not caught.value.may_have_been_applied
    assert "nowhere.invalid" in str(caught.value)


def test_a_next_link_to_another_host_is_refused(emulator: Any) -> None:
    with RawServer(FOUND) as other, rtcp.Client.for_emulator(emulator.url) as client:
        body = {"children": [], "_links": {"next": {"href": f"{other.url}/data?start=abc"}}}
        emulator.faults.once("merge_policies.list", status=200, body=body)

        with pytest.raises(rtcp.PagingError, match="another host"):
            list(client.merge_policies.list())

        assert other.received == []
    assert emulator.requests.count("merge_policies.list") == 1


def test_a_mounted_adapter_is_used_and_told_the_settings() -> None:
    with client_at("https://platform.example", timeout=9) as client:
        adapter = mounted(client.http, [Answer(200, POLICY_BYTES)])
        client.merge_policies.get("p-1")

    assert adapter.requests[0].url == "https://platform.example/data/core/ups/config/mergePolicies/p-1"
    assert adapter.options[0]["timeout"] == (9.0, 9.0)
    assert adapter.options[0]["verify"] is True


def test_verification_cannot_be_turned_off_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RTCP_VERIFY", "RTCP_INSECURE", "RTCP_CA_BUNDLE", "PYTHONHTTPSVERIFY"):
        monkeypatch.setenv(name, "0" if name != "RTCP_CA_BUNDLE" else "")
    with rtcp.Client(**SETTINGS) as client:
        adapter = mounted(client.http, [Answer(200, POLICY_BYTES)])
        client.merge_policies.get("p-1")

    assert adapter.options[0]["verify"] is True


FORK = """
import os, socket, sys, threading, warnings
import rtcp

silent = socket.create_server(("127.0.0.1", 0))
url = "http://127.0.0.1:%d" % silent.getsockname()[1]
config = rtcp.Config(client_id="c", client_secret="s", org_id="o", ims_url=url, base_url=url, timeout=3, retries=0)
client = rtcp.Client(config)
# This thread holds the token's lock when the process forks.
threading.Thread(target=lambda: client.merge_policies.get("p"), daemon=True).start()
silent.accept()
child = os.fork()
if child == 0:
    try:
        client.merge_policies.get("p")
    except rtcp.RtcpError as exc:
        os.write(1, str(exc).encode())
    os._exit(0)
os.waitpid(child, 0)
os._exit(0)
"""


def test_closing_ends_the_connections_though_somebody_still_holds_their_pool(emulator: Any) -> None:
    client = rtcp.Client.for_emulator(emulator.url)
    client.merge_policies.list().first()
    pools = client.http.get_adapter(emulator.url).poolmanager.pools  # type: ignore[attr-defined]
    (pool,) = (pools[key] for key in pools.keys())  # noqa: SIM118 - iterating over it is not allowed
    connection = next(each for each in pool.pool.queue if each is not None)
    assert connection.sock is not None

    client.close()

    assert connection.sock is None


def test_a_connection_that_is_reset_before_its_handshake_leaves_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = adapter._WatchedTls._new_conn
    listening = socket.create_server(("127.0.0.1", 0))

    def connect_and_be_reset(connection: Any) -> socket.socket:
        made = connect(connection)
        taken, _ = listening.accept()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        taken.close()
        assert select.select([made], [], [], 60)[0]
        return made

    monkeypatch.setattr(adapter._WatchedTls, "_new_conn", connect_and_be_reset)
    with listening, client_at(f"https://127.0.0.1:{listening.getsockname()[1]}") as client:
        gc.collect()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ResourceWarning)
            with pytest.raises(rtcp.ConnectError):
                client.merge_policies.get("p-1")
            gc.collect()

    assert [str(each.message) for each in caught] == []


def test_a_forked_child_is_told_to_make_its_own_client() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK], capture_output=True, text=True, timeout=20, check=True
    )

    assert "made in another process" in done.stdout
