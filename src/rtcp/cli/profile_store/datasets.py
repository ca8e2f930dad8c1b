"""`rtcp datasets`: where profiles come from and where exports go."""

from __future__ import annotations

from typing import Any, Final

import click

from rtcp.cli import names, options
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
    rtcp datasets enable-profile Corrections --upsert
    """


_dataset = click.argument("dataset", metavar="ID|NAME", shell_complete=options.completing("datasets"))


@command.command("list")
@click.option("--name", help="Only the one of this name.")
@options.list_options
@pass_shell
def list_(shell: Shell, /, **filters: Any) -> None:
    """List the datasets.

    \b
    rtcp datasets list --name 'Harbour CRM'
    """
    with shell.client() as client:
        show_many(shell.format, client.datasets.list(**filters), _COLUMNS)


@command.command()
@_dataset
@pass_shell
def get(shell: Shell, dataset: str) -> None:
    """Show one dataset.

    \b
    rtcp datasets get 'Harbour CRM'
    """
    with shell.client() as client:
        show_one(shell.format, names.one(client.datasets, dataset), _FACTS)


@command.command()
@click.argument("name")
@click.option("--schema-id", required=True, metavar="URI", help="Its schema.")
@click.option("--kind", type=click.Choice(("record", "event")), default="record", show_default=True, help="Of rows.")
@click.option("--description", help="What it is for.")
@click.option("--lake-only", is_flag=True, help="What comes in does not go into the Profile store.")
@click.option("--upsert", is_flag=True, help="A record changes the fields it holds, and leaves the others.")
@pass_shell
def create(shell: Shell, /, name: str, schema_id: str, lake_only: bool, upsert: bool, **body: Any) -> None:
    """Create a dataset.

    \b
    rtcp datasets create Corrections --schema-id https://ns.adobe.com/xdm/context/profile --upsert
    """
    with shell.client() as client, options.creating(shell, "the dataset", look="datasets list"):
        dataset = client.datasets.create(
            name=name, schema_ref=schema_id, is_profile_enabled=not lake_only, is_upsert_enabled=upsert, **body
        )
    show_one(shell.format, dataset, _FACTS)


@command.command("enable-profile")
@_dataset
@click.option("--upsert", is_flag=True, help="A record changes the fields it holds, and leaves the others.")
@pass_shell
def enable_profile(shell: Shell, dataset: str, upsert: bool) -> None:
    """Let what comes in from now on go into the Profile store.

    \b
    rtcp datasets enable-profile 'Harbour CRM' --upsert
    """
    with shell.client() as client:
        known = client.datasets.enable_profile(names.dataset(client, dataset), upsert=upsert)
    upserts = " and takes upserts" * known.is_upsert_enabled
    shell.note(f"dataset {names.said(known)} of {shell.place} goes into Profile{upserts}")
    show_one(shell.format, known, _FACTS)


@command.command("disable-profile")
@_dataset
@pass_shell
def disable_profile(shell: Shell, dataset: str) -> None:
    """Keep what comes in from now on out of the Profile store; what is there stays there.

    \b
    rtcp datasets disable-profile 'Harbour newsletter'
    """
    with shell.client() as client:
        known = client.datasets.disable_profile(names.dataset(client, dataset))
    shell.note(f"dataset {names.said(known)} of {shell.place} does not go into Profile any more")
    show_one(shell.format, known, _FACTS)


@command.command("create-for-export")
@click.argument("name")
@pass_shell
def create_for_export(shell: Shell, name: str) -> None:
    """Create a dataset that profiles can be exported into: it holds the union schema.

    \b
    rtcp datasets create-for-export 'Names of March'
    """
    with shell.client() as client, options.creating(shell, "the dataset", look="datasets list"):
        dataset = client.datasets.create_for_export(name=name)
    show_one(shell.format, dataset, _FACTS)
