"""`rtcp merge-policies`: how the fragments of a person become one profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click

from rtcp.cli import failures, options
from rtcp.cli.output import Columns, show_many, show_one, split_paths
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun

F = TypeVar("F", bound=Callable[..., Any])

_GRAPHS: Final = click.Choice(("none", "pdg"))
_MERGES: Final = click.Choice(("timestampOrdered", "dataSetPrecedence"))
_COLUMNS: Final[Columns] = {
    "id": "id",
    "name": "name",
    "stitching": lambda policy: str(policy.identity_graph.type),
    "merging": lambda policy: str(policy.attribute_merge.type),
    "default": "default",
    "edge": "is_active_on_edge",
}
_FACTS: Final[Columns] = {
    **_COLUMNS,
    "class": "schema_name",
    "version": "version",
    "order": lambda policy: policy.attribute_merge.order or None,
    "changed": "updated_at",
}


@click.group(cls=Noun)
def command() -> None:
    """How the fragments of a person become one profile. An organisation may have five policies."""


def _kind(*, required: bool) -> Callable[[F], F]:
    """The options that say what a policy is."""

    def decorate(function: F) -> F:
        for option in (
            click.option(
                "--is-active-on-edge/--not-active-on-edge", default=None, help="The one for edge segmentation."
            ),
            click.option("--default/--no-default", default=None, help="Take over the default of its class."),
            click.option(
                "--attribute-merge", type=_MERGES, required=required, help="Newest wins, or datasets in order."
            ),
            click.option(
                "--identity-graph", type=_GRAPHS, required=required, help="Stitch by the private graph, or not."
            ),
            click.option("--schema", "schema_name", metavar="CLASS", help="Class. [default: _xdm.context.profile]"),
            click.option("--name", required=required, help="Name."),
        ):
            function = option(function)
        return function

    return decorate


_order = click.option(
    "--order", multiple=True, metavar="DATASETS", help="Dataset ids for dataSetPrecedence, strongest first."
)


@command.command("list")
@click.option("--schema", "schema_name", metavar="CLASS", help="Only those of a class.")
@click.option("--default/--no-default", default=None, help="Only defaults, or only others.")
@click.option(
    "--is-active-on-edge/--not-active-on-edge", default=None, help="Only those for edge segmentation, or others."
)
@click.option("--identity-graph", type=_GRAPHS, help="Only those that stitch so.")
@click.option("--attribute-merge", type=_MERGES, help="Only those that merge so.")
@options.sort_options("name")
@options.list_options
@pass_shell
def list_(shell: Shell, /, **filters: Any) -> None:
    """List the merge policies."""
    with shell.client() as client:
        show_many(shell.format, client.merge_policies.list(**filters), _COLUMNS)


@command.command()
@click.argument("id")
@pass_shell
def get(shell: Shell, id: str) -> None:
    """Show one merge policy."""
    with shell.client() as client:
        show_one(shell.format, client.merge_policies.get(id), _FACTS)


@command.command("get-many")
@click.argument("ids", nargs=-1, required=True)
@pass_shell
def get_many(shell: Shell, ids: Sequence[str]) -> None:
    """Show many merge policies, asked for in one request. Exit code 6 when some are unknown."""
    with shell.client() as client:
        result = client.merge_policies.get_many(ids)
    show_many(shell.format, result, _COLUMNS)
    for outcome in result.failed:
        shell.note(str(outcome.error))
    if result.failed or result.unknown:
        raise click.exceptions.Exit(failures.PARTIAL)


@command.command()
@_kind(required=True)
@_order
@pass_shell
def create(shell: Shell, /, order: Sequence[str], schema_name: str | None, **fields: Any) -> None:
    """Create a merge policy.

    \b
    rtcp merge-policies create --name "Card first" --identity-graph pdg \\
        --attribute-merge dataSetPrecedence --order DATASET,DATASET
    """
    with shell.client() as client, options.creating(shell, "the merge policy", look="merge-policies list"):
        policy = client.merge_policies.create(
            order=split_paths(None, order) or None, **_add_schema(schema_name, fields)
        )
    show_one(shell.format, policy, _FACTS)


@command.command()
@click.argument("id")
@_kind(required=True)
@_order
@pass_shell
def replace(shell: Shell, /, id: str, order: Sequence[str], schema_name: str | None, **fields: Any) -> None:
    """Replace a merge policy as a whole: what is not named goes back to its default."""
    with shell.client() as client:
        policy = client.merge_policies.replace(
            id, order=split_paths(None, order) or None, **_add_schema(schema_name, fields)
        )
    show_one(shell.format, policy, _FACTS)


@command.command()
@click.argument("id")
@_kind(required=False)
@pass_shell
def update(shell: Shell, /, id: str, schema_name: str | None, **fields: Any) -> None:
    """Change what is named of a merge policy. The order of datasets cannot be patched: use replace."""
    given = {name: value for name, value in fields.items() if value is not None}
    with shell.client() as client:
        show_one(shell.format, client.merge_policies.update(id, **_add_schema(schema_name, given)), _FACTS)


@command.command()
@click.argument("id")
@options.destroys
@pass_shell
def delete(shell: Shell, id: str, dry_run: bool, yes: bool) -> None:
    """Delete a merge policy: IRREVERSIBLE. Audiences and look-ups that name it will fail."""
    with shell.client() as client:
        if dry_run:
            policy = client.merge_policies.get(id)
            shell.note(f"would delete this merge policy in {shell.place}; nothing was done")
            return show_one(shell.format, policy, _FACTS)
        options.confirm(shell, f"delete merge policy {id}", yes=yes)
        client.merge_policies.delete(id)
    return shell.note(f"deleted merge policy {id} in {shell.place}")


def _add_schema(schema_name: str | None, fields: dict[str, Any]) -> dict[str, Any]:
    return fields if schema_name is None else {**fields, "schema_name": schema_name}
