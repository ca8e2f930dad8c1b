"""`rtcp namespaces`: identity namespaces, to be read."""

from __future__ import annotations

from typing import Any, Final

import click

from rtcp.cli import names, options
from rtcp.cli.output import Columns, show_many, show_one
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun

_COLUMNS: Final[Columns] = {"id": "id", "code": "code", "name": "name", "kind": "kind", "custom": "is_custom"}
_FACTS: Final[Columns] = {
    **_COLUMNS,
    "status": "status",
    "description": "description",
    "created": "created_at",
    "changed": "updated_at",
}


@click.group(cls=Noun)
def command() -> None:
    """Identity namespaces, to be read: look-ups and identity maps refer to them by code.

    \b
    rtcp namespaces list
    """


@command.command("list")
@options.list_options
@pass_shell
def list_(shell: Shell, /, **filters: Any) -> None:
    """List the namespaces.

    \b
    rtcp namespaces list
    """
    with shell.client() as client:
        show_many(shell.format, client.namespaces.list(**filters), _COLUMNS)


@command.command()
@click.argument("namespace", metavar="ID|CODE")
@pass_shell
def get(shell: Shell, namespace: str) -> None:
    """Show one namespace by its number or code; `rtcp namespaces list` shows them.

    \b
    rtcp namespaces get Email
    """
    with shell.client() as client:
        show_one(shell.format, names.namespace(client, namespace), _FACTS)
