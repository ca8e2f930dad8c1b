"""A proxy between a client and the emulator that misbehaves, for one operation, as no HTTP framework would."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any, Self
from urllib.parse import urlsplit

from tests.helpers.description import DESCRIPTION

_METHODS = ("get", "head", "post", "put", "patch", "delete")
_OWN_HEADERS = ("content-length", "connection", "transfer-encoding", "date", "keep-alive")

Behaviour = Callable[["Exchange"], None]


@dataclass(frozen=True)
class Answer:
    """What the emulator said; the headers that belong to one connection are left out."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Exchange:
    """One request, and the ways to answer it. `number` counts the requests of its operation, from 0."""

    connection: socket.socket
    operation: str | None
    number: int
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    forward: Callable[..., Answer]
    stall: Callable[[], None]
    is_open: bool = False

    def reply(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """A whole answer, after which the connection stays open."""
        self.send(self.head(status, len(body), headers) + body)
        self.is_open = True

    def send(self, data: bytes) -> None:
        """Bytes as they are; an answer to HEAD ends with its headers."""
        end = data.find(b"\r\n\r\n") + 4 if self.method == "HEAD" else 0
        self.connection.sendall(data[:end] if end > 3 else data)

    def head(self, status: int, length: int | None, headers: Mapping[str, str] | None = None) -> bytes:
        shown = {"Content-Type": "application/json", **(headers or {})}
        if length is not None and status != 204:
            shown["Content-Length"] = str(length)
        lines = [f"HTTP/1.1 {status} Some Reason", *(f"{name}: {value}" for name, value in shown.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@dataclass
class Traffic:
    """What went through: requests by operation, those that the emulator acted on, and what was carried along."""

    seen: Counter[str] = field(default_factory=Counter)
    acted: Counter[str] = field(default_factory=Counter)
    statuses: list[tuple[str, int]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    with_token: set[str] = field(default_factory=set)
    bodies: list[Any] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)


class FaultProxy:
    """Passes everything on to `upstream`, save for the one operation that a fault was asked for."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self._operations = _operations()
        self._fault: tuple[str, Behaviour, int | None] | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._released = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._thread = threading.Thread(target=self._serve, name="fault-proxy", daemon=True)
        self._open: set[socket.socket] = set()
        self._round = 0
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.traffic = Traffic()

    def fault(self, operation: str, behaviour: Behaviour, *, times: int | None = None) -> None:
        """Let the next `times` requests of an operation (None: all) meet the behaviour."""
        with self._lock:
            self._fault = (operation, behaviour, None if times is None else self.traffic.seen[operation] + times)

    def clear(self) -> None:
        """No fault, nothing counted, and nobody waiting any more."""
        self._released.set()
        # What a client has given up may still be on its way.
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._fault, self.traffic = None, Traffic()
            self._round += 1
            self._released = threading.Event()

    def mark(self, number: int) -> str:
        """For the header `x-mark`. A request that bears it is dropped when it comes after `clear`, as one does on a
        busy machine whose client has given up; and it is the `number`-th of its operation, whichever comes first.
        """
        return f"{self._round}:{number}"

    def operation_of(self, method: str, target: str) -> str | None:
        """The operation that a request is of; variants of an operation count as the operation itself."""
        path = urlsplit(target).path
        for wanted, pattern, operation in self._operations:
            if wanted == method and pattern.fullmatch(path):
                return operation
        return None

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        parts = urlsplit(self.upstream)
        # A client that hangs up is the point of some tests.
        with (
            contextlib.suppress(OSError, HTTPException),
            connection,
            contextlib.closing(HTTPConnection(parts.hostname or "", parts.port, timeout=30)) as upstream,
            connection.makefile("rb") as incoming,
        ):
            while (read := _read_request(incoming)) is not None:
                exchange = self._exchange(connection, upstream, *read)
                behaviour = self._behaviour(exchange) or pass_on
                behaviour(exchange)
                if not exchange.is_open:
                    break
        self._open.discard(connection)

    def _exchange(
        self,
        connection: socket.socket,
        upstream: HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Exchange:
        operation = self.operation_of(method, target)
        with self._lock:
            traffic, released = self.traffic, self._released
            number = traffic.seen[operation or "unknown"]
            if "x-mark" in headers:
                current, _, told = headers["x-mark"].partition(":")
                if int(current) != self._round:
                    raise HTTPException("too late")
                number = int(told)
            traffic.seen[operation or "unknown"] += 1
            traffic.targets.append(target)
            if "authorization" in headers:
                traffic.with_token.add(operation or "unknown")
                traffic.tokens.add(headers["authorization"].partition(" ")[2])
            with contextlib.suppress(ValueError):
                traffic.bodies.append(json.loads(body))

        def forward(to: str = target) -> Answer:
            if traffic is not self.traffic:
                raise HTTPException("too late")
            upstream.request(method, to, body or None, dict(headers))
            answer = upstream.getresponse()
            content = answer.read()
            with self._lock:
                traffic.statuses.append((operation or "unknown", answer.status))
                if answer.status < 300:
                    traffic.acted[operation or "unknown"] += 1
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OWN_HEADERS}
            return Answer(answer.status, kept, content)

        return Exchange(connection, operation, number, method, target, headers, body, forward, lambda: _wait(released))

    def _behaviour(self, exchange: Exchange) -> Behaviour | None:
        with self._lock:
            if self._fault is None or self._fault[0] != exchange.operation:
                return None
            _, behaviour, end = self._fault
            return behaviour if end is None or exchange.number < end else None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._released.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(2)


def pass_on(exchange: Exchange) -> None:
    """As if there were no proxy."""
    answer = exchange.forward()
    exchange.reply(answer.status, answer.body, answer.headers)


def _wait(released: threading.Event) -> None:
    released.wait(30)


def _operations() -> list[tuple[str, re.Pattern[str], str]]:
    found = [
        (path.count("{"), method.upper(), re.compile(re.sub(r"{\w+}", "[^/]+", path)), _base_id(operation))
        for path, item in DESCRIPTION["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    ]
    # A path without parameters is the one that is meant, where another would match as well.
    return [entry[1:] for entry in sorted(found, key=lambda entry: entry[0])]


def _base_id(operation: Mapping[str, Any]) -> str:
    return str(operation.get("x-rtcp-variant-of", operation["operationId"]))


def _read_request(incoming: Any) -> tuple[str, str, dict[str, str], bytes] | None:
    first = incoming.readline()
    if not first.strip():
        return None
    method, target, _ = first.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while line := incoming.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    body = incoming.read(length)
    # Half a body is of a client that has given up while it sent.
    return (method, target, headers, body) if len(body) == length else None
