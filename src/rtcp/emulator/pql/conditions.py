"""The condition in an expression's brackets, made into a function of an event and of what "now" is."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rtcp.emulator.pql.syntax import Node
from rtcp.emulator.pql.tokens import Unsupported
from rtcp.emulator.pql.windows import months_before
from rtcp.emulator.xdm_paths import values_at

Event = Mapping[str, Any]
Condition = Callable[[Event, datetime], bool]

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "equals": operator.eq,
    "notEqualTo": operator.ne,
    "contains": operator.contains,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


def ALWAYS(event: Event, now: datetime) -> bool:  # noqa: N802 - used like a constant
    """The condition of an expression without one."""
    return True


def lower_condition(node: Node, text: str) -> Condition:
    """The condition of a tree.

    Raises:
        Unsupported: part of it is not computed here.
    """
    if node.kind in ("and", "or"):
        parts = [lower_condition(part, text) for part in node.parts]
        combine = all if node.kind == "and" else any
        return lambda event, now: combine(part(event, now) for part in parts)
    if node.kind == "not":
        inner = lower_condition(node.parts[0], text)
        return lambda event, now: not inner(event, now)
    lower = {"compare": _comparison, "occurs": _occurrence, "call": _call}.get(node.kind)
    condition = lower(node) if lower is not None else None
    if condition is None:
        raise Unsupported(text[node.start : node.end])
    return condition


def path_of(node: Node) -> str | None:
    """The dot path that a tree of plain members stands for, or None."""
    names = []
    while node.kind == "member":
        names.append(str(node.value))
        node = node.parts[0]
    return ".".join(reversed([*names, str(node.value)])) if node.kind == "name" else None


def _comparison(node: Node) -> Condition | None:
    left, right = node.parts
    path, compare = path_of(left), _COMPARISONS.get(node.value)
    if path is None or compare is None or right.kind != "literal":
        return None
    wanted = right.value
    if node.value == "!=":
        # An event without the attribute is unequal to everything, as in the look-ups' filters.
        return lambda event, now: all(_holds(compare, value, wanted) for value in values_at(event, path))
    return lambda event, now: any(_holds(compare, value, wanted) for value in values_at(event, path))


def _holds(compare: Callable[[Any, Any], bool], value: Any, wanted: Any) -> bool:
    """Compare values of one kind; those of two kinds are unequal and in no order."""
    if _kind(value) != _kind(wanted):
        return compare is operator.ne
    return compare(value, wanted)


def _kind(value: Any) -> type:
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)


def _occurrence(node: Node) -> Condition | None:
    left, count, reference = node.parts
    (symbol, unit, direction), path = node.value, path_of(left)
    unit = unit.lower().removesuffix("s")
    known = (*_DAYS, *_MONTHS, "hour", "minute")
    if path is None or symbol not in ("<", "<=", ">", ">=") or direction != "before" or unit not in known:
        return None
    if count.kind != "literal" or not isinstance(count.value, int) or path_of(reference) != "now":
        return None
    compare, number = _COMPARISONS[symbol], count.value

    def occurs(event: Event, now: datetime) -> bool:
        earliest = _before(now, number, unit)
        # "At most 7 days before now" is from then until now: the future is in no such span.
        return any(
            at <= now and compare(now - at, now - earliest)
            for value in values_at(event, path)
            if (at := as_instant(value)) is not None
        )

    return occurs


def _before(now: datetime, count: int, unit: str) -> datetime:
    try:
        if unit in _MONTHS:
            return months_before(now, count * _MONTHS[unit])
        if unit in _DAYS:
            return now - timedelta(days=count * _DAYS[unit])
        return now - (timedelta(hours=count) if unit == "hour" else timedelta(minutes=count))
    except (OverflowError, ValueError):
        # A span that begins before the calendar does holds all that has been.
        return datetime.min.replace(tzinfo=UTC)


def _call(node: Node) -> Condition | None:
    """`path.equals("text", false)`, the flag saying whether case matters; and `path.isNull()`."""
    path = path_of(node.parts[0])
    arguments = node.parts[1:]
    if path is None or any(argument.kind != "literal" for argument in arguments):
        return None
    if node.value in ("isNull", "isNotNull") and not arguments:
        return lambda event, now: any(True for _ in values_at(event, path)) is (node.value == "isNotNull")
    test = _TEXT_TESTS.get(node.value)
    if test is None or len(arguments) not in (1, 2) or not isinstance(arguments[0].value, str):
        return None
    flag = arguments[1].value if len(arguments) == 2 else True
    if not isinstance(flag, bool):
        return None
    wanted = arguments[0].value if flag else arguments[0].value.casefold()
    return lambda event, now: any(
        test(value if flag else value.casefold(), wanted) for value in values_at(event, path) if isinstance(value, str)
    )


def as_instant(value: Any) -> datetime | None:
    """The instant that a value of an event stands for, or None: a text of RFC 3339, or milliseconds since 1970."""
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int):
            return datetime.fromtimestamp(value / 1000, UTC)
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    # A date without a time is the beginning of its day.
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
