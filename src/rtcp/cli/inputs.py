"""What comes from files: ids, read as they are needed, and mappings."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import click

from rtcp.errors import InvalidArgumentError
from rtcp.rows.mapping_file import read_mapping


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


def mapping(path: Path, dataset_id: str) -> dict[str, Any]:
    """A mapping out of TOML or JSON: alone, under `mapping`, or that of a dataset in an emulator's manifest."""
    try:
        return read_mapping(path, dataset_id=dataset_id)
    except InvalidArgumentError as exc:
        raise click.BadParameter(str(exc), param_hint="--mapping") from None
