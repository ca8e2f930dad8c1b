"""`rtcp audiences`: audiences, to be read."""

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
    "state": "lifecycle_state",
    "type": "kind",
    "origin": "origin_name",
    "changed": "updated_at",
}
_FACTS: Final[Columns] = {
    **_COLUMNS,
    "id at its origin": "origin_id",
    "description": "description",
    "merge policy": "merge_policy_id",
    "expression": lambda audience: (audience.expression or {}).get("value"),
    "labels": "labels",
    "created": "created_at",
}


@click.group(cls=Noun)
def command() -> None:
    """Audiences, to be read: exports and reports refer to them by id.

    \b
    rtcp audiences list --name gold
    """


@command.command("list")
@click.option("--name", help="Part of the name.")
@click.option("--description", help="Part of the description.")
@click.option("--entity-type", metavar="CLASS", help="Class that the audience is made of.")
@click.option("--origin-id", metavar="ID", help="The exact id at its origin.")
@options.sort_options("name", "created_at", "updated_at")
@options.list_options
@pass_shell
def list_(shell: Shell, /, **filters: Any) -> None:
    """List the audiences.

    \b
    rtcp audiences list --name gold
    """
    with shell.client() as client:
        show_many(shell.format, client.audiences.list(**filters), _COLUMNS)


@command.command()
@click.argument("audience", metavar="ID|NAME", shell_complete=options.completing("audiences"))
@pass_shell
def get(shell: Shell, audience: str) -> None:
    """Show one audience.

    \b
    rtcp audiences get 'Gold card holders'
    """
    with shell.client() as client:
        show_one(shell.format, names.one(client.audiences, audience), _FACTS)
