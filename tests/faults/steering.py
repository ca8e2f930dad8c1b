"""The client's own adapter, which sends one operation to a wrong address or gives it little time; those addresses."""

from __future__ import annotations

import contextlib
import socket
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
from tests.faults.faults import Fault
from tests.helpers.clock import FakeClock
from tests.helpers.proxy import FaultProxy
from tests.helpers.servers import refusing_address

from rtcp.transport import deadline
from rtcp.transport.adapter import WholeBodyAdapter


class Steering(WholeBodyAdapter):
    """Counts what is sent, by operation. The sockets and their errors are real."""

    def __init__(self, proxy: FaultProxy, addresses: dict[str, str], clock: FakeClock) -> None:
        super().__init__(pool_maxsize=64)
        self.sent: Counter[str] = Counter()
        self.foreign_hosts: set[str] = set()
        self._proxy = proxy
        self._addresses = addresses
        self._clock = clock
        self._target: tuple[str, Fault, int | None] | None = None

    def steer(self, operation: str, fault: Fault, *, times: int | None) -> None:
        """Apply a fault's address, time-out and clock to the next requests of an operation."""
        self._target = (operation, fault, times)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        operation = self._proxy.operation_of(request.method or "", parts.path) or "unknown"
        number = self.sent[operation]
        self.sent[operation] += 1
        request.headers["x-mark"] = self._proxy.mark(number)
        if parts.netloc != urlsplit(self._proxy.url).netloc:
            self.foreign_hosts.add(parts.netloc)
        if self._target is not None and self._target[0] == operation:
            _, fault, times = self._target
            if times is None or number < times:
                _shorten(fault.total)
                self._clock.leap(fault.leap)
                self._clock.advance(fault.passes)
                if fault.timeout is not None:
                    options["timeout"] = fault.timeout
                if fault.address is not None:
                    request = request.copy()
                    base = self._addresses[fault.address]
                    request.url = f"{base}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return super().send(request, **options)


def _shorten(total: float | None) -> None:
    """Let the attempt of this thread be over after so many seconds."""
    attempt = deadline.current()
    if total is not None and attempt is not None:
        attempt.total = attempt.idle = attempt._left = total
        attempt.hurry(total)


@contextlib.contextmanager
def wrong_addresses() -> Iterator[dict[str, str]]:
    """By name: an address where nobody listens, one without a host, and one that takes no connection any more."""
    with socket.socket() as full, contextlib.ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        # A queue that is full drops what else knocks.
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(full.getsockname())
        silent = f"http://127.0.0.1:{full.getsockname()[1]}"
        yield {"refused": refusing_address(), "unknown": "http://nowhere.invalid", "silent": silent}
