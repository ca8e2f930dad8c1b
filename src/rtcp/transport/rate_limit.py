"""What holds threads back before they send: a gate that the service closes for a while, and budgets of our own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

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


class NotSent(Exception):  # noqa: N818 - says what became of it, and is nobody's failure
    """Raised inside of `spend`: nothing was sent, so nothing is spent. It goes no further."""


class Budget:
    """So much in any window of time, whoever counts: what is spent counts from before it is sent until a window after
    its answer, so that no delay on the way can bring two windows' worth together at the other end.

    Args:
        clock: what the window is told and slept by.
        limit: what may be spent in a window.
        seconds: length of the window.
    """

    def __init__(self, clock: Clock, limit: int, *, seconds: float = 1.0) -> None:
        self.limit = limit
        self._clock = clock
        self._seconds = seconds
        self._spent = 0
        self._answered: deque[tuple[float, int]] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def spend(self, amount: int = 1) -> Iterator[None]:
        """Wait until so much may be spent, and send inside; more than the limit goes out alone."""
        self._take(amount)
        is_sent = True
        try:
            yield
        except NotSent:
            is_sent = False
        finally:
            with self._changed:
                if is_sent:
                    self._answered.append((self._clock.monotonic(), amount))
                else:
                    self._spent -= amount
                self._changed.notify_all()

    def _take(self, amount: int) -> None:
        while True:
            with self._changed:
                now = self._clock.monotonic()
                while self._answered and self._answered[0][0] + self._seconds <= now:
                    self._spent -= self._answered.popleft()[1]
                if self._spent == 0 or self._spent + amount <= self.limit:
                    self._spent += amount
                    return
                if not self._answered:
                    # All of it is under way: no time can be told, only the next answer waited for.
                    self._changed.wait()
                    continue
                wait = self._answered[0][0] + self._seconds - now
            # A wait that rounding has made too small to move the clock would last for ever.
            self._clock.sleep(max(wait, 0.001))
