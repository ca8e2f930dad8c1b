"""`rtcp entities`: merged profiles and other entities, and a person's events."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, TextIO

import click

from rtcp.cli import entity_views as views
from rtcp.cli import failures, inputs, options
from rtcp.cli.output import show_many, split_paths
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun

_PROFILE: Final = "_xdm.context.profile"


@click.group(cls=Noun)
def command() -> None:
    """Merged profiles and other entities, and a person's events.

    Ids of people stay in your shell's history; get-many reads them from a file or a pipe.
    """


namespace = click.option("--namespace", metavar="CODE", help="Identity namespace, such as Email; none for an XID.")
fields = click.option(
    "--fields", multiple=True, metavar="PATHS", help="Dot paths to return, such as person.name,loyalty."
)
merge_policy = click.option(
    "--merge-policy", metavar="ID", help="Merge policy; none stitches nothing. [default: the class's default]"
)
schema = click.option("--schema", default=_PROFILE, show_default=True, metavar="CLASS", help="Class of the entity.")


@command.command()
@click.argument("id")
@namespace
@fields
@merge_policy
@schema
@click.option("--with-computed-attributes", is_flag=True, help="Ask older deployments for computed attributes.")
@pass_shell
def get(
    shell: Shell,
    id: str,
    namespace: str | None,
    fields: Sequence[str],
    merge_policy: str | None,
    schema: str,
    with_computed_attributes: bool,
) -> None:
    """Show one merged profile, account or opportunity.

    \b
    rtcp entities get jane@example.com --namespace Email --fields person.name,loyalty
    """
    with shell.client() as client:
        entity = client.entities.get(
            id,
            namespace=namespace,
            schema_name=schema,
            fields=split_paths(None, fields) or None,
            merge_policy_id=merge_policy,
            with_computed_attributes=with_computed_attributes,
        )
    views.show_entity(shell, entity)


@command.command("get-many")
@click.argument("file", type=click.File(encoding="utf-8-sig", errors="strict"))
@namespace
@click.option("--column", metavar="NAME", help="FILE is CSV with a header line; the ids are in this column.")
@fields
@merge_policy
@schema
@click.option("--workers", default=8, show_default=True, type=click.IntRange(1, 64), help="Requests under way at once.")
@click.option("--chunk-size", default=100, show_default=True, type=click.IntRange(min=1), help="Ids in a request.")
@click.option(
    "--on-missing",
    type=click.Choice(("yield", "skip", "raise")),
    default="yield",
    show_default=True,
    help="Ids that nothing is known of: show them, leave them out, or stop.",
)
@pass_shell
def get_many(
    shell: Shell,
    file: TextIO,
    namespace: str | None,
    column: str | None,
    fields: Sequence[str],
    merge_policy: str | None,
    schema: str,
    workers: int,
    chunk_size: int,
    on_missing: Literal["yield", "skip", "raise"],
) -> None:
    """Look up many: ids from FILE or - (stdin), one a line, in the order given.

    \b
    rtcp entities get-many emails.txt --namespace Email -o jsonl > profiles.jsonl
    rtcp entities get-many crm.csv --column email --namespace Email --fields person.name
    Exit code 6 when some could not be looked up.
    """
    paths = split_paths(None, fields)
    tally = views.Tally()
    with shell.client() as client:
        lookups = client.entities.get_many(
            inputs.ids(file, column),
            namespace=namespace,
            schema_name=schema,
            fields=paths or None,
            merge_policy_id=merge_policy,
            workers=workers,
            chunk_size=chunk_size,
            on_missing=on_missing,
        )
        rows = map(views.lookup_row, tally.of(lookups))
        show_many(shell.format, rows, views.lookup_columns(paths))
    shell.note(tally.said)
    if tally.failed:
        raise click.exceptions.Exit(failures.PARTIAL)


@command.command("list-events")
@click.argument("id")
@namespace
@fields
@merge_policy
@click.option("--occurred-after", type=options.Instant(), help="Not before this time (included), with a zone.")
@click.option("--occurred-before", type=options.Instant(), help="Before this time.")
@click.option(
    "--filter", "filters", multiple=True, metavar="CONDITION", help="As in commerce.order.priceTotal>=100; up to three."
)
@click.option("--descending", is_flag=True, help="Newest first.")
@options.list_options
@pass_shell
def list_events(
    shell: Shell,
    id: str,
    namespace: str | None,
    fields: Sequence[str],
    merge_policy: str | None,
    occurred_after: datetime | None,
    occurred_before: datetime | None,
    filters: Sequence[str],
    descending: bool,
    limit: int | None,
    page_size: int | None,
) -> None:
    """List the experience events of one person, oldest first.

    \b
    rtcp entities list-events jane@example.com --namespace Email --limit 10 --descending
    """
    paths = split_paths(None, fields)
    with shell.client() as client, warnings.catch_warnings():
        # Said in the documentation; at a prompt it would be said each time.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        events = client.entities.list_events(
            id,
            namespace=namespace,
            fields=paths or None,
            merge_policy_id=merge_policy,
            occurred_after=occurred_after,
            occurred_before=occurred_before,
            filters=filters,
            descending=descending,
            limit=limit,
            page_size=page_size,
        )
        show_many(shell.format, events, views.event_columns(paths))


@command.command()
@click.argument("id")
@namespace
@merge_policy
@options.destroys
@pass_shell
def delete(shell: Shell, id: str, namespace: str | None, merge_policy: str | None, dry_run: bool, yes: bool) -> None:
    """Delete a person's profile and events: IRREVERSIBLE, and done some time later.

    The service calls this deprecated, in favour of Data Lifecycle record deletes.
    """
    with shell.client() as client:
        if dry_run:
            entity = client.entities.get(id, namespace=namespace, merge_policy_id=merge_policy)
            sources = ", ".join(filter(None, entity.sources)) or "no dataset that is told"
            shell.note(f"would delete this person in {shell.place}, with data from: {sources}; nothing was done")
            views.show_entity(shell, entity)
            return
        options.confirm(shell, "delete the profile and events of this person", yes=yes)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            client.entities.delete(id, namespace=namespace, merge_policy_id=merge_policy)
    shell.note(f"asked {shell.place} to delete this person; it will be done some time later")
    shell.note("the service calls this operation deprecated: use Data Lifecycle record deletes")


@command.command()
@click.argument("id")
@namespace
@schema
@click.option("--all", "show_all", is_flag=True, help="In a table, show attributes on which all policies agree too.")
@pass_shell
def explain(shell: Shell, id: str, namespace: str | None, schema: str, show_all: bool) -> None:
    """Show one person under each merge policy: what differs, and where it comes from.

    Against the emulator it also says which fragment won each attribute, and why.
    """
    with shell.client() as client:
        explanation = client.entities.explain(id, namespace=namespace, schema_name=schema)
    views.show_explanation(shell, explanation, show_all=show_all)
