"""`rtcp stream`: send the rows of a file to an inlet."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click

import rtcp
from rtcp.cli import failures, inputs, live, names, options, row_input
from rtcp.cli.cells import plain
from rtcp.cli.output import Columns, count, show_one, split_paths
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Verb
from rtcp.errors import RtcpError
from rtcp.resources.streaming.trial import try_messages
from rtcp.rows.rejects import may_go_again, read_letter
from rtcp.rows.sources import RowSource

_SUMMARY: Final[Columns] = {
    "rows": count("rows"),
    "sent": count("sent"),
    "rejected": count("rejected"),
    "unknown": count("unknown"),
    "waiting in the spool": count("waiting"),
    "not read": count("notRead"),
    "held back": count("heldBack"),
    "requests": count("requests"),
    "bytes": count("bytes"),
}
_TRIAL: Final[Columns] = {"rows": count("rows"), "would be sent": count("fit"), "would be rejected": count("rejected")}
# What the next run of a spool needs to hear again; what made messages of the rows, it does not.
_HOW_SENT: Final = ("schema_id", "flow_id", "authenticated", "validate", "workers", "messages_per_second", "rejects")
# Rows between two lines of progress, where they go to a log.
_STEP: Final = 20_000


@click.command(cls=Verb)
@click.argument("file", type=options.FILE, required=False)
@click.option("--inlet", required=True, metavar="ID", help="Where to: the inlet's id or its whole address.")
@click.option(
    "--dataset-id",
    metavar="ID|NAME",
    help="The dataset that the rows are for.",
    shell_complete=options.completing("datasets"),
)
@click.option("--schema-id", metavar="URI", help="Its schema; else the dataset is asked for it.")
@click.option("--kind", type=click.Choice(("record", "event")), help="Of the rows; a timestamp tells unless said.")
@click.option("--id-from", multiple=True, metavar="PATHS", help="Dot paths that an event's missing _id is made of.")
@click.option("--flow-id", metavar="ID", help="Dataflow, where the inlet has one.")
@click.option("--authenticated", is_flag=True, help="The inlet wants the token.")
@click.option("--validate", is_flag=True, help="Checked before the answer, 60 a minute; for development.")
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 64), help="Requests under way at once.")
@click.option("--messages-per-second", default=1000, show_default=True, type=click.IntRange(min=1), help="Budget.")
@click.option("--spool", type=row_input.NEW_FILE, help="Keeps rows until they are received.")
@click.option("--replay", is_flag=True, help="FILE is one of rejects: send its rows again, with the same _id.")
@row_input.row_options
@pass_shell
def command(
    shell: Shell,
    /,
    file: Path | None,
    inlet: str,
    dataset_id: str | None,
    schema_id: str | None,
    kind: str | None,
    id_from: Sequence[str],
    flow_id: str | None,
    spool: Path | None,
    replay: bool,
    mapping: Path | None,
    identity: str | None,
    delimiter: str | None,
    encoding: str | None,
    rejects: Path | None,
    dry_run: bool,
    **how: Any,
) -> None:
    """Send the rows of FILE to an inlet: .csv, .tsv, .txt (words), .jsonl, .json, .parquet, or - for a pipe.

    \b
    rtcp stream purchases.csv --inlet ID --dataset-id ID --mapping purchases.toml --rejects left.jsonl
    rtcp stream left.jsonl --replay --inlet ID
    rtcp stream --spool rows.spool --inlet ID --dataset-id ID

    Typing it again is safe where events have an _id, or get the same one again: they come in once. With --spool,
    rows that an interrupted run took in are sent by the next run; without FILE, only those. Exit code 6 when some
    were not received, 1 when none was.
    """
    if replay and (mapping or spool or rejects or delimiter or encoding):
        raise click.UsageError("--replay goes without --mapping, --spool, --rejects, --delimiter and --encoding")
    if file is None and (spool is None or replay):
        raise click.UsageError("name the FILE of the rows; without one, only what --spool has kept is sent")
    if dataset_id is None and not replay:
        raise click.UsageError("Missing option '--dataset-id'.")
    with shell.client() as client:
        form = None
        if dataset_id is not None:
            dataset_id = names.dataset(client, dataset_id)
            rules = None if mapping is None else inputs.mapping(mapping, dataset_id)
            form = row_input.form_of(
                dataset_id=dataset_id,
                rules=rules,
                schema_id=schema_id or _schema_of(client, dataset_id),
                kind=kind,
                identity=identity,
                id_from=split_paths(None, id_from) or None,
                flow_id=flow_id,
            )
        run = _Run(shell, client, inlet, form, how)
        if replay and file is not None:
            run.try_replay(file) if dry_run else run.replay(file)
            return
        if file is None:
            run.send(None, spool=spool, rejects=rejects)
            return
        with row_input.open_rows(file, delimiter=delimiter, encoding=encoding) as source:
            if dry_run:
                run.try_rows(source)
            else:
                run.send(source, spool=spool, rejects=rejects)


class _Run:
    """One run of the command."""

    def __init__(
        self, shell: Shell, client: rtcp.Client, inlet: str, form: rtcp.RowForm | None, how: dict[str, Any]
    ) -> None:
        self._shell = shell
        self._client = client
        self._inlet = inlet
        self._form = form
        self._how = how
        self._progress: live.Progress | None = None
        self._told = 0

    def send(self, source: RowSource | None, *, spool: Path | None, rejects: Path | None) -> None:
        assert self._form is not None
        writer = self._client.streaming.writer(
            self._inlet, form=self._form, spool=spool, rejects=rejects, on_progress=self._hear, **self._how
        )

        def run(progress: live.Progress) -> None:
            self._progress = progress
            with writer:
                if source is not None:
                    writer.write_many(source)

        name = "the spool" if source is None else source.name or "rows"
        not_read, is_whole = 0, False
        try:
            live.shown(self._shell, name, run, state=_said, go_on=lambda last: self._go_on(spool, rejects))
        except RtcpError as exc:
            if not writer.summary.sent:
                raise
            # Some rows are in: that is the more important half of the truth.
            self._shell.note(f"error: {failures.in_commands(str(exc))}")
        else:
            is_whole = True
        finally:
            # Only a run that ended early has left some of them unread.
            not_read = self._show(writer.summary, None if is_whole else source)
            left = _list_rejects(writer)
            if rejects is not None:
                row_input.tell_file(self._shell, len(left), rejects)
            row_input.tell_rejects(self._shell, left, kept_in=rejects)
        if source is not None and is_whole and not writer.summary.rows:
            self._shell.note(f"there is no row in {name}; nothing was sent")
        self._end(writer.summary, not_read, is_whole=is_whole)

    def replay(self, path: Path) -> None:
        summary = live.shown(
            self._shell,
            path.name,
            lambda progress: self._client.streaming.replay(
                self._inlet, path, form=self._form, on_progress=progress, **self._how
            ),
            state=_said,
            go_on=lambda last: f"what was not received is still in {path}",
        )
        self._show(summary, None)
        if summary.held_back:
            self._shell.note(
                f'{summary.held_back} rows of {path} are marked "can_retry": false and were not sent: put them right, '
                "take the mark away, and type it again"
            )
        self._end(summary, summary.held_back)

    def try_rows(self, source: RowSource) -> None:
        assert self._form is not None
        trial = try_messages(source, self._form)
        show_one(self._shell.format, {"rows": trial.rows, "fit": trial.fit, "rejected": trial.rejected}, _TRIAL)
        row_input.tell_rejects(self._shell, trial.rejects, kept_in=None)
        self._shell.note("nothing was sent")
        if trial.rejected:
            raise click.exceptions.Exit(failures.PARTIAL)

    def try_replay(self, path: Path) -> None:
        letters = [read_letter(line) for line in path.read_bytes().splitlines() if line.strip()]
        fit = sum(letter is not None and may_go_again(letter) for letter in letters)
        facts = {"rows": len(letters), "fit": fit, "rejected": len(letters) - fit}
        show_one(self._shell.format, facts, {**_TRIAL, "would be held back": count("rejected")})
        self._shell.note("nothing was sent")

    def _hear(self, summary: rtcp.WriterSummary) -> None:
        # In a log, each request would be a line.
        if self._progress is not None and (sys.stderr.isatty() or summary.sent >= self._told + _STEP):
            self._told = summary.sent
            self._progress(summary)

    def _show(self, summary: rtcp.WriterSummary, source: RowSource | None) -> int:
        facts = plain(summary)
        # A run that ended early has taken in the first rows only.
        taken = summary.rows - summary.recovered
        not_read = 0 if source is None else max(0, _count(source) - taken)
        facts["rows"] = summary.rows + not_read + summary.held_back
        show_one(self._shell.format, {**facts, "notRead": not_read}, _SUMMARY)
        return not_read

    def _end(self, summary: rtcp.WriterSummary, left: int, *, is_whole: bool = True) -> None:
        if summary.sent < summary.rows or left or not is_whole:
            sys.stdout.flush()
            raise click.exceptions.Exit(failures.PARTIAL if summary.sent else failures.FAILED)

    def _go_on(self, spool: Path | None, rejects: Path | None) -> str:
        if spool is not None:
            dataset_id = None if self._form is None else self._form.dataset_id
            dataset = [] if dataset_id is None else ["--dataset-id", dataset_id]
            words = ["--spool", str(spool), "--inlet", self._inlet, *dataset, *options.retype(*_HOW_SENT)]
            again = self._shell.command("stream", *words)
            return f"what was taken in and not sent is in {spool}; send it with: {again}"
        return "not all rows were sent" + (
            f"; those that were rejected are in {rejects}" if rejects is not None else ""
        )


def _count(source: RowSource) -> int:
    """How many rows there are, as far as they can be read."""
    total = 0
    with suppress(RtcpError):
        for _ in source.read():
            total += 1
    return total


def _list_rejects(writer: rtcp.StreamWriter) -> list[rtcp.Reject]:
    try:
        return list(writer.rejects())
    except rtcp.SpoolError:
        # A replay has taken them up, and tells of them itself.
        return []


def _schema_of(client: rtcp.Client, dataset_id: str) -> str:
    dataset = client.datasets.get(dataset_id)
    if dataset.schema_ref is None:
        raise click.UsageError(f"the Catalog does not tell the schema of dataset {dataset_id}: pass --schema-id")
    return dataset.schema_ref.id


def _said(summary: rtcp.WriterSummary) -> str:
    trouble = f", {summary.rejected:,} rejected" if summary.rejected else ""
    return f"{summary.sent:,} of {summary.rows:,} rows sent{trouble}"
