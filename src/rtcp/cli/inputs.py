"""Ids from a file or a pipe, read as they are needed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

import click


def ids(file: TextIO, column: str | None) -> Iterator[str]:
    """The ids of a file: one a line, or those of a column of CSV; blank ones are left out."""
    name = getattr(file, "name", "<stdin>")
    try:
        if column is None:
            yield from (line.strip() for line in file if line.strip())
            return
        reader = csv.DictReader(file)
        if column not in (reader.fieldnames or ()):
            raise click.BadParameter(
                f"{name} has no column {column!r}; it has: {', '.join(reader.fieldnames or ()) or 'none'}",
                param_hint="--column",
            )
        for row in reader:
            value = (row[column] or "").strip()
            if value:
                yield value
    except UnicodeDecodeError:
        problem = f"{name} is not in UTF-8"
    except csv.Error as exc:
        problem = f"{name} is not CSV: {exc}"
    else:
        return
    # Raised outside the handlers: a codec's error carries the bytes, which may be people's ids.
    raise click.BadParameter(problem, param_hint="FILE")
