"""`rtcp datasets`: where profiles come from and where exports go."""

from __future__ import annotations

from typing import Any, Final

import click

from rtcp.cli import options
from rtcp.cli.output import Columns, show_many, show_one
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun

_COLUMNS: Final[Columns] = {
    "id": "id",
    "name": "name",
    "profile": "is_profile_enabled",
    "identity": "is_identity_enabled",
    "upsert": "is_upsert_enabled",
    "takes exports": "is_union",
    "changed": "updated_at",
}
_FACTS: Final[Columns] = {**_COLUMNS, "schema": "schema_id", "created": "created_at", "version": "version"}


@click.group(cls=Noun)
def command() -> None:
    """Datasets: where profiles come from and where exports go.

    \b
    rtcp datasets create "Corrections" --schema-id URI --upsert
    rtcp datasets enable-profile ID --upsert
    """


@command.command("list")
@click.option("--name", help="Only the one of this name.")
@options.list_options
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


@command.command()
@click.argument("name")
@click.option("--schema-id", required=True, metavar="URI", help="Its schema.")
@click.option("--kind", type=click.Choice(("record", "event")), default="record", show_default=True, help="Of rows.")
@click.option("--description", help="What it is for.")
@click.option("--lake-only", is_flag=True, help="What comes in does not go into the Profile store.")
@click.option("--upsert", is_flag=True, help="A record changes the fields it holds, and leaves the others.")
@pass_shell
def create(shell: Shell, /, name: str, schema_id: str, lake_only: bool, upsert: bool, **body: Any) -> None:
    """Create a dataset."""
    with shell.client() as client, options.creating(shell, "the dataset", look="datasets list"):
        dataset = client.datasets.create(
            name=name, schema_ref=schema_id, is_profile_enabled=not lake_only, is_upsert_enabled=upsert, **body
        )
    show_one(shell.format, dataset, _FACTS)


@command.command("enable-profile")
@click.argument("id")
@click.option("--upsert", is_flag=True, help="A record changes the fields it holds, and leaves the others.")
@pass_shell
def enable_profile(shell: Shell, id: str, upsert: bool) -> None:
    """Let what comes in from now on go into the Profile store."""
    with shell.client() as client:
        dataset = client.datasets.enable_profile(id, upsert=upsert)
    shell.note(f"dataset {id} of {shell.place} goes into Profile{' and takes upserts' * dataset.is_upsert_enabled}")
    show_one(shell.format, dataset, _FACTS)


@command.command("disable-profile")
@click.argument("id")
@pass_shell
def disable_profile(shell: Shell, id: str) -> None:
    """Keep what comes in from now on out of the Profile store."""
    with shell.client() as client:
        dataset = client.datasets.disable_profile(id)
    shell.note(f"dataset {id} of {shell.place} does not go into Profile any more")
    show_one(shell.format, dataset, _FACTS)


@command.command("create-for-export")
@click.argument("name")
@pass_shell
def create_for_export(shell: Shell, name: str) -> None:
    """Create a dataset that profiles can be exported into: it holds the union schema."""
    with shell.client() as client, options.creating(shell, "the dataset", look="datasets list"):
        dataset = client.datasets.create_for_export(name=name)
    show_one(shell.format, dataset, _FACTS)
