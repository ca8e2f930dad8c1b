"""Rows of a text table into a file column by column: the same rows, refusals and values as one by one, in less time.

A mapping says of which type each column is, so that the rows need not be read for it first. A row that is not plain
sailing goes the way of single rows: whatever is wrong with it is said there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from rtcp._optional import require
from rtcp.errors import InvalidArgumentError
from rtcp.rows.checks import IDENTITY_MAP, is_identity_value
from rtcp.rows.columns import as_double
from rtcp.rows.delimited import Record
from rtcp.rows.mapping import LINE, Rule, Tree, tree_of
from rtcp.rows.paths import value_at
from rtcp.rows.row import Row
from rtcp.rows.shaping import RowShaper
from rtcp.rows.sources import RowSource, TextTable, row_of
from rtcp.rows.wire_json import quoted, text_unchecked

AsSent = Callable[[Row], Mapping[str, Any]]

_SLICE: Final = 10_000
# Eighteen digits fit into 64 bits; longer ones, and odd spellings, go the way of single rows.
_INTEGER: Final = re.compile(r"-?\d{1,18}", re.ASCII)
# A whole number of more digits may be one that no double holds.
_NUMBER: Final = re.compile(r"-?(?:\d{1,15}|\d{1,300}\.\d{1,300})", re.ASCII)
_ARROW: Final = {"integer": "int64", "number": "float64", "boolean": "bool_"}
_LARGEST: Final = 2**63
# In the place of a value that only the way of single rows can judge.
_ODD: Final = object()


def columnar_table(shaper: RowShaper, source: RowSource) -> ColumnarTable | None:
    """The table of a source whose columns are known, or None where the rows must be looked at one by one."""
    mapper = shaper.mapper
    if mapper is None or not isinstance(source, TextTable) or source.columns is None:
        return None
    for rule in mapper.rules:
        if rule.column == LINE or any(isinstance(step, int) for step in rule.steps) or rule.steps[0] == IDENTITY_MAP:
            return None
    tops = {rule.steps[0] for rule in mapper.rules}
    identity = shaper.form.identity
    # Rows that look like envelopes, and those whose identity no rule sets, are for `RowShaper` to refuse.
    if {"body", "header"} <= tops or (identity is not None and identity not in mapper.paths):
        return None
    return ColumnarTable(mapper.rules, source.columns, source.records, identity)


@dataclass(frozen=True)
class ColumnarTable:
    """Rules of a mapping, and the records that they are for."""

    rules: Sequence[Rule]
    names: Sequence[str]
    records: Callable[[], Iterator[Record]]
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
        lines = LineTemplates(tree_of([rule.steps for rule in self.rules]))
        written = 0
        with path.open("wb") as file:
            for columns in self._slices(as_sent, refused, is_parquet=False):
                file.write("".join(lines.of(columns)).encode())
                written += len(columns[0])
        return written

    def _slices(self, as_sent: AsSent, refused: dict[int, str], *, is_parquet: bool) -> Iterator[list[list[Any]]]:
        records = self.records()
        first = 0
        while part := list(islice(records, _SLICE)):
            columns = self._columns(part, first, as_sent, refused, is_parquet=is_parquet)
            if columns is not None:
                yield columns
            first += len(part)

    def _columns(
        self, records: Sequence[Record], first: int, as_sent: AsSent, refused: dict[int, str], *, is_parquet: bool
    ) -> list[list[Any]] | None:
        """The values of every rule in the rows that fit; None when no row does."""
        width = len(self.names)
        broken = {
            number for number, record in enumerate(records) if record.problem is not None or len(record.values) != width
        }
        # Something to cut columns out of: a broken row is judged by itself below.
        blank = [""] * width
        cells = [blank if number in broken else record.values for number, record in enumerate(records)]
        by_name = dict(zip(self.names, zip(*cells, strict=True), strict=True))
        columns = [
            _values(rule, by_name[rule.column]) if rule.column is not None else self._made(rule, records, cells)
            for rule in self.rules
        ]
        odd = broken | self._odd(columns)
        out: set[int] = set()
        for number in sorted(odd):
            row = row_of(records[number], first + number, self.names)
            try:
                sent = as_sent(row)
                for rule, column in zip(self.rules, columns, strict=True):
                    column[number] = _fitting(rule, value_at(sent, rule.steps), is_parquet=is_parquet)
            except InvalidArgumentError as exc:
                refused[row.position] = str(exc)
                out.add(number)
        if len(out) == len(records):
            return None
        if not out:
            return columns
        return [[value for number, value in enumerate(column) if number not in out] for column in columns]

    def _odd(self, columns: Sequence[Sequence[Any]]) -> set[int]:
        """The rows that only the way of single rows can judge."""
        odd: set[int] = set()
        for column in columns:
            if _ODD in column:
                odd.update(number for number, value in enumerate(column) if value is _ODD)
        if all(None in column for column in columns):
            rows = enumerate(zip(*columns, strict=True))
            odd.update(number for number, values in rows if values.count(None) == len(values))
        if self.identity is not None:
            ids = columns[[rule.path for rule in self.rules].index(self.identity)]
            # An id that a mapping has made a double goes out as an integer.
            odd.update(
                number for number, value in enumerate(ids) if isinstance(value, float) or not is_identity_value(value)
            )
        return odd

    def _made(self, rule: Rule, records: Sequence[Record], cells: Sequence[Sequence[str]]) -> list[Any]:
        """The values of a rule that reads no column alone."""
        given = (dict(zip(self.names, values, strict=True)) for values in cells)
        return [_read(rule, {LINE: record.line, **row}) for record, row in zip(records, given, strict=True)]


class LineTemplates:
    """Lines of JSON out of columns, by one template for all rows that have the same values there."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._order = [*_leaves(tree)]
        self._by_absence: dict[frozenset[int], str] = {}

    def of(self, columns: Sequence[Sequence[Any]]) -> list[str]:
        """The line of each row, as `encode` would write what `build` makes of it."""
        texts = [_texts(columns[number]) for number in self._order]
        gaps = [number for number, column in zip(self._order, texts, strict=True) if None in column]
        if not gaps:
            whole = self._template(frozenset())
            return [whole % row for row in zip(*texts, strict=True)]
        lines: list[str] = []
        for row in zip(*texts, strict=True):
            absent = frozenset(number for number, text in zip(self._order, row, strict=True) if text is None)
            lines.append(self._template(absent) % tuple(text for text in row if text is not None))
        return lines

    def _template(self, absent: frozenset[int]) -> str:
        if absent not in self._by_absence:
            self._by_absence[absent] = f"{_template(self._tree, absent) or '{}'}\n"
        return self._by_absence[absent]


def _leaves(tree: Tree) -> Iterator[int]:
    for _, place in tree:
        yield from (place,) if isinstance(place, int) else _leaves(place)


def _template(tree: Tree, absent: Collection[int]) -> str:
    """The object with a placeholder for each value; nothing where it would be empty."""
    fields: list[str] = []
    for name, place in tree:
        inner = ("" if place in absent else "%s") if isinstance(place, int) else _template(place, absent)
        if inner:
            # Rows are put in with `%`: a name keeps its own signs by having them twice.
            fields.append(f"{text_unchecked(name).replace('%', '%%')}:{inner}")
    return f"{{{','.join(fields)}}}" if fields else ""


def _texts(column: Sequence[Any]) -> list[str | None]:
    """The values as JSON; None stays."""
    return [None if value is None else quoted(value) if type(value) is str else _text(value) for value in column]


def _text(value: Any) -> str:
    kind = type(value)
    if kind is int or kind is float:
        return repr(value)
    return text_unchecked(value)


def _values(rule: Rule, cells: Sequence[str]) -> list[Any]:
    """The values of a rule, `_ODD` where it cannot be read in the plainest way."""
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


def _read(rule: Rule, given: Mapping[str, Any]) -> Any:
    try:
        return rule.read(given)
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
    if is_parquet and rule.kind == "number" and type(value) is int:
        return as_double(value, rule.path)
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
