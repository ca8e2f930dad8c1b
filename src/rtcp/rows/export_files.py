"""Rows out of export files, a few at a time: Parquet by record batches, JSON line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from rtcp._optional import require
from rtcp.errors import DecodeError

_PARQUET_MAGIC: Final = b"PAR1"
_BATCH_ROWS: Final = 512
_BUFFER: Final = 1 << 20
# Steps that Parquet puts between an array or map and what is in it.
_WRAPPERS: Final = frozenset({"list", "element", "array", "item", "key_value", "bag", "array_element"})


def read_rows(path: Path, *, fields: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file, whichever of the two formats it has.

    Args:
        fields: dot paths to return; None returns all.

    Raises:
        DecodeError: the file is neither.
        MissingExtraError: it is Parquet, and pyarrow is not installed.
    """
    with path.open("rb") as file:
        is_parquet = file.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC
    return _parquet_rows(path, fields) if is_parquet else _json_rows(path, fields)


def without_nulls(value: Any) -> Any:
    """The value without nulls and what is empty without them: Parquet has a column where XDM has no field."""
    if isinstance(value, dict):
        kept = {key: inner for key, item in value.items() if (inner := without_nulls(item)) is not None}
        return kept or None
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


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
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                # The line itself is somebody's profile and stays out of the message.
                raise DecodeError(f"{path.name}, line {number}: neither Parquet nor a JSON object in a line")
            yield row if fields is None else select(row, fields)


def _parquet_rows(path: Path, fields: Sequence[str] | None) -> Iterator[dict[str, Any]]:
    pyarrow = require("pyarrow", extra="arrow")
    parquet = require("pyarrow.parquet", extra="arrow")
    try:
        with parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
            columns = None if fields is None else _columns(file.schema, fields)
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns, use_threads=False):
                for row in batch.to_pylist(maps_as_pydicts="strict"):
                    full = without_nulls(row) or {}
                    yield full if fields is None else select(full, fields)
    except (pyarrow.ArrowException, OSError) as exc:
        problem = type(exc).__name__
    else:
        return
    raise DecodeError(f"{path.name}: Parquet that cannot be read ({problem})")


def _columns(schema: Any, fields: Sequence[str]) -> list[str]:
    """The physical columns that the asked fields need; `select` takes out what is too much."""
    wanted = [_logical(field) for field in fields]
    chosen = []
    for index in range(len(schema)):
        physical: str = schema.column(index).path
        # The keys of a map are data: a path that goes below one needs the whole map.
        above_keys, is_map, _ = physical.partition(".key_value.")
        column, base = _logical(physical), _logical(above_keys)
        if any(column.startswith(field) or (is_map and field.startswith(base)) for field in wanted):
            chosen.append(physical)
    return chosen


def _logical(path: str) -> str:
    return "".join(f"{step}." for step in path.split(".") if step not in _WRAPPERS)
