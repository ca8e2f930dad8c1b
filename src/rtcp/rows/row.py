"""One row as a caller has it, with its place."""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """One row.

    Attributes:
        position: which one it is, from 0.
        line: of its file, from 1; elsewhere one more than the position.
        given: as the caller has it; of a line that cannot be read, its text.
        problem: why it cannot be read; None of all others.
    """

    position: int
    line: int
    given: Any
    problem: str | None = None
