"""`rtcp export-jobs`: exports of profiles into a dataset, and their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

import rtcp
from rtcp.cli import live, options
from rtcp.cli.cells import plain
from rtcp.cli.output import Columns, count, show_many, show_one, split_paths
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun

_COLUMNS: Final[Columns] = {
    "id": lambda job: str(job.id),
    "status": lambda job: str(job.status),
    "dataset": "destination.dataset_id",
    "profiles": count("metrics.profiles"),
    "created": "created_at",
    "changed": "updated_at",
}
_FACTS: Final[Columns] = {
    **_COLUMNS,
    "fields": "fields",
    "batches": lambda job: [batch.batch_id for batch in job.batches] or None,
    "errors": lambda job: [error.message for error in job.errors] or None,
}


@click.group(cls=Noun)
def command() -> None:
    """Exports of profiles into a dataset, and their files.

    \b
    rtcp datasets create-for-export "Names of March"
    rtcp export-jobs create --destination-dataset-id ID --fields person.name --wait
    rtcp export-jobs download JOB out/
    """


@command.command("list")
@click.option("--status", help="Only those of a status, such as SUCCEEDED.")
@options.list_options
@pass_shell
def list_(shell: Shell, /, **filters: Any) -> None:
    """List the export jobs."""
    with shell.client() as client:
        jobs = client.export_jobs.list(**filters)
        show_many(shell.format, map(_job, jobs) if shell.is_json else jobs, _COLUMNS)


@command.command()
@click.argument("id")
@pass_shell
def get(shell: Shell, id: str) -> None:
    """Show one export job."""
    with shell.client() as client:
        _show(shell, client.export_jobs.get(id))


@command.command()
@click.option("--destination-dataset-id", required=True, metavar="ID", help="A dataset that takes exports.")
@click.option(
    "--fields", multiple=True, metavar="PATHS", help="Dot paths to export, such as person.name; all unless said."
)
@click.option("--audiences", multiple=True, metavar="IDS", help="Only the members of these audiences.")
@click.option("--events/--no-events", default=False, help="Export the people's events beside.")
@click.option("--ingested-after", type=options.Instant(), help="Only profiles whose data changed then or later.")
@click.option("--qualified-after", type=options.Instant(), help="Only who entered the audiences then or later.")
@click.option("--qualified-before", type=options.Instant(), help="Only who entered the audiences before it.")
@click.option("--empty-profiles/--no-empty-profiles", default=None, help="People of whom only events are known.")
@click.option("--merge-policy", "merge_policy_id", metavar="ID", help="Merge policy; else the default.")
@click.option("--audience-per-batch/--one-batch", default=None, help="One batch for each audience.")
@click.option("--evaluate-audiences/--no-evaluate-audiences", default=None, help="Evaluate the audiences first.")
@click.option("--wait", is_flag=True, help="Wait until the files are there.")
@options.wait_options
@pass_shell
def create(
    shell: Shell,
    /,
    fields: Sequence[str],
    audiences: Sequence[str],
    events: bool,
    wait: bool,
    timeout: float,
    interval: float | None,
    **body: Any,
) -> None:
    """Start an export."""
    with shell.client() as client:
        with options.creating(shell, "the export job", look="export-jobs list --limit 10"):
            job = client.export_jobs.create(
                fields=split_paths(None, fields) or None,
                audiences=split_paths(None, audiences) or None,
                events=rtcp.ExportEvents() if events else None,
                **body,
            )
        shell.note(f"export job {job.id} was accepted in {shell.place}")
        if wait:
            job = _wait(shell, client, str(job.id), timeout, interval)
    _show(shell, job)


@command.command()
@click.argument("id")
@pass_shell
def cancel(shell: Shell, id: str) -> None:
    """Ask the service to stop an export."""
    with shell.client() as client:
        client.export_jobs.cancel(id)
    shell.note(f"asked {shell.place} to stop export job {id}")


@command.command("wait")
@click.argument("id")
@options.wait_options
@pass_shell
def wait_(shell: Shell, id: str, timeout: float, interval: float | None) -> None:
    """Wait until an export is done; any process can, for any id.

    Exit code 0 when it succeeded, 1 when it failed or was cancelled, 7 when it still runs.
    """
    with shell.client() as client:
        _show(shell, _wait(shell, client, id, timeout, interval))


@command.command()
@click.argument("id")
@click.argument("directory", type=options.LocalPath(file_okay=False))
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 64), help="Files under way at once.")
@pass_shell
def download(shell: Shell, id: str, directory: Path, workers: int) -> None:
    """Bring the files of an export into DIRECTORY/export-ID/, and print their paths.

    What is there already is kept: type it again to go on after an interruption.
    """
    with shell.client() as client:
        paths = live.shown(
            shell,
            f"export job {id}",
            lambda progress: client.export_jobs.download(id, directory, workers=workers, on_progress=progress),
            state=_said,
            go_on=f"go on with: {shell.command('export-jobs', 'download', id, str(directory))}",
        )
    show_many(shell.format, [{"path": str(path), "bytes": path.stat().st_size} for path in paths], _FILES)


_FILES: Final[Columns] = {"path": "path", "bytes": count("bytes")}


def _wait(shell: Shell, client: rtcp.Client, job_id: str, timeout: float, interval: float | None) -> rtcp.ExportJob:
    return live.wait_for(
        shell,
        f"export job {job_id}",
        lambda progress: client.export_jobs.wait(job_id, timeout=timeout, interval=interval, on_progress=progress),
        state=lambda job: str(job.status),
        resume=("export-jobs", "wait", job_id),
    )


def _said(progress: Any) -> str:
    total = "" if progress.bytes_total is None else f" of {progress.bytes_total / 1e6:,.1f}"
    return f"{progress.files_done} of {progress.files_total} files, {progress.bytes_done / 1e6:,.1f}{total} MB"


def _show(shell: Shell, job: rtcp.ExportJob) -> None:
    show_one(shell.format, _job(job) if shell.is_json else job, _FACTS)


def _job(job: rtcp.ExportJob) -> dict[str, Any]:
    return {**plain(job), "isFinal": job.is_final, "isSuccess": job.is_success}
