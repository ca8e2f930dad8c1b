"""`rtcp inlets`: what streaming ingestion sends to."""

from __future__ import annotations

from typing import Any, Final

import click

from rtcp.cli import options
from rtcp.cli.output import Columns, show_many, show_one
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun

_COLUMNS: Final[Columns] = {
    "connection": "id",
    "inlet": "inlet_id",
    "name": "name",
    "takes": "data_type",
    "authenticated": "is_authenticated",
    "state": "state",
}
_FACTS: Final[Columns] = {
    **_COLUMNS,
    "address": "inlet_url",
    "source": "source_id",
    "description": "description",
    "created": "created_at",
    "changed": "updated_at",
}


@click.group(cls=Noun)
def command() -> None:
    """Inlets: what streaming ingestion sends to. Streaming takes the inlet's id, not that of its connection.

    \b
    rtcp inlets list
    """


@command.command("list")
@options.list_options
@pass_shell
def list_(shell: Shell, /, **filters: Any) -> None:
    """List the inlets.

    \b
    rtcp inlets list --limit 10
    """
    with shell.client() as client:
        show_many(shell.format, client.inlets.list(**filters), _COLUMNS)


@command.command()
@click.argument("connection")
@pass_shell
def get(shell: Shell, connection: str) -> None:
    """Show the inlet of a connection; `rtcp inlets list` shows both ids.

    \b
    rtcp inlets get CONNECTION
    """
    with shell.client() as client:
        show_one(shell.format, client.inlets.get(connection), _FACTS)


@command.command()
@click.argument("name")
@click.option("--data-type", type=click.Choice(("xdm", "raw")), default="xdm", show_default=True, help="What it takes.")
@click.option("--authenticated", "is_authenticated", is_flag=True, help="Messages need the token.")
@click.option("--source-id", metavar="NAME", help="Source of messages that name none; else the inlet's name.")
@click.option("--description", help="What it is for.")
@pass_shell
def create(shell: Shell, /, name: str, **body: Any) -> None:
    """Create an inlet.

    \b
    rtcp inlets create Till --authenticated
    """
    with shell.client() as client, options.creating(shell, "the inlet", look="inlets list"):
        inlet = client.inlets.create(name=name, **body)
    show_one(shell.format, inlet, _FACTS)
