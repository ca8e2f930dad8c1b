"""The adapter that a client starts with: its connections have a deadline, and its answers an end."""

from __future__ import annotations

import socket
import ssl
import traceback
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse

from rtcp.transport import deadline, direct
from rtcp.transport.whole_body import read_whole


class WholeBodyAdapter(HTTPAdapter):
    """Reads a body in one piece, while the request is still being sent as far as tracing libraries can see.

    requests reads it in pieces of 10 KB, and gives up the interpreter lock after each: among threads that parse, a
    body of 100 KB then waits ten times for its turn.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # By `verify` as well: what was checked against one bundle is no connection of another.
        self._ways: dict[tuple[str, Any], direct.DirectWay] = {}

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **options)
        # That of SOCKS has connections of its own.
        if manager.pool_classes_by_scheme is PoolManager(num_pools=1).pool_classes_by_scheme:
            manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: requests.PreparedRequest, stream: bool = False, **options: Any) -> requests.Response:  # type: ignore[override]
        response = None if stream else self._send_directly(request, **options)
        if response is None:
            response = super().send(request, stream=stream, **options)
        # A double of the base class, such as that of `responses`, has read its own already.
        if not stream and not response._content_consumed:  # type: ignore[attr-defined]
            attempt = deadline.current()
            most = None if attempt is None else attempt.most
            response._content = read_whole(response.raw, most=most, status=response.status_code)
            response._content_consumed = True  # type: ignore[attr-defined]
        return response

    def _send_directly(
        self, request: requests.PreparedRequest, *, verify: Any = True, cert: Any = None, proxies: Any = None, **_: Any
    ) -> requests.Response | None:
        """The answer of the plain exchange; None where the request has to go the long way."""
        attempt = deadline.current()
        # Whoever brings certificates of their own, a double or a tracing library counts on all of requests being run.
        if attempt is None or cert is not None or not verify or not direct.is_untouched():
            return None
        if proxies and select_proxy(request.url or "", proxies) is not None:
            return None
        parts = direct.origin_and_target(request.url or "")
        if parts is None:
            return None
        origin, target = parts
        way = self._ways.get((origin, verify))
        if way is not None and not way.is_closed:
            return way.send(request, target, attempt)
        # The first one has to make a connection, anyway.
        pool = self.get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
        self._ways[origin, verify] = direct.DirectWay(self, pool)
        return None

    def close(self) -> None:
        """Close the idle connections now, and the others as they come back."""
        # urllib3 leaves that to the garbage collector, and a caught error can keep a pool alive for long.
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - iterating over it is not allowed
                pool = manager.pools.get(key)
                if pool is not None:
                    pool.close()
        super().close()


class _Watched(HTTPConnection):
    """A connection that tells the attempt of its thread which socket to shut down at its end."""

    attempt: deadline.Attempt | None = None
    response_class = direct.Answer

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        attempt = deadline.current()
        if attempt is not None:
            # A proxy may be slow to make its tunnel. The handshake of TLS has an end of its own.
            attempt.connected(self, sock)
        return sock

    def request(self, *arguments: Any, **options: Any) -> None:
        attempt = deadline.current()
        if attempt is not None:
            # Connected here, and not on the way, so that there is a socket to shut down before anything is sent.
            if self.sock is None:
                self.connect()
            attempt.connected(self, self.sock)
            attempt.is_sent = True
            # Sending is no part of connecting: a large block may take longer than that.
            self.timeout = attempt.idle
        super().request(*arguments, **options)

    @property
    def is_connected(self) -> bool:
        return super().is_connected and not direct.has_taken_in(self.sock)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        response = super().getresponse()
        answer = response._original_response
        if isinstance(answer, direct.Answer):
            # What comes all the same would be read as the next answer.
            if answer.is_doubtful:
                self.close()
            answer.kept = self
        return response


class _WatchedTls(_Watched, HTTPSConnection):
    """The same with TLS."""

    def connect(self) -> None:
        try:
            super().connect()
        except OSError as exc:
            # `ssl` leaves the socket open that it finds reset before its handshake, and only its frame knows of it.
            for frame, _ in traceback.walk_tb(exc.__traceback__):
                made = frame.f_locals.get("self")
                if isinstance(made, ssl.SSLSocket):
                    made.close()
            raise


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched  # pyright: ignore[reportAssignmentType]


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTls  # pyright: ignore[reportAssignmentType]


_POOLS: Final[dict[str, Any]] = {"http": _Pool, "https": _TlsPool}
