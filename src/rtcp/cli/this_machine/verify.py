"""`rtcp verify`: compare a real sandbox with what rtcp assumes of the service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

import rtcp
from rtcp.cli.output import Columns, show_many, show_one
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Verb
from rtcp.verify import Report, read_only


@click.command(cls=Verb)
@click.option(
    "--read-only", "only_reads", is_flag=True, help="Needed, as there is no other way yet: nothing is changed."
)
@click.option("--id", "entity_id", help="Somebody whom this sandbox knows; without, no look-up is tried.")
@click.option("--namespace", metavar="CODE", help="Identity namespace of --id.")
@click.option("--shapes/--no-shapes", default=True, help="Show what the answers are made of.")
@pass_shell
def command(shell: Shell, only_reads: bool, entity_id: str | None, namespace: str | None, shapes: bool) -> None:
    """Compare a real sandbox with what rtcp assumes of the service.

    Walks the read operations and prints what the answers are made of (keys, types, counts, never a value), and for each
    assumption that a read can settle whether it holds. Please send us what is refuted.

    \b
    rtcp verify --read-only --sandbox dev --id jane@example.com --namespace Email
    """
    if not only_reads:
        raise click.UsageError("add --read-only: it is the only way there is, and says that nothing is changed")
    identity = None if entity_id is None else rtcp.Identity(entity_id, namespace)
    report = read_only(shell.config, identity=identity)
    if shell.format == "json":
        show_one("json", report)
    elif shell.format == "table":
        _show_tables(report, shapes=shapes)
    else:
        show_many(shell.format, _rows(report, shapes=shapes), _FLAT)
    verdicts = [finding.verdict for finding in report.findings]
    counts = ", ".join(f"{verdicts.count(word)} {word}" for word in ("confirmed", "refuted", "not seen"))
    shell.note(f"{shell.place}: {counts}; {report.unsettled} more assumptions cannot be settled by reading")


_FLAT: Columns = {"kind": "kind", "name": "name", "outcome": "outcome", "detail": "detail"}


def _rows(report: Report, *, shapes: bool) -> Iterator[dict[str, Any]]:
    for step in report.steps:
        yield {"kind": "operation", "name": step.step, "outcome": step.answer, "detail": f"{step.requests} requests"}
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
    show_many("table", report.steps, {"tried": "step", "answered": "answer", "requests": "requests"})
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
    print()
    columns = {"assumption": "id", "verdict": "verdict", "seen": "seen", "question": "question"}
    show_many("table", report.findings, columns)
