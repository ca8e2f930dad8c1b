"""Ids out of a file or a pipe: one a line, or a column of whatever the commands that send rows read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from itertools import count
from pathlib import Path
from typing import Any, Final

import click

from rtcp.cli.row_input import STDIN, character_of, kept_stdin
from rtcp.cli.shell import Shell
from rtcp.errors import InvalidArgumentError
from rtcp.rows.delimited import Record
from rtcp.rows.mapping import is_blank, tell_nearest
from rtcp.rows.paths import value_at
from rtcp.rows.sources import RowSource, read_delimited, read_rows, single_values
from rtcp.rows.text_files import encoding_of, file_kind, lines_of

_TABLES: Final = (".csv", ".tsv")
_OBJECTS: Final = (".json", ".jsonl", ".ndjson", ".parquet")

_MOST_TOLD: Final = 10

# Told the line that cannot be read, and why.
Tell = Callable[[int, str], object]


def read_ids(
    file: Path, column: str | None, *, encoding: str | None, delimiter: str | None, on_unreadable: Tell
) -> Iterator[Any]:
    """Yield the ids as they are needed; blank ones are left out, and a line that cannot be read is None.

    Raises:
        click.BadParameter: the file cannot be read, has no such column, or has several and none is named.
    """
    with kept_stdin() if file == STDIN else nullcontext(file) as path:
        name = "stdin" if file == STDIN else file.name
        try:
            kind = file_kind(path)
            if column is None and kind not in (*_TABLES, *_OBJECTS):
                yield from _lines(path, encoding, on_unreadable)
            elif kind in _OBJECTS:
                source = read_rows(path, encoding=encoding, delimiter=character_of(delimiter))
                if column is None and _holds_ids(source):
                    yield from _values(source, on_unreadable)
                    return
                if column is not None and source.columns is not None and "." not in column:
                    _check_column(source, column, name)
                yield from _column(source, _require(column, name), name, on_unreadable)
            elif column is None and (values := single_values(path, encoding, character_of(delimiter))) is not None:
                yield from _records(values, on_unreadable)
            else:
                # What is called like a list is a table once a column is asked for.
                source = read_delimited(path, encoding=encoding, delimiter=character_of(delimiter))
                _check_column(source, column, name)
                yield from _column(source, str(column), name, on_unreadable)
        except InvalidArgumentError as exc:
            problem = str(exc)
        else:
            return
    raise click.BadParameter(problem, param_hint="FILE")


def tell_on(shell: Shell, file: Path) -> Tell:
    """Names the first lines that cannot be read, and says that there are more."""
    told = count(1)

    def tell(line: int, problem: str) -> None:
        number = next(told)
        if number <= _MOST_TOLD:
            shell.note(f"{'stdin' if file == STDIN else file.name}, line {line}: {problem}")
        elif number == _MOST_TOLD + 1:
            shell.note("and more lines that cannot be read")

    return tell


def _lines(path: Path, encoding: str | None, on_unreadable: Tell) -> Iterator[str | None]:
    for line in lines_of(path, encoding_of(path, encoding)):
        text = line.text.strip()
        if line.problem is not None:
            on_unreadable(line.number, line.problem)
            yield None
        elif text:
            yield text


def _records(records: Iterator[Record], on_unreadable: Tell) -> Iterator[str | None]:
    """The values of a table of one column; a line of it may be in quotes, and the first one may be a header or none."""
    for record in records:
        text = "".join(record.values).strip()
        if record.problem is not None:
            on_unreadable(record.line, record.problem)
            yield None
        elif text:
            yield text


def _holds_ids(source: RowSource) -> bool:
    """True for an array of ids, which has no columns."""
    first = next(source.read(), None)
    return first is not None and first.problem is None and not isinstance(first.given, Mapping)


def _values(source: RowSource, on_unreadable: Tell) -> Iterator[Any]:
    for row in source.read():
        if row.problem is not None or isinstance(row.given, Mapping | list):
            on_unreadable(row.line, row.problem or "is no id")
            yield None
        elif not is_blank(row.given):
            yield row.given.strip() if isinstance(row.given, str) else row.given


def _column(source: RowSource, column: str, name: str, on_unreadable: Tell) -> Iterator[Any]:
    is_there = is_empty = True
    for row in source.read():
        if row.problem is not None or not isinstance(row.given, Mapping):
            on_unreadable(row.line, row.problem or f"the row is no object but {type(row.given).__name__}")
            yield None
            continue
        if is_empty:
            is_there = is_empty = False
        value = row.given.get(column) if column in row.given else value_at(row.given, column)
        is_there = is_there or column in row.given or value is not None
        value = value.strip() if isinstance(value, str) else value
        if not is_blank(value):
            yield value
    if not is_there:
        raise click.BadParameter(f"no row of {name} has {column!r}", param_hint="--column")


def _require(column: str | None, name: str) -> str:
    if column is None:
        raise click.BadParameter(f"{name} has columns: say which one holds the ids", param_hint="--column")
    return column


def _check_column(source: RowSource, column: str | None, name: str) -> None:
    known = source.columns or ()
    if column is None:
        raise click.BadParameter(
            f"{name} has several columns: say which one holds the ids; {tell_nearest('', known)}", param_hint="--column"
        )
    if column not in known:
        raise click.BadParameter(
            f"{name} has no column {column!r}; {tell_nearest(column, known)}", param_hint="--column"
        )
