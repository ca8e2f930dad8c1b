"""`rtcp system-jobs`: requests to delete a dataset or a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

import rtcp
from rtcp.cli import failures, live, names, options
from rtcp.cli.cells import plain
from rtcp.cli.output import Columns, count, show_many, show_one
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun

F = TypeVar("F", bound=Callable[..., Any])

_COLUMNS: Final[Columns] = {
    "id": "id",
    "status": lambda job: str(job.status),
    "dataset": "dataset_id",
    "batch": "batch_id",
    "created": "created_at",
    "changed": "updated_at",
}
_FACTS: Final[Columns] = {
    **_COLUMNS,
    "deleted": lambda job: getattr(job.metrics, "records_processed", job.metrics),
    "final": "is_final",
    "success": "is_success",
}
_PLAN: Final[Columns] = {
    "sandbox": "sandbox",
    "dataset": "dataset_id",
    "batch": "batch_id",
    "name": "dataset_name",
    "kind": "dataset_kind",
    "records": count("records"),
    "profiles with data in it": count("profiles"),
    "counted": "counted_at",
}


@click.group(cls=Noun)
def command() -> None:
    """Requests to delete a dataset or a batch from the Profile store; the data lake keeps its copy.

    \b
    rtcp system-jobs plan --dataset-id 'Harbour purchases'
    """


_job_id = click.argument("id", shell_complete=options.completing("system_jobs"))


def _target(function: F) -> F:
    for option in (
        click.option("--batch-id", metavar="ID", help="Only this batch; of event datasets."),
        click.option(
            "--dataset-id",
            metavar="ID|NAME",
            help="The dataset; beside --batch-id, the one it belongs to.",
            shell_complete=options.completing("datasets"),
        ),
    ):
        function = option(function)
    return function


@command.command("list")
@options.list_options
@pass_shell
def list_(shell: Shell, limit: int | None, page_size: int | None) -> None:
    """List the delete requests.

    \b
    rtcp system-jobs list --limit 10
    """
    with shell.client() as client:
        jobs = client.system_jobs.list(limit=limit, page_size=page_size)
        show_many(shell.format, map(_job, jobs) if shell.is_json else jobs, _COLUMNS)


@command.command()
@_job_id
@pass_shell
def get(shell: Shell, id: str) -> None:
    """Show one delete request; `rtcp system-jobs list` shows the ids.

    \b
    rtcp system-jobs get JOB
    """
    with shell.client() as client:
        _show(shell, client.system_jobs.get(id))


@command.command()
@_target
@pass_shell
def plan(shell: Shell, dataset_id: str | None, batch_id: str | None) -> None:
    """Show what a delete request would take. Reads only; nothing is deleted.

    \b
    rtcp system-jobs plan --dataset-id 'Harbour purchases'
    """
    with shell.client() as client:
        _show_plan(shell, client, names.optional_dataset(client, dataset_id), batch_id)


@command.command()
@_target
@options.destroys
@click.option("--wait", is_flag=True, help="Wait until it is done.")
@options.wait_options
@pass_shell
def create(
    shell: Shell,
    dataset_id: str | None,
    batch_id: str | None,
    dry_run: bool,
    yes: bool,
    wait: bool,
    timeout: float,
    interval: float | None,
) -> None:
    """Ask for a dataset or a batch to be deleted: IRREVERSIBLE.

    \b
    rtcp system-jobs create --dataset-id 'Harbour purchases' --dry-run
    rtcp system-jobs create --dataset-id 'Harbour purchases' --yes --wait
    """
    if dataset_id or batch_id:
        meant = " of ".join(
            f"{kind} {given}" for kind, given in (("batch", batch_id), ("dataset", dataset_id)) if given
        )
        options.refuse_without_answer(shell, f"delete {meant} from the Profile store", dry_run=dry_run, yes=yes)
    with shell.client() as client:
        named, dataset_id = dataset_id, names.optional_dataset(client, dataset_id)
        known = dataset_id if named == dataset_id else f"{named!r} ({dataset_id})"
        target = " of ".join(
            f"{kind} {given}" for kind, given in (("batch", batch_id), ("dataset", known)) if given is not None
        )
        if dry_run:
            return _show_plan(shell, client, dataset_id, batch_id)
        if not yes and target:
            if options.can_ask():
                shell.note(str(client.system_jobs.plan(dataset_id=dataset_id, batch_id=batch_id)))
            options.confirm(shell, f"delete {target} from the Profile store", yes=yes)
        with options.creating(shell, "the delete request", look="system-jobs list"):
            job = client.system_jobs.create(dataset_id=dataset_id, batch_id=batch_id)
        shell.note(f"delete request {job.id} was accepted in {shell.place}")
        if wait:
            job = _wait(shell, client, job.id, timeout, interval)
        elif not job.is_final:
            shell.note(f"wait for it with: {shell.command('system-jobs', 'wait', job.id)}")
    return _show(shell, job)


@command.command()
@_job_id
@pass_shell
def cancel(shell: Shell, id: str) -> None:
    """Take back a delete request that is not done yet. Organisations on AWS do not support it.

    \b
    rtcp system-jobs cancel JOB
    """
    with shell.client() as client:
        job = client.system_jobs.get(id)
        if job.is_final:
            _show(shell, job)
            gone = "what it deleted is gone" if job.is_success else "there is nothing to take back"
            shell.note(f"error: delete request {id} is over ({job.status}): {gone}")
            raise click.exceptions.Exit(failures.FAILED)
        client.system_jobs.cancel(id)
    had = "nothing was deleted" if job.status == "NEW" else "part of the data may be gone already"
    shell.note(f"took back delete request {id} in {shell.place}; it was {job.status}: {had}")


@command.command("wait")
@_job_id
@options.wait_options
@pass_shell
def wait_(shell: Shell, id: str, timeout: float, interval: float | None) -> None:
    """Wait until a delete request is done; any process can, for any id.

    \b
    rtcp system-jobs wait JOB --timeout 3600

    Exit code 0 when it succeeded, 1 when it failed, 7 when it still runs.
    """
    with shell.client() as client:
        _show(shell, _wait(shell, client, id, timeout, interval))


def _wait(shell: Shell, client: rtcp.Client, job_id: str, timeout: float, interval: float | None) -> rtcp.SystemJob:
    return live.wait_for(
        shell,
        f"delete request {job_id}",
        lambda progress: client.system_jobs.wait(job_id, timeout=timeout, interval=interval, on_progress=progress),
        state=lambda job: str(job.status),
        resume=("system-jobs", "wait", job_id),
    )


def _show_plan(shell: Shell, client: rtcp.Client, dataset_id: str | None, batch_id: str | None) -> None:
    plan = client.system_jobs.plan(dataset_id=dataset_id, batch_id=batch_id)
    show_one(shell.format, plan, _PLAN)
    if not shell.is_json:
        for note in plan.notes:
            shell.note(note)


def _show(shell: Shell, job: rtcp.SystemJob) -> None:
    show_one(shell.format, _job(job) if shell.is_json else job, _FACTS)


def _job(job: rtcp.SystemJob) -> dict[str, Any]:
    # The words of a status differ between deployments; these two do not.
    return {**plain(job), "isFinal": job.is_final, "isSuccess": job.is_success}
