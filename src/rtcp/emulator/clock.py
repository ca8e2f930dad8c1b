"""The emulator's clock: system time until a test moves or freezes it; every expiry and ingestion time is read here."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime


class Clock:
    """A clock that can be stepped forward and stopped, safe to share between threads."""

    def __init__(self, *, frozen_at_ms: int | None = None) -> None:
        self._lock = threading.Lock()
        self._offset_ms = 0
        self._frozen_ms = frozen_at_ms

    @property
    def is_frozen(self) -> bool:
        return self._frozen_ms is not None

    def now_ms(self) -> int:
        """Milliseconds since 1970, as this clock sees them."""
        with self._lock:
            return self._read()

    def advance(self, seconds: float) -> int:
        """Step forward and return the new time in milliseconds; a frozen clock stays frozen at the new time."""
        if seconds < 0:
            raise ValueError("a clock does not go back; use set_ms() for another time")
        with self._lock:
            if self._frozen_ms is not None:
                self._frozen_ms += round(seconds * 1000)
            else:
                self._offset_ms += round(seconds * 1000)
            return self._read()

    def freeze(self, at_ms: int | None = None) -> int:
        """Stop at the given time, or at the present one, and return it in milliseconds."""
        with self._lock:
            self._frozen_ms = self._read() if at_ms is None else at_ms
            return self._frozen_ms

    def resume(self) -> None:
        """Run on from the time at which the clock was frozen."""
        with self._lock:
            if self._frozen_ms is not None:
                # From the time at which it stood, not from that which has passed meanwhile.
                self._offset_ms = self._frozen_ms - _system_ms()
                self._frozen_ms = None

    def set_ms(self, at_ms: int) -> None:
        """Jump to a time; a running clock runs on from there."""
        with self._lock:
            if self._frozen_ms is not None:
                self._frozen_ms = at_ms
            else:
                self._offset_ms = at_ms - _system_ms()

    def reset(self) -> None:
        """Follow the system time again."""
        with self._lock:
            self._offset_ms = 0
            self._frozen_ms = None

    def _read(self) -> int:
        return self._frozen_ms if self._frozen_ms is not None else _system_ms() + self._offset_ms


def _system_ms() -> int:
    return time.time_ns() // 1_000_000


def write_instant(at_ms: int, *, digits: int = 0, zone: str = "Z", between: str = "T") -> str:
    """A time in UTC as the samples print it, with so many digits of the second's fraction."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC).replace(tzinfo=None)
    text = at.isoformat(sep=between, timespec="microseconds")
    return (text[: digits - 6] if digits < 6 else text).removesuffix(".") + zone
