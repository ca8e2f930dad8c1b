"""Services that never stop answering: every call ends, below our own fault tools, on sockets of their own."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.samples import POLICY_BYTES
from tests.helpers.servers import RawServer, answer

import rtcp

# Only the time in all is short: on an overbooked machine, a server may be long silent between two drops.
PATIENCE = (30.0, 30.0, 1.0)
FIELDS: dict[str, Any] = {"client_id": "machine", "org_id": "0A@AdobeOrg", "retries": 0, "allow_plain_http": True}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def dripping(start: bytes, drop: bytes, *, every: float = 0.1) -> Callable[[socket.socket, bytes], None]:
    """Begins well, and goes on with a drop now and then, for ever."""

    def behave(connection: socket.socket, request: bytes) -> None:
        connection.sendall(start)
        while True:
            time.sleep(every)
            connection.sendall(drop)

    return behave


WAYS = {
    "body": dripping(HEAD + b"Content-Length: 100000\r\n\r\n{", b" "),
    "chunks": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a size of a chunk": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "a body without an end": dripping(HEAD + b"Connection: close\r\n\r\n", b" "),
    "a header": dripping(HEAD + b"X-Slow: ", b"a"),
    "headers": dripping(HEAD, b"X-Slow: a\r\n", every=0.05),
    "a status line": dripping(b"", b"H"),
    "100 Continue": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "100 Continue, fast": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, every=0.001),
    "an error": dripping(b"HTTP/1.1 500 Oops\r\nContent-Length: 100000\r\n\r\n", b" "),
    "an unpacked body": dripping(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n", b"\x1f"),
}


def client_at(url: str, **fields: Any) -> rtcp.Client:
    return rtcp.Client(rtcp.Config(**{**FIELDS, "token": "t", "base_url": url, "timeout": PATIENCE, **fields}))


# They are done in a second each; a machine that is overbooked takes its time, and what drips never ends.
@contextlib.contextmanager
def soon(seconds: float = 20.0) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_that_drips_ends_at_the_deadline(way: str) -> None:
    with (
        RawServer(WAYS[way]) as server,
        client_at(server.url) as client,
        soon(),
        pytest.raises(rtcp.RequestTimeoutError) as caught,
    ):
        client.merge_policies.get("p-1")

    assert caught.value.may_have_been_applied
    assert "within the time for one attempt" in str(caught.value)


@pytest.mark.parametrize("way", ["body", "headers"])
def test_also_through_tls(way: str, certificate: tuple[Path, ssl.SSLContext]) -> None:
    bundle, context = certificate
    with (
        RawServer(WAYS[way], tls=context) as server,
        # Enough for the certificates and the handshake, too.
        client_at(server.url, ca_bundle=str(bundle), timeout=(30, 30, 3)) as client,
        soon(),
        pytest.raises(rtcp.RequestTimeoutError),
    ):
        client.merge_policies.get("p-1")


def test_a_proxy_that_drips_its_tunnel(certificate: tuple[Path, ssl.SSLContext]) -> None:
    bundle, _ = certificate
    with RawServer(dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a")) as proxy:
        far = {"base_url": "https://platform.example", "proxies": proxy.url, "ca_bundle": str(bundle)}
        with client_at(proxy.url, **far) as client, soon(), pytest.raises(rtcp.ConnectError) as caught:
            client.merge_policies.get("p-1")

    assert not caught.value.may_have_been_applied


def test_a_connection_that_was_used_before() -> None:
    keep = HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(POLICY_BYTES), POLICY_BYTES)

    def twice(connection: socket.socket, request: bytes) -> None:
        connection.sendall(keep)
        connection.recv(65536)
        WAYS["body"](connection, b"")

    with RawServer(twice) as server, client_at(server.url, timeout=30) as client:
        assert client.merge_policies.get("p-1")
        with soon(), pytest.raises(rtcp.RequestTimeoutError):
            client.with_options(timeout=PATIENCE).merge_policies.get("p-1")


def test_a_slow_token_ends_and_so_does_the_waiting_for_it() -> None:
    with RawServer(WAYS["body"]) as server:
        fields = {"token": None, "client_secret": "p8", "ims_url": server.url}
        with client_at(server.url, **fields) as client:
            failures: list[BaseException] = []

            def look() -> None:
                try:
                    client.merge_policies.get("p-1")
                except rtcp.RtcpError as exc:
                    failures.append(exc)

            threads = [threading.Thread(target=look) for _ in range(64)]
            # One after the other they would take a minute.
            with soon():
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()

    assert len(failures) == 64
    assert all(isinstance(failure, rtcp.RequestTimeoutError) for failure in failures)


def test_who_waits_for_another_threads_token_waits_no_longer_than_for_an_answer() -> None:
    hasty_is_done = threading.Event()

    def held(connection: socket.socket, request: bytes) -> None:
        hasty_is_done.wait(60)

    with RawServer(held) as server:
        fields = {"token": None, "client_secret": "p8", "ims_url": server.url, "timeout": 60}
        with client_at(server.url, **fields) as client:

            def look() -> None:
                with contextlib.suppress(rtcp.RtcpError):
                    client.merge_policies.get("p-1")

            first = threading.Thread(target=look)
            first.start()
            # It asks for the token, and so it is the one that holds the lock.
            server.await_requests(1)

            hasty = client.with_options(timeout=(0.2, 0.2, 0.2))
            try:
                with soon(), pytest.raises(rtcp.RequestTimeoutError, match="another thread"):
                    hasty.merge_policies.get("p-1")
            finally:
                hasty_is_done.set()
                first.join()


def test_nothing_is_left_of_the_watching_once_the_client_is_closed() -> None:
    before = set(threading.enumerate())
    with RawServer(answer(200, POLICY_BYTES)) as server, client_at(server.url) as client:
        client.merge_policies.get("p-1")
        assert "rtcp-deadlines" in {thread.name for thread in set(threading.enumerate()) - before}

    assert "rtcp-deadlines" not in {thread.name for thread in set(threading.enumerate()) - before}


def test_an_attempt_does_not_cut_the_connection_of_the_one_after_it() -> None:
    whole = HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(POLICY_BYTES), POLICY_BYTES)
    total = 2.0

    def quick_then_slow(connection: socket.socket, request: bytes) -> None:
        connection.sendall(whole)
        connection.recv(65536)
        # By now the time of the first attempt is over.
        time.sleep(total + 0.2)
        connection.sendall(whole)

    with RawServer(quick_then_slow) as server, client_at(server.url, timeout=(30, 30, total)) as client:
        client.merge_policies.get("p-1")
        client.with_options(timeout=30).merge_policies.get("p-1")
