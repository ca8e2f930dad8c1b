"""Ids out of a file or a pipe: one a line, or a column of whatever the commands that send rows read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import count
from pathlib import Path
from typing import Any, Final

import click

from rtcp.cli.row_input import STDIN, character_of, kept_stdin
from rtcp.cli.shell import Shell
from rtcp.errors import InvalidArgumentError
from rtcp.rows.mapping import is_blank, tell_nearest
from rtcp.rows.paths import value_at
from rtcp.rows.sources import RowSource, read_delimited, read_rows
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
                yield from _column(source, _require(column, name), on_unreadable)
            else:
                # What is called like a list is a table once a column is asked for.
                source = read_delimited(path, encoding=encoding, delimiter=character_of(delimiter))
                if column is None and len(source.columns or ()) == 1:
                    yield from _lines(path, encoding, on_unreadable)
                    return
                _check_column(source, column, name)
                yield from _column(source, str(column), on_unreadable)
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


def _column(source: RowSource, column: str, on_unreadable: Tell) -> Iterator[Any]:
    for row in source.read():
        if row.problem is not None:
            on_unreadable(row.line, row.problem)
            yield None
            continue
        value = row.given.get(column) if column in row.given else value_at(row.given, column)
        value = value.strip() if isinstance(value, str) else value
        if not is_blank(value):
            yield value


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
