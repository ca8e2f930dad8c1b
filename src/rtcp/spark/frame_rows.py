"""The rows of a partition as rtcp knows rows, and what of their schema can be judged before any task starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow
from pyspark.sql import types

from rtcp._disk import name_in_errors
from rtcp.errors import InvalidArgumentError
from rtcp.rows.export_files import rows_of_batch
from rtcp.rows.form import RowForm
from rtcp.rows.mapping import compile_mapping
from rtcp.rows.row import Row
from rtcp.rows.sources import RowSource, row_read

_PLACED: Final = (
    types.StringType,
    types.CharType,
    types.VarcharType,
    types.NumericType,
    types.BooleanType,
    types.DateType,
    types.TimestampType,
    types.NullType,
)
_HINTS: Final = {"timestamp_ntz": "it has no time zone; make it a timestamp"}


def check_schema(schema: types.StructType, form: RowForm, format: str) -> None:
    """Refuse a frame whose rows cannot be right, whatever is in them.

    Raises:
        InvalidArgumentError: it lacks a column, or has one of a type that JSON has no place for.
    """
    twice = _twice(schema)
    if twice is not None:
        raise InvalidArgumentError(f"{format}: the frame has the column {twice!r} twice; rename or drop one of them")
    if form.mapping is not None:
        compile_mapping(form.mapping, columns=schema.names)
        paths: list[tuple[str, str]] = []
    else:
        paths = [("idFrom", path) for path in form.id_from or ()]
        paths += [] if form.identity is None else [("identity", form.identity)]
    for option, path in paths:
        if not _has_path(schema, path):
            raise InvalidArgumentError(
                f'{format}: option "{option}" names {path!r}, and the frame has no such column; '
                f"it has {', '.join(schema.names[:20])}"
            )
    check_types(schema, format)


def check_types(schema: types.StructType, what: str, path: str = "") -> None:
    """Refuse columns of types that JSON has no place for, and those of the same name, of which one would be lost.

    Raises:
        InvalidArgumentError: it has some.
    """
    twice = _twice(schema)
    if twice is not None:
        raise InvalidArgumentError(f"{what}: there are two columns {f'{path}{twice}'!r}")
    for field in schema.fields:
        _check_type(field.dataType, f"{path}{field.name}", what)


def _twice(schema: types.StructType) -> str | None:
    """The first name that two columns have."""
    return next((name for name in schema.names if schema.names.count(name) > 1), None)


def rows_once(batches: Iterable[pyarrow.RecordBatch], columns: Iterable[str]) -> RowSource:
    """The rows, to be read once."""
    return RowSource(lambda: _number_rows(batches), tuple(columns), is_flat=True)


def rows_again(batches: Iterable[pyarrow.RecordBatch], columns: Iterable[str], path: Path) -> RowSource:
    """The rows, to be read more than once: they are kept in a file."""
    names = tuple(columns)
    writer: Any = None
    with name_in_errors(path), pyarrow.OSFile(str(path), "wb") as file:
        for batch in batches:
            writer = writer or pyarrow.ipc.new_file(file, batch.schema)
            writer.write_batch(batch)
        if writer is not None:
            writer.close()
    return RowSource(lambda: _number_rows(_read_file(path)) if writer is not None else iter(()), names, is_flat=True)


def _read_file(path: Path) -> Iterator[pyarrow.RecordBatch]:
    with pyarrow.OSFile(str(path), "rb") as file:
        reader = pyarrow.ipc.open_file(file)
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)


def _number_rows(batches: Iterable[pyarrow.RecordBatch]) -> Iterator[Row]:
    position = 0
    for batch in batches:
        for given in rows_of_batch(batch):
            yield row_read(position, given)
            position += 1


def _has_path(schema: types.StructType, path: str) -> bool:
    for field in schema.fields:
        if path == field.name:
            return True
        if path.startswith(f"{field.name}."):
            kind = field.dataType
            if not isinstance(kind, types.StructType) or _has_path(kind, path[len(field.name) + 1 :]):
                return True
    return False


def _check_type(kind: types.DataType, path: str, what: str) -> None:
    if isinstance(kind, types.StructType):
        check_types(kind, what, f"{path}.")
    elif isinstance(kind, types.ArrayType):
        _check_type(kind.elementType, f"{path}[]", what)
    elif isinstance(kind, types.MapType):
        if not isinstance(kind.keyType, types.StringType):
            raise InvalidArgumentError(f"{what}: the keys of {path!r} are {kind.keyType.simpleString()}, not texts")
        _check_type(kind.valueType, f"{path}[]", what)
    elif not isinstance(kind, _PLACED):
        name = kind.simpleString()
        hint = _HINTS.get(name, "XDM has no place for it")
        raise InvalidArgumentError(f"{what}: column {path!r} is of the type {name}: {hint}")
