"""Waiting for a job at a prompt: a line that shows state and time, and how to go on when it is broken off."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Generic, Protocol, TypeVar

import click

from rtcp._system import uninterrupted
from rtcp.cli import failures
from rtcp.cli.shell import Shell
from rtcp.errors import ConfigError, InvalidArgumentError, JobFailedError, NotFoundError, RtcpError

T = TypeVar("T")
Tell = TypeVar("Tell", bound=Callable[..., None])
Progress = Callable[[Any], None]


class Bars(Protocol):
    """What rich draws and draws again."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


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


def show_count(what: str) -> AbstractContextManager[Callable[[int], None]]:
    """Show on stderr how many are done, on a terminal only; to be told each new number."""
    return _line(what, lambda number: f"{what}: {number:,}") if sys.stderr.isatty() else nullcontext(_unheard)


def working(what: str) -> AbstractContextManager[Callable[[str], None]]:
    """Show on a terminal that something is under way whose progress nobody tells."""
    return _line(what, str) if sys.stderr.isatty() else nullcontext(_unheard)


def _unheard(said: object) -> None:
    pass


def _progress(shell: Shell, what: str, state: Callable[[Any], str]) -> AbstractContextManager[Progress]:
    if sys.stderr.isatty():
        return _line(what, lambda job: f"{what}: {state(job)}")
    said = ""

    def say(job: Any) -> None:
        nonlocal said
        if state(job) != said:
            said = state(job)
            shell.note(f"{what}: {said}")

    return nullcontext(say)


class OnTerminal(Generic[Tell]):
    """Bars that live on a terminal while it is entered; gives the function that moves them.

    No generator: Ctrl-C between its `yield` and the body of the `with` would leave the bars there, the cursor hidden,
    and what is printed next in their hands.
    """

    def __init__(self, bars: Bars, tell: Tell) -> None:
        self._bars = bars
        self._tell = tell

    def __enter__(self) -> Tell:
        try:
            uninterrupted(self._bars.start)
        except BaseException:
            uninterrupted(self._bars.stop)
            raise
        return self._tell

    def __exit__(self, *_: object) -> None:
        uninterrupted(self._bars.stop)


def _line(what: str, text: Callable[[T], str]) -> OnTerminal[Callable[[T], None]]:
    """A line with a clock; what it is told is shown in the words of `text`."""
    # Only a terminal needs it, and it takes longer to load than all the rest.
    from rich.console import Console
    from rich.progress import Progress as Line
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    line = Line(*columns, console=Console(stderr=True), transient=True)
    task = line.add_task(what)
    return OnTerminal(line, lambda seen: line.update(task, description=text(seen)))
