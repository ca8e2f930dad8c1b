"""The catalogue's query parameters, the same for datasets and batches: which objects, in which order, what of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.wire import Query, Refusal

DEFAULT_LIMIT = 20
# Parameters that do not name a property to filter by.
_CONTROLS = ("limit", "start", "orderby", "sort", "properties", "property", "tags", "requestdatasource", "aggregate")
_EXPRESSION = re.compile(r"(!?)([\w./-]+?)(?:(==|!=|<=|>=|<|>|~)(.*))?")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda value, wanted: value < wanted,
    "<=": lambda value, wanted: value <= wanted,
    ">": lambda value, wanted: value > wanted,
    ">=": lambda value, wanted: value >= wanted,
}

Entries = dict[str, dict[str, Any]]
Special = Mapping[str, Callable[[Mapping[str, Any], str], bool]]


def select(entries: Entries, query: Query, *, special: Special | None = None) -> Entries:
    """One page of the entries that a query asks for; `special` filters have their own tests.

    Raises:
        Refusal: an expression is none.
    """
    filters = special or {}
    expressions = [_compile_pattern(text) for text in query.all("property") if text]
    chosen = [
        (name, entry)
        for name, entry in entries.items()
        if _is_wanted(entry, query, filters) and all(test(entry) for test in expressions)
    ]
    ordered = _sort_entries(chosen, query.first("orderby", "sort") or "")
    start, limit = int(query.first("start") or 0), int(query.first("limit") or DEFAULT_LIMIT)
    return {name: limit_fields(entry, query) for name, entry in ordered[start : start + limit]}


def limit_fields(entry: dict[str, Any], query: Query) -> dict[str, Any]:
    """The top-level properties of an entry that a query names; all of it when it names none."""
    names = [name for name in (query.first("properties") or "").split(",") if name]
    return {name: value for name, value in entry.items() if name in names} if names else entry


def _is_wanted(entry: Mapping[str, Any], query: Query, special: Special) -> bool:
    for name, values in query.items():
        if name in _CONTROLS:
            continue
        test = special.get(name)
        for text in values:
            if test is not None:
                if not any(test(entry, each) for each in text.split(",")):
                    return False
                continue
            wanted = text.removeprefix("!").split(",")
            if (_text_at(entry, name) in wanted) is text.startswith("!"):
                return False
    return all(_has_tag(entry, each) for each in (query.first("tags") or "").split(",") if each)


def _compile_pattern(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """The test that one `property` expression stands for."""
    asked = _EXPRESSION.fullmatch(text)
    if asked is None or (asked[1] and asked[3]):
        raise Refusal(problem(400, "query parameter property has an expression that the catalogue does not know"))
    name, sign, wanted = asked[2].lower(), asked[3], asked[4]
    if sign is None:
        return lambda entry: (_value_at(entry, name) is None) is bool(asked[1])
    if sign in ("==", "!="):
        return lambda entry: (_text_at(entry, name) == wanted) is (sign == "==")
    if sign == "~":
        try:
            pattern = re.compile(wanted)
        except re.error:
            raise Refusal(problem(400, "query parameter property has a regular expression that is none")) from None
        return lambda entry: pattern.search(_text_at(entry, name) or "") is not None
    return lambda entry: _compare(_value_at(entry, name), wanted, _COMPARISONS[sign])


def _compare(value: Any, wanted: str, holds: Callable[[Any, Any], bool]) -> bool:
    # What has no size is on neither side of a limit.
    if value is None or isinstance(value, (Mapping, list)):
        return False
    try:
        return holds(float(value), float(wanted))
    except ValueError:
        return holds(str(value), wanted)


def _value_at(entry: Mapping[str, Any], name: str) -> Any:
    value: Any = entry
    for part in name.split("."):
        # Names of parameters come without case.
        value = next((v for k, v in value.items() if k.lower() == part), None) if isinstance(value, Mapping) else None
    return value


def _text_at(entry: Mapping[str, Any], name: str) -> str | None:
    value = _value_at(entry, name)
    return None if value is None or isinstance(value, (Mapping, list)) else str(value)


def _has_tag(entry: Mapping[str, Any], text: str) -> bool:
    name, _, wanted = text.partition(":")
    found = (entry.get("tags") or {}).get(name, ())
    # Some tags of batches hold a bare value instead of a list.
    values = [str(value) for value in (found if isinstance(found, list | tuple) else [found])]
    if wanted.endswith("*"):
        return any(value.startswith(wanted[:-1]) for value in values)
    return wanted in values


def _sort_entries(entries: list[tuple[str, Any]], text: str) -> list[tuple[str, Any]]:
    """By `name,desc:created`; the first property counts most, so it sorts last."""
    for part in reversed([part for part in text.split(",") if part]):
        direction, _, name = part.rpartition(":")
        entries.sort(key=lambda pair: str(_text_at(pair[1], name.lower()) or ""), reverse=direction == "desc")
    return entries
