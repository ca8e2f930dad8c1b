"""Which columns rows have and of what type, learnt from the rows themselves: what most of them have decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from rtcp._optional import require
from rtcp.errors import InvalidArgumentError
from rtcp.rows.checks import IDENTITY_MAP

_LARGEST: Final = 2**63
_NAMES: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    Decimal: "number",
    str: "text",
    list: "array",
    dict: "object",
}
# Where as many rows have one as the other; a text is what people write where they have no value.
_PREFERRED: Final = ("object", "array", "number", "boolean", "text")


@dataclass(slots=True)
class _Place:
    """What was seen at one place of the rows."""

    counts: Counter[str] = field(default_factory=Counter)
    fields: dict[str, _Place] = field(default_factory=dict)
    item: _Place | None = None

    def learn(self, value: Any) -> None:
        name = _NAMES[type(value)]
        self.counts[name] += 1
        if name == "object":
            fields = self.fields
            for key, inner in value.items():
                if inner is not None:
                    place = fields.get(key)
                    if place is None:
                        place = fields[key] = _Place()
                    place.learn(inner)
        elif name == "array":
            if self.item is None:
                self.item = _Place()
            for inner in value:
                if inner is not None:
                    self.item.learn(inner)


@dataclass(frozen=True, slots=True)
class _Array:
    item: _Kind


@dataclass(frozen=True, slots=True)
class _Object:
    fields: Mapping[str, _Kind]


@dataclass(frozen=True, slots=True)
class _Map:
    item: _Kind


# None is the kind of what never had a value; a text names a plain kind.
_Kind = _Array | _Object | _Map | str | None


class Columns:
    """Learns the columns of rows, then says what each row is in them."""

    def __init__(self) -> None:
        self._root = _Place()
        self._kind: _Kind = None

    def learn(self, row: dict[str, Any]) -> None:
        """Take a row in."""
        self._root.learn(row)

    def settle(self) -> None:
        """Decide the type of every column, by what most rows have there."""
        self._kind = _decide(self._root, "")

    def arrow_schema(self) -> Any:
        """The columns as a schema of pyarrow; those without any value are left out."""
        pyarrow = require("pyarrow", extra="arrow")
        assert isinstance(self._kind, _Object)
        fields = ((name, _arrow(pyarrow, kind)) for name, kind in self._kind.fields.items())
        return pyarrow.schema([(name, kind) for name, kind in fields if kind is not None])

    def arrow_row(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row as pyarrow takes it.

        Raises:
            InvalidArgumentError: it has another type than its column at some place, or a number that the column cannot
                hold; the message names the path, never the value.
        """
        assert isinstance(self._kind, _Object)
        fields = self._kind.fields
        return {name: _converted(fields[name], value, name) for name, value in row.items()}


def _decide(place: _Place | None, path: str) -> _Kind:
    if place is None or not place.counts:
        return None
    counts = place.counts
    numbers = counts["integer"] + counts["number"]
    groups = {**{name: counts[name] for name in ("object", "array", "boolean", "text")}, "number": numbers}
    most = max(_PREFERRED, key=lambda name: groups[name])
    if most == "object":
        if path == IDENTITY_MAP:
            # The only map that is documented for all schemas; its keys are data.
            merged = _Place()
            for inner in place.fields.values():
                _merge(merged, inner)
            return _Map(_decide(merged, f"{path}[]"))
        before = f"{path}." if path else ""
        return _Object({name: _decide(inner, f"{before}{name}") for name, inner in place.fields.items()})
    if most == "array":
        return _Array(_decide(place.item, f"{path}[]"))
    if most == "number":
        return "number" if counts["number"] else "integer"
    return most


def _merge(into: _Place, other: _Place) -> None:
    into.counts.update(other.counts)
    for name, inner in other.fields.items():
        _merge(into.fields.setdefault(name, _Place()), inner)
    if other.item is not None:
        into.item = into.item or _Place()
        _merge(into.item, other.item)


def _converted(kind: _Kind, value: Any, path: str) -> Any:
    if value is None:
        return None
    if isinstance(kind, str):
        return _plain(kind, value, path)
    if isinstance(kind, _Object) and isinstance(value, dict):
        fields = kind.fields
        return {name: _converted(fields[name], inner, f"{path}.{name}") for name, inner in value.items()}
    if isinstance(kind, _Array) and isinstance(value, list):
        return [_converted(kind.item, inner, f"{path}[]") for inner in value]
    if isinstance(kind, _Map) and isinstance(value, dict):
        return [(name, _converted(kind.item, inner, f"{path}[]")) for name, inner in value.items()]
    raise _odd(kind, value, path)


def _plain(kind: str, value: Any, path: str) -> Any:
    name = _NAMES[type(value)]
    if name == kind:
        if kind == "integer" and not -_LARGEST <= value < _LARGEST:
            raise InvalidArgumentError(f"{path} is a number too large for Parquet; format='json' takes it")
        return as_double(value, path) if type(value) is Decimal else value
    if kind == "number" and name == "integer":
        return as_double(value, path)
    raise _odd(kind, value, path)


def as_double(value: int | Decimal, path: str) -> float:
    """The number as the double that a column of Parquet holds.

    Raises:
        InvalidArgumentError: none is equal to it.
    """
    try:
        double = float(value)
        is_same = Decimal(repr(double)) == value
    except OverflowError:
        is_same = False
    if not is_same:
        raise InvalidArgumentError(f"{path} has more digits than a double of Parquet; format='json' keeps them")
    return double


def _odd(kind: _Kind, value: Any, path: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"{path} is of the type {_NAMES[type(value)]}, and {_said(kind)} in most rows")


def _said(kind: _Kind) -> str:
    if kind is None:
        return "absent"
    return kind if isinstance(kind, str) else {_Array: "array", _Object: "object", _Map: "object"}[type(kind)]


def _arrow(pyarrow: Any, kind: _Kind) -> Any:
    """The kind as a type of pyarrow; None for what never had a value, as Parquet has no place for it."""
    if isinstance(kind, _Array | _Map):
        item = _arrow(pyarrow, kind.item)
        if item is None:
            return None
        return pyarrow.list_(item) if isinstance(kind, _Array) else pyarrow.map_(pyarrow.string(), item)
    if isinstance(kind, _Object):
        fields = [(name, _arrow(pyarrow, inner)) for name, inner in kind.fields.items()]
        known = [(name, inner) for name, inner in fields if inner is not None]
        return pyarrow.struct(known) if known else None
    plain = {"boolean": "bool_", "integer": "int64", "number": "float64", "text": "string"}
    return None if kind is None else getattr(pyarrow, plain[kind])()
