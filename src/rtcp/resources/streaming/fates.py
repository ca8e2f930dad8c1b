"""What became of a message, and how it is told to the one who wrote the row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from rtcp._outlook import Outlook, judge
from rtcp.errors import InvalidArgumentError, ResponseError, RtcpError
from rtcp.rows.form import RowForm
from rtcp.rows.rejects import NOT_SENT, UNKNOWN, Reject
from rtcp.transport.answers import mapping

_UNANSWERED: Final = "no answer came; it may have been received"
# Rules whose texts name keys and types only.
_QUOTABLE: Final = frozenset({"additionalProperties", "required", "type"})


class Place(NamedTuple):
    """Where a row came from: its position, its line and file, and its form where that is not the writer's."""

    position: int | None = None
    line: int | None = None
    file: str | None = None
    form: RowForm | None = None


# A message on its way: the place of its row (its position, where that says all), the encoded envelope, its id in the
# spool.
Item = tuple[Place | int, bytes, int]


@dataclass(slots=True, eq=False)
class Pack:
    """What one request carries, from when it is full until each of its messages has a fate."""

    items: list[Item]
    is_taken: bool = False


# What became of one message: the service's receipt, an error, or None when nobody can tell.
Fate = dict[str, Any] | RtcpError | None


def can_retry(fate: Fate, *, hopeless: RtcpError | None = None) -> bool:
    """True when the same message may be received later; `hopeless` is what ended the whole writer."""
    if isinstance(fate, ResponseError):
        return fate is hopeless or judge(fate) is Outlook.PASSING
    return not isinstance(fate, InvalidArgumentError)


def tell_reject(
    place: Place | int, message: bytes, error: RtcpError | None, form: RowForm, *, may_retry: bool
) -> Reject:
    """A message that was not received, as its writer sees it; `form` is that of rows that are mapped already."""
    place = Place(place) if isinstance(place, int) else place
    row = json.loads(message)["body"]["xdmEntity"]
    where = (place.line, place.file, place.form or form)
    if error is None:
        return Reject(row, place.position, None, UNKNOWN, _UNANSWERED, True, *where)
    if isinstance(error, ResponseError):
        reason = "; ".join([str(error.args[0]), *violations(error.body)])
        return Reject(row, place.position, error.status, error.code or str(error.status), reason, may_retry, *where)
    return Reject(row, place.position, None, NOT_SENT, str(error), may_retry, *where)


def violations(body: Any) -> list[str]:
    """What validation found, by place and rule; its texts are left out where they repeat values."""
    cause = mapping(mapping(mapping(body).get("report")).get("cause"))
    found = cause.get("_streamingValidation")
    parts = [part for entry in (found if isinstance(found, list) else []) for part in _causes(mapping(entry))]
    return [
        f"{part.get('pointerToViolation', '#')} {part['message' if part['keyword'] in _QUOTABLE else 'keyword']}"
        for part in parts
    ]


def _causes(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    inner = entry.get("causingExceptions")
    if isinstance(inner, list) and inner:
        return [part for each in inner for part in _causes(mapping(each))]
    return [entry] if isinstance(entry.get("message"), str) and entry.get("keyword") else []
