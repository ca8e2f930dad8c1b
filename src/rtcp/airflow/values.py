"""Values as templates leave them: texts, where the client wants instants and lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from rtcp.errors import InvalidArgumentError

# What Jinja makes of None.
_NOTHING: Final = ("", "None")


def instant(value: Any, *, name: str) -> datetime | None:
    """An aware instant from a datetime or an ISO text; empty texts and None are None.

    Raises:
        InvalidArgumentError: it is neither, or has no time zone.
    """
    if value is None or value in _NOTHING:
        return None
    try:
        parsed = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise InvalidArgumentError(
            f"{name} must be an ISO instant such as 2026-11-20T00:00:00Z, not {value!r}"
        ) from None
    if parsed.tzinfo is None:
        raise InvalidArgumentError(f"{name} has no time zone: {value!r}")
    return parsed


def blank_as_none(value: Any) -> Any:
    """None for what a template made of nothing."""
    return None if isinstance(value, str) and value in _NOTHING else value
