"""Rows that did not go in, with the reasons: one value, and one form of it in files, for streams, upserts and tasks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Final

from rtcp._json import read_json
from rtcp._notebook import Displayed
from rtcp._numbers import MOST_BITS
from rtcp.errors import InvalidArgumentError
from rtcp.rows.form import RowForm
from rtcp.rows.wire_json import encode

UNKNOWN: Final = "unknown"
REFUSED: Final = "refused"
NOT_SENT: Final = "not-sent"
_ALWAYS: Final = ("row", "position", "status")
_MARKS: Final = ("reason", "can_retry", "position")


@dataclass(frozen=True, slots=True)
class Reject(Displayed):
    """A row that the service has not, or maybe not, received.

    Attributes:
        row: the row as it was sent, `_id` included; the caller's own object when it was refused before, or the text of
            a line that cannot be read.
        position: which of the rows it was, from 0; None when the spool kept it of an earlier writer.
        status: HTTP status of its refusal; None when rtcp refused it, or when no answer came.
        code: the service's code; "refused" when rtcp refused it, "not-sent" when it was not sent (no connection, no
            token, interrupted), "unknown" when no answer came.
        message: the reason; names paths, never values.
        can_retry: whether the same row may go in later.
        line: of its file, from 1; None when it came from none.
        file: the name of that file.
        form: the form that it was sent with; its mapping only where the row has not been mapped yet.
    """

    _told: ClassVar[tuple[str, ...]] = ("place", "row", "code", "message", "can_retry")

    row: Any = field(repr=False)
    position: int | None
    status: int | None
    code: str | None
    message: str
    can_retry: bool
    line: int | None = None
    file: str | None = None
    form: RowForm | None = field(default=None, repr=False)

    @property
    def is_unknown(self) -> bool:
        """True when no answer came: the service may have received it."""
        return self.code == UNKNOWN

    @property
    def place(self) -> str:
        """Where it stood, for people: its line, else its position from 1."""
        if self.line is not None:
            return f"{self.file}, line {self.line}" if self.file else f"line {self.line}"
        return "a row of the spool" if self.position is None else f"row {self.position + 1}"


def to_letter(reject: Reject) -> bytes:
    """A reject as a line of JSON; a row that JSON cannot hold has texts for what was wrong, and `"is_exact": false`."""
    letter: dict[str, Any] = {
        "row": reject.row,
        "position": reject.position,
        "line": reject.line,
        "file": reject.file,
        "status": reject.status,
        "reason": reject.message,
        "code": reject.code,
        "can_retry": reject.can_retry,
        "form": None if reject.form is None else reject.form.to_json(),
    }
    letter = {name: value for name, value in letter.items() if value is not None or name in _ALWAYS}
    try:
        return encode(letter) + b"\n"
    except InvalidArgumentError:
        letter |= {"row": _shown(reject.row), "is_exact": False}
    return json.dumps(letter).encode() + b"\n"


def read_letter(line: bytes | str) -> Mapping[str, Any] | None:
    """The letter in a line, if there is one."""
    letter: Any = None
    with suppress(ValueError):
        letter = read_json(line)
    return letter if is_letter(letter) else None


def is_letter(given: Any) -> bool:
    """True for what `to_letter` writes: a row that has one of the marks of a reject beside it."""
    return isinstance(given, dict) and "row" in given and not given.keys().isdisjoint(_MARKS)


def to_reject(letter: Mapping[str, Any]) -> Reject:
    """The reject that a letter tells of."""
    form: RowForm | None = None
    with suppress(InvalidArgumentError):
        form = RowForm.from_json(letter["form"]) if letter.get("form") is not None else None
    return Reject(
        letter["row"],
        _whole(letter.get("position")),
        _whole(letter.get("status")),
        letter.get("code"),
        str(letter.get("reason", "")),
        letter.get("can_retry") is True,
        _whole(letter.get("line")),
        letter.get("file"),
        form,
    )


def may_go_again(letter: Mapping[str, Any]) -> bool:
    """True for a row that may go in as it stands: nobody has said that it cannot."""
    return letter.get("can_retry") is not False and letter.get("is_exact") is not False


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _shown(value: Any, depth: int = 0) -> Any:
    """The value with texts in the place of what is no JSON."""
    if depth > 50:
        return "..."
    if isinstance(value, Mapping):
        return {str(_shown(key, depth + 1)): _shown(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item, depth + 1) for item in value]
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return f"a number of {value.bit_length():,} bits"
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if isinstance(value, date | datetime) else repr(value)
