"""Rows as callers have them (lists, iterators, tables, files), to be read as often as needed, each with its place."""

from __future__ import annotations

import csv
import json
import os
import pickle
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from rtcp.errors import InvalidArgumentError
from rtcp.rows.export_files import read_rows
from rtcp.rows.mapping import is_blank
from rtcp.rows.paths import parse_path, put

_SLICE: Final = 10_000
_LINES: Final = (".jsonl", ".ndjson")
_SUFFIXES: Final = (".csv", *_LINES, ".json", ".parquet", ".txt")


class Row(NamedTuple):
    """One row.

    Attributes:
        position: which one it is, from 0.
        line: of its file, from 1; elsewhere one more than the position.
        given: as the caller has it.
    """

    position: int
    line: int
    given: Any


@dataclass(frozen=True)
class RowSource:
    """Rows that can be read again and again.

    Attributes:
        read: yields all rows.
        columns: their names, where they are known before.
        is_flat: True for tables: names of columns are dot paths there, and blank cells are absent.
        parquet: the file, when the rows are those of a Parquet file.
    """

    read: Callable[[], Iterator[Row]]
    columns: tuple[str, ...] | None = None
    is_flat: bool = False
    parquet: Path | None = None

    def nested(self, given: Any) -> Any:
        """A row as XDM, by the names of its columns alone."""
        if not self.is_flat:
            return given
        row: dict[str, Any] = {}
        for column, value in given.items():
            if not is_blank(value):
                put(row, parse_path(column), value)
        return row


def row_source(rows: Any) -> RowSource:
    """Rows out of whatever holds them: a path, a pandas, Polars or Arrow table, a list, or any iterable of objects.

    An iterator, which can be read only once, is kept in a temporary file of its owner's alone.

    Raises:
        InvalidArgumentError: there are no rows in such a thing.
    """
    if isinstance(rows, str | Path):
        return _file(Path(rows))
    if hasattr(rows, "to_batches"):
        return _table(lambda: (batch.to_pylist() for batch in rows.to_batches(_SLICE)), rows.column_names)
    if hasattr(rows, "iter_slices"):
        return _table(lambda: (part.to_dicts() for part in rows.iter_slices(_SLICE)), rows.columns)
    if hasattr(rows, "iloc") and hasattr(rows, "columns"):
        return _table(lambda: _pandas_slices(rows), map(str, rows.columns))
    if isinstance(rows, Mapping) or not isinstance(rows, Iterable):
        raise InvalidArgumentError("rows are a list of objects, an iterable of them, a table, or a path")
    if iter(rows) is rows:
        kept = _Kept(rows)
        return RowSource(lambda: _numbered(kept.read()))
    return RowSource(lambda: _numbered(rows))


def _numbered(rows: Iterable[Any]) -> Iterator[Row]:
    return (Row(position, position + 1, given) for position, given in enumerate(rows))


def _table(slices: Callable[[], Iterator[list[dict[str, Any]]]], columns: Iterable[str]) -> RowSource:
    return RowSource(lambda: _numbered(row for part in slices() for row in part), tuple(columns), is_flat=True)


def _pandas_slices(frame: Any) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(frame), _SLICE):
        records = frame.iloc[start : start + _SLICE].to_dict("records")
        yield [{str(column): value for column, value in record.items()} for record in records]


def _file(path: Path) -> RowSource:
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise InvalidArgumentError(f"{path.name!r} is of no known kind: its name must end in {', '.join(_SUFFIXES)}")
    if suffix == ".parquet":
        return RowSource(lambda: _numbered(read_rows(path)), parquet=path)
    if suffix in _LINES:
        return RowSource(lambda: _json_lines(path))
    if suffix == ".json":
        with path.open("rb") as file:
            is_array = file.read(4096).lstrip()[:1] == b"["
        return RowSource(lambda: _numbered(_json_array(path))) if is_array else RowSource(lambda: _json_lines(path))
    cells = _separated if suffix == ".csv" else _words
    first = next(cells(path), None)
    if first is None:
        raise InvalidArgumentError(f"{path.name!r} has no header line")
    columns = tuple(first[1])
    if len(set(columns)) < len(columns):
        raise InvalidArgumentError(f"{path.name!r} names a column twice")
    return RowSource(lambda: _cells(path, cells(path), columns), columns, is_flat=True)


def _cells(path: Path, lines: Iterator[tuple[int, list[str]]], columns: tuple[str, ...]) -> Iterator[Row]:
    next(lines)
    for position, (line, values) in enumerate(lines):
        if len(values) != len(columns):
            raise InvalidArgumentError(
                f"{path.name}, line {line}: {len(values)} values, where the header names {len(columns)} columns"
            )
        yield Row(position, line, dict(zip(columns, values, strict=True)))


def _separated(path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader((text for _, text in _lines(path)), strict=True)
    try:
        for values in reader:
            if values:
                yield reader.line_num, values
    except csv.Error:
        problem = f"{path.name}, line {reader.line_num}: no CSV"
    else:
        return
    raise InvalidArgumentError(problem)


def _words(path: Path) -> Iterator[tuple[int, list[str]]]:
    return ((line, values) for line, text in _lines(path) if (values := text.split()))


def _json_lines(path: Path) -> Iterator[Row]:
    position = 0
    for line, text in _lines(path):
        if not text.strip():
            continue
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            # The line itself is somebody's data and stays out of the message.
            raise InvalidArgumentError(f"{path.name}, line {line}: no JSON object")
        yield Row(position, line, given)
        position += 1


def _json_array(path: Path) -> list[Any]:
    try:
        rows = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list):
        raise InvalidArgumentError(f"{path.name}: no JSON array")
    return rows


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with path.open("rb") as file:
        for line, raw in enumerate(file, start=1):
            try:
                text = raw.decode("utf-8-sig" if line == 1 else "utf-8")
            except UnicodeDecodeError:
                text = None
            if text is None:
                # Raised outside the handler: the codec's error carries the bytes.
                raise InvalidArgumentError(f"{path.name}, line {line}: no UTF-8")
            yield line, text


class _Kept:
    """The rows of an iterator in a temporary file, which goes when this goes."""

    def __init__(self, rows: Iterable[Any]) -> None:
        handle, name = tempfile.mkstemp(prefix="rtcp-rows-")
        self._path = Path(name)
        weakref.finalize(self, self._path.unlink, missing_ok=True)
        with os.fdopen(handle, "wb") as file:
            for position, row in enumerate(rows):
                try:
                    pickle.dump(row, file, protocol=pickle.HIGHEST_PROTOCOL)
                except (pickle.PicklingError, TypeError, AttributeError):
                    problem = f"row {position} cannot be kept on the disk; pass a list"
                else:
                    continue
                raise InvalidArgumentError(problem)

    def read(self) -> Iterator[Any]:
        with self._path.open("rb") as file:
            while True:
                try:
                    # Nobody but this process has written it.
                    row = pickle.load(file)  # noqa: S301
                except EOFError:
                    return
                yield row
