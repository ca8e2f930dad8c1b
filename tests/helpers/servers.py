"""Small servers on a real socket that misbehave in ways no HTTP framework does."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any, Self

Behaviour = Callable[[socket.socket, bytes], None]


def cut(connection: socket.socket, request: bytes) -> None:
    """Read the request and drop the connection."""


def cut_in_body(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"id":')


def answer(status: int, body: bytes = b"{}", headers: str = "") -> Behaviour:
    """A complete answer, after which the connection ends."""

    def behave(connection: socket.socket, request: bytes) -> None:
        head = f"HTTP/1.1 {status} Some Reason\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        connection.sendall(head.encode("latin-1") + body)

    return behave


def kept(status: int, body: bytes = b"{}", headers: str = "") -> Behaviour:
    """A complete answer, after which the connection may be used again."""
    told = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}"
    return raw(f"HTTP/1.1 {status} Some Reason\r\n{told}\r\n".encode("latin-1") + body)


def raw(data: bytes) -> Behaviour:
    """Exactly these bytes."""
    return lambda connection, request: connection.sendall(data)


class RawServer:
    """Answers each connection by its behaviours in turn, the last one for ever; `received` holds the requests.

    `stall` as a behaviour never answers, until the server stops.
    """

    def __init__(self, *behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self._behaviours = behaviours
        self._tls = tls
        self._stopped = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._came = threading.Condition()
        self.received: list[bytes] = []
        self.connections = 0
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def stall(self, connection: socket.socket, request: bytes) -> None:
        self._stopped.wait()

    def await_requests(self, count: int) -> None:
        """Return once so many have come; on a busy machine, a client that is out of patience is ahead of the server."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.received) >= count, 30), self.request_lines

    @property
    def request_lines(self) -> list[str]:
        return [request.partition(b"\r\n")[0].decode() for request in self.received]

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            # A handshake that the client gives up is the point of some tests.
            talking = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with talking:
                self._converse(talking)

    def _converse(self, connection: socket.socket) -> None:
        request = _read_request(connection)
        if request:
            self._behave(connection, request)

    def _behave(self, connection: socket.socket, request: bytes) -> bool:
        """Answer, and tell whether there are behaviours to come."""
        with self._came:
            number = len(self.received)
            self.received.append(request)
            self._came.notify_all()
        behaviours = self._behaviours or (self.stall,)
        behaviours[min(number, len(behaviours) - 1)](connection, request)
        return number < len(behaviours) - 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(2)


class KeptServer(RawServer):
    """One whose connections are kept from request to request, until the last behaviour has had its turn."""

    def _converse(self, connection: socket.socket) -> None:
        while (request := _read_request(connection)) and self._behave(connection, request):
            pass


def await_news(client: Any, url: str) -> None:
    """Return once there is something at the idle connections of a client: bytes, or their end."""
    pools = client.http.get_adapter(url).poolmanager.pools
    (key,) = pools.keys()
    for sock in [each.sock for each in pools[key].pool.queue if each is not None and each.sock is not None]:
        # What TLS has taken in already is not seen at its socket.
        has_come = isinstance(sock, ssl.SSLSocket) and sock.pending()
        assert has_come or select.select([sock], [], [], 60)[0]


def refusing_address() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        part = connection.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body
