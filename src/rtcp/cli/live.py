"""Waiting for a job at a prompt: a line that shows state and time, and how to go on when it is broken off."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from rtcp.cli import failures
from rtcp.cli.shell import Shell
from rtcp.errors import ConfigError, InvalidArgumentError, JobFailedError, NotFoundError, RtcpError

T = TypeVar("T")
Progress = Callable[[Any], None]


def wait_for(
    shell: Shell,
    what: str,
    wait: Callable[[Progress], T],
    *,
    state: Callable[[Any], str],
    resume: tuple[str, ...],
) -> T:
    """Wait, show how it goes on stderr, and say how to go on waiting when this is broken off.

    The job is not touched by what happens to the waiting.
    """
    go_on = f"{what} goes on; wait for it with: {shell.command(*resume)}"
    return shown(shell, what, wait, state=state, go_on=lambda last: go_on)


def shown(
    shell: Shell,
    what: str,
    run: Callable[[Progress], T],
    *,
    state: Callable[[Any], str],
    go_on: Callable[[Any | None], str],
) -> T:
    """Run something long, show how it goes on stderr, and say how to go on when it is broken off.

    Args:
        go_on: says so, of the last state that was told; None when none was.
    """
    last: Any | None = None

    def hear(progress: Progress) -> Progress:
        def heard(seen: Any) -> None:
            nonlocal last
            last = seen
            progress(seen)

        return heard

    try:
        with _progress(shell, what, state) as progress:
            return run(hear(progress))
    except KeyboardInterrupt as exc:
        shell.note(f"interrupted: {_told_by(exc) or go_on(last)}")
        raise click.exceptions.Exit(failures.INTERRUPTED) from None
    except (JobFailedError, NotFoundError, ConfigError, InvalidArgumentError):
        # Nothing goes on: it is over, not there, or was never sent.
        raise
    except RtcpError as exc:
        # What the verb says of it is said with the error.
        if not _told_by(exc):
            shell.note(go_on(last))
        raise


def _told_by(exc: BaseException) -> str:
    return "; ".join(getattr(exc, "__notes__", ()))


@contextmanager
def show_count(what: str) -> Iterator[Callable[[int], None]]:
    """Show on stderr how many are done, on a terminal only; to be told each new number."""
    if not sys.stderr.isatty():
        yield lambda number: None
        return
    with _live(what) as update:
        yield lambda number: update(f"{number:,}")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal that something is under way whose progress nobody tells."""
    if not sys.stderr.isatty():
        yield
        return
    with _live(what):
        yield


@contextmanager
def _progress(shell: Shell, what: str, state: Callable[[Any], str]) -> Iterator[Progress]:
    if sys.stderr.isatty():
        with _live(what) as update:
            yield lambda job: update(state(job))
        return
    said = ""

    def say(job: Any) -> None:
        nonlocal said
        if state(job) != said:
            said = state(job)
            shell.note(f"{what}: {said}")

    yield say


@contextmanager
def _live(what: str) -> Iterator[Callable[[str], None]]:
    # Only a terminal needs it, and it takes longer to load than all the rest.
    from rich.console import Console
    from rich.progress import Progress as Line
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Line(*columns, console=Console(stderr=True), transient=True) as line:
        task = line.add_task(what)
        yield lambda text: line.update(task, description=f"{what}: {text}")
