"""The `property` filters of a list of computed attributes, such as `status=contains(new,processing)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_FILTER = re.compile(r"\s*([A-Za-z.]+)\s*(>=|<=|!=|=)\s*(.*?)\s*", re.DOTALL)
_LIST = re.compile(r"(!?)contains\((.*)\)", re.DOTALL)
# The published description names two fields otherwise than the answers do.
_FIELDS = {
    "name": "name",
    "mergefunction.value": "function",
    "mergepolicy.value": "function",
    "status": "status",
    "createepoch": "createEpoch",
    "createdepoch": "createEpoch",
    "updateepoch": "updateEpoch",
}
_TIMES = ("createEpoch", "updateEpoch")

Attribute = Mapping[str, Any]
Filter = Callable[[Attribute], bool]


def attribute_filter(expressions: Sequence[str], *, status: str | None = None) -> Filter:
    """One test for all filters together; `status` is the older parameter for the same.

    Raises:
        ValueError: an expression is no filter.
    """
    tests = [_test(expression) for expression in expressions if expression]
    if status is not None:
        tests.append(lambda attribute: _value(attribute, "status").casefold() == status.casefold())
    return lambda attribute: all(test(attribute) for test in tests)


def _test(expression: str) -> Filter:
    match = _FILTER.fullmatch(expression)
    field = _FIELDS.get(match[1].lower()) if match is not None else None
    if match is None or field is None or not match[3]:
        raise ValueError("property must read: a field that can be filtered, an operator, a value")
    symbol, text = match[2], match[3]
    if field in _TIMES:
        return _time_test(field, symbol, text)
    if symbol not in ("=", "!="):
        raise ValueError(f"property: {match[1]} is compared with = or != only")
    listed = _LIST.fullmatch(text)
    if listed is None:
        return lambda attribute: _equals(attribute, field, text) is (symbol == "=")
    wanted = [item.strip().strip("\"'").casefold() for item in listed[2].split(",")]
    is_negated = (symbol == "!=") is not (listed[1] == "!")
    return lambda attribute: _contains(attribute, field, wanted) is not is_negated


def _time_test(field: str, symbol: str, text: str) -> Filter:
    if symbol not in (">=", "<=") or re.fullmatch(r"\d{1,18}", text) is None:
        raise ValueError("property: a time is compared with >= or <=, and given in milliseconds")
    limit = int(text)
    if symbol == ">=":
        return lambda attribute: attribute[field] >= limit
    return lambda attribute: attribute[field] <= limit


def _equals(attribute: Attribute, field: str, text: str) -> bool:
    value, wanted = _value(attribute, field), text.strip("\"'")
    # Only names are told apart by case; the samples write states in lower case.
    return value == wanted if field == "name" else value.casefold() == wanted.casefold()


def _contains(attribute: Attribute, field: str, wanted: Sequence[str]) -> bool:
    value = _value(attribute, field).casefold()
    return any(each in value for each in wanted) if field == "name" else value in wanted


def _value(attribute: Attribute, field: str) -> str:
    return str(attribute["mergeFunction"]["value"] if field == "function" else attribute[field])
