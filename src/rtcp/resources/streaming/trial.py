"""What would become of rows before anything is sent: each is made the message that it would be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rtcp.errors import InvalidArgumentError
from rtcp.resources.streaming.envelope import Envelope
from rtcp.rows.form import RowForm
from rtcp.rows.rejects import REFUSED, Reject
from rtcp.rows.shaping import RowShaper, warn_of_unseen
from rtcp.rows.sources import read_rows


@dataclass(frozen=True)
class Trial:
    """What was found.

    Attributes:
        rows: read.
        fit: of them, those that would be sent.
        rejects: the others, with the reasons.
    """

    rows: int
    fit: int
    rejects: tuple[Reject, ...]

    @property
    def rejected(self) -> int:
        """How many rows would not be sent."""
        return len(self.rejects)


def try_messages(rows: Any, form: RowForm) -> Trial:
    """Make the message of each row, and send none.

    Raises:
        InvalidArgumentError: the form does not fit the rows at all.
    """
    source = read_rows(rows, is_read_once=True)
    envelope, shaper = Envelope(form), RowShaper(form, source)
    rejects: list[Reject] = []
    total = 0
    for row in source.read():
        total += 1
        try:
            envelope.message(row, shaper)
        except InvalidArgumentError as exc:
            line = None if source.name is None else row.line
            rejects.append(
                Reject(row.given, row.position, None, REFUSED, str(exc), can_retry=False, line=line, file=source.name)
            )
    warn_of_unseen(shaper)
    return Trial(total, total - len(rejects), tuple(rejects))
