"""Mapping flat rows to XDM: which column, constant or template goes to which path, and as which type."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from string import Formatter
from typing import Any

Row = Mapping[str, object]
Step = str | int

# The number of the line that a row came from, for templates: it tells apart rows that repeat each other.
LINE = "line"

_RULE_KEYS = ("column", "constant", "template", "type", "format")
_WHOLE_NUMBER = re.compile(r"[+-]?\d+")
_STEP = re.compile(r"([^.\[\]]+)((?:\[\d+\])*)")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class MappingError(ValueError):
    """A mapping that makes no sense, or a row that does not fit it; the text holds no value of the row."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One path of the XDM row and how its value is made; a value of None leaves the path out."""

    path: str
    steps: tuple[Step, ...]
    value: Callable[[Row], object]


class RowMapper:
    """Makes XDM rows out of flat ones; calling it with a row and its line number does one."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._has_arrays = any(isinstance(step, int) for rule in self._rules for step in rule.steps)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(rule.path for rule in self._rules)

    def __call__(self, row: Row, *, line: int) -> dict[str, Any]:
        """Map one row.

        Raises:
            MappingError: a value is not of the type that its rule names.
        """
        source = {LINE: line, **row}
        mapped: dict[str, Any] = {}
        for rule in self._rules:
            value = rule.value(source)
            if value is not None:
                _put(mapped, rule.steps, value)
        return _without_holes(mapped) if self._has_arrays else mapped


def compile_mapping(table: Mapping[str, object], *, columns: Collection[str] | None = None) -> RowMapper:
    """Check a mapping and make it ready to use.

    Each key is an XDM path such as `commerce.order.priceTotal` or `productListItems[0].quantity`. Each value is the
    name of a column, or a table with `column` (and `type`, `format`), `constant` or `template`. `columns` are those
    that the source has; without them, columns are not checked and a missing one is an absent value.

    Raises:
        MappingError: a path, a rule or the name of a column is wrong.
    """
    known = None if columns is None else (*columns, LINE)
    rules = [Rule(path, _parse_path(path), _compile_rule(path, rule, known)) for path, rule in table.items()]
    _refuse_clashes(rules)
    return RowMapper(rules)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of an error about an unknown name: the nearest known one, else all of them."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"


def _refuse_clashes(rules: Iterable[Rule]) -> None:
    # Each place in the row is one thing: an object, an array or a value, and a value is written once.
    places: dict[tuple[Step, ...], tuple[str, str]] = {}
    for rule in rules:
        for length in range(1, len(rule.steps) + 1):
            following = rule.steps[length] if length < len(rule.steps) else None
            kind = "value" if following is None else type(following).__name__
            other_kind, other = places.setdefault(rule.steps[:length], (kind, rule.path))
            if other is not rule.path and (kind != other_kind or kind == "value"):
                raise MappingError(f"the paths {other!r} and {rule.path!r} exclude each other")


def _parse_path(path: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            raise MappingError(f"{path!r} is no path; write it like 'person.name.firstName' or 'items[0].SKU'")
        steps.append(match[1])
        steps.extend(int(index) for index in re.findall(r"\d+", match[2]))
    return tuple(steps)


def _compile_rule(path: str, rule: object, known: Collection[str] | None) -> Callable[[Row], object]:
    if isinstance(rule, str):
        rule = {"column": rule}
    if not isinstance(rule, Mapping):
        raise MappingError(f"mapping of {path!r} must be the name of a column, or a table")
    for key in rule:
        if key not in _RULE_KEYS:
            hint = f"; paths with dots are written in quotes: '{path}.{key}'" if isinstance(rule[key], Mapping) else ""
            raise MappingError(f"mapping of {path!r} has an unknown key {key!r}; {did_you_mean(key, _RULE_KEYS)}{hint}")
    kinds = [key for key in ("column", "constant", "template") if key in rule]
    if len(kinds) != 1:
        raise MappingError(f"mapping of {path!r} needs exactly one of column, constant and template")
    if kinds[0] != "column" and len(rule) > 1:
        raise MappingError(f"mapping of {path!r}: type and format go with a column only")
    if kinds[0] == "constant":
        return _constant(path, rule["constant"])
    if kinds[0] == "template":
        return _template(path, rule["template"], known)
    return _column(path, rule, known)


def _constant(path: str, value: object) -> Callable[[Row], object]:
    if not isinstance(value, str | int | float):
        raise MappingError(f"mapping of {path!r}: a constant is a text, a number or a boolean")
    return lambda row: value


def _template(path: str, template: object, known: Collection[str] | None) -> Callable[[Row], object]:
    if not isinstance(template, str):
        raise MappingError(f"mapping of {path!r}: a template is a text")
    try:
        parts = list(Formatter().parse(template))
    except ValueError as exc:
        raise MappingError(f"mapping of {path!r}: {exc} in the template") from None
    names = [name for _, name, _, _ in parts if name is not None]
    if any(spec or conversion for _, _, spec, conversion in parts) or "" in names:
        raise MappingError(f"mapping of {path!r}: a template names columns only, such as '{{order}}-{{line}}'")
    for name in names:
        _check_column(path, name, known)

    def fill(row: Row) -> object:
        values = [row.get(name) for name in names]
        if any(_is_blank(value) for value in values):
            return None
        texts = iter(values)
        return "".join(text + ("" if name is None else str(next(texts))) for text, name, _, _ in parts)

    return fill


def _column(path: str, rule: Mapping[str, object], known: Collection[str] | None) -> Callable[[Row], object]:
    column, kind, pattern = rule["column"], rule.get("type", "string"), rule.get("format")
    if not isinstance(column, str) or not isinstance(kind, str):
        raise MappingError(f"mapping of {path!r}: column and type are texts")
    if kind not in _CONVERTERS:
        raise MappingError(f"mapping of {path!r} has an unknown type {kind!r}; {did_you_mean(kind, _CONVERTERS)}")
    if pattern is not None and (kind not in ("date", "date-time") or not isinstance(pattern, str)):
        raise MappingError(f"mapping of {path!r}: format is a text such as '%Y%m%d', and goes with date and date-time")
    _check_column(path, column, known)
    convert = _CONVERTERS[kind]

    def read(row: Row) -> object:
        value = row.get(column)
        if _is_blank(value):
            return None
        try:
            return convert(value, pattern)
        except ValueError as exc:
            raise MappingError(f"column {column!r} {exc}") from None

    return read


def _check_column(path: str, column: str, known: Collection[str] | None) -> None:
    if known is not None and column not in known:
        raise MappingError(f"mapping of {path!r} names the column {column!r}; {did_you_mean(column, known)}")


def _is_blank(value: object) -> bool:
    return value is None or value == ""


def _to_string(value: object, pattern: str | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise ValueError("is an object or an array, not a text")  # noqa: TRY004 - a value of the file, not a type of ours
    return str(value)


def _to_integer(value: object, pattern: str | None) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not _WHOLE_NUMBER.fullmatch(value.strip()):
        raise ValueError("is no whole number")
    return int(value)


def _to_number(value: object, pattern: str | None) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("is no number")
    return number


def _to_boolean(value: object, pattern: str | None) -> bool:
    if isinstance(value, bool):
        return value
    known = _BOOLEANS.get(str(value).strip().lower())
    if known is None:
        raise ValueError("is no boolean (true, false, 1 or 0)")
    return known


def _to_date(value: object, pattern: str | None) -> str:
    if pattern is not None:
        return _parse_time(value, pattern).date().isoformat()
    try:
        return date.fromisoformat(str(value).strip()).isoformat()
    except ValueError:
        raise ValueError("is no date (YYYY-MM-DD); name another form with format=") from None


def _to_date_time(value: object, pattern: str | None) -> str:
    parsed = _parse_time(value, pattern)
    # A time without a zone is taken as UTC: XDM has no times without one.
    instant = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    return instant.isoformat().replace("+00:00", "Z")


def _parse_time(value: object, pattern: str | None) -> datetime:
    text = str(value).strip()
    try:
        return datetime.fromisoformat(text) if pattern is None else datetime.strptime(text, pattern)  # noqa: DTZ007
    except ValueError:
        form = "ISO 8601" if pattern is None else repr(pattern)
        raise ValueError(f"is no time in the form {form}") from None


_CONVERTERS: dict[str, Callable[[object, str | None], object]] = {
    "string": _to_string,
    "integer": _to_integer,
    "number": _to_number,
    "boolean": _to_boolean,
    "date": _to_date,
    "date-time": _to_date_time,
}


def _put(target: dict[str, Any], steps: tuple[Step, ...], value: object) -> None:
    place: Any = target
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        if isinstance(step, int):
            place.extend([None] * (step + 1 - len(place)))
            present = place[step]
        else:
            present = place.get(step)
        if following is None:
            place[step] = value
        elif present is None:
            place[step] = [] if isinstance(following, int) else {}
        place = place[step]


def _without_holes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_holes(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_holes(item) for item in value if item is not None]
    return value
