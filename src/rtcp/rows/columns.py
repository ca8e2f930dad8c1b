"""Which columns rows have and of what type, learnt from the rows themselves, as Parquet must know them beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rtcp._optional import require
from rtcp.errors import InvalidArgumentError

# What all records of XDM may carry, and the only map of which that is documented for all.
IDENTITY_MAP: Final = "identityMap"
_LARGEST: Final = 2**63
_NUMBERS: Final = frozenset({"integer", "number"})
_NAMES: Final = {bool: "boolean", int: "integer", float: "number", str: "text"}


@dataclass(frozen=True, slots=True)
class _Array:
    item: _Kind


@dataclass(frozen=True, slots=True)
class _Object:
    fields: Mapping[str, _Kind]


@dataclass(frozen=True, slots=True)
class _Map:
    item: _Kind


# None is the kind of what has had no value yet; a text names a plain kind.
_Kind = _Array | _Object | _Map | str | None


class Columns:
    """The columns of all rows seen so far."""

    def __init__(self) -> None:
        self._kind = _Object({})

    def add(self, row: dict[str, Any]) -> None:
        """Take a row in; one that contradicts the rows before leaves no trace.

        Raises:
            InvalidArgumentError: it has another type at some place; the message names the path, never the value.
        """
        if _fits(self._kind, row):
            return
        grown = _merged(self._kind, _kind_of(row, ""), "")
        assert isinstance(grown, _Object)
        self._kind = grown

    def arrow_schema(self) -> Any:
        """The columns as a schema of pyarrow; those without any value are left out."""
        pyarrow = require("pyarrow", extra="arrow")
        fields = ((name, _arrow(pyarrow, kind)) for name, kind in self._kind.fields.items())
        return pyarrow.schema([(name, kind) for name, kind in fields if kind is not None])


def arrow_row(row: dict[str, Any]) -> dict[str, Any]:
    """The row as pyarrow takes it: maps as lists of pairs."""
    identities = row.get(IDENTITY_MAP)
    return {**row, IDENTITY_MAP: list(identities.items())} if isinstance(identities, dict) else row


def _fits(kind: _Kind, value: Any) -> bool:
    """True when the value teaches nothing new."""
    if value is None:
        return True
    if isinstance(kind, str):
        return _NAMES.get(type(value)) == kind and (type(value) is not int or -_LARGEST <= value < _LARGEST)
    if isinstance(kind, _Array):
        return isinstance(value, list) and all(_fits(kind.item, item) for item in value)
    if isinstance(kind, _Map):
        return isinstance(value, dict) and all(_fits(kind.item, item) for item in value.values())
    if isinstance(kind, _Object):
        return isinstance(value, dict) and all(
            name in kind.fields and _fits(kind.fields[name], item) for name, item in value.items()
        )
    return False


def _kind_of(value: Any, path: str) -> _Kind:
    if value is None:
        return None
    if isinstance(value, dict):
        if path == IDENTITY_MAP:
            return _Map(_common(value.values(), path))
        return _Object({name: _kind_of(item, f"{path}.{name}" if path else name) for name, item in value.items()})
    if isinstance(value, list):
        return _Array(_common(value, path))
    if type(value) is int and not -_LARGEST <= value < _LARGEST:
        raise InvalidArgumentError(f"{path} is a number too large for Parquet")
    return _NAMES[type(value)]


def _common(items: Any, path: str) -> _Kind:
    common: _Kind = None
    for item in items:
        common = _merged(common, _kind_of(item, f"{path}[]"), f"{path}[]")
    return common


def _merged(known: _Kind, new: _Kind, path: str) -> _Kind:
    if known == new or new is None:
        return known
    if known is None:
        return new
    if isinstance(known, _Object) and isinstance(new, _Object):
        fields = dict(known.fields)
        for name, kind in new.fields.items():
            fields[name] = _merged(fields.get(name), kind, f"{path}.{name}" if path else name)
        return _Object(fields)
    if isinstance(known, _Array) and isinstance(new, _Array):
        return _Array(_merged(known.item, new.item, f"{path}[]"))
    if isinstance(known, _Map) and isinstance(new, _Map):
        return _Map(_merged(known.item, new.item, path))
    if isinstance(known, str) and isinstance(new, str) and {known, new} == _NUMBERS:
        return "number"
    raise InvalidArgumentError(f"{path} is of the type {_said(new)}, but {_said(known)} in a row before")


def _said(kind: _Kind) -> str:
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
