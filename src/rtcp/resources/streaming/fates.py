"""What became of a message, and how it is told to the one who wrote the row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rtcp.errors import InvalidArgumentError, ResponseError, RtcpError
from rtcp.models.stream import NOT_SENT, UNKNOWN, Reject
from rtcp.transport.answers import mapping

RETRYABLE: Final = frozenset({429, 500, 502, 503, 504})
_UNANSWERED: Final = "no answer came; it may have been received"
# Rules whose texts name keys and types only.
_QUOTABLE: Final = frozenset({"additionalProperties", "required", "type"})
# A message on its way: its position, the encoded envelope, its id in the spool.
Item = tuple[int | None, bytes, int]


@dataclass(slots=True, eq=False)
class Pack:
    """What one request carries, from when it is full until each of its messages has a fate."""

    items: list[Item]
    is_taken: bool = False


# What became of one message: the service's receipt, an error, or None when nobody can tell.
Fate = dict[str, Any] | RtcpError | None


def can_retry(fate: Fate) -> bool:
    """True when the same message may be received later."""
    if isinstance(fate, ResponseError):
        return fate.status in RETRYABLE
    return not isinstance(fate, InvalidArgumentError)


def to_reject(position: int | None, message: bytes, error: RtcpError | None) -> Reject:
    """A message that was not received, as its writer sees it."""
    row = json.loads(message)["body"]["xdmEntity"]
    if error is None:
        return Reject(row, position, None, UNKNOWN, _UNANSWERED, can_retry=True)
    if isinstance(error, ResponseError):
        reason = "; ".join([str(error.args[0]), *violations(error.body)])
        return Reject(row, position, error.status, error.code or str(error.status), reason, can_retry(error))
    return Reject(row, position, None, NOT_SENT, str(error), can_retry(error))


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
