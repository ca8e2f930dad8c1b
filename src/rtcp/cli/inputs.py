"""What comes from files: ids, read as they are needed, and mappings."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

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


def mapping(path: Path, dataset_id: str) -> dict[str, Any]:
    """A mapping out of TOML or JSON: alone, under `mapping`, or that of a dataset in an emulator's manifest."""
    try:
        content = path.read_text(encoding="utf-8")
        document: Any = json.loads(content) if path.suffix.lower() == ".json" else tomllib.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise click.BadParameter(f"{path} is neither TOML nor JSON with a mapping", param_hint="--mapping")
    datasets = document.get("datasets")
    if isinstance(datasets, list):
        known = {each.get("id"): each.get("mapping") for each in datasets if isinstance(each, dict)}
        document = known.get(dataset_id)
        if not isinstance(document, dict):
            listed = ", ".join(str(name) for name, rules in known.items() if rules) or "none"
            raise click.BadParameter(
                f"{path} has no mapping of dataset {dataset_id!r}; it has one of: {listed}", param_hint="--mapping"
            )
    found = document.get("mapping", document)
    return found if isinstance(found, dict) else document
