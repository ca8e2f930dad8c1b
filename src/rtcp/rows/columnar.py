"""Rows of a text table into a file column by column: the same rows, refusals and values as one by one, in less time.

A mapping says of which type each column is, so that the rows need not be read for it first. A row that is not plain
sailing goes the way of single rows: whatever is wrong with it is said there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from rtcp._optional import require
from rtcp.errors import InvalidArgumentError
from rtcp.rows.checks import IDENTITY_MAP, is_identity_value
from rtcp.rows.mapping import LINE, Rule, build, tree_of
from rtcp.rows.paths import value_at
from rtcp.rows.shaping import RowShaper
from rtcp.rows.sources import Row, RowSource
from rtcp.rows.wire_json import encode_unchecked

AsSent = Callable[[Row], Mapping[str, Any]]

_SLICE: Final = 10_000
_INTEGER: Final = re.compile(r"-?\d{1,18}", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d{1,300}(?:\.\d{1,300})?", re.ASCII)
_ARROW: Final = {"integer": "int64", "number": "float64", "boolean": "bool_"}
_LARGEST: Final = 2**63
# In the place of a value that only the way of single rows can judge.
_ODD: Final = object()


def columnar_table(shaper: RowShaper, source: RowSource) -> ColumnarTable | None:
    """The table of a source whose columns are known, or None where the rows must be looked at one by one."""
    mapper = shaper.mapper
    if mapper is None or not source.is_text:
        return None
    for rule in mapper.rules:
        if rule.column == LINE or any(isinstance(step, int) for step in rule.steps) or rule.steps[0] == IDENTITY_MAP:
            return None
    tops = {rule.steps[0] for rule in mapper.rules}
    identity = shaper.form.identity
    if {"body", "header"} <= tops or (identity is not None and identity not in mapper.paths):
        return None
    return ColumnarTable(mapper.rules, source, identity)


@dataclass(frozen=True)
class ColumnarTable:
    """Rules of a mapping, and the rows that they are for."""

    rules: Sequence[Rule]
    source: RowSource
    identity: str | None

    def write_parquet(self, path: Path, *, as_sent: AsSent, refused: dict[int, str]) -> int:
        """Write the file, and return how many rows are in it; the others are in `refused` by their positions."""
        pyarrow = require("pyarrow", extra="arrow")
        parquet = require("pyarrow.parquet", extra="arrow")
        tree = _names_of(self.rules)
        schema = pyarrow.schema([(name, _type_of(pyarrow, self.rules, branch)) for name, branch in tree.items()])
        written = 0
        with parquet.ParquetWriter(path, schema) as writer:
            for columns in self._slices(as_sent, refused, is_parquet=True):
                arrays = [_array(pyarrow, self.rules, columns, branch) for branch in tree.values()]
                writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
                written += len(columns[0])
        return written

    def write_json(self, path: Path, *, as_sent: AsSent, refused: dict[int, str]) -> int:
        """Write lines of JSON, and return how many there are; the other rows are in `refused` by their positions."""
        tree = tree_of([rule.steps for rule in self.rules])
        written = 0
        with path.open("wb") as file:
            for columns in self._slices(as_sent, refused, is_parquet=False):
                lines = [encode_unchecked(build(tree, values)) for values in zip(*columns, strict=True)]
                file.write("\n".join([*lines, ""]).encode())
                written += len(lines)
        return written

    def _slices(self, as_sent: AsSent, refused: dict[int, str], *, is_parquet: bool) -> Iterator[list[list[Any]]]:
        source = self.source.read()
        while rows := list(islice(source, _SLICE)):
            columns = self._columns(rows, as_sent, refused, is_parquet=is_parquet)
            if columns is not None:
                yield columns

    def _columns(
        self, rows: Sequence[Row], as_sent: AsSent, refused: dict[int, str], *, is_parquet: bool
    ) -> list[list[Any]] | None:
        """The values of every rule in the rows that fit; None when no row does."""
        columns = [_values(rule, rows) for rule in self.rules]
        odd = {number for number, row in enumerate(rows) if row.problem is not None}
        for column in columns:
            if _ODD in column:
                odd.update(number for number, value in enumerate(column) if value is _ODD)
        odd.update(number for number, values in enumerate(zip(*columns, strict=True)) if not any(_there(values)))
        if self.identity is not None:
            ids = columns[[rule.path for rule in self.rules].index(self.identity)]
            odd.update(number for number, value in enumerate(ids) if not is_identity_value(value))
        out: set[int] = set()
        for number in sorted(odd):
            row = rows[number]
            try:
                sent = as_sent(row)
                for rule, column in zip(self.rules, columns, strict=True):
                    column[number] = _fitting(rule, value_at(sent, rule.steps), is_parquet=is_parquet)
            except InvalidArgumentError as exc:
                refused[row.position] = str(exc)
                out.add(number)
        if len(out) == len(rows):
            return None
        if not out:
            return columns
        return [[value for number, value in enumerate(column) if number not in out] for column in columns]


def _there(values: Sequence[Any]) -> Iterator[bool]:
    return (value is not None for value in values)


def _values(rule: Rule, rows: Sequence[Row]) -> list[Any]:
    """The values of a rule, `_ODD` where it cannot be read in the plainest way."""
    if rule.column is None:
        return [_read(rule, row) for row in rows]
    column = rule.column
    cells = [row.given[column] if row.problem is None else "" for row in rows]
    if rule.kind == "string":
        return [cell or None for cell in cells]
    if rule.kind == "integer":
        fits = _INTEGER.fullmatch
        return [int(cell) if fits(cell) else _ODD if cell else None for cell in cells]
    if rule.kind == "number":
        fits = _NUMBER.fullmatch
        return [float(cell) if fits(cell) else _ODD if cell else None for cell in cells]
    # Days and truths repeat: each text is read once.
    known = {cell: _convert(rule, cell) for cell in set(cells)}
    return [known[cell] for cell in cells]


def _read(rule: Rule, row: Row) -> Any:
    if row.problem is not None:
        return None
    try:
        return rule.read({LINE: row.line, **row.given})
    except InvalidArgumentError:
        return _ODD


def _convert(rule: Rule, cell: str) -> Any:
    if not cell:
        return None
    try:
        return rule.convert(cell)
    except (ValueError, OverflowError):
        return _ODD


def _fitting(rule: Rule, value: Any, *, is_parquet: bool) -> Any:
    if is_parquet and rule.kind == "integer" and isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        raise InvalidArgumentError(f"{rule.path} is a number too large for Parquet; format='json' takes it")
    return value


def _names_of(rules: Sequence[Rule]) -> dict[str, Any]:
    """By name: the place of a rule, or the names below."""
    tree: dict[str, Any] = {}
    for number, rule in enumerate(rules):
        branch = tree
        for step in rule.steps[:-1]:
            branch = branch.setdefault(str(step), {})
        branch[str(rule.steps[-1])] = number
    return tree


def _type_of(pyarrow: Any, rules: Sequence[Rule], branch: Any) -> Any:
    if isinstance(branch, int):
        return getattr(pyarrow, _ARROW.get(rules[branch].kind, "string"))()
    return pyarrow.struct([(name, _type_of(pyarrow, rules, inner)) for name, inner in branch.items()])


def _array(pyarrow: Any, rules: Sequence[Rule], columns: Sequence[list[Any]], branch: Any) -> Any:
    if isinstance(branch, int):
        return pyarrow.array(columns[branch], _type_of(pyarrow, rules, branch))
    children = [_array(pyarrow, rules, columns, inner) for inner in branch.values()]
    compute = require("pyarrow.compute", extra="arrow")
    # An object of which nothing is there is not there either.
    empty = children[0].is_null()
    for child in children[1:]:
        empty = compute.and_(empty, child.is_null())
    fields = [pyarrow.field(name, child.type) for name, child in zip(branch, children, strict=True)]
    return pyarrow.StructArray.from_arrays(children, fields=fields, mask=empty)
