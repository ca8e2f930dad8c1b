"""A clock that only moves when somebody sleeps or a test steps it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands at 2026-03-02 00:00 UTC; `slept` lists every sleep in order, `on_sleep` hears of each."""

    START = datetime(2026, 3, 2, tzinfo=UTC)

    def __init__(self, on_sleep: Callable[[float], object] | None = None) -> None:
        self.slept: list[float] = []
        self.on_sleep = on_sleep
        self._elapsed = 0.0
        self._ahead = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return self._elapsed

    def now(self) -> datetime:
        return self.START + timedelta(seconds=self._elapsed + self._ahead)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self._elapsed += seconds
        if self.on_sleep is not None:
            self.on_sleep(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass without anybody sleeping."""
        with self._lock:
            self._elapsed += seconds

    def leap(self, seconds: float) -> None:
        """Set the time of day, as somebody would whose clock was wrong; no time passes."""
        with self._lock:
            self._ahead += seconds
