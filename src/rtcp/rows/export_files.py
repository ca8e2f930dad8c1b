"""Rows out of Parquet and export files, a few at a time: Parquet by record batches, JSON line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, overload

from rtcp._json import read_json
from rtcp._optional import require
from rtcp.errors import DecodeError, InvalidArgumentError

_PARQUET_MAGIC: Final = b"PAR1"
_BATCH_ROWS: Final = 512
_BUFFER: Final = 1 << 20
# Steps that Parquet puts between an array or map and what is in it.
_WRAPPERS: Final = frozenset({"list", "element", "array", "item", "key_value", "bag", "array_element"})


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """In the place of a row with a value that Python cannot hold, such as a date after the year 9999."""

    problem: str


@overload
def read_file_rows(
    path: Path, *, fields: Sequence[str] | None = None, on_unreadable: Literal["raise"] = "raise"
) -> Iterator[dict[str, Any]]: ...


@overload
def read_file_rows(
    path: Path, *, fields: Sequence[str] | None = None, on_unreadable: Literal["yield"]
) -> Iterator[dict[str, Any] | UnreadableRow]: ...


def read_file_rows(path: Path, *, fields: Sequence[str] | None = None, on_unreadable: str = "raise") -> Iterator[Any]:
    """Yield the rows of a file, whichever of the two formats it has.

    Args:
        fields: dot paths to return; None returns all.
        on_unreadable: "yield" has an `UnreadableRow` in the place of a row with a value that Python cannot hold.

    Raises:
        DecodeError: the file is neither, or such a row is in it.
        MissingExtraError: it is Parquet, and pyarrow is not installed.
    """
    if not is_parquet(path):
        yield from _json_rows(path, fields)
        return
    for number, row in enumerate(_parquet_rows(path, fields), start=1):
        if isinstance(row, UnreadableRow) and on_unreadable == "raise":
            raise DecodeError(f"{path.name}, row {number}: {row.problem}")
        yield row


def is_parquet(path: Path) -> bool:
    """True for a file that begins as Parquet does."""
    with path.open("rb") as file:
        return file.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC


def read_file_table(path: Path, *, fields: Sequence[str] | None = None) -> Any:
    """The Arrow table of a file, whichever of the two formats it has; its nested columns stay nested.

    Args:
        fields: dot paths to return; None returns all.

    Raises:
        DecodeError: the file is neither.
        MissingExtraError: pyarrow is not installed.
    """
    pyarrow = require("pyarrow", extra="arrow")
    parquet = require("pyarrow.parquet", extra="arrow")
    if not is_parquet(path):
        return pyarrow.Table.from_pylist(list(_json_rows(path, fields)))
    try:
        with parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False, coerce_int96_timestamp_unit="us") as file:
            columns = None if fields is None else _columns(file.schema, fields)
            in_utc = {_logical(column.path) for column in _leaves(file.schema) if column.physical_type == "INT96"}
            table = file.read(columns=columns)
            if in_utc:
                table = pyarrow.Table.from_batches([_with_zones(pyarrow, each, in_utc) for each in table.to_batches()])
            return table
    except (pyarrow.ArrowException, OSError) as exc:
        problem = type(exc).__name__
    raise DecodeError(f"{path.name}: Parquet that cannot be read ({problem})")


def without_nulls(value: Any) -> Any:
    """The value without nulls and what is empty without them: Parquet has a column where XDM has no field."""
    if isinstance(value, dict):
        kept = {key: inner for key, item in value.items() if (inner := without_nulls(item)) is not None}
        return kept or None
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def _take_nulls_out(row: dict[str, Any]) -> bool:
    """Do what `without_nulls` does, in a row of our own; False when nothing is left of it."""
    gone: list[str] = []
    for key, value in row.items():
        if value is None or (type(value) is dict and not _take_nulls_out(value)):
            gone.append(key)
        elif type(value) is list:
            _take_nulls_out_of_all(value)
    for key in gone:
        del row[key]
    return bool(row)


def _take_nulls_out_of_all(values: list[Any]) -> None:
    for number, value in enumerate(values):
        if type(value) is dict:
            if not _take_nulls_out(value):
                values[number] = None
        elif type(value) is list:
            _take_nulls_out_of_all(value)


def select(row: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """The row with these dot paths only; through an array a path goes into each of its items."""
    tree: dict[str, Any] = {}
    for path in fields:
        node = tree
        for step in path.split("."):
            node = node.setdefault(step, {})
    selected = _prune(row, tree)
    return selected if isinstance(selected, dict) else {}


def _prune(value: Any, tree: dict[str, Any]) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_prune(item, tree) for item in value]
    if not isinstance(value, dict):
        return None
    kept = {step: _prune(value[step], below) for step, below in tree.items() if step in value}
    return {step: inner for step, inner in kept.items() if inner is not None} or None


def _json_rows(path: Path, fields: Sequence[str] | None) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = read_json(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                # The line itself is somebody's profile and stays out of the message.
                raise DecodeError(f"{path.name}, line {number}: neither Parquet nor a JSON object in a line")
            yield row if fields is None else select(row, fields)


def _parquet_rows(path: Path, fields: Sequence[str] | None) -> Iterator[dict[str, Any] | UnreadableRow]:
    pyarrow = require("pyarrow", extra="arrow")
    parquet = require("pyarrow.parquet", extra="arrow")
    try:
        with parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False, coerce_int96_timestamp_unit="us") as file:
            columns = None if fields is None else _columns(file.schema, fields)
            in_utc = {_logical(column.path) for column in _leaves(file.schema) if column.physical_type == "INT96"}
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns, use_threads=False):
                for row in rows_of_batch(_with_zones(pyarrow, batch, in_utc) if in_utc else batch):
                    if isinstance(row, UnreadableRow):
                        yield row
                        continue
                    _take_nulls_out(row)
                    yield row if fields is None else select(row, fields)
    except (pyarrow.ArrowException, OSError) as exc:
        problem = type(exc).__name__
    else:
        return
    raise DecodeError(f"{path.name}: Parquet that cannot be read ({problem})")


def column_names(path: Path) -> list[str]:
    """The names of the columns of a Parquet file.

    Raises:
        InvalidArgumentError: it cannot be read.
        MissingExtraError: pyarrow is not installed.
    """
    pyarrow = require("pyarrow", extra="arrow")
    parquet = require("pyarrow.parquet", extra="arrow")
    try:
        names: list[str] = parquet.read_schema(path).names
    except (pyarrow.ArrowException, OSError) as exc:
        problem = type(exc).__name__
    else:
        return names
    raise InvalidArgumentError(f"{path.name}: Parquet that cannot be read ({problem})")


def rows_of_batch(batch: Any) -> Iterator[dict[str, Any] | UnreadableRow]:
    """The rows of a record batch; maps are objects, and a row with a value that Python cannot hold says so."""
    # What makes dicts of maps goes through every value in Python, so it is asked for where there are maps only.
    maps: Literal["strict"] | None = "strict" if any(_has_map(field.type) for field in batch.schema) else None
    try:
        rows = batch.to_pylist(maps_as_pydicts=maps)
    except (ArithmeticError, ValueError, KeyError):
        # One value is to blame; which one, only a look at each tells.
        rows = [_row_of(batch.slice(number, 1)) for number in range(batch.num_rows)]
    yield from rows


def _has_map(kind: Any) -> bool:
    # Its text spells out every type inside, save those of extensions; a name that looks like one costs time only.
    said = str(kind)
    return "map<" in said or "extension<" in said


def _row_of(batch: Any) -> dict[str, Any] | UnreadableRow:
    row: dict[str, Any] = {}
    for name in batch.schema.names:
        try:
            row |= batch.select([name]).to_pylist(maps_as_pydicts="strict")[0]
        except (ArithmeticError, ValueError):
            return UnreadableRow(f"{name} has a value that cannot be held, such as a date before 1 or after 9999")
        except KeyError:
            return UnreadableRow(f"{name} is a map that has a key twice")
    return row


def _with_zones(pyarrow: Any, batch: Any, in_utc: set[str]) -> Any:
    """The batch with times of the type INT96, which Spark and others write in UTC without saying so, in UTC."""
    schema = pyarrow.schema(
        [field.with_type(_zoned(pyarrow, field.type, f"{field.name}.", in_utc)) for field in batch.schema]
    )
    return pyarrow.Table.from_batches([batch]).cast(schema).combine_chunks().to_batches()[0] if len(batch) else batch


def _zoned(pyarrow: Any, kind: Any, path: str, in_utc: set[str]) -> Any:
    types = pyarrow.types
    if types.is_timestamp(kind):
        return pyarrow.timestamp(kind.unit, "UTC") if kind.tz is None and path in in_utc else kind
    if types.is_struct(kind):
        return pyarrow.struct(
            [field.with_type(_zoned(pyarrow, field.type, f"{path}{field.name}.", in_utc)) for field in kind]
        )
    if types.is_map(kind):
        return pyarrow.map_(kind.key_type, _zoned(pyarrow, kind.item_type, f"{path}value.", in_utc))
    if types.is_list(kind) or types.is_large_list(kind):
        return pyarrow.list_(_zoned(pyarrow, kind.value_type, path, in_utc))
    return kind


def _leaves(schema: Any) -> Iterator[Any]:
    return (schema.column(index) for index in range(len(schema)))


def _columns(schema: Any, fields: Sequence[str]) -> list[str]:
    """The physical columns that the asked fields need; `select` takes out what is too much."""
    wanted = [_logical(field) for field in fields]
    chosen = []
    for leaf in _leaves(schema):
        physical: str = leaf.path
        # The keys of a map are data: a path that goes below one needs the whole map.
        above_keys, is_map, _ = physical.partition(".key_value.")
        column, base = _logical(physical), _logical(above_keys)
        if any(column.startswith(field) or (is_map and field.startswith(base)) for field in wanted):
            chosen.append(physical)
    return chosen


def _logical(path: str) -> str:
    return "".join(f"{step}." for step in path.split(".") if step not in _WRAPPERS)
