"""Conditions of the `property` filter that computed attributes are listed by. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from rtcp._instants import millis_bound
from rtcp.errors import InvalidArgumentError


def matches(field: str, text: str | None) -> str | None:
    """The field is exactly so; None asks for nothing."""
    return None if text is None else f"{field}={_plain(field, text)}"


def contains(field: str, texts: str | Sequence[str] | None) -> str | None:
    """A name with any of the texts in it, or a status that is one of them."""
    if texts is None:
        return None
    listed = [texts] if isinstance(texts, str) else list(texts)
    if not listed:
        raise InvalidArgumentError(f"no {field} to look for: the list is empty")
    # The one documented list of statuses is in lower case; the service compares them without case.
    plain = [_plain(field, text.lower() if field == "status" else text) for text in listed]
    return f"{field}=contains({','.join(plain)})"


def _plain(field: str, text: str) -> str:
    # The filter grammar has no way to quote its own signs; names and statuses have none of them.
    if not re.fullmatch(r"[\w.-]+", text):
        raise InvalidArgumentError(f"{field} cannot be {text!r}: letters and digits only")
    return text


def not_before(field: str, instant: datetime | None, *, name: str) -> str | None:
    """The epoch is at the instant, or later."""
    return None if instant is None else f"{field}>={millis_bound(instant, name=name)}"


def before(field: str, instant: datetime | None, *, name: str) -> str | None:
    """The epoch is earlier than the instant; the service has no sign for that, only one that includes it."""
    return None if instant is None else f"{field}<={millis_bound(instant, name=name, earlier=True)}"
