"""What all sessions of one client share: the connection pool, the clock, the hooks, the rate limit."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final

import requests

from rtcp._clock import Clock
from rtcp.errors import OddAnswerWarning, RtcpError
from rtcp.transport.adapter import WholeBodyAdapter
from rtcp.transport.deadline import Deadlines
from rtcp.transport.library_logs import cut_queries_from_urllib3_logs
from rtcp.transport.rate_limit import RateLimiter

# As many as `workers=` may be, so that no thread waits for a connection.
POOL_SIZE: Final = 64


class Wire:
    """One pool of connections, until it is closed.

    `http` is an ordinary `requests.Session`: mount adapters on it, or let a tracing library patch it. The
    environment's proxies and certificate bundle are read once for each host.
    """

    def __init__(self, *, clock: Clock, hooks: Sequence[Callable[[Any], object]] = ()) -> None:
        self.http: requests.Session = _Http()
        # Retries of urllib3's own would multiply with ours.
        adapter = WholeBodyAdapter(pool_connections=8, pool_maxsize=POOL_SIZE, max_retries=0)
        self.http.mount("https://", adapter)
        self.http.mount("http://", adapter)
        self.clock = clock
        self.hooks = tuple(hooks)
        self.limiter = RateLimiter(clock)
        self.deadlines = Deadlines()
        self.closed = False
        self._used = False
        self._odd: set[tuple[str, str]] = set()
        self._pid = os.getpid()
        cut_queries_from_urllib3_logs()

    def tell_odd(self, model: str, field: str, kind: str) -> None:
        """Say once that a field of an answer was left out, as it does not fit."""
        if (model, field) in self._odd:
            return
        self._odd.add((model, field))
        if self.hooks:
            from rtcp.transport.hooks import OddField, emit

            emit(self.hooks, OddField(model, field, kind))
        warnings.warn(
            f"{field} of the answer is of the type {kind}, which is not the documented form of {model}; it was left "
            "out, and to_wire() has it as it came",
            OddAnswerWarning,
            stacklevel=2,
        )

    def close(self) -> None:
        """Close all connections. Closing twice is fine."""
        self.closed = True
        self.http.close()
        self.deadlines.close()

    def check_usable(self) -> None:
        """Refuse to work once closed, and in a forked child, whose sockets are its parent's."""
        if self.closed:
            raise RtcpError("this client, or the one it was derived from, is closed")
        if self._pid != os.getpid():
            raise RtcpError(
                "this client was made in another process: after a fork, make a new one with rtcp.Client(client.config)"
            )
        # Only a client that has sent something has sockets to close, and is told of when nobody does.
        self._used = True

    # Bound here: as the interpreter ends, modules may go before their objects.
    def __del__(self, _warn: Any = warnings.warn) -> None:
        if getattr(self, "_used", False) and not self.closed and self._pid == os.getpid():
            _warn(
                "an rtcp.Client was not closed; use it in a with statement or call close()",
                ResourceWarning,
                source=self,
                stacklevel=1,
            )


class _Http(requests.Session):
    """A session that sees no redirects: requests would prepare the next request even where it may not follow."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None
