"""Answers as columns of Arrow: by a schema of Spark's, else as JSON; what does not fit is told by path and type."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from inspect import signature
from typing import Any, Final

import pyarrow

from rtcp._instants import parse_instant
from rtcp.errors import InvalidArgumentError

_NAMES: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "text",
    list: "array",
    dict: "object",
    Decimal: "number",
}
_MOST_OF_FLOAT: Final = 3.4028234663852886e38


def to_column(objects: Sequence[Any], kind: pyarrow.DataType | None) -> tuple[pyarrow.Array, dict[int, str]]:
    """The objects as a column, None for null; and by position what is wrong with those that do not fit.

    Args:
        kind: type of the column; None takes JSON texts.
    """
    if kind is None:
        return pyarrow.array([None if each is None else _json_of(each) for each in objects], pyarrow.string()), {}
    read = _reader_of(kind)
    if read is not None:
        objects = [read(each) for each in objects]
    try:
        return pyarrow.array(objects, kind), {}
    except (pyarrow.ArrowException, TypeError, ValueError, OverflowError):
        pass
    problems: dict[int, str] = {}
    for position, each in enumerate(objects):
        if not _fits(each, kind):
            problems[position] = _misfit(each, kind, "") or "it does not fit the schema"
    kept = [None if position in problems else each for position, each in enumerate(objects)]
    return pyarrow.array(kept, kind), problems


def arrow_schema(schema: Any, what: str) -> pyarrow.Schema:
    """The schema of Arrow for one of Spark's.

    Raises:
        InvalidArgumentError: it is none, or has a type that Arrow does not.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import to_arrow_schema
    from pyspark.sql.types import StructType

    if not isinstance(schema, StructType):
        raise InvalidArgumentError(f"{what} must be a struct, such as 'person struct<name: struct<firstName: string>>'")
    # What 4.0 calls otherwise.
    zone: dict[str, Any] = {"timezone": "UTC"} if "timezone" in signature(to_arrow_schema).parameters else {}
    try:
        return to_arrow_schema(schema, **zone)
    except PySparkException:
        pass
    raise InvalidArgumentError(f"{what} has a type that Arrow has no place for")


def nullable(kind: Any) -> Any:
    """The type of Spark's with null allowed everywhere in it."""
    from pyspark.sql.types import ArrayType, MapType, StructField, StructType

    if isinstance(kind, StructType):
        return StructType([StructField(each.name, nullable(each.dataType), True, each.metadata) for each in kind])
    if isinstance(kind, ArrayType):
        return ArrayType(nullable(kind.elementType), True)
    if isinstance(kind, MapType):
        return MapType(kind.keyType, nullable(kind.valueType), True)
    return kind


def _json_of(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair, which JSON can spell and UTF-8 cannot.
        return json.dumps(value, separators=(",", ":"))
    return text


def _fits(value: Any, kind: pyarrow.DataType) -> bool:
    try:
        pyarrow.array([value], kind)
    except (pyarrow.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True


def _misfit(value: Any, kind: pyarrow.DataType, path: str) -> str | None:
    """The first place at which a value is of another type, with both types."""
    if value is None or _fits(value, kind):
        return None
    if pyarrow.types.is_struct(kind) and isinstance(value, dict):
        for field in kind:
            found = _misfit(value.get(field.name), field.type, f"{path}.{field.name}" if path else field.name)
            if found is not None:
                return found
    if pyarrow.types.is_list(kind) and isinstance(value, list):
        for number, item in enumerate(value):
            found = _misfit(item, kind.value_type, f"{path}[{number}]")
            if found is not None:
                return found
    if pyarrow.types.is_map(kind) and isinstance(value, list):
        # Keys may be identities.
        for _, item in value:
            found = _misfit(item, kind.item_type, f"{path}[]")
            if found is not None:
                return found
    given = value.given if isinstance(value, _Unfit) else value
    said = _NAMES.get(type(given), type(given).__name__)
    return f"{path or 'the object'} is of the type {said}, where the schema has {_name_kind(kind)}"


def _name_kind(kind: pyarrow.DataType) -> str:
    for is_kind, name in (
        (pyarrow.types.is_struct, "a struct"),
        (pyarrow.types.is_list, "an array"),
        (pyarrow.types.is_map, "a map"),
    ):
        if is_kind(kind):
            return name
    return str(kind)


class _Unfit:
    """Stands for a value that Arrow would take for another one, such as a number for the time so long after 1970."""

    def __init__(self, given: Any) -> None:
        self.given = given


_Reader = Callable[[Any], Any]


@lru_cache(maxsize=256)
def _reader_of(kind: pyarrow.DataType) -> _Reader | None:
    """What makes of a value of JSON what Arrow shall take; None where it takes what is right by itself."""
    kinds = pyarrow.types
    if kinds.is_struct(kind):
        return _struct_reader(kind)
    if kinds.is_map(kind):
        item = _reader_of(kind.item_type)
        return _only(dict, lambda value: [(name, item(each) if item else each) for name, each in value.items()])
    if kinds.is_list(kind):
        inner = _reader_of(kind.value_type)
        return _only(list, lambda value: [inner(each) for each in value] if inner else value)
    if kinds.is_timestamp(kind):
        return _only(str, parse_instant)
    if kinds.is_date(kind):
        return _only(str, date.fromisoformat)
    if kinds.is_decimal(kind):
        return _only((int, float), lambda value: Decimal(str(value)))
    if kinds.is_integer(kind):
        # Arrow would cut the digits behind the point off.
        return _only((int, float), lambda value: int(value) if value == value // 1 else _Unfit(value))
    if kinds.is_floating(kind):
        most = _MOST_OF_FLOAT if kinds.is_float32(kind) else float("inf")
        return _only((int, float), lambda value: value if abs(value) <= most else _Unfit(value))
    return None


def _struct_reader(kind: pyarrow.DataType) -> _Reader:
    fields = [(field.name, _reader_of(field.type)) for field in kind]

    def read(value: dict[str, Any]) -> dict[str, Any]:
        return {name: reader(value.get(name)) if reader else value.get(name) for name, reader in fields}

    return _only(dict, read)


def _only(types: type | tuple[type, ...], read: _Reader) -> _Reader:
    """Reads values of these types of JSON; others do not fit. Null is null."""

    def checked(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, types) or isinstance(value, bool):
            return _Unfit(value)
        try:
            return read(value)
        except ValueError:
            return _Unfit(value)

    return checked
