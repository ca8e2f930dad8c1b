"""`rtcp preview`: how many people there are, by dataset, namespace and overlap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import click

import rtcp
from rtcp.cli import ages, failures, live, options
from rtcp.cli.cells import cell, plain
from rtcp.cli.output import Columns, count, show_many, show_one
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun

F = TypeVar("F", bound=Callable[..., Any])

_STATUS: Final[Columns] = {
    "profiles": count("profile_count"),
    "fragments": count("fragment_count"),
    "documents": count("document_count"),
    "in the sample": count("sample_rows"),
    "status": "status",
    "last sampled": lambda status: _with_age(status.last_sampled_at),
    "sampling now": "running.status",
    "merged by": "merge_strategy",
}
_DATASETS: Final[Columns] = {
    "dataset": "dataset_id",
    "name": "name",
    "profiles": count("profile_count"),
    "share": "profile_percentage",
}
_NAMESPACES: Final[Columns] = {
    "namespace": "namespace",
    "profiles": count("profile_count"),
    "fragments": count("fragment_count"),
    "share": "profile_percentage",
}
_STATS: Final[Columns] = {
    "dataset": "dataset_id",
    "kind": "kind",
    "records": count("records"),
    "profiles": count("profile_count"),
    "fragments": count("fragment_count"),
    "left after 30 days": count("after_30_days"),
    "after 90 days": count("after_90_days"),
    "after 365 days": count("after_365_days"),
}
_OVERLAPS: Final[Columns] = {"exactly in": "members", "profiles": count("profile_count")}
_UNSTITCHED: Final[Columns] = {
    "days without new events": "window_days",
    "namespace": lambda row: row.namespace or "all",
    "profiles": count("profile_count"),
    "their events": count("event_count"),
}


@click.group(cls=Noun)
def command() -> None:
    """How many people there are. A sample job counts them, by itself, when some 3 % have changed.

    \b
    rtcp preview status
    """


@command.command()
@click.option("--max-age", type=options.Age(), metavar="AGE", help="Exit code 8 when the sample is older, as in 6h.")
@pass_shell
def status(shell: Shell, max_age: timedelta | None) -> None:
    """Show how many profiles there are, and when they were last counted.

    \b
    rtcp preview status
    rtcp preview status --max-age '2 days'
    """
    with shell.client() as client:
        status = client.preview.status()
    _show_status(shell, status)
    if max_age is None:
        return
    if status.last_sampled_at is None:
        shell.note("no sample was ever taken")
        raise click.exceptions.Exit(failures.TOO_OLD)
    if ages.age(status.last_sampled_at) > max_age:
        shell.note(
            f"the sample is older than {ages.span(max_age)}: it was taken {ages.ago(status.last_sampled_at)}; "
            "the service takes a new one by itself when some 3 % of the profiles have changed"
        )
        raise click.exceptions.Exit(failures.TOO_OLD)


@command.command()
@click.option(
    "--sampled-after",
    type=options.Instant(),
    required=True,
    help="Usually when the data was sent: with a zone, or as in '2 hours ago'.",
)
@options.wait_options
@pass_shell
def wait(shell: Shell, sampled_after: datetime, timeout: float, interval: float | None) -> None:
    """Wait until a sample job has run at an instant or after it. Exit code 7 when none has.

    \b
    rtcp preview wait --sampled-after '2 days ago' --timeout 600
    """
    with shell.client() as client:
        again = shell.command("preview", "wait", "--sampled-after", sampled_after.isoformat())
        status = live.shown(
            shell,
            "the preview sample",
            lambda progress: client.preview.wait(
                sampled_after=sampled_after, timeout=timeout, interval=interval, on_progress=progress
            ),
            state=_said,
            go_on=lambda last: f"wait on with: {again}",
        )
    _show_status(shell, status)


_plot = click.option(
    "--plot", type=options.LocalPath(dir_okay=False, writable=True), help="Draw it too: .png, .svg or .pdf."
)


def _date(function: F) -> F:
    return click.option("--date", metavar="DAY", help="As in 2026-11-20; the latest unless said.")(function)


@command.command("dataset-report")
@_date
@_plot
@pass_shell
def dataset_report(shell: Shell, date: str | None, plot: Path | None) -> None:
    """Show the number of people by dataset.

    \b
    rtcp preview dataset-report
    """
    with shell.client() as client:
        _show(shell, client.preview.dataset_report(date=date), _DATASETS, plot)


@command.command("namespace-report")
@_date
@_plot
@pass_shell
def namespace_report(shell: Shell, date: str | None, plot: Path | None) -> None:
    """Show the number of people by identity namespace.

    \b
    rtcp preview namespace-report
    """
    with shell.client() as client:
        _show(shell, client.preview.namespace_report(date=date), _NAMESPACES, plot)


@command.command("dataset-stats")
@_plot
@pass_shell
def dataset_stats(shell: Shell, plot: Path | None) -> None:
    """Show the size of each dataset, and what event expirations would leave of it.

    \b
    rtcp preview dataset-stats
    """
    with shell.client() as client:
        _show(shell, client.preview.dataset_stats(), _STATS, plot)


@command.command("dataset-overlap")
@_date
@_plot
@pass_shell
def dataset_overlap(shell: Shell, date: str | None, plot: Path | None) -> None:
    """Show the number of people by exact combination of datasets.

    \b
    rtcp preview dataset-overlap
    """
    with shell.client() as client:
        _show(shell, client.preview.dataset_overlap(date=date), _OVERLAPS, plot)


@command.command("namespace-overlap")
@_date
@_plot
@pass_shell
def namespace_overlap(shell: Shell, date: str | None, plot: Path | None) -> None:
    """Show the number of people by exact combination of identity namespaces.

    \b
    rtcp preview namespace-overlap
    """
    with shell.client() as client:
        _show(shell, client.preview.namespace_overlap(date=date), _OVERLAPS, plot)


@command.command("unstitched-profiles")
@_plot
@pass_shell
def unstitched_profiles(shell: Shell, plot: Path | None) -> None:
    """Show how many people have one fragment only and no new events.

    \b
    rtcp preview unstitched-profiles
    """
    with shell.client() as client:
        _show(shell, client.preview.unstitched_profiles(), _UNSTITCHED, plot)


def _show_status(shell: Shell, status: rtcp.PreviewStatus) -> None:
    if not shell.is_json:
        show_one(shell.format, status, _STATUS)
        return
    instant = status.last_sampled_at
    seconds = None if instant is None else int(ages.age(instant).total_seconds())
    show_one(shell.format, {**plain(status), "ageSeconds": seconds})


def _with_age(instant: datetime | None) -> str | None:
    return None if instant is None else f"{cell(instant)} UTC, {ages.ago(instant)}"


def _said(status: rtcp.PreviewStatus) -> str:
    instant = status.last_sampled_at
    is_running = status.running is not None and status.running.status
    last = "never taken" if instant is None else f"last taken {cell(instant)} UTC"
    return f"{last}, {'a new one is being taken' if is_running else 'no job is taking one now'}"


def _show(shell: Shell, report: Any, columns: Columns, plot: Path | None) -> None:
    """A report is its rows; only JSON has room for what stands around them."""
    if shell.format == "json":
        show_one("json", report)
    else:
        show_many(shell.format, report.data, columns)
    if shell.format == "table" and report.reported_at is not None:
        shell.note(f"as of {report.reported_at:%Y-%m-%d %H:%M} UTC, {ages.ago(report.reported_at)}")
    if plot is None:
        return
    rtcp.plot(report).figure.savefig(plot, dpi=150, bbox_inches="tight")  # type: ignore[union-attr]
    shell.note(f"drawn to {plot}")
