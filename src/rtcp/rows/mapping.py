"""Mappings from flat rows to XDM: which column, constant or template goes to which path, and as what type; pure."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from string import Formatter
from typing import Any, Final

from rtcp._numbers import Number, as_number, is_boolean, is_finite, is_whole, text_of
from rtcp.errors import InvalidArgumentError
from rtcp.rows.paths import Steps, parse_path, put

logger = logging.getLogger(__name__)

Read = Callable[[Mapping[str, Any]], Any]

NO_HEADER: Final = "the first line holds values and no names of columns: give the file a header"
LINE: Final = "line"
"""A column that every row has: the number of its line, so that rows that repeat each other can be told apart."""

# A Decimal of few digits can be a number of any length.
_MOST: Final = 10**400
_EXACT: Final = 2**53
_INTEGER: Final = re.compile(r"[+-]?\d{1,19}")
_WAYS: Final = ("column", "constant", "template")
_SETTINGS: Final = (*_WAYS, "type", "format")
_TIMES: Final = ("date", "date-time")
_ZONE_NAME: Final = "%Z"
_UTC_NAMES: Final = re.compile(r"\b(?:UTC|GMT)\b", re.IGNORECASE)
# By name, as pandas need not be there.
_PANDAS_BLANKS: Final = frozenset({"NAType", "NaTType"})
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Rule:
    """One path of a mapping.

    Attributes:
        read: its value out of a row.
        column: the column that it reads, None for a constant or a template.
        kind: the type of its values: string, integer, number, boolean, date, date-time.
        convert: makes a value of that type of one of the column.
    """

    path: str
    steps: Steps
    read: Read
    column: str | None
    kind: str
    convert: Callable[[Any], Any]


# By name: the place of a value, or the names below.
Tree = list[tuple[str, "int | Tree"]]


class RowMapper:
    """Makes XDM rows of flat ones.

    Attributes:
        unseen: columns that the mapping names, and that no row has had so far; kept where they are not known before.
    """

    def __init__(self, rules: Sequence[Rule], *, columns: Iterable[str] = ()) -> None:
        self.rules = tuple(rules)
        self._named = frozenset(columns) - {LINE}
        self.unseen = set(self._named)
        self._has_arrays = any(isinstance(step, int) for rule in rules for step in rule.steps)
        # Arrays grow by their indexes: such rows are put together value by value.
        self._tree = None if self._has_arrays else tree_of([rule.steps for rule in rules])

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that a row may have, in the order of the mapping."""
        return tuple(rule.path for rule in self.rules)

    def warn_of_unseen(self) -> None:
        """Tell of columns that no row has had, once the rows have had others: most likely they are mistyped."""
        if self.unseen and len(self.unseen) < len(self._named):
            logger.warning("no row has what the mapping takes from: %s", ", ".join(map(repr, sorted(self.unseen))))

    def __call__(self, row: Mapping[str, Any], *, line: int) -> dict[str, Any]:
        """Map one row; what is blank in it is absent in the result.

        Raises:
            InvalidArgumentError: a value is not of its type; the message names column and path, never the value.
        """
        if self.unseen:
            self.unseen.difference_update(row)
        # A column of the file that is called so wins over ours.
        source = {LINE: line, **row}
        if self._tree is not None:
            return build(self._tree, [rule.read(source) for rule in self.rules])
        mapped: dict[str, Any] = {}
        for rule in self.rules:
            value = rule.read(source)
            if value is not None:
                put(mapped, rule.steps, value)
        _close_gaps(mapped)
        return mapped


def tree_of(places: Sequence[Steps]) -> Tree:
    """The places as a tree in the order of the mapping, so that a row is built without looking for any of them."""
    tree: Tree = []
    found: dict[str, Tree] = {}
    for number, steps in enumerate(places):
        branch, inner = tree, found
        path = ""
        for step in steps[:-1]:
            path = f"{path}.{step}"
            if path not in inner:
                inner[path] = []
                branch.append((str(step), inner[path]))
            branch = inner[path]
        branch.append((str(steps[-1]), number))
    return tree


def build(tree: Tree, values: Sequence[Any]) -> dict[str, Any]:
    """The row of these values, without objects in which nothing is."""
    built: dict[str, Any] = {}
    for name, place in tree:
        if isinstance(place, int):
            value = values[place]
            if value is not None:
                built[name] = value
        else:
            inner = build(place, values)
            if inner:
                built[name] = inner
    return built


def nest(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose names are dot paths as an object of objects; what is blank in it is absent.

    Raises:
        InvalidArgumentError: a name is no path, or two of them cannot both have a value.
    """
    kept = {name: value for name, value in row.items() if not is_blank(value)}
    if "" in kept:
        raise InvalidArgumentError("there is a value in a column without a name")
    all_steps, has_arrays = _places_of(tuple(kept))
    nested: dict[str, Any] = {}
    for steps, value in zip(all_steps, kept.values(), strict=True):
        put(nested, steps, value)
    if has_arrays:
        _close_gaps(nested)
    return nested


@lru_cache(maxsize=1024)
def _places_of(names: tuple[str, ...]) -> tuple[tuple[Steps, ...], bool]:
    """Where the columns of a row go, and whether any of them goes into an array."""
    all_steps = tuple(parse_path(name) for name in names)
    _check_places(zip(names, all_steps, strict=True))
    return all_steps, any(isinstance(step, int) for steps in all_steps for step in steps)


def compile_mapping(mapping: Mapping[str, Any], *, columns: Collection[str] | None = None) -> RowMapper:
    """Check a mapping and make it ready.

    Args:
        mapping: by dot path (`productListItems[0].quantity`) a column's name, or an object: `column` with `type`
            (string, integer, number, boolean, date, date-time) and, for times, `format`; or `constant`; or `template`,
            a text with columns in braces.
        columns: those of the source, to refuse names that it does not have; None does not check.

    Raises:
        InvalidArgumentError: a path, a rule or a column cannot be right.
    """
    if not mapping:
        raise InvalidArgumentError("the mapping is empty")
    known = None if columns is None else (*columns, LINE)
    rules = [_rule(path, rule, known) for path, rule in mapping.items()]
    _check_places((rule.path, rule.steps) for rule in rules)
    return RowMapper(rules, columns=_columns_of(mapping) if columns is None else ())


def _columns_of(mapping: Mapping[str, Any]) -> Iterator[str]:
    for rule in mapping.values():
        if isinstance(rule, str):
            yield rule
        elif "column" in rule:
            yield rule["column"]
        elif "template" in rule:
            yield from (name for _, name, _, _ in Formatter().parse(rule["template"]) if name is not None)


def did_you_mean(name: str, known: Collection[str]) -> str:
    """The end of an error about an unknown name: the nearest known one, else all of them."""
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"


def tell_nearest(column: str, known: Collection[str]) -> str:
    """The end of an error about an unknown column; without a header, columns are called by what is in the first row."""
    if any(map(is_value, known)):
        return NO_HEADER
    return did_you_mean(column, [name for name in known if name])


def tell_name(column: str) -> str:
    """A column in an error; what may be somebody's, as the file has no header, is not repeated."""
    return "(a value; is the header missing?)" if is_value(column) else repr(column)


def is_value(name: str) -> bool:
    """True for an address, or a name without any letter: where it should call a column, the header is missing."""
    return "@" in name.lstrip("@") or (any(map(str.isdigit, name)) and not any(map(str.isalpha, name)))


def _check_places(places: Iterable[tuple[str, Steps]]) -> None:
    """No place may be a value here and an object or array there, and no value may be set twice."""
    kinds: dict[Steps, tuple[str, str]] = {}
    for path, steps in places:
        for depth in range(1, len(steps) + 1):
            following = steps[depth] if depth < len(steps) else None
            kind = "value" if following is None else type(following).__name__
            known, other = kinds.setdefault(steps[:depth], (kind, path))
            if other is not path and (known != kind or kind == "value"):
                raise InvalidArgumentError(f"{other!r} and {path!r} cannot both be in a row")


def _rule(path: str, given: Any, known: Collection[str] | None) -> Rule:
    read = _reader(path, given, known)
    settings = {"column": given} if isinstance(given, str) else given
    kind = settings.get("type", "string")
    if "constant" in settings:
        kind = _KINDS.get(type(settings["constant"]), "string")
    form = settings.get("format")
    convert = _CONVERTERS[kind]
    return Rule(path, parse_path(path), read, settings.get("column"), kind, lambda value: convert(value, form))


def _reader(path: str, rule: Any, known: Collection[str] | None) -> Read:
    if isinstance(rule, str):
        rule = {"column": rule}
    if not isinstance(rule, Mapping):
        raise InvalidArgumentError(f"mapping of {path!r}: neither the name of a column nor an object")
    for name, inner in rule.items():
        if name not in _SETTINGS:
            # TOML reads a path without quotes as tables in tables.
            hint = f"; paths with dots are written in quotes: '{path}.{name}'" if isinstance(inner, Mapping) else ""
            told = did_you_mean(str(name), _SETTINGS)
            raise InvalidArgumentError(f"mapping of {path!r} has an unknown setting {name!r}; {told}{hint}")
    ways = [way for way in _WAYS if way in rule]
    if len(ways) != 1:
        raise InvalidArgumentError(f"mapping of {path!r} needs one of column, constant and template")
    if ways[0] == "column":
        return _column(path, rule, known)
    if "type" in rule or "format" in rule:
        raise InvalidArgumentError(f"mapping of {path!r}: type and format go with column")
    if ways[0] == "constant":
        return _constant(path, rule["constant"])
    return _template(path, rule["template"], known)


def _constant(path: str, constant: Any) -> Read:
    if not isinstance(constant, str | int | float):
        raise InvalidArgumentError(f"mapping of {path!r}: a constant is a text, a number or a boolean")
    return lambda row: constant


def _column(path: str, rule: Mapping[str, Any], known: Collection[str] | None) -> Read:
    column, kind, form = rule["column"], rule.get("type", "string"), rule.get("format")
    if not isinstance(kind, str) or kind not in _CONVERTERS:
        told = did_you_mean(str(kind), _CONVERTERS)
        raise InvalidArgumentError(f"mapping of {path!r} has an unknown type {kind!r}; {told}")
    if form is not None and (kind not in _TIMES or not isinstance(form, str)):
        raise InvalidArgumentError(f"mapping of {path!r}: format is a text such as '%Y%m%d', for date and date-time")
    _check_column(path, column, known)
    convert = _CONVERTERS[kind]

    def read(row: Mapping[str, Any]) -> Any:
        value = row.get(column)
        if not value if type(value) is str else is_blank(value):
            return None
        try:
            return convert(value, form)
        except (ValueError, OverflowError) as exc:
            problem = str(exc) if isinstance(exc, _ProblemError) else "cannot be read"
        raise InvalidArgumentError(f"column {column!r}, for {path}, {problem}")

    return read


def _template(path: str, template: Any, known: Collection[str] | None) -> Read:
    try:
        parts = list(Formatter().parse(template)) if isinstance(template, str) else []
    except ValueError:
        parts = []
    names = [name for _, name, _, _ in parts if name is not None]
    if not names or not all(names) or any(spec or conversion for _, _, spec, conversion in parts):
        raise InvalidArgumentError(
            f"mapping of {path!r}: a template is a text with columns, such as '{{order}}-{{line}}'"
        )
    for name in names:
        _check_column(path, name, known)

    def read(row: Mapping[str, Any]) -> Any:
        if any(is_blank(row.get(name)) for name in names):
            return None
        return "".join(text if name is None else f"{text}{_in_text(row[name])}" for text, name, _, _ in parts)

    return read


def _check_column(path: str, column: Any, known: Collection[str] | None) -> None:
    if not isinstance(column, str):
        raise InvalidArgumentError(f"mapping of {path!r}: a column's name is a text")
    if known is None or column in known:
        return
    if path in known:
        raise InvalidArgumentError(
            f"mapping of {path!r}: there is no column {column!r}, but one that is called {path!r}; "
            "a mapping says path = 'column'"
        )
    near = tell_nearest(column, known)
    raise InvalidArgumentError(f"mapping of {path!r}: there is no column {column!r}; {near}")


def is_blank(value: Any) -> bool:
    """True for what a table has where there is nothing: None, an empty text, NaN, and what pandas has instead."""
    if isinstance(value, str):
        return not value
    if isinstance(value, float):
        return value != value
    if value is None or type(value).__name__ in _PANDAS_BLANKS:
        return True
    # Neither a container nor a whole number, which are asked nothing.
    if not hasattr(value, "__float__") or isinstance(value, int):
        return False
    number = as_number(value)
    return (isinstance(number, Decimal) and number.is_nan()) or (isinstance(number, float) and number != number)


class _ProblemError(ValueError):
    """What is wrong with a value, without the value."""


def _string(value: Any, form: str | None) -> str:
    if isinstance(value, str):
        return str(value)
    if is_boolean(value):
        return "true" if value else "false"
    number = as_number(value)
    if number is not None:
        return text_of(number)
    raise _ProblemError("is neither a text nor a number")


def _in_text(value: Any) -> str:
    number = as_number(value)
    return f"{value}" if number is None else text_of(number)


def _integer(value: Any, form: str | None) -> int:
    number = as_number(value)
    # A table with gaps has its whole numbers as floats.
    if number is not None and is_whole(number) and -_MOST < number < _MOST:
        return int(number)
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value)
    raise _ProblemError("is no whole number")


def _number(value: Any, form: str | None) -> Number:
    number = _number_in(value) if isinstance(value, str) else as_number(value)
    if number is None or not is_finite(number):
        raise _ProblemError("is no number")
    return number


def _number_in(text: str) -> Number | None:
    """The number that a text says; a whole one that no double holds keeps its digits."""
    if "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    is_exact = abs(number) < _EXACT or _INTEGER.fullmatch(text.strip()) is None
    return number if is_exact else int(text)


def _boolean(value: Any, form: str | None) -> bool:
    known = _BOOLEANS.get(str(value).strip().lower())
    if known is None:
        raise _ProblemError("is no boolean (true, false, 1, 0)")
    return known


def _date(value: Any, form: str | None) -> str:
    if form is None and isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if form is None and isinstance(value, str):
        try:
            return date.fromisoformat(value.strip()).isoformat()
        except ValueError:
            raise _ProblemError("is no date (YYYY-MM-DD); name its form with format") from None
    return _instant(value, form).date().isoformat()


def _date_time(value: Any, form: str | None) -> str:
    instant = _instant(value, form)
    # XDM has no times without a zone: such a one is taken as UTC.
    utc = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    return utc.isoformat().replace("+00:00", "Z")


def _instant(value: Any, form: str | None) -> datetime:
    if isinstance(value, datetime):
        return value
    text = str(value).strip()
    try:
        instant = datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)  # noqa: DTZ007
    except ValueError:
        problem = f"is no time in the form {'ISO 8601' if form is None else repr(form)}"
    else:
        # Python knows the zone of this machine by its name as well, and says nothing of how far it is from UTC.
        if form is None or _ZONE_NAME not in form or instant.tzinfo is not None or _UTC_NAMES.search(text):
            return instant
        problem = "has a zone by its name, which nobody can rely on; %z reads an offset, such as +01:00"
    raise _ProblemError(problem)


_KINDS: Final[Mapping[type, str]] = {bool: "boolean", int: "integer", float: "number", str: "string"}
_CONVERTERS: Final[Mapping[str, Callable[[Any, str | None], Any]]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "date-time": _date_time,
}


def _close_gaps(value: Any) -> None:
    """Take out what stayed empty in arrays, as a row need not have every item that the mapping knows."""
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            _close_gaps(inner)
    if isinstance(value, list):
        value[:] = [item for item in value if item is not None]
