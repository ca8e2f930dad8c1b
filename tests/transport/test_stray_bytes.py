"""Bytes that nobody asked for, behind a valid answer on a connection that is kept: no later call takes them for its."""

from __future__ import annotations

import logging
import select
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.samples import POLICY_BYTES
from tests.helpers.servers import KeptServer, RawServer, await_news, raw

import rtcp

SETTINGS: dict[str, Any] = {"token": "given-token", "client_id": "machine", "org_id": "0A1B@AdobeOrg", "retries": 0}


def policy(name: str, *, size: int = 0) -> bytes:
    """The body of a policy of this name, with blanks up to a size."""
    return POLICY_BYTES.replace(b'"Found"', b'"%b"' % name.encode()).ljust(size)


def answering(body: bytes, *, is_chunked: bool = False) -> bytes:
    """A whole answer."""
    if is_chunked:
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


STRAYS = {
    "another answer": answering(policy("Stray")),
    "half an answer": answering(policy("Stray"))[:-20],
    "a large answer": answering(policy("Stray", size=30_000)),
    "a byte": b"\n",
}
# Of the body: within the first look, beyond it, and ending where a buffer or a record of TLS does.
SIZES = (0, 8_192, 16_384 - len(answering(b"")) - 3, 16_384, 20_000, 100_000)


@pytest.fixture(params=["plain", "tls"])
def tls(request: pytest.FixtureRequest, certificate: tuple[Path, ssl.SSLContext]) -> ssl.SSLContext | None:
    return certificate[1] if request.param == "tls" else None


@pytest.fixture(params=["direct", "long"])
def take_the_way(request: pytest.FixtureRequest) -> Iterator[Callable[[], None]]:
    logger = logging.getLogger("urllib3.connectionpool")
    logger.setLevel(logging.WARNING)
    yield lambda: logger.setLevel(logging.DEBUG if request.param == "long" else logging.WARNING)
    logger.setLevel(logging.NOTSET)


def client_at(server: KeptServer, bundle: Path) -> rtcp.Client:
    return rtcp.Client(rtcp.Config(**SETTINGS, base_url=server.url, ca_bundle=bundle))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("stray", STRAYS)
def test_what_comes_behind_an_answer_is_not_the_next_one(
    stray: str, size: int, tls: Any, certificate: Any, take_the_way: Callable[[], None]
) -> None:
    both = raw(answering(policy("First", size=size)) + STRAYS[stray])
    answers = (raw(answering(policy("Zeroth"))), both, raw(answering(policy("Second"))))
    with KeptServer(*answers, tls=tls) as server, client_at(server, certificate[0]) as client:
        client.merge_policies.get("p-0")
        take_the_way()
        assert client.merge_policies.get("p-1").name == "First"
        await_news(client, server.url)
        assert client.merge_policies.get("p-2").name == "Second"

        assert server.connections == 2


@pytest.mark.parametrize("stray", STRAYS)
def test_also_behind_an_answer_in_chunks(stray: str, tls: Any, certificate: Any) -> None:
    both = raw(answering(policy("First"), is_chunked=True) + STRAYS[stray])
    answers = (raw(answering(policy("Zeroth"))), both, raw(answering(policy("Second"))))
    with KeptServer(*answers, tls=tls) as server, client_at(server, certificate[0]) as client:
        client.merge_policies.get("p-0")
        assert client.merge_policies.get("p-1").name == "First"
        await_news(client, server.url)
        assert client.merge_policies.get("p-2").name == "Second"

        assert server.connections == 2


@pytest.mark.parametrize("size", SIZES)
def test_a_connection_that_says_no_more_than_it_should_is_used_again(
    size: int, tls: Any, certificate: Any, take_the_way: Callable[[], None]
) -> None:
    with (
        KeptServer(*[raw(answering(policy("Found", size=size)))] * 4, tls=tls) as server,
        client_at(server, certificate[0]) as client,
    ):
        client.merge_policies.get("p-0")
        take_the_way()
        for _ in range(3):
            client.merge_policies.get("p-1")

        assert server.connections == 1


def test_also_through_a_proxy_that_is_spoken_to_in_tls(certificate: Any, take_the_way: Callable[[], None]) -> None:
    chain, context = certificate
    both = raw(answering(policy("First", size=20_000)) + STRAYS["another answer"])
    answers = (raw(answering(policy("Zeroth"))), both, raw(answering(policy("Second"))))
    with KeptServer(*answers, tls=context) as server:

        def tunnel(near: socket.socket, request: bytes) -> None:
            with socket.create_connection(("127.0.0.1", server.port)) as far:
                near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                pass_on(near, far)

        with (
            RawServer(tunnel, tls=context) as proxy,
            rtcp.Client(
                rtcp.Config(**SETTINGS, base_url=server.url, ca_bundle=chain, proxies={"https": proxy.url})
            ) as client,
        ):
            client.merge_policies.get("p-0")
            take_the_way()
            assert client.merge_policies.get("p-1").name == "First"
            assert client.merge_policies.get("p-2").name == "Second"

            assert server.connections == 2


def pass_on(near: Any, far: socket.socket) -> None:
    """Both ways, by one thread: TLS is not to be read and written at once."""
    while True:
        for source in [near] if near.pending() else select.select([near, far], [], [], 60)[0]:
            data = source.recv(65536)
            if not data:
                return
            (far if source is near else near).sendall(data)
