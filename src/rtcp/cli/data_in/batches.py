"""`rtcp batches`: files into datasets, and updates of attributes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

import rtcp
from rtcp._temporary import TemporaryFolder
from rtcp.cli import failures, inputs, live, names, options, row_input
from rtcp.cli.cells import plain
from rtcp.cli.output import Columns, count, show_many, show_one
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun
from rtcp.resources.batches.upsert import refusals_of, row_file
from rtcp.rows.batch_file import RowFile, RowFormat

_COLUMNS: Final[Columns] = {
    "id": "id",
    "status": lambda batch: str(batch.status),
    "dataset": "dataset_id",
    "written": count("records_written"),
    "failed": count("records_failed"),
    "created": "created_at",
    "changed": "updated_at",
}
_FACTS: Final[Columns] = {
    **_COLUMNS,
    "read": count("records_read"),
    "errors": lambda batch: [str(error) for error in batch.errors] or None,
}
_FAILED: Final[Columns] = {
    "code": lambda record: record.errors[0].code if record.errors else None,
    "message": lambda record: "; ".join(error.message for error in record.errors),
    "record": lambda record: record.text if record.row is None else record.row,
}
_FILES: Final[Columns] = {"name": "name", "bytes": count("length"), "file": "file_id"}
_PATHS: Final[Columns] = {"path": "path", "bytes": count("bytes")}
_TRIAL: Final[Columns] = {"rows": count("rows"), "would be sent": count("fit"), "would be refused": count("refused")}
_UPSERT: Final[Columns] = {
    "batch": "batch",
    "status": "status",
    "rows": count("rows"),
    "written": count("written"),
    "failed": count("failed"),
    "refused": count("refused"),
}
_FILE: Final = options.LocalPath(exists=True, dir_okay=False)
_FORMATS: Final = ("json", "json_array", "parquet", "csv")


@click.group(cls=Noun)
def command() -> None:
    """Batches: files into datasets, and updates of attributes.

    \b
    rtcp batches upsert 'Harbour CRM' changes.csv --mapping changes.toml --rejects left.jsonl
    rtcp batches list --dataset-id 'Harbour CRM' --status failed
    rtcp batches failed-records BATCH
    """


_batch_id = click.argument("id", shell_complete=options.completing("batches"))
_dataset = click.argument("dataset", metavar="DATASET", shell_complete=options.completing("datasets"))


@command.command("list")
@click.option("--dataset-id", metavar="ID|NAME", help="Only those of this dataset.")
@click.option("--status", help="Only those in a status, such as failed.")
@click.option("--created-after", type=options.Instant(), help="Only younger ones.")
@click.option("--created-before", type=options.Instant(), help="Only older ones.")
@click.option("--limit", type=click.IntRange(min=0), help="Stop after so many; all unless said.")
@click.option("--page-size", type=click.IntRange(1, 100), default=100, help="How many to ask for in one request.")
@pass_shell
def list_(shell: Shell, /, **filters: Any) -> None:
    """List the batches, newest first.

    \b
    rtcp batches list --dataset-id 'Harbour CRM' --status failed --limit 10
    """
    with shell.client() as client:
        filters["dataset_id"] = names.optional_dataset(client, filters["dataset_id"])
        batches = client.batches.list(**filters)
        show_many(shell.format, map(_batch, batches) if shell.is_json else batches, _COLUMNS)


@command.command()
@_batch_id
@pass_shell
def get(shell: Shell, id: str) -> None:
    """Show one batch; `rtcp batches list` shows the ids.

    \b
    rtcp batches get BATCH
    """
    with shell.client() as client:
        _show(shell, client.batches.get(id))


@command.command()
@_dataset
@click.option("--format", type=click.Choice(_FORMATS), default="json", show_default=True, help="Of all its files.")
@click.option("--diagnostics/--no-diagnostics", default=None, help="Keep what is wrong with single records.")
@click.option("--partial-ingestion-percent", type=click.IntRange(0, 100), help="Records of a hundred that may fail.")
@click.option("--external-id", metavar="NAME", help="A name of your own, unique in the organisation.")
@click.option("--replay", multiple=True, metavar="ID", help="A batch that this one stands for; may be repeated.")
@pass_shell
def create(shell: Shell, /, dataset: str, replay: tuple[str, ...], **body: Any) -> None:
    """Open a batch of a DATASET (id or name): upload files into it, then complete it.

    \b
    rtcp batches create 'Harbour CRM' --format json
    """
    with shell.client() as client:
        dataset_id = names.dataset(client, dataset)
        with options.creating(shell, "the batch", look="batches list --limit 10"):
            batch = client.batches.create(dataset_id, replay=replay or None, **body)
    _show(shell, batch)
    shell.note(f"open; put files into it with: {shell.command('batches', 'upload', batch.id, 'FILE')}")


@command.command()
@_batch_id
@click.argument("file", type=_FILE)
@click.option("--dataset-id", metavar="ID", help="That of the batch; else it is asked for.")
@click.option("--name", help="Of the file in the batch, folders included; else its own.")
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 64), help="Parts under way at once.")
@click.option("--part-size", type=click.IntRange(1), metavar="BYTES", help="Of a part; files of 256 MB go whole else.")
@click.option("--resume", is_flag=True, help="Go on behind what the service has of this file.")
@pass_shell
def upload(shell: Shell, /, id: str, file: Path, **how: Any) -> None:
    """Put a file into an open batch.

    \b
    rtcp batches upload BATCH people.json
    """
    with shell.client() as client:
        live.shown(
            shell,
            file.name,
            lambda progress: client.batches.upload(id, file, on_progress=progress, **how),
            state=lambda progress: f"{progress.bytes_done / 1e6:,.1f} of {progress.bytes_total / 1e6:,.1f} MB",
            go_on=lambda last: (
                "the file may not be in the batch as a whole; make sure of it with: "
                f"{shell.command('batches', 'upload', id, str(file), '--resume')}"
            ),
        )
    shell.note(f"{file.name} is in batch {id}; when all files are: {shell.command('batches', 'complete', id)}")


@command.command()
@_batch_id
@click.option("--wait", is_flag=True, help="Wait until it went in.")
@options.wait_options
@pass_shell
def complete(shell: Shell, id: str, wait: bool, timeout: float, interval: float | None) -> None:
    """Hand a batch over, with all its files. Completing twice is fine.

    \b
    rtcp batches complete BATCH --wait
    """
    with shell.client() as client:
        client.batches.complete(id)
        shell.note(f"batch {id} was handed over in {shell.place}")
        batch = _wait(shell, client, id, False, timeout, interval) if wait else client.batches.get(id)
        if not batch.is_final:
            shell.note(f"wait for it with: {shell.command('batches', 'wait', id)}")
        _show(shell, batch)


@command.command()
@_batch_id
@pass_shell
def abort(shell: Shell, id: str) -> None:
    """Give up a batch that did not go in yet.

    \b
    rtcp batches abort BATCH
    """
    with shell.client() as client:
        batch = client.batches.get(id)
        if batch.is_final:
            _show(shell, batch)
            taken_out = f"; {shell.command('batches', 'delete', id)} takes it out" if batch.is_success else ""
            shell.note(f"error: batch {id} is over ({batch.status}): there is nothing to give up{taken_out}")
            raise click.exceptions.Exit(failures.FAILED)
        client.batches.abort(id)
    shell.note(f"batch {id} was given up in {shell.place}")


@command.command()
@_batch_id
@options.destroys
@pass_shell
def delete(shell: Shell, id: str, dry_run: bool, yes: bool) -> None:
    """Take a batch, and what came with it, out of its dataset: IRREVERSIBLE. Profile keeps its copy.

    \b
    rtcp batches delete BATCH --dry-run
    """
    with shell.client() as client:
        if dry_run:
            batch = client.batches.get(id)
            shell.note(f"would take this batch out of its dataset in {shell.place}; nothing was done")
            return _show(shell, batch)
        options.confirm(shell, f"take batch {id} out of its dataset", yes=yes)
        client.batches.delete(id)
    return shell.note(f"batch {id} was taken out of its dataset in {shell.place}")


@command.command("wait")
@_batch_id
@click.option("--allow-failed-records", is_flag=True, help="A success without some of its records is one.")
@options.wait_options
@pass_shell
def wait_(shell: Shell, id: str, allow_failed_records: bool, timeout: float, interval: float | None) -> None:
    """Wait until a batch is done; any process can, for any id.

    \b
    rtcp batches wait BATCH --timeout 600

    Exit code 0 when all of it went in, 6 when some records did not, 1 when it failed, 7 when it still runs.
    """
    with shell.client() as client:
        _show(shell, _wait(shell, client, id, allow_failed_records, timeout, interval))


@command.command("failed-records")
@_batch_id
@pass_shell
def failed_records(shell: Shell, id: str) -> None:
    """Show the records of a batch that did not go in, and why.

    \b
    rtcp batches failed-records BATCH
    """
    with shell.client() as client:
        show_many(shell.format, client.batches.failed_records(id), _FAILED)


@command.command()
@_batch_id
@pass_shell
def files(shell: Shell, id: str) -> None:
    """List the files of a batch.

    \b
    rtcp batches files BATCH
    """
    with shell.client() as client:
        show_many(shell.format, client.batches.files(id), _FILES)


@command.command()
@_batch_id
@click.argument("directory", type=options.LocalPath(file_okay=False))
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 64), help="Files under way at once.")
@pass_shell
def download(shell: Shell, id: str, directory: Path, workers: int) -> None:
    """Bring the files of a batch into DIRECTORY/batch-ID/, and print their paths.

    \b
    rtcp batches download BATCH out/

    What is there already is kept: type it again to go on after an interruption.
    """
    with shell.client() as client:
        paths = live.shown(
            shell,
            f"batch {id}",
            lambda progress: client.batches.download(id, directory, workers=workers, on_progress=progress),
            state=lambda progress: f"{progress.files_done} of {progress.files_total} files",
            go_on=lambda last: f"go on with: {shell.command('batches', 'download', id, str(directory))}",
        )
    show_many(shell.format, [{"path": str(path), "bytes": path.stat().st_size} for path in paths], _PATHS)


@command.command()
@_dataset
@click.argument("file", type=options.FILE)
@click.option("--format", type=click.Choice(("parquet", "json")), default="parquet", show_default=True, help="To send.")
@click.option(
    "--partial-ingestion-percent",
    type=click.IntRange(0, 100),
    default=5,
    show_default=True,
    help="Rows of a hundred that may fail.",
)
@row_input.row_options
@options.wait_options
@pass_shell
def upsert(
    shell: Shell,
    /,
    dataset: str,
    file: Path,
    format: RowFormat,
    mapping: Path | None,
    identity: str | None,
    delimiter: str | None,
    encoding: str | None,
    rejects: Path | None,
    dry_run: bool,
    **how: Any,
) -> None:
    """Change attributes of people: the rows of FILE into a DATASET that takes upserts; - reads a pipe.

    \b
    rtcp batches upsert 'Harbour CRM' changes.csv --mapping changes.toml --rejects left.jsonl
    A row holds the identity and the fields to change. FILE may be one of rejects: what can go in goes again. Exit code
    6 when some rows did not go in, 1 when none did.
    """
    with shell.client() as client, row_input.open_rows(file, delimiter=delimiter, encoding=encoding) as source:
        # A trial asks nobody: it goes by the word that is given.
        dataset = dataset if dry_run else names.dataset(client, dataset)
        rules = None if mapping is None else inputs.mapping(mapping, dataset)
        form = row_input.form_of(dataset_id=dataset, rules=rules, identity=identity)
        if dry_run:
            _try(shell, row_file(source, form, format))
            return
        result = live.shown(
            shell,
            f"{source.name} into {dataset}",
            lambda progress: client.batches.upsert(
                dataset, source, form=form, format=format, on_progress=progress, **how
            ),
            state=lambda batch: f"batch {batch.id} {batch.status}",
            go_on=lambda _: "nothing went in",
        )
        facts = {name: getattr(result, name) for name in ("rows", "written", "failed", "refused")}
        status = "not made" if result.batch is None else str(result.batch.status)
        show_one(shell.format, {"batch": result.batch_id, "status": status, **facts}, _UPSERT)
        if rejects is not None:
            row_input.tell_file(shell, result.write_rejects(rejects), rejects)
        if not result.is_success:
            row_input.tell_rejects(shell, result.rejects(), kept_in=rejects)
            raise click.exceptions.Exit(failures.PARTIAL if result.written else failures.FAILED)


def _try(shell: Shell, file: RowFile) -> None:
    """Write the file that would be sent, and say what would be refused."""
    with TemporaryFolder(prefix="rtcp-upsert-") as folder:
        fit = file.count() if file.ready else file.write(folder / "rows")
    facts = {"rows": fit + len(file.refused), "fit": fit, "refused": len(file.refused)}
    show_one(shell.format, facts, _TRIAL)
    row_input.tell_rejects(shell, refusals_of(file), kept_in=None)
    shell.note("nothing was sent")
    if file.refused:
        raise click.exceptions.Exit(failures.PARTIAL)


def _wait(
    shell: Shell, client: rtcp.Client, id: str, allow_failed_records: bool, timeout: float, interval: float | None
) -> rtcp.Batch:
    return live.wait_for(
        shell,
        f"batch {id}",
        lambda progress: client.batches.wait(
            id, allow_failed_records=allow_failed_records, timeout=timeout, interval=interval, on_progress=progress
        ),
        state=lambda batch: str(batch.status),
        resume=("batches", "wait", id, *options.retype("allow_failed_records")),
    )


def _show(shell: Shell, batch: rtcp.Batch) -> None:
    show_one(shell.format, _batch(batch) if shell.is_json else batch, _FACTS)


def _batch(batch: rtcp.Batch) -> dict[str, Any]:
    # The words of a status differ between the two services; these two do not.
    return {**plain(batch), "isFinal": batch.is_final, "isSuccess": batch.is_success}
