"""Values as templates leave them: texts, where the client wants instants and lists."""

from __future__ import annotations

from collections.abc import Sequence
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


def check_list(value: Any, *, name: str) -> list[str]:
    """A list of texts; blank ones are left out.

    Raises:
        InvalidArgumentError: it is one text, such as a template leaves behind, or holds something else.
    """
    if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(each, str) for each in value):
        raise InvalidArgumentError(
            f"{name} is a list of texts, each of which may be a template; for one template that makes the list, set "
            "render_template_as_native_obj=True on the DAG"
        )
    return [each for each in value if blank_as_none(each) is not None]
