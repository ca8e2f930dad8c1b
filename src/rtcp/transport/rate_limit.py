"""The gate that all threads of one client pass before they send: closed for a while when the service says so."""

from __future__ import annotations

import threading
from collections.abc import Hashable

from rtcp._clock import Clock


class RateLimiter:
    """Holds requests back per service host, so that one thread's 429 spares the others theirs."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._closed_until: dict[Hashable, float] = {}

    def hold(self, gate: Hashable, seconds: float) -> None:
        """Close a gate for some seconds; a longer hold that stands already stays."""
        until = self._clock.monotonic() + seconds
        with self._lock:
            self._closed_until[gate] = max(until, self._closed_until.get(gate, until))

    def wait(self, gate: Hashable) -> None:
        """Return once the gate is open."""
        # Read without the lock: the open gate is the hot path, and a hold set a moment later counts for the next
        # request.
        while (until := self._closed_until.get(gate)) is not None:
            left = until - self._clock.monotonic()
            if left <= 0:
                with self._lock:
                    if self._closed_until.get(gate) == until:
                        del self._closed_until[gate]
                return
            self._clock.sleep(left)
