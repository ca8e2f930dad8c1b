"""How much of everything is measured; the check runs the same code on less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything.

    Attributes:
        rounds: of quick turns; slow ones take fewer.
        calls: single look-ups in a turn.
        bulk, long_bulk: identities of a bulk look-up, and of one whose memory is watched.
        large_batch: people in the large body.
        table, long_table: rows of a file, and of one whose memory is watched.
        starts: of the emulator.
        seconds: of load on the emulator.
        is_full: whether the slowest combinations are measured, and aepp is installed.
    """

    rounds: int
    calls: int
    bulk: int
    long_bulk: int
    large_batch: int
    table: int
    long_table: int
    starts: int
    seconds: int
    is_full: bool

    @property
    def few_rounds(self) -> int:
        """Rounds of turns that take a second."""
        return max(5, self.rounds // 2)


FULL: Final = Sizes(15, 200, 10_000, 1_000_000, 4_600, 100_000, 1_000_000, 7, 5, is_full=True)
CHECK: Final = Sizes(5, 80, 2_000, 20_000, 1_000, 10_000, 50_000, 3, 2, is_full=False)
