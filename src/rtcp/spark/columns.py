"""Answers as columns of Arrow: by a schema of Spark's, else as JSON; what does not fit is told by path and type."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from inspect import signature
from typing import Any, Final

import pyarrow

from rtcp._instants import parse_instant
from rtcp.errors import InvalidArgumentError

_NAMES: Final = {bool: "boolean", int: "integer", float: "number", str: "text", list: "array", dict: "object"}


def to_column(objects: Sequence[Any], kind: pyarrow.DataType | None) -> tuple[pyarrow.Array, dict[int, str]]:
    """The objects as a column, None for null; and by position what is wrong with those that do not fit.

    Args:
        kind: type of the column; None takes JSON texts.
    """
    if kind is None:
        return pyarrow.array([None if each is None else _json_of(each) for each in objects], pyarrow.string()), {}
    if _has_times(kind):
        objects = [_with_times(each, kind) for each in objects]
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
    said = _NAMES.get(type(value), type(value).__name__)
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


def _has_times(kind: pyarrow.DataType) -> bool:
    if pyarrow.types.is_map(kind):
        return True
    if kind.num_fields:
        return any(_has_times(kind.field(number).type) for number in range(kind.num_fields))
    return bool(pyarrow.types.is_timestamp(kind) or pyarrow.types.is_date(kind))


def _with_times(value: Any, kind: pyarrow.DataType) -> Any:
    """The value with instants for the texts that XDM writes them as, and pairs for the objects that are maps."""
    if isinstance(value, dict) and pyarrow.types.is_struct(kind):
        return {field.name: _with_times(value.get(field.name), field.type) for field in kind}
    if isinstance(value, dict) and pyarrow.types.is_map(kind):
        return [(name, _with_times(item, kind.item_type)) for name, item in value.items()]
    if isinstance(value, list) and pyarrow.types.is_list(kind):
        return [_with_times(item, kind.value_type) for item in value]
    if isinstance(value, str) and (pyarrow.types.is_timestamp(kind) or pyarrow.types.is_date(kind)):
        try:
            return date.fromisoformat(value) if pyarrow.types.is_date(kind) else parse_instant(value)
        except ValueError:
            return value
    return value
