"""Refusals that come under the status of a success, as gateways and stand-ins of the service send them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rtcp.transport.request import Response

# A refusal is short; no long answer is read twice.
_LONGEST: Final = 16 << 10
_MARKS: Final = (b'"error_code"', b'"statusCode"', b'"title"', b'"errors"')
# With anything else beside it, a statusCode may be a part of what was asked for.
_OF_PROFILE: Final = frozenset({"statusCode", "message", "cause", "error", "retryAfterMs"})


def refusal_within(response: Response) -> int | None:
    """The status of the refusal that an answer really is; None when it is an answer."""
    body = response.body
    if body[:1] != b"{" or len(body) > _LONGEST or not any(mark in body for mark in _MARKS):
        return None
    try:
        said = response.json()
    except ValueError:
        return None
    return _status_of(said) if isinstance(said, dict) else None


def _status_of(said: Mapping[str, Any]) -> int | None:
    if "error_code" in said:
        # The first three digits of a gateway's code are its status.
        return _refused(str(said["error_code"])[:3]) or 500
    if "statusCode" in said and _OF_PROFILE.issuperset(said):
        return _refused(said["statusCode"])
    if isinstance(said.get("title"), str) and "status" in said:
        return _refused(said["status"])
    errors = said.get("errors")
    if isinstance(errors, dict) and errors:
        return _refused(next(iter(errors)))
    return None


def _refused(told: Any) -> int | None:
    text = str(told) if isinstance(told, int | str) else ""
    is_status = len(text) == 3 and text.isascii() and text.isdecimal() and text[0] in "45"
    return int(text) if is_status else None
