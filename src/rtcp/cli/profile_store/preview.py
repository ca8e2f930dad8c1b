"""`rtcp preview`: how many people there are, by dataset, namespace and overlap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

import rtcp
from rtcp.cli import live, options
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
    "last sampled": "last_sampled_at",
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
    """How many people there are. A sample job counts them, by itself, when some 3 % have changed."""


@command.command()
@pass_shell
def status(shell: Shell) -> None:
    """Show how many profiles there are, and when they were last counted."""
    with shell.client() as client:
        show_one(shell.format, client.preview.status(), _STATUS)


@command.command()
@click.option(
    "--sampled-after", type=options.Instant(), required=True, help="Usually when the data was sent, with a zone."
)
@options.wait_options
@pass_shell
def wait(shell: Shell, sampled_after: datetime, timeout: float, interval: float | None) -> None:
    """Wait until a sample job has run at an instant or after it. Exit code 7 when none has."""
    with shell.client() as client:
        status = live.wait_for(
            shell,
            "the preview sample job",
            lambda progress: client.preview.wait(
                sampled_after=sampled_after, timeout=timeout, interval=interval, on_progress=progress
            ),
            state=lambda status: f"last sampled {status.last_sampled_at or 'never'}",
            resume=("preview", "wait", "--sampled-after", sampled_after.isoformat()),
        )
    show_one(shell.format, status, _STATUS)


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
    """Show the number of people by dataset."""
    with shell.client() as client:
        _show(shell, client.preview.dataset_report(date=date), _DATASETS, plot)


@command.command("namespace-report")
@_date
@_plot
@pass_shell
def namespace_report(shell: Shell, date: str | None, plot: Path | None) -> None:
    """Show the number of people by identity namespace."""
    with shell.client() as client:
        _show(shell, client.preview.namespace_report(date=date), _NAMESPACES, plot)


@command.command("dataset-stats")
@_plot
@pass_shell
def dataset_stats(shell: Shell, plot: Path | None) -> None:
    """Show the size of each dataset, and what event expirations would leave of it."""
    with shell.client() as client:
        _show(shell, client.preview.dataset_stats(), _STATS, plot)


@command.command("dataset-overlap")
@_date
@_plot
@pass_shell
def dataset_overlap(shell: Shell, date: str | None, plot: Path | None) -> None:
    """Show the number of people by exact combination of datasets."""
    with shell.client() as client:
        _show(shell, client.preview.dataset_overlap(date=date), _OVERLAPS, plot)


@command.command("namespace-overlap")
@_date
@_plot
@pass_shell
def namespace_overlap(shell: Shell, date: str | None, plot: Path | None) -> None:
    """Show the number of people by exact combination of identity namespaces."""
    with shell.client() as client:
        _show(shell, client.preview.namespace_overlap(date=date), _OVERLAPS, plot)


@command.command("unstitched-profiles")
@_plot
@pass_shell
def unstitched_profiles(shell: Shell, plot: Path | None) -> None:
    """Show how many people have one fragment only and no new events."""
    with shell.client() as client:
        _show(shell, client.preview.unstitched_profiles(), _UNSTITCHED, plot)


def _show(shell: Shell, report: Any, columns: Columns, plot: Path | None) -> None:
    """A report is its rows; only JSON has room for what stands around them."""
    if shell.format == "json":
        show_one("json", report)
    else:
        show_many(shell.format, report.data, columns)
    if shell.format == "table" and report.reported_at is not None:
        shell.note(f"as of {report.reported_at:%Y-%m-%d %H:%M} UTC")
    if plot is None:
        return
    rtcp.plot(report).figure.savefig(plot, dpi=150, bbox_inches="tight")  # type: ignore[union-attr]
    shell.note(f"drawn to {plot}")
