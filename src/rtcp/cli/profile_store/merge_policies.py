"""`rtcp merge-policies`: how the fragments of a person become one profile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import click

import rtcp
from rtcp.cli import failures, names, options
from rtcp.cli.output import Columns, show_many, show_one, split_paths
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun
from rtcp.models.entity import SchemaClass

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
    """How the fragments of a person become one profile. An organisation may have five policies.

    \b
    rtcp merge-policies list
    rtcp merge-policies update 'Harbour: no stitching' --default --dry-run
    """


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
    "--order", multiple=True, metavar="DATASETS", help="Ids or names for dataSetPrecedence, strongest first."
)
_policy = click.argument("policy", metavar="ID|NAME", shell_complete=options.completing("merge_policies"))


def _moves(function: F) -> F:
    """What takes a default or a place away from another policy can be tried, and must be meant."""
    for option in (
        click.option("--yes", is_flag=True, help="Move a default, or the place on edge, without asking."),
        click.option("--dry-run", is_flag=True, help="Only show what would change; reads, changes nothing."),
    ):
        function = option(function)
    return function


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
    """List the merge policies.

    \b
    rtcp merge-policies list --identity-graph none
    """
    with shell.client() as client:
        show_many(shell.format, client.merge_policies.list(**filters), _COLUMNS)


@command.command()
@_policy
@pass_shell
def get(shell: Shell, policy: str) -> None:
    """Show one merge policy.

    \b
    rtcp merge-policies get 'Harbour: newest wins'
    """
    with shell.client() as client:
        show_one(shell.format, names.one(client.merge_policies, policy), _FACTS)


@command.command("get-many")
@click.argument("ids", nargs=-1, required=True)
@pass_shell
def get_many(shell: Shell, ids: Sequence[str]) -> None:
    """Show many merge policies, asked for in one request. Exit code 6 when some are unknown, 1 when all are.

    \b
    rtcp merge-policies get-many harbour-newest harbour-unstitched
    """
    with shell.client() as client:
        result = client.merge_policies.get_many(ids)
    show_many(shell.format, result, _COLUMNS)
    for outcome in result.failed:
        shell.note(str(outcome.error))
    if result.failed or result.unknown:
        raise click.exceptions.Exit(failures.PARTIAL if result.succeeded else failures.NOT_FOUND)


@command.command()
@_kind(required=True)
@_order
@_moves
@pass_shell
def create(
    shell: Shell, /, order: Sequence[str], schema_name: str | None, dry_run: bool, yes: bool, **fields: Any
) -> None:
    """Create a merge policy. One that takes over a default, or the place on edge, asks first.

    \b
    rtcp merge-policies create --name "Card first" --identity-graph pdg \\
        --attribute-merge dataSetPrecedence --order 'Harbour loyalty card,Harbour CRM'
    """
    schema = schema_name or SchemaClass.PROFILE.value
    with shell.client() as client:
        body = {**_drop_none(fields), "schema_name": schema}
        if order:
            body["order"] = names.datasets(client, split_paths(None, order))
        moved = _what_moves(client, None, schema, fields)
        if dry_run:
            return _show_trial(shell, None, body, moved)
        _confirm(shell, f"create merge policy {fields['name']!r}", moved, yes=yes)
        with options.creating(shell, "the merge policy", look="merge-policies list"):
            policy = client.merge_policies.create(**body)
    return show_one(shell.format, policy, _FACTS)


@command.command()
@_policy
@_kind(required=False)
@_order
@_moves
@pass_shell
def replace(shell: Shell, /, policy: str, order: Sequence[str], dry_run: bool, yes: bool, **fields: Any) -> None:
    """Replace a merge policy by one that has what is named, and all the rest of the one before.

    \b
    rtcp merge-policies replace 'Harbour: newest wins' --attribute-merge dataSetPrecedence \\
        --order 'Harbour CRM,Harbour loyalty card' --dry-run
    """
    with shell.client() as client:
        before = names.one(client.merge_policies, policy)
        given = _drop_none(fields)
        body = {"identity_graph": before.identity_graph, "attribute_merge": before.attribute_merge, **given}
        if order:
            body["order"] = names.datasets(client, split_paths(None, order))
            body["attribute_merge"] = given.get("attribute_merge", "dataSetPrecedence")
        # Named, and as it was: so is its order.
        elif "attribute_merge" in given and given["attribute_merge"] == before.attribute_merge.type:
            body["attribute_merge"] = before.attribute_merge
        moved = _what_moves(client, before, body.get("schema_name") or before.schema_name, given)
        if dry_run:
            return _show_trial(shell, before, body, moved)
        _confirm(shell, f"change merge policy {names.said(before)}", moved, yes=yes)
        after = client.merge_policies.replace(before.id, **body)
    return show_one(shell.format, after, _FACTS)


@command.command()
@_policy
@_kind(required=False)
@_moves
@pass_shell
def update(shell: Shell, /, policy: str, dry_run: bool, yes: bool, **fields: Any) -> None:
    """Change what is named of a merge policy. The order of datasets cannot be patched: use replace.

    \b
    rtcp merge-policies update 'Harbour: no stitching' --default --dry-run
    """
    given = _drop_none(fields)
    with shell.client() as client:
        before = names.one(client.merge_policies, policy)
        moved = _what_moves(client, before, given.get("schema_name") or before.schema_name, given)
        if dry_run:
            return _show_trial(shell, before, given, moved)
        _confirm(shell, f"change merge policy {names.said(before)}", moved, yes=yes)
        after = client.merge_policies.update(before.id, **given)
    return show_one(shell.format, after, _FACTS)


@command.command()
@_policy
@options.destroys
@pass_shell
def delete(shell: Shell, policy: str, dry_run: bool, yes: bool) -> None:
    """Delete a merge policy: IRREVERSIBLE. Audiences and look-ups that name it will fail.

    \b
    rtcp merge-policies delete 'Harbour: no stitching' --dry-run
    """
    options.refuse_without_answer(shell, f"delete merge policy {policy}", dry_run=dry_run, yes=yes)
    with shell.client() as client:
        found = names.one(client.merge_policies, policy)
        for line in _lost(client, found):
            shell.note(line)
        if dry_run:
            shell.note(f"would delete this merge policy in {shell.place}; nothing was done")
            return show_one(shell.format, found, _FACTS)
        options.confirm(shell, f"delete merge policy {names.said(found)}", yes=yes)
        client.merge_policies.delete(found.id)
    return shell.note(f"deleted merge policy {names.said(found)} in {shell.place}")


def _drop_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _what_moves(
    client: rtcp.Client, before: rtcp.MergePolicy | None, schema: str | None, given: dict[str, Any]
) -> list[str]:
    """What this change does to others than the policy itself, a sentence each."""
    moved = []
    schema = schema or SchemaClass.PROFILE.value
    was_default = before is not None and before.default
    if given.get("default") is True and not was_default:
        holder = _first(client.merge_policies.list(schema_name=schema, default=True), "default", schema)
        if holder is not None:
            audiences = _audiences_on(client, holder.id)
            follow = f", and so do {audiences}, which the service moves over" if audiences else ""
            moved.append(
                f"the default of {schema} moves here from {names.said(holder)}: look-ups and exports that name no "
                f"policy follow{follow}"
            )
    if given.get("default") is False and was_default:
        moved.append(f"{schema} has no default then: look-ups and exports that name no policy fail")
    on_edge = before is not None and before.is_active_on_edge
    if given.get("is_active_on_edge") is True and not on_edge:
        holder = _first(client.merge_policies.list(is_active_on_edge=True), "is_active_on_edge")
        if holder is not None:
            moved.append(
                f"the place on edge moves here from {names.said(holder)}: edge segmentation merges by this one"
            )
    if given.get("is_active_on_edge") is False and on_edge:
        moved.append("no policy is active on edge then: edge segmentation has none to merge by")
    return moved


def _lost(client: rtcp.Client, policy: rtcp.MergePolicy) -> list[str]:
    audiences = _audiences_on(client, policy.id)
    lost = [f"it is the merge policy of {audiences or 'no audience'}"]
    if policy.default:
        lost.append(f"it is the default of {policy.schema_name}: look-ups that name no policy fail without one")
    if policy.is_active_on_edge:
        lost.append("it is active on edge, and the service deletes no such policy: make another one active first")
    return lost


def _first(policies: Iterable[rtcp.MergePolicy], flag: str, schema: str | None = None) -> rtcp.MergePolicy | None:
    # A service that overlooks a filter would name the wrong one.
    return next((each for each in policies if getattr(each, flag) and schema in (None, each.schema_name)), None)


def _audiences_on(client: rtcp.Client, policy_id: str) -> str | None:
    try:
        number = sum(audience.merge_policy_id == policy_id for audience in client.audiences.list())
    except rtcp.RtcpError:
        return "all its audiences (they could not be counted)"
    return None if not number else f"{number:,} audience{'s' * (number > 1)}"


def _confirm(shell: Shell, what: str, moved: Sequence[str], *, yes: bool) -> None:
    for line in moved:
        shell.note(line)
    if moved:
        options.confirm(shell, what, yes=yes, for_good=False)


def _show_trial(shell: Shell, before: rtcp.MergePolicy | None, body: dict[str, Any], moved: Sequence[str]) -> None:
    """Each field that would be another one, as it is and as it would be."""
    now = {} if before is None else _in_words(before)
    after = {**now, **_in_words_of(body)}
    if "attributeMerge" in after and after["attributeMerge"] != "dataSetPrecedence":
        after["order"] = None
    rows = [
        {"field": name, "now": now.get(name), "then": value} for name, value in after.items() if now.get(name) != value
    ]
    show_many(shell.format, rows, {"field": "field", "now": "now", "then": "then"})
    for line in moved:
        shell.note(line)
    shell.note(f"would {'create' if before is None else 'change'} a merge policy in {shell.place}; nothing was done")


def _in_words(policy: rtcp.MergePolicy) -> dict[str, Any]:
    return {
        "name": policy.name,
        "schema": policy.schema_name,
        "identityGraph": str(policy.identity_graph.type),
        "attributeMerge": str(policy.attribute_merge.type),
        "order": policy.attribute_merge.order or None,
        "default": policy.default,
        "isActiveOnEdge": policy.is_active_on_edge,
    }


def _in_words_of(body: dict[str, Any]) -> dict[str, Any]:
    merge = body.get("attribute_merge")
    words: dict[str, Any] = {
        "name": body.get("name"),
        "schema": body.get("schema_name"),
        "identityGraph": _word(body.get("identity_graph")),
        "attributeMerge": _word(merge),
        "order": body.get("order") or getattr(merge, "order", None),
        "default": body.get("default"),
        "isActiveOnEdge": body.get("is_active_on_edge"),
    }
    return {name: value for name, value in words.items() if value is not None}


def _word(given: Any) -> str | None:
    return None if given is None else str(getattr(given, "type", given))
