"""Tables of pandas and Arrow, built column by column out of flat rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from rtcp._optional import require
from rtcp.frames.flat_rows import Row, empty_columns, flat_rows, kind_of, leading_columns, trailing_columns

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

_BATCH_ROWS: Final = 10_000
# What Arrow raises for values that do not fit one type.
_MISFITS: Final = (ValueError, TypeError, OverflowError, NotImplementedError)


def to_pandas(data: Any) -> pd.DataFrame:
    """Return a DataFrame of models, dict rows, a list of the service, or a report.

    One row for each item, one column for each field: nested objects become dot paths (`person.name.firstName`), lists
    stay lists, times are timestamps in UTC. The fields of a model come first in their order; of people and their
    events the data does, by name, and what the service says beside it comes last. Look-ups begin with `position`,
    `identity`, `is_missing` and `error`. An XDM field named like a field of rtcp's model is found as `entity.<name>`.
    An empty list of the service, or an empty report, gives an empty frame with its columns.

    Args:
        data: an iterable of `Entity`, `Event`, `Lookup`, `MergePolicy`, `SystemJob`, `Audience` or dicts; a `Paged`
            list; a report, or an iterable of reports; or one model.

    Raises:
        MissingExtraError: pandas is not installed.
        InvalidArgumentError: there is no table in it.

    Example:
        >>> frame = to_pandas([{"person": {"name": {"firstName": "Jane"}}}, {"loyalty": {"points": 120}}])
        >>> list(frame.columns)
        ['loyalty.points', 'person.name.firstName']
    """
    pandas = require("pandas", extra="pandas")
    columns = _Columns()
    for kind, row in flat_rows(data):
        columns.add(kind, row)
    lists = columns.take()
    if not columns.has_rows:
        lists = {name: [] for name in empty_columns(kind_of(data) or object)}
    # Taken out as they are turned, so that one column at a time is in memory twice.
    series = {name: _to_series(pandas, lists.pop(name)) for name in columns.in_order(list(lists))}
    return pandas.DataFrame(series)


def to_arrow(data: Any) -> pa.Table:
    """Return an Arrow table of what `to_pandas` takes, with the same columns.

    Rows are packed as they come, so that a long iterable needs little more memory than its table. A column whose
    values do not fit one type is text: texts as they are, everything else in JSON.

    Raises:
        MissingExtraError: pyarrow is not installed.
        InvalidArgumentError: there is no table in it.

    Example:
        >>> to_arrow([{"id": "a", "count": 1}, {"id": "b", "count": 2}]).column("count").to_pylist()
        [1, 2]
    """
    pyarrow = require("pyarrow", extra="arrow")
    columns = _Columns()
    chunks: dict[str, list[Any]] = {}
    lengths: list[int] = []
    for batch in _batches(flat_rows(data)):
        for kind, row in batch:
            columns.add(kind, row)
        for name, values in columns.take().items():
            # A column that comes late is empty in the batches before it.
            known = chunks.setdefault(name, [])
            known.extend(pyarrow.nulls(length) for length in lengths[len(known) :])
            known.append(_to_array(pyarrow, values))
        lengths.append(len(batch))
    for known in chunks.values():
        known.extend(pyarrow.nulls(length) for length in lengths[len(known) :])
    if not columns.has_rows:
        empty = {name: [pyarrow.nulls(0)] for name in empty_columns(kind_of(data) or object)}
        chunks.update(empty)
    names = columns.in_order(chunks)
    return pyarrow.Table.from_arrays([_in_one_type(pyarrow, chunks.pop(name)) for name in names], names=names)


def to_polars(data: Any) -> pl.DataFrame:
    """Return a polars DataFrame of what `to_pandas` takes, with the same columns. Nothing is copied from Arrow.

    Raises:
        MissingExtraError: polars is not installed.
        InvalidArgumentError: there is no table in it.

    Example:
        >>> to_polars([{"id": "a", "count": 1}, {"id": "b", "count": 2}]).columns
        ['count', 'id']
    """
    polars = require("polars", extra="polars")
    frame: pl.DataFrame = polars.from_arrow(to_arrow(data))
    return frame


class _Columns:
    """Columns that grow row by row; where a row has no value for a column, there is None."""

    def __init__(self) -> None:
        self.has_rows = False
        self._leading: dict[str, int] = {}
        self._trailing: dict[str, int] = {}
        self._kinds: set[type] = set()
        self._values: dict[str, list[Any]] = {}
        self._rows = 0

    def add(self, kind: type, row: Row) -> None:
        self.has_rows = True
        if kind not in self._kinds:
            self._kinds.add(kind)
            for name in leading_columns(kind):
                self._leading.setdefault(name, len(self._leading))
            for name in trailing_columns(kind):
                self._trailing.setdefault(name, len(self._trailing))
        for name, value in row.items():
            values = self._values.setdefault(name, [])
            values.extend([None] * (self._rows - len(values)))
            values.append(value)
        self._rows += 1

    def take(self) -> dict[str, list[Any]]:
        """The columns since the last taking, all of one length."""
        taken = self._values
        for values in taken.values():
            values.extend([None] * (self._rows - len(values)))
        self._values, self._rows = {}, 0
        return taken

    def in_order(self, names: Iterable[str]) -> list[str]:
        """The names: what models begin with, the data by name, and what the service says beside it. The order does not
        depend on that of rows and keys.
        """
        if not self.has_rows:
            return list(names)

        def place(name: str) -> tuple[int, int, str]:
            head = name.partition(".")[0]
            if head in self._leading:
                return 0, self._leading[head], name
            return (2, self._trailing[head], name) if head in self._trailing else (1, 0, name)

        return sorted(names, key=place)


def _batches(rows: Iterator[tuple[type, Row]]) -> Iterator[list[tuple[type, Row]]]:
    while batch := list(islice(rows, _BATCH_ROWS)):
        yield batch


def _to_series(pandas: ModuleType, values: list[Any]) -> Any:
    kinds = {type(value) for value in values}
    is_partial = type(None) in kinds
    kinds.discard(type(None))
    # Without a nullable type, counts with a gap would become floats, and large ones lose digits.
    if is_partial and kinds in ({int}, {bool}):
        try:
            return pandas.Series(values, dtype="Int64" if kinds == {int} else "boolean")
        except OverflowError:
            return pandas.Series(values, dtype="object")
    is_uniform = kinds == {int, float} or (len(kinds) == 1 and not kinds & {list, dict})
    return pandas.Series(values) if is_uniform else pandas.Series(values, dtype="object")


def _to_array(pyarrow: ModuleType, values: list[Any]) -> Any:
    return _first_that_fits(lambda: pyarrow.array(values), lambda: pyarrow.array(map(_to_text, values)))


def _in_one_type(pyarrow: ModuleType, chunks: list[Any]) -> Any:
    def promoted() -> Any:
        schemas = [pyarrow.schema([("column", chunk.type)]) for chunk in chunks]
        kind = pyarrow.unify_schemas(schemas, promote_options="permissive").field(0).type
        column = pyarrow.chunked_array([chunk.cast(kind) for chunk in chunks], type=kind)
        # Casting lists of nothing but nulls gives a broken array, and does not say so.
        column.validate()
        return column

    def as_text() -> Any:
        texts = [pyarrow.array(map(_to_text, chunk.to_pylist()), type=pyarrow.string()) for chunk in chunks]
        return pyarrow.chunked_array(texts)

    return _first_that_fits(promoted, as_text)


def _first_that_fits(build: Callable[[], Any], build_otherwise: Callable[[], Any]) -> Any:
    try:
        return build()
    except _MISFITS:
        return build_otherwise()


def _to_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, datetime) else json.dumps(value, default=str, ensure_ascii=False)
