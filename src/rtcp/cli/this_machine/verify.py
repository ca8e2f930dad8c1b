"""`rtcp verify`: compare a real sandbox with what rtcp assumes of the service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import rtcp
from rtcp.cli import names, options
from rtcp.cli.output import Columns, show_many, show_one
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Verb
from rtcp.errors import BadRequestError, InvalidArgumentError, NotFoundError
from rtcp.verify import Report, read_only, writing
from rtcp.verify.report import as_markdown


@click.command(cls=Verb)
@click.option("--read-only", "only_reads", is_flag=True, help="Change nothing.")
@click.option("--write", "writes", is_flag=True, help="Make objects, change and remove them; asks before.")
@click.option("--schema", metavar="URI", help="With --write: schema of records, to try datasets and batches with.")
@click.option("--yes", is_flag=True, help="With --write: do it without asking.")
@click.option("--report", "report_file", type=options.LocalPath(dir_okay=False), help="Write it there, for an issue.")
@click.option("--id", "entity_id", help="Somebody whom this sandbox knows; without, no look-up is tried.")
@click.option("--namespace", metavar="CODE", help="Identity namespace of --id.")
@click.option("--shapes/--no-shapes", default=True, help="Show what the answers are made of.")
@pass_shell
def command(
    shell: Shell,
    /,
    only_reads: bool,
    writes: bool,
    schema: str | None,
    yes: bool,
    report_file: Path | None,
    entity_id: str | None,
    namespace: str | None,
    shapes: bool,
) -> None:
    """Compare a real sandbox with what rtcp assumes of the service.

    Walks the read operations and prints what the answers are made of (keys, types, counts, never a value), and for each
    assumption that a read can settle whether it holds. Please send us what is refuted: --report writes it down.

    With --write it walks the writing ones in a sandbox for development, on objects of its own making, whose names begin
    with rtcpVerify, and removes them.

    \b
    rtcp verify --read-only --sandbox dev --id jane@example.com --namespace Email
    rtcp verify --write --sandbox dev --report verify.md
    """
    if only_reads == writes:
        raise click.UsageError(
            "say either --read-only, which changes nothing, or --write, which makes and removes objects"
        )
    if only_reads:
        identity = None if entity_id is None else rtcp.Identity(entity_id, namespace)
        if identity is not None:
            _check_known(shell, identity)
        report = read_only(shell.config, identity=identity)
    else:
        if shell.sandbox is None:
            raise click.UsageError("--write wants the sandbox named: add --sandbox, with one for development")
        options.confirm(
            shell, "make, change and remove merge policies, computed attributes, datasets and inlets", yes=yes
        )
        report = writing(shell.config, schema=schema)
    if report_file is not None:
        report_file.write_text(as_markdown(report), encoding="utf-8")
    if shell.format == "json":
        show_one("json", report)
    elif shell.format == "table":
        _show_tables(report, shapes=shapes)
    else:
        show_many(shell.format, _rows(report, shapes=shapes), _FLAT)
    verdicts = [finding.verdict for finding in report.findings]
    counts = ", ".join(f"{verdicts.count(word)} {word}" for word in ("confirmed", "refuted", "not seen"))
    way = "reading" if only_reads else "writing"
    shell.note(f"{shell.place}: {counts}; {report.unsettled} more assumptions cannot be settled by {way}")
    if report.left_behind:
        left = ", ".join(report.left_behind)
        raise rtcp.RtcpError(
            f"could not be removed, please do: {left}; what is yours to remove is called {report.name}…"
        )


def _check_known(shell: Shell, identity: rtcp.Identity) -> None:
    """Look the person up first: whoever is unknown would refute what is true of those who are known."""
    with shell.client() as client, names.near_namespaces(client, identity.namespace):
        try:
            client.entities.get(identity.id, namespace=identity.namespace)
        except (BadRequestError, NotFoundError, InvalidArgumentError) as exc:
            exc.add_note("--id with --namespace must be somebody whom this sandbox knows: nothing was compared")
            raise
        except rtcp.RtcpError:
            # Not allowed, say: that is a finding.
            return


_FLAT: Columns = {"kind": "kind", "name": "name", "outcome": "outcome", "detail": "detail"}


def _rows(report: Report, *, shapes: bool) -> Iterator[dict[str, Any]]:
    for step in report.steps:
        yield {
            "kind": "operation",
            "name": step.step,
            "outcome": step.answer,
            "detail": f"{step.requests} request{'s' * (step.requests != 1)}",
        }
        for line in step.lines if shapes else ():
            types = ", ".join(line.types)
            yield {
                "kind": "shape",
                "name": f"{step.step} {line.path}",
                "outcome": types,
                "detail": f"{line.count} seen",
            }
    for finding in report.findings:
        yield {"kind": "assumption", "name": finding.id, "outcome": finding.verdict, "detail": finding.seen}


def _show_tables(report: Report, *, shapes: bool) -> None:
    tried: Columns = {"tried": "step", "answered": "answer", "requests": "requests", "rests on": "assumptions"}
    show_many("table", report.steps, tried)
    if shapes:
        lines = [(step.step, line) for step in report.steps for line in step.lines]
        columns: Columns = {
            "operation": lambda pair: pair[0],
            "path": lambda pair: pair[1].path,
            "types": lambda pair: pair[1].types,
            "seen": lambda pair: pair[1].count,
        }
        print()
        show_many("table", lines, columns)
    if not report.findings:
        return
    print()
    columns = {"assumption": "id", "verdict": "verdict", "seen": "seen", "question": "question"}
    show_many("table", report.findings, columns)
