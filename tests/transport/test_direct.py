"""The plain exchange over a kept connection: it does what the long way does, and leaves to it whatever is not plain."""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.client
import logging
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import requests_mock
import responses
import urllib3
from requests.adapters import HTTPAdapter
from tests.helpers.samples import POLICY, POLICY_BYTES
from tests.helpers.servers import Behaviour, KeptServer, RawServer, answer, await_news, cut, cut_in_body, kept, raw

import rtcp

FOUND = kept(200, POLICY_BYTES)
SETTINGS: dict[str, Any] = {"token": "given-token", "client_id": "machine", "org_id": "0A1B@AdobeOrg", "retries": 0}


def client_at(url: str, **fields: Any) -> rtcp.Client:
    return rtcp.Client(rtcp.Config(**{**SETTINGS, "base_url": url, **fields}))


def the_long_way() -> None:
    """Have somebody read urllib3's log, which only the long way writes."""
    logging.getLogger("urllib3.connectionpool").setLevel(logging.DEBUG)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logger = logging.getLogger("urllib3.connectionpool")
    logger.setLevel(logging.WARNING)
    yield
    logger.setLevel(logging.NOTSET)


def sent_by_urllib3(client: rtcp.Client, url: str) -> int:
    """How many requests went the long way."""
    pools = client.http.get_adapter(url).poolmanager.pools  # type: ignore[attr-defined]
    return sum(pools[key].num_requests for key in pools.keys())  # noqa: SIM118 - iterating over it is not allowed


def test_all_but_the_first_go_the_direct_way() -> None:
    with KeptServer(FOUND, FOUND, FOUND) as server, client_at(server.url) as client:
        names = [client.merge_policies.get("p-1").name for _ in range(3)]

        assert names == ["Found"] * 3
        assert sent_by_urllib3(client, server.url) == 1


def test_over_tls_as_well(certificate: Any) -> None:
    chain, context = certificate
    with KeptServer(FOUND, FOUND, tls=context) as server, client_at(server.url, ca_bundle=chain) as client:
        client.merge_policies.get("p-1")
        client.merge_policies.get("p-1")

        assert sent_by_urllib3(client, server.url) == 1
        assert len(server.received) == 2


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.merge_policies.get("p-1"),
        lambda client: client.merge_policies.get("ø/ü %? #&"),
        lambda client: list(client.merge_policies.list(page_size=3)),
        lambda client: client.merge_policies.create(
            name="Nëw", identity_graph="none", attribute_merge="timestampOrdered"
        ),
        lambda client: list(client.entities.get_many(["a", "b"], namespace="Email", on_missing="yield", workers=1)),
    ],
)
def test_what_is_sent_is_the_same_to_the_byte(call: Callable[[rtcp.Client], object]) -> None:
    def sent(way: Callable[[], None]) -> bytes:
        with KeptServer(FOUND, FOUND, cut) as server, client_at(server.url) as client:
            client.merge_policies.get("p-0")
            way()
            with contextlib.suppress(rtcp.RtcpError):
                call(client)
            return b"\r\n".join(
                sorted(
                    line
                    for line in server.received[1].split(b"\r\n")
                    if not line.startswith((b"x-request-id", b"Host"))
                )
            )

    direct = sent(lambda: None)

    assert direct == sent(the_long_way)


ODD: dict[str, Behaviour] = {
    "cut": cut,
    "cut in the status": raw(b"HTTP/1."),
    "cut in the headers": raw(b"HTTP/1.1 200 OK\r\nContent-Type: appl"),
    "cut in the body": cut_in_body,
    "another protocol": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "no HTTP at all": raw(b"\0\1\2\r\n\r\n"),
    "broken chunks": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "chunks": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
    "to the end": raw(b"HTTP/1.1 200 OK\r\n\r\n" + POLICY_BYTES),
    "an older protocol": raw(b"HTTP/1.0 200 OK\r\n\r\n" + POLICY_BYTES),
    "an interim answer": raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "closing": answer(200, POLICY_BYTES),
    "compressed": kept(200, gzip.compress(POLICY_BYTES), "Content-Encoding: gzip\r\n"),
    "not what it says": kept(200, b"no gzip at all", "Content-Encoding: gzip\r\n"),
    "two lengths": kept(200, POLICY_BYTES, "Content-Length: 3\r\n"),
    "a length that is none": raw(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + POLICY_BYTES),
    "a length below zero": raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + POLICY_BYTES),
    "more than it says": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}{}"),
    "no content": raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "a page": kept(200, b"<html>Hello</html>"),
    "nothing": kept(200, b""),
    "an error": kept(404, b'{"title": "Not Found"}'),
    "a server error": kept(503, b"", "Retry-After: 3\r\n"),
    "a refused token": kept(401, b"{}"),
    "a redirect": kept(302, b"", "Location: /elsewhere\r\n"),
    "a folded header": kept(200, POLICY_BYTES, "X-Long: a\r\n  b\r\n"),
    "a header without a name": kept(200, POLICY_BYTES, ": b\r\n"),
    "a header without a colon": kept(200, POLICY_BYTES, "nothing\r\n"),
    "a header twice": kept(200, POLICY_BYTES, "X-Request-Id: a\r\nX-Request-Id: b\r\n"),
    "a header beyond ASCII": kept(200, POLICY_BYTES, "X-Odd: \xe9\r\n"),
    "an endless header": kept(200, POLICY_BYTES, f"X-Long: {'a' * 70_000}\r\n"),
    "so many headers": kept(200, POLICY_BYTES, "".join(f"X-{number}: a\r\n" for number in range(150))),
    "a large body": kept(200, POLICY_BYTES[:-1] + b" " * 300_000 + POLICY_BYTES[-1:]),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("is_secure", [False, True])
def test_what_becomes_of_an_odd_answer_is_the_same(odd: str, is_secure: bool, certificate: Any) -> None:
    chain, context = certificate

    def outcome(way: Callable[[], None]) -> object:
        with (
            KeptServer(FOUND, ODD[odd], tls=context if is_secure else None) as server,
            client_at(server.url, ca_bundle=chain, timeout=20) as client,
        ):
            client.merge_policies.get("p-1")
            way()
            try:
                return client.merge_policies.get("p-1").to_wire()
            except rtcp.RtcpError as exc:
                said = re.sub(r"[0-9a-f-]{36}", "id", str(exc)).replace(str(server.port), "port")
                return type(exc), said, vars(exc).get("may_have_been_applied"), exc.__context__

    direct = outcome(lambda: None)

    assert direct == outcome(the_long_way)


def test_a_stall_is_a_time_out(certificate: Any) -> None:
    server = KeptServer(FOUND)
    server._behaviours = (FOUND, server.stall)
    with server, client_at(server.url) as client:
        client.merge_policies.get("p-1")
        with pytest.raises(rtcp.RequestTimeoutError) as caught:
            client.with_options(timeout=0.2).merge_policies.get("p-1")

    assert caught.value.may_have_been_applied


def test_a_stall_in_the_body_is_a_time_out() -> None:
    server = KeptServer(FOUND)

    def stop_short(connection: socket.socket, request: bytes) -> None:
        cut_in_body(connection, request)
        server.stall(connection, request)

    server._behaviours = (FOUND, stop_short)
    with server, client_at(server.url) as client:
        client.merge_policies.get("p-1")
        with pytest.raises(rtcp.RequestTimeoutError):
            client.with_options(timeout=0.2).merge_policies.get("p-1")


def test_a_drip_ends_at_the_deadline() -> None:
    def drip(connection: socket.socket, request: bytes) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}":
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    with KeptServer(FOUND, drip) as server, client_at(server.url) as client:
        client.merge_policies.get("p-1")
        with pytest.raises(rtcp.RequestTimeoutError):
            client.with_options(timeout=(30, 30, 0.4)).merge_policies.get("p-1")


def test_after_a_failure_the_connection_is_not_used_again() -> None:
    with KeptServer(FOUND, cut_in_body) as server, client_at(server.url) as client:
        client.merge_policies.get("p-1")
        with pytest.raises(rtcp.ConnectError):
            client.merge_policies.get("p-1")
        with pytest.raises(rtcp.ConnectError):
            client.merge_policies.get("p-1")

        assert sent_by_urllib3(client, server.url) == 2


def test_a_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    with RawServer(FOUND) as server, client_at(server.url) as client:
        for _ in range(3):
            client.merge_policies.get("p-1")
            await_news(client, server.url)

        assert sent_by_urllib3(client, server.url) == 3


def test_a_large_body_is_sent_whole() -> None:
    names = [f"person-{number}@example.com" for number in range(3000)]
    with KeptServer(FOUND, kept(200)) as server, client_at(server.url) as client:
        client.merge_policies.get("p-1")
        list(client.entities.get_many(names, namespace="Email", workers=1, chunk_size=3000))

        assert server.received[1].count(b"entityIdNS") == 3000
        assert sent_by_urllib3(client, server.url) == 1


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (HTTPAdapter, "send"),
        (HTTPAdapter, "build_response"),
        (urllib3.HTTPConnectionPool, "urlopen"),
        (urllib3.connection.HTTPConnection, "request"),
        (http.client.HTTPConnection, "getresponse"),
    ],
)
def test_who_wraps_a_function_below_goes_on_being_called(
    owner: type, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        calls.append(name)
        return original(*arguments, **options)

    with KeptServer(FOUND, FOUND) as server, client_at(server.url) as client:
        client.merge_policies.get("p-1")
        monkeypatch.setattr(owner, name, wrapped)
        client.merge_policies.get("p-1")

    assert calls == [name]


def test_urllib3s_log_is_written_for_whoever_reads_it(caplog: pytest.LogCaptureFixture) -> None:
    with KeptServer(FOUND, FOUND) as server, client_at(server.url) as client:
        client.merge_policies.get("p-1")
        caplog.set_level(logging.DEBUG, "urllib3.connectionpool")
        client.merge_policies.get("p-1")

    assert "GET" in caplog.text


@responses.activate
def test_responses_takes_over_from_a_kept_connection() -> None:
    responses.stop(allow_assert=False)
    with KeptServer(FOUND, FOUND) as server, client_at(server.url) as client:
        client.merge_policies.get("p-1")
        responses.start()
        responses.get(f"{server.url}/data/core/ups/config/mergePolicies/p-1", json={**POLICY, "name": "Double"})

        assert client.merge_policies.get("p-1").name == "Double"
        assert len(server.received) == 1


def test_requests_mock_takes_over_from_a_kept_connection() -> None:
    with (
        KeptServer(FOUND, FOUND) as server,
        client_at(server.url) as client,
        requests_mock.Mocker(real_http=True) as mock,
    ):
        client.merge_policies.get("p-1")
        mock.get(f"{server.url}/data/core/ups/config/mergePolicies/p-1", json={**POLICY, "name": "Double"})

        assert client.merge_policies.get("p-1").name == "Double"
        assert len(server.received) == 1


def test_hooks_of_requests_see_a_whole_answer() -> None:
    seen: list[requests.Response] = []
    with KeptServer(FOUND, FOUND) as server, client_at(server.url) as client:
        client.merge_policies.get("p-1")
        client.http.hooks["response"].append(lambda response, **_: seen.append(response))
        client.merge_policies.get("p-1")

        (response,) = seen
        assert response.json() == POLICY
        assert (response.status_code, response.reason, response.ok) == (200, "Some Reason", True)
        assert response.headers["content-type"] == "application/json"
        assert response.url == response.request.url
        assert response.raw.version == 11
        assert response.elapsed.total_seconds() > 0
        assert sent_by_urllib3(client, server.url) == 1


def test_a_header_that_a_hook_adds_goes_out_and_a_broken_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    added = {"traceparent": "00-1-2-01"}
    original = requests.Session.send

    def send(self: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        request.headers.update(added)
        return original(self, request, **options)

    monkeypatch.setattr(requests.Session, "send", send)
    with KeptServer(FOUND, FOUND, FOUND) as server, client_at(server.url) as client:
        client.merge_policies.get("p-1")
        client.merge_policies.get("p-1")
        assert b"\r\ntraceparent: 00-1-2-01\r\n" in server.received[1]
        added["traceparent"] = "00\r\nInjected: yes"
        with pytest.raises((rtcp.RtcpError, ValueError)):
            client.merge_policies.get("p-1")

        assert not any(b"Injected" in request for request in server.received)


def test_a_client_certificate_goes_the_long_way(tmp_path: Path) -> None:
    certificate = tmp_path / "client.pem"
    certificate.touch()
    with KeptServer(FOUND, FOUND) as server, client_at(server.url) as client:
        client.http.cert = str(certificate)
        client.merge_policies.get("p-1")
        client.merge_policies.get("p-1")

        assert sent_by_urllib3(client, server.url) == 2


def test_a_proxy_gets_every_request() -> None:
    proxied = answer(200, POLICY_BYTES)
    with (
        RawServer(proxied) as proxy,
        client_at("http://platform.example", proxies=proxy.url, allow_plain_http=True) as client,
    ):
        for _ in range(3):
            client.merge_policies.get("p-1")

        assert [line.split()[1] for line in proxy.request_lines] == [
            "http://platform.example/data/core/ups/config/mergePolicies/p-1"
        ] * 3


EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"


@pytest.mark.parametrize("first", [[], [FOUND]], ids=["the long way", "the direct way"])
def test_what_comes_before_an_answer_is_not_the_answer(first: list[Behaviour]) -> None:
    def warned(connection: socket.socket, request: bytes) -> None:
        connection.sendall(EARLY)
        FOUND(connection, request)

    with KeptServer(*first, warned) as server, client_at(server.url) as client:
        names = [client.merge_policies.get("p-1").name for _ in range(len(first) + 1)]

    assert set(names) == {"Found"}


UNASKED = {
    "101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "304": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "nothing": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("first", [[], [FOUND]], ids=["the long way", "the direct way"])
@pytest.mark.parametrize("how", UNASKED)
def test_an_answer_that_comes_late_is_not_taken_for_the_next_one(how: str, first: list[Behaviour]) -> None:
    late: list[socket.socket] = []

    def behave(connection: socket.socket, request: bytes) -> None:
        if b"/p-2" in request:
            late.append(connection)
            connection.sendall(UNASKED[how])
        elif connection in late:
            # That of the request before, which was still to come.
            kept(200, POLICY_BYTES.replace(b"Found", b"Stale"))(connection, request)
        else:
            FOUND(connection, request)

    with KeptServer(*first, *[behave] * 6) as server, client_at(server.url) as client:
        for _ in first:
            client.merge_policies.get("p-1")
        with pytest.raises(rtcp.RtcpError):
            client.merge_policies.get("p-2")

        assert client.merge_policies.get("p-3").name == "Found"
