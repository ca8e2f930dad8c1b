"""Mappings that come from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rtcp.errors import InvalidArgumentError
from rtcp.rows.mapping_file import read_mapping


def mapping(path: Path, dataset_id: str) -> dict[str, Any]:
    """A mapping out of TOML or JSON: alone, under `mapping`, or that of a dataset in an emulator's manifest."""
    try:
        return read_mapping(path, dataset_id=dataset_id)
    except InvalidArgumentError as exc:
        raise click.BadParameter(str(exc), param_hint="--mapping") from None
