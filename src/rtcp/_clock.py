"""The clock that everything reads and sleeps by, so that tests can step it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from rtcp import _system


class Clock(Protocol):
    """What the client needs of time."""

    def monotonic(self) -> float:
        """Seconds of a clock that nobody sets; only differences mean something."""
        ...

    def now(self) -> datetime:
        """The wall-clock time, aware and in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Block the calling thread."""
        ...


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        # A token grows old, and a media session ends, while the machine sleeps.
        return _system.here.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class SteadyClock:
    """Tells the time of day that another clock had at first, and how it passes since: whoever sets the machine's clock
    meanwhile moves nothing.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start = clock.now()
        self._zero = clock.monotonic()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._clock.monotonic() - self._zero)

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)
