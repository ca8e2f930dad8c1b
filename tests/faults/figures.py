"""What the reliability tests have counted, for the page that shows it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from tests.faults.cells import Outcome, Usual
from tests.faults.rules import OPERATIONS

import rtcp


class Figures:
    """Counters by name; a figure that must be 0 is there from the start."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter(
            dict.fromkeys(("cells", "requests", "duplicates", "secrets", "crashes", "failed cells"), 0)
        )

    def add(self, name: str, amount: int = 1) -> None:
        self.counts[name] += amount

    def note_cell(self, outcome: Outcome, usual: Usual, complaints: list[str]) -> None:
        """Count one cell of the matrix."""
        self.add("cells")
        self.add("requests", sum(outcome.sent.values()))
        self.add("secrets", len(outcome.leaks()))
        self.add("crashes", outcome.error is not None and not isinstance(outcome.error, rtcp.RtcpError))
        self.add("failed cells", bool(complaints))
        self.add("duplicates", sum(_surplus(outcome, usual)))

    def write(self, path: Path) -> None:
        """Write the counts to a file; each process of a run has its own."""
        path.write_text(json.dumps(self.counts, indent=2, sort_keys=True) + "\n")


def _surplus(outcome: Outcome, usual: Usual) -> list[int]:
    """By how much more than usual was done of what must not be done twice."""
    return [
        max(0, count - usual.acted.get(name, 0))
        for name, count in outcome.traffic.acted.items()
        if name in OPERATIONS and not OPERATIONS[name].is_repeatable
    ]
