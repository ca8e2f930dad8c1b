"""What one cell of the matrix adds to the figures."""

from __future__ import annotations

from tests.faults.cells import Outcome, Usual
from tests.faults.rules import OPERATIONS
from tests.helpers.figures import Figures

import rtcp


def note_cell(figures: Figures, outcome: Outcome, usual: Usual, complaints: list[str]) -> None:
    """Count one cell of the matrix; what must be 0 is counted as well."""
    figures.add("cells")
    figures.add("requests", sum(outcome.sent.values()))
    figures.add("secrets", len(outcome.leaks()))
    figures.add("crashes", outcome.error is not None and not isinstance(outcome.error, rtcp.RtcpError))
    figures.add("failed cells", bool(complaints))
    figures.add("duplicates", sum(_surplus(outcome, usual)))


def _surplus(outcome: Outcome, usual: Usual) -> list[int]:
    """By how much more than usual was done of what must not be done twice."""
    return [
        max(0, count - usual.acted.get(name, 0))
        for name, count in outcome.traffic.acted.items()
        if name in OPERATIONS and not OPERATIONS[name].is_repeatable
    ]
