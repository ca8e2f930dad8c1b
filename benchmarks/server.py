"""A stub of the entities operations and of streaming ingestion that costs next to nothing, in a process of its own so
that its CPU is not ours.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs
from urllib.request import urlopen

from benchmarks import payloads

ROOT: Final = Path(__file__).parent.parent
COUNTS: Final = "/_counts"
_HEAD: Final = (
    "HTTP/1.1 {status}\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nContent-Type: application/json\r\n"
    "Content-Length: {length}\r\nCache-Control: no-cache, no-store, max-age=0, must-revalidate\r\nPragma: no-cache\r\n"
    "X-Request-Id: 0f0f0f0f-0000-4000-8000-000000000000\r\nX-Content-Type-Options: nosniff\r\n"
    "Strict-Transport-Security: max-age=31536000\r\nServer: stub\r\nConnection: keep-alive\r\n\r\n"
)


class Stub:
    """What all connections share: ready answers, and counts of what came in."""

    def __init__(self) -> None:
        profile = payloads.person(payloads.PERSON)
        self.single = _answer(b"{" + payloads.padded(profile, payloads.SINGLE_BYTES) + b"}")
        self.pages: list[bytes] = []
        # Everybody's entry is this one with another id in it.
        template = payloads.padded(payloads.person("@ID@"), payloads.BULK_BYTES)
        self.template = template.replace(payloads.xid_of("@ID@").encode(), b"@XID@")
        self.requests = 0
        self.connections = 0
        self.largest_body = 0
        self._received: dict[int, bytes] = {}

    def answer(self, method: bytes, target: str, body: bytes) -> bytes:
        path, _, query = target.partition("?")
        if path == COUNTS:
            counts = {"requests": self.requests, "connections": self.connections, "largest_body": self.largest_body}
            return _answer(json.dumps(counts).encode())
        self.requests += 1
        if path.startswith(payloads.COLLECTION):
            return self._receive(body)
        if path != payloads.ROUTE:
            return _answer(b"{}", "404 Not Found")
        if method == b"POST":
            return _answer(self._bulk(body))
        return self._page(query) if "experienceevent" in query else self.single

    def _receive(self, body: bytes) -> bytes:
        """A receipt for each message; they are counted, not read."""
        self.largest_body = max(self.largest_body, len(body))
        count = body.count(b'"xdmEntity"')
        if count not in self._received:
            receipts = [{"xactionId": f"1772409600000:1:1:{number}"} for number in range(count)]
            answer = {"inletId": payloads.INLET, "batchId": "1772409600000:1:1", "responses": receipts}
            self._received[count] = _answer(json.dumps(answer).encode(), "207 Multi-Status")
        return self._received[count]

    def _bulk(self, body: bytes) -> bytes:
        asked = [identity["entityId"] for identity in json.loads(body)["identities"]]
        return b"{" + b",".join(map(self._entry, asked)) + b"}"

    def _entry(self, identity: str) -> bytes:
        xid = payloads.xid_of(identity).encode()
        return self.template.replace(b"@ID@", identity.encode()).replace(b"@XID@", xid)

    def _page(self, query: str) -> bytes:
        number = int(parse_qs(query).get("start", ["0"])[0])
        if not self.pages:
            self.pages = [_answer(payloads.event_page(page)) for page in range(payloads.EVENT_PAGES)]
        return self.pages[number]


class Connection(asyncio.Protocol):
    """Just enough HTTP/1.1: keep-alive, Content-Length bodies, no pipelining."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._stub.connections += 1

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._received[:end]
        method, target, _ = head.split(b"\r\n", 1)[0].split(b" ")
        length = _content_length(head) if method == b"POST" else 0
        if len(self._received) < end + 4 + length:
            return
        body = self._received[end + 4 : end + 4 + length]
        self._received = b""
        self._transport.write(self._stub.answer(method, target.decode(), body))


@contextmanager
def running() -> Iterator[str]:
    """The stub's address while it runs in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server"], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def counts(url: str) -> dict[str, int]:
    """How many requests and connections the stub has seen; asking is not a request, but is a connection."""
    with urlopen(url + COUNTS) as answer:
        seen: dict[str, int] = json.load(answer)
    return seen


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


def _answer(body: bytes, status: str = "200 OK") -> bytes:
    return _HEAD.format(status=status, length=len(body)).encode() + body


async def _serve() -> None:
    stub = Stub()
    # asyncio binds: a socket bound by hand lacks TCP_NODELAY and answers in 40 ms.
    server = await asyncio.get_running_loop().create_server(lambda: Connection(stub), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
