"""The `property` filters of an event look-up, such as `web.webPageDetails.isHomepage=false`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rtcp.emulator.xdm_paths import values_at

_EXPRESSION = re.compile(r"\s*([^=!<>\s]+)\s*(<=|>=|!=|=|<|>)\s*(.*?)\s*", re.DOTALL)
_COMPACT_DATE = re.compile(r"\d{8}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

Predicate = Callable[[Mapping[str, Any]], bool]


def predicate(expressions: Sequence[str]) -> Predicate | None:
    """One test for all filters together; raises ValueError on what is no filter."""
    tests = [_test(expression) for expression in expressions if expression]
    if not tests:
        return None
    return lambda entity: all(test(entity) for test in tests)


def _test(expression: str) -> Predicate:
    match = _EXPRESSION.fullmatch(expression)
    if match is None or not match[3]:
        raise ValueError("property must read: path, one of = != < <= > >=, value")
    path, symbol, literal = match[1], match[2], match[3]
    wanted, compare = _literal(literal), _OPERATORS[symbol]
    # An event without the attribute fails every filter but "!=": nothing in it equals the value.
    if symbol == "!=":
        return lambda entity: all(_holds(compare, value, wanted) for value in values_at(entity, path))
    return lambda entity: any(_holds(compare, value, wanted) for value in values_at(entity, path))


def _literal(text: str) -> str | bool | float:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        inner = text[1:-1]
        return f"{inner[:4]}-{inner[4:6]}-{inner[6:]}" if _COMPACT_DATE.fullmatch(inner) else inner
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text


def _holds(compare: Callable[[Any, Any], bool], value: Any, wanted: str | bool | float) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        same_kind = isinstance(value, bool) and isinstance(wanted, bool)
        return compare(value, wanted) if same_kind else compare is operator.ne
    if isinstance(value, (int, float)) and isinstance(wanted, float):
        return compare(value, wanted)
    text, other = str(value), _number_text(wanted)
    # A date is compared with the day of an instant.
    return compare(text[:10] if _DATE.fullmatch(other) and _DATE.match(text) else text, other)


def _number_text(wanted: str | float) -> str:
    return f"{wanted:g}" if isinstance(wanted, float) else wanted  # pyright: ignore[reportReturnType]
