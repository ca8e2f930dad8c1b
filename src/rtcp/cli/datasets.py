"""`rtcp datasets`: the datasets of the Catalog, as far as Profile is concerned with them."""

from __future__ import annotations

from typing import Any, Final

import click

from rtcp.cli import options
from rtcp.cli.commands import Noun
from rtcp.cli.output import Columns, show_many, show_one
from rtcp.cli.shell import Shell, pass_shell

_COLUMNS: Final[Columns] = {
    "id": "id",
    "name": "name",
    "profile": "is_profile_enabled",
    "identity": "is_identity_enabled",
    "takes exports": "is_union",
    "changed": "updated_at",
}
_FACTS: Final[Columns] = {**_COLUMNS, "schema": "schema_ref.id", "created": "created_at", "version": "version"}


@click.group(cls=Noun)
def command() -> None:
    """Datasets: where profiles come from and where exports go."""


@command.command("list")
@click.option("--name", help="Only the one of this name.")
@click.option("--limit", type=click.IntRange(min=0), help="Stop after so many; all unless said.")
@click.option("--page-size", type=click.IntRange(min=1), default=100, help="How many to ask for in one request.")
@pass_shell
def list_(shell: Shell, /, **filters: Any) -> None:
    """List the datasets."""
    with shell.client() as client:
        show_many(shell.format, client.datasets.list(**filters), _COLUMNS)


@command.command()
@click.argument("id")
@pass_shell
def get(shell: Shell, id: str) -> None:
    """Show one dataset."""
    with shell.client() as client:
        show_one(shell.format, client.datasets.get(id), _FACTS)


@command.command("create-for-export")
@click.argument("name")
@pass_shell
def create_for_export(shell: Shell, name: str) -> None:
    """Create a dataset that profiles can be exported into: it holds the union schema."""
    with shell.client() as client, options.creating(shell, "the dataset", look="datasets list"):
        dataset = client.datasets.create_for_export(name)
    show_one(shell.format, dataset, _FACTS)
