"""`rtcp stream`: the rows of a file to an inlet, and those that were not received once more."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

import rtcp
from rtcp.cli import failures, inputs, live
from rtcp.cli.commands import Verb
from rtcp.cli.output import Columns, count, dotted, show_one
from rtcp.cli.shell import Shell, pass_shell
from rtcp.errors import InvalidArgumentError
from rtcp.rows.mapping import RowMapper, compile_mapping
from rtcp.rows.sources import RowSource, row_source

_SUMMARY: Final[Columns] = {
    "rows": count("rows"),
    "sent": count("sent"),
    "rejected": count("rejected"),
    "unknown": count("unknown"),
    "waiting in the spool": count("waiting"),
    "not mapped": count("not_mapped"),
    "requests": count("requests"),
    "bytes": count("bytes"),
}
_MOST_TOLD: Final = 10
_STEP: Final = 20_000
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW: Final = click.Path(dir_okay=False, path_type=Path)


@click.command(cls=Verb)
@click.argument("file", type=_FILE)
@click.option("--inlet", required=True, metavar="ID", help="Where to; the inlet's id, not that of its connection.")
@click.option("--dataset-id", required=True, metavar="ID", help="The dataset that the rows are for.")
@click.option("--schema-id", metavar="URI", help="Its schema; else the dataset is asked for it.")
@click.option(
    "--mapping",
    type=_FILE,
    help="TOML or JSON: from columns to paths.",
)
@click.option("--kind", type=click.Choice(("record", "event")), help="Of the rows; a timestamp tells unless said.")
@click.option("--identity", metavar="PATH", help="Dot path of the primary identity, to refuse rows without it.")
@click.option("--id-from", multiple=True, metavar="PATHS", help="Dot paths that an event's missing _id is made of.")
@click.option("--flow-id", metavar="ID", help="Dataflow, where the inlet has one.")
@click.option("--authenticated", is_flag=True, help="The inlet wants the token.")
@click.option("--validate", is_flag=True, help="Checked before the answer, 60 a minute; for development.")
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 64), help="Requests under way at once.")
@click.option("--messages-per-second", default=1000, show_default=True, type=click.IntRange(min=1), help="Budget.")
@click.option("--spool", type=_NEW, help="Keeps rows until they are received.")
@click.option("--dead-letters", type=_NEW, help="Takes rows that were not received.")
@click.option("--replay", is_flag=True, help="FILE is one of dead letters: send its rows again, with the same _id.")
@pass_shell
def command(
    shell: Shell,
    /,
    file: Path,
    inlet: str,
    dataset_id: str,
    schema_id: str | None,
    mapping: Path | None,
    id_from: Sequence[str],
    spool: Path | None,
    dead_letters: Path | None,
    replay: bool,
    **settings: Any,
) -> None:
    """Send the rows of a file to an inlet: .csv, .txt (words), .jsonl, .json or .parquet.

    \b
    rtcp stream purchases.csv --inlet ID --dataset-id ID --mapping purchases.toml --dead-letters left.jsonl
    rtcp stream left.jsonl --replay --inlet ID --dataset-id ID

    Typing it again is safe where events have an _id, or get the same one again: they come in once. With --spool,
    rows that an interrupted run took in are sent by the next run. Exit code 6 when some were not received.
    """
    if replay and (mapping or spool or dead_letters):
        raise click.UsageError("--replay goes without --mapping, --spool and --dead-letters: FILE is what they made")
    with shell.client() as client:
        form = {
            "dataset_id": dataset_id,
            "schema_id": schema_id or _schema_of(client, dataset_id),
            "id_from": dotted(None, id_from) or None,
            **settings,
        }
        run = _Run(shell, client, inlet, form)
        if replay:
            run.replay(file)
        else:
            rules = None if mapping is None else inputs.mapping(mapping, dataset_id)
            run.send(file, rules, spool=spool, dead_letters=dead_letters)


class _Run:
    """One run of the command."""

    def __init__(self, shell: Shell, client: rtcp.Client, inlet: str, form: dict[str, Any]) -> None:
        self._shell = shell
        self._client = client
        self._inlet = inlet
        self._form = form
        self._not_mapped = 0
        self._progress: live.Progress | None = None
        self._told = 0

    def send(self, path: Path, rules: Any, *, spool: Path | None, dead_letters: Path | None) -> None:
        source = row_source(path)
        mapper = None if rules is None else compile_mapping(rules, columns=source.columns)

        writer = self._client.streaming.writer(
            self._inlet, spool=spool, dead_letters=dead_letters, on_progress=self._hear, **self._form
        )

        def run(progress: live.Progress) -> None:
            self._progress = progress
            with writer:
                writer.write_many(self._rows(path, source, mapper))

        try:
            live.shown(self._shell, path.name, run, state=_said, go_on=self._go_on(spool, dead_letters))
        finally:
            self._show(writer.summary)
            if dead_letters is None:
                self._tell_rejects(writer.rejects())
        self._end(writer.summary)

    def replay(self, path: Path) -> None:
        summary = live.shown(
            self._shell,
            path.name,
            lambda progress: self._client.streaming.replay(path, self._inlet, on_progress=progress, **self._form),
            state=_said,
            go_on=f"what was not received is still in {path}",
        )
        self._show(summary)
        self._end(summary)

    def _rows(self, path: Path, source: RowSource, mapper: RowMapper | None) -> Iterator[Any]:
        for row in source.read():
            try:
                yield source.nested(row.given) if mapper is None else mapper(row.given, line=row.line)
            except InvalidArgumentError as exc:
                self._not_mapped += 1
                if self._not_mapped <= _MOST_TOLD:
                    self._shell.note(f"{path.name}, line {row.line}: {exc}")

    def _hear(self, summary: rtcp.WriterSummary) -> None:
        # In a log, each request would be a line.
        if self._progress is not None and (sys.stderr.isatty() or summary.sent >= self._told + _STEP):
            self._told = summary.sent
            self._progress(summary)

    def _tell_rejects(self, rejects: Iterable[rtcp.Reject]) -> None:
        for number, reject in enumerate(rejects):
            if number == _MOST_TOLD:
                self._shell.note("and more; --dead-letters FILE keeps them all")
                return
            self._shell.note(f"row {reject.position}: {reject.message}")

    def _show(self, summary: rtcp.WriterSummary) -> None:
        facts = {name: getattr(summary, name) for name in summary.__dataclass_fields__}
        facts["rows"] = summary.rows + self._not_mapped
        show_one(self._shell.format, {**facts, "not_mapped": self._not_mapped}, _SUMMARY)

    def _end(self, summary: rtcp.WriterSummary) -> None:
        if summary.sent < summary.rows or self._not_mapped:
            sys.stdout.flush()
            raise click.exceptions.Exit(failures.PARTIAL)

    def _go_on(self, spool: Path | None, dead_letters: Path | None) -> str:
        if spool is not None:
            return f"what was taken in is in {spool}; the same command sends it"
        return "not all rows were sent" + (f"; see {dead_letters}" if dead_letters is not None else "")


def _schema_of(client: rtcp.Client, dataset_id: str) -> str:
    dataset = client.datasets.get(dataset_id)
    if dataset.schema_ref is None:
        raise click.UsageError(f"the Catalog does not tell the schema of dataset {dataset_id}: pass --schema-id")
    return dataset.schema_ref.id


def _said(summary: rtcp.WriterSummary) -> str:
    trouble = f", {summary.rejected:,} rejected" if summary.rejected else ""
    return f"{summary.sent:,} of {summary.rows:,} rows sent{trouble}"
