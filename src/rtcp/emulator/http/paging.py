"""The next links of every list: how they are written, and how their cursors are read back."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

_OFFSET = "offset:"
_CURSORS = ("start", "offsets")


def href_of_events(pairs: Sequence[tuple[str, str]], cursor: str, *, names: Sequence[str] = _CURSORS) -> str:
    """The next link of an event page: the query repeated, the cursor first; relative to `/data/core/ups/access`."""
    # The guides print start, a released client reads offsets and nothing else: both can follow this link.
    cursors = [(name, cursor) for name in names]
    kept = [(key, value) for key, value in pairs if key.lower() not in _CURSORS]
    return f"/entities?{urlencode([*cursors, *kept], safe=',')}"


def payload_of_events(body: Mapping[str, Any], xid: str, cursor: str) -> dict[str, Any]:
    """The body to POST for the next page of one profile out of several."""
    return {**body, "identities": [{"relatedEntityId": xid, "start": cursor}]}


def href_of_policies(pairs: Sequence[tuple[str, str]], token: str, limit: int) -> str:
    """The next link of a list of merge policies, with the leading `@/mergePolicies` of the guide's sample."""
    values = {key.lower(): value for key, value in pairs}
    fixed = ("start", "orderby", "limit")
    kept = [(key, value) for key, value in pairs if key.lower() not in fixed]
    query = [("start", token), ("orderBy", values.get("orderby", "")), ("limit", str(limit)), *kept]
    return f"@/mergePolicies?{urlencode(query)}"


def offset_token(offset: int) -> str:
    """An opaque cursor for a place in a list."""
    return urlsafe_b64encode(f"{_OFFSET}{offset}".encode()).decode()


def read_offset(token: str | None) -> int:
    """The place that a cursor names; a plain number counts too ("default 0"). Raises ValueError on anything else."""
    if token is None:
        return 0
    if token.isascii() and token.isdecimal():
        return int(token)
    try:
        text = urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeError):
        text = ""
    number = text.removeprefix(_OFFSET)
    if number == text or not number.isdecimal():
        raise ValueError("start is no cursor of this list")
    return int(number)
