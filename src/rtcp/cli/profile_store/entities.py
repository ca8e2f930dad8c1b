"""`rtcp entities`: merged profiles and other entities, and a person's events."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import click

import rtcp
from rtcp import Identity
from rtcp.cli import entity_views as views
from rtcp.cli import failures, live, names, options
from rtcp.cli.output import show_flat, show_many, split_paths
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun

_PROFILE: Final = "_xdm.context.profile"


@click.group(cls=Noun)
def command() -> None:
    """Merged profiles and other entities, and a person's events.

    \b
    rtcp entities get jane@example.com --namespace Email
    Ids of people stay in your shell's history; get-many reads them from a file or a pipe.
    """


namespace = click.option("--namespace", metavar="CODE", help="Identity namespace, such as Email; none for an XID.")
fields = click.option(
    "--fields", multiple=True, metavar="PATHS", help="Dot paths to return, such as person.name,loyalty."
)
merge_policy = click.option(
    "--merge-policy",
    metavar="ID|NAME",
    help="Merge policy; none stitches nothing. [default: the class's default]",
    shell_complete=options.completing("merge_policies"),
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
        paths, policy_id = split_paths(None, fields), names.merge_policy(client, merge_policy)
        with names.near_namespaces(client, namespace):
            entity = client.entities.get(
                id,
                namespace=namespace,
                schema_name=schema,
                fields=paths or None,
                merge_policy_id=policy_id,
                with_computed_attributes=with_computed_attributes,
            )
        views.show_entity(shell, entity)
        missing = [path for path in paths if not views.is_there(entity.entity, path)]
        if missing:
            person = Identity(id, namespace)
            _tell_missing(shell, client, missing, person, schema_name=schema, merge_policy_id=policy_id)


@command.command("get-many")
@click.argument("file", type=options.FILE)
@namespace
@click.option("--column", metavar="NAME", help="FILE is a table; the ids are in this column.")
@options.text_options
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
    file: Path,
    namespace: str | None,
    column: str | None,
    encoding: str | None,
    delimiter: str | None,
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
    # What reads files costs the other commands a tenth of their start.
    from rtcp.cli.id_files import read_ids, tell_on

    paths = split_paths(None, fields)
    tally = views.Tally()
    with shell.client() as client:
        policy_id = names.merge_policy(client, merge_policy)
        lookups = client.entities.get_many(
            read_ids(file, column, encoding=encoding, delimiter=delimiter, on_unreadable=tell_on(shell, file)),
            namespace=namespace,
            schema_name=schema,
            fields=paths or None,
            merge_policy_id=policy_id,
            workers=workers,
            chunk_size=chunk_size,
            on_missing=on_missing,
        )
        # Rows that are printed to the same window would cut the line of progress.
        shows = shell.format == "table" or not sys.stdout.isatty()
        seen = views.Seen(paths)
        try:
            with live.show_count("looking up") if shows else nullcontext(lambda number: None) as tell:
                rows = map(views.lookup_row, seen.of_lookups(tally.of(lookups, tell)))
                if shell.format.startswith("csv") and not paths:
                    show_flat(shell.format, rows, views.lookup_leaves)
                elif shell.format == "table":
                    # A table is printed as a whole, when no line of progress is in its way any more.
                    collected = list(rows)
                else:
                    show_many(shell.format, rows, views.lookup_columns(paths))
        except (KeyboardInterrupt, rtcp.RtcpError):
            # What is printed so far looks like all there is.
            if tally.total:
                shell.note(f"broken off after {tally.said}")
            raise
        if shell.format == "table":
            show_many("table", collected, views.lookup_columns(paths))
        shell.note(tally.said)
        # Where nobody was found, the namespace itself may be unknown.
        if tally.failed and not tally.found:
            unknown = names.unknown_namespace(client, namespace)
            if unknown is not None:
                shell.note(unknown)
        if seen.missing and tally.example is not None:
            _tell_missing(shell, client, seen.missing, tally.example, schema_name=schema, merge_policy_id=policy_id)
    if tally.failed:
        # That nothing is known of somebody is an answer, too.
        raise click.exceptions.Exit(failures.PARTIAL if tally.found or tally.missing else failures.FAILED)


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
            merge_policy_id=names.merge_policy(client, merge_policy),
            occurred_after=occurred_after,
            occurred_before=occurred_before,
            filters=filters,
            descending=descending,
            limit=limit,
            page_size=page_size,
        )
        seen = views.Seen(paths)
        with names.near_namespaces(client, namespace):
            if shell.format.startswith("csv") and not paths:
                count = show_flat(shell.format, events, views.event_leaves)
            else:
                count = show_many(shell.format, seen.of_events(events), views.event_columns(paths))
        if count == 0 and shell.format in ("csv", "csv-raw", "json"):
            shell.note("no events were found")
        if seen.missing and count:
            every = client.entities.list_events(id, namespace=namespace, limit=1, occurred_after=occurred_after)
            example = every.first()
            shell.note(views.told_missing(seen.missing, {} if example is None else example.entity))


def _tell_missing(shell: Shell, client: rtcp.Client, missing: Sequence[str], person: Identity, **how: Any) -> None:
    """Say which of the asked paths are not there, with near ones from what this person has."""
    try:
        whole = client.entities.get(person.id, namespace=person.namespace, **how).entity
    except rtcp.RtcpError:
        # The answer is there; only the hint is missing.
        whole = {}
    shell.note(views.told_missing(missing, whole))


@command.command()
@click.argument("id")
@namespace
@merge_policy
@options.destroys
@pass_shell
def delete(shell: Shell, id: str, namespace: str | None, merge_policy: str | None, dry_run: bool, yes: bool) -> None:
    """Delete a person's profile and events: IRREVERSIBLE, and done some time later.

    \b
    rtcp entities delete jane@example.com --namespace Email --dry-run
    The service calls this deprecated, in favour of Data Lifecycle record deletes.
    """
    with shell.client() as client:
        policy_id = names.merge_policy(client, merge_policy)
        if dry_run:
            with names.near_namespaces(client, namespace):
                entity = client.entities.get(id, namespace=namespace, merge_policy_id=policy_id)
            sources = ", ".join(filter(None, entity.sources)) or "no dataset that is told"
            shell.note(f"would delete this person in {shell.place}, with data from: {sources}; nothing was done")
            views.show_entity(shell, entity)
            return
        options.confirm(shell, "delete the profile and events of this person", yes=yes)
        with names.near_namespaces(client, namespace), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            client.entities.delete(id, namespace=namespace, merge_policy_id=policy_id)
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

    \b
    rtcp entities explain jane@example.com --namespace Email
    Against the emulator it also says which fragment won each attribute, and why.
    """
    with shell.client() as client, names.near_namespaces(client, namespace):
        explanation = client.entities.explain(id, namespace=namespace, schema_name=schema)
    views.show_explanation(shell, explanation, show_all=show_all)
