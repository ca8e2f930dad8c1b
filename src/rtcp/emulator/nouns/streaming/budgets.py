"""How many requests and messages an inlet takes in a span of time, counted by the emulator's clock."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rtcp.emulator.clock import Clock

REQUESTS_PER_SECOND = 1_000
# The newest overview; older ones say 1,000.
MESSAGES_PER_SECOND = 10_000
VALIDATIONS_PER_MINUTE = 60


@dataclass(slots=True)
class _Window:
    start: int = -1
    used: int = 0


class Budgets:
    """Windows of a whole second or minute, one for each thing that is counted.

    The fullest span so far is kept even where nothing is refused, for tests of clients that keep budgets themselves.
    """

    def __init__(self, clock: Clock, *, enforced: bool) -> None:
        self._clock = clock
        self._enforced = enforced
        self._windows: dict[tuple[str, str], _Window] = {}
        self.fullest: dict[str, int] = {}

    def clear(self) -> None:
        self._windows.clear()
        self.fullest.clear()

    def spend(self, inlet_id: str, *, messages: int, validates: bool) -> int | None:
        """Count one request; the seconds to wait when it is over a budget, else None."""
        spans = [("requests", 1, REQUESTS_PER_SECOND, 1), ("messages", messages, MESSAGES_PER_SECOND, 1)]
        if validates:
            spans.append(("validations", 1, VALIDATIONS_PER_MINUTE, 60))
        now_ms = self._clock.now_ms()
        taken = []
        for what, amount, limit, seconds in spans:
            window, number = self._window(inlet_id, what), now_ms // (seconds * 1000)
            if window.start != number:
                window.start, window.used = number, 0
            # A single request larger than the budget has to pass some time.
            if self._enforced and window.used and window.used + amount > limit:
                return max(1, math.ceil(((number + 1) * seconds * 1000 - now_ms) / 1000))
            taken.append((what, window, amount))
        # Only when no budget refuses it: what is refused takes nothing from the others.
        for what, window, amount in taken:
            window.used += amount
            self.fullest[what] = max(self.fullest.get(what, 0), window.used)
        return None

    def _window(self, inlet_id: str, what: str) -> _Window:
        # Validations are limited by inlet; no source says of what the others are the limit: of everything, here.
        return self._windows.setdefault((inlet_id if what == "validations" else "", what), _Window())
