"""Values as short texts for people: numbers with separators, times with their age, lists that end somewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final

from rtcp._terminal import visible_line

_LONGEST: Final = 400
_MOST_LISTED: Final = 5
_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_MOST_DEPTH: Final = 20
_MOST_BITS: Final = 1024


def text_of(value: Any, name: str = "", *, now: datetime | None = None) -> str:
    """The value in one line; a time called `..._at` has its age beside it."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return _time(value, now if name.endswith("_at") else None)
    if isinstance(value, int):
        # An id is no amount.
        return str(value) if name == "id" or name.endswith("_id") else _grouped(value)
    if isinstance(value, float):
        return f"{value:.1%}" if name.endswith("_percentage") else f"{value:,.6g}"
    if isinstance(value, Mapping):
        return _shortened(_identity(value) or _pairs(value) or _json(value))
    if isinstance(value, list | tuple):
        return _listed(value)
    return _shortened(str(value.value if isinstance(value, Enum) else value))


def in_full(value: Any) -> Any:
    """A value of people as it is: their numbers may well be ids, which have no separators."""
    return value if isinstance(value, bool) or not isinstance(value, int) else _digits(value)


def age(then: datetime, now: datetime) -> str:
    """How long ago it was, or how far away it is, in one unit."""
    seconds = (now - then) / timedelta(seconds=1)
    told = next((f"{int(abs(seconds) // size):,} {unit}" for size, unit in _UNITS if abs(seconds) >= size), "")
    if not told:
        return "just now"
    return f"{told} ago" if seconds > 0 else f"in {told}"


def leaves(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Each value of something nested, with its dot path; lists of plain values and identities stay whole."""
    if isinstance(value, dict) and _identity(value):
        yield path, value
    elif depth < _MOST_DEPTH and isinstance(value, dict) and (value or not path):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else str(key), depth + 1)
    elif depth < _MOST_DEPTH and isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}.{index}", depth + 1)
    else:
        yield path, in_full(value)


def _identity(value: Mapping[Any, Any]) -> str:
    """An identity as the service writes it, in words; empty for anything else."""
    namespace = value.get("namespace")
    code = namespace.get("code") if isinstance(namespace, Mapping) else None
    held = value.get("id")
    return f"{code}: {held}" if isinstance(code, str) and isinstance(held, str) else ""


def _pairs(value: Mapping[Any, Any]) -> str:
    is_plain = 0 < len(value) <= _MOST_LISTED and all(isinstance(each, str | int | float) for each in value.values())
    return ", ".join(f"{name}: {text_of(each)}" for name, each in value.items()) if is_plain else ""


def _time(value: datetime, now: datetime | None) -> str:
    if value.tzinfo is None:
        return f"{value:%Y-%m-%d %H:%M:%S}"
    told = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return told if now is None else f"{told} ({age(value, now)})"


def _grouped(value: int) -> str:
    return f"{value:,}" if value.bit_length() < _MOST_BITS else _digits(value)


def _digits(value: int) -> str:
    # Longer ones cannot be written in decimal.
    return str(value) if value.bit_length() < _MOST_BITS else f"a number of {value.bit_length():,} bits"


def _listed(values: list[Any] | tuple[Any, ...]) -> str:
    if not values:
        return "none"
    told = ", ".join(text_of(value) for value in values[:_MOST_LISTED])
    more = len(values) - _MOST_LISTED
    return _shortened(told) + (f" and {more:,} more" if more > 0 else "")


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):
        return "what JSON cannot hold"


def _shortened(text: str) -> str:
    shown = visible_line(text[: _LONGEST + 1])
    return shown if len(text) <= _LONGEST else f"{shown[:_LONGEST]}… ({len(text):,} characters)"
