"""Options that several verbs share, and the question before what cannot be undone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from rtcp._paths import local_path
from rtcp.cli import failures
from rtcp.cli.shell import Shell
from rtcp.errors import InvalidArgumentError

F = TypeVar("F", bound=Callable[..., Any])


class LocalPath(click.Path):
    """A path of this machine; addresses such as s3:// are refused."""

    def __init__(self, **how: Any) -> None:
        super().__init__(path_type=Path, **how)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if str(value) != "-":
            try:
                local_path(value, what="it")
            except InvalidArgumentError as exc:
                self.fail(str(exc), param, ctx)
        return super().convert(value, param, ctx)


class Instant(click.ParamType[datetime]):
    """A time with its zone, as in 2026-03-01T12:00:00Z."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time such as 2026-03-01T12:00:00Z", param, context)
        if instant.tzinfo is None:
            self.fail(f"{value!r} has no zone: write {value}Z for UTC, or {value}+01:00", param, context)
        return instant


def list_options(function: F) -> F:
    """How much of a list to read."""
    for option in (
        click.option("--page-size", type=click.IntRange(min=1), help="How many to ask for in one request."),
        click.option("--limit", type=click.IntRange(min=0), help="Stop after so many; all unless said."),
    ):
        function = option(function)
    return function


def sort_options(*keys: str) -> Callable[[F], F]:
    """What to sort a list by, and which way."""

    def decorate(function: F) -> F:
        for option in (
            click.option("--descending", is_flag=True, help="The other way round."),
            click.option("--sort-by", type=click.Choice(keys), help="Order."),
        ):
            function = option(function)
        return function

    return decorate


def wait_options(function: F) -> F:
    """How long and how often to look."""
    for option in (
        click.option("--interval", type=click.FloatRange(min=0, min_open=True), help="Seconds between looks; 5 to 60."),
        click.option(
            "--timeout", type=click.FloatRange(min=0), default=86_400.0, show_default="a day", help="Seconds in total."
        ),
    ):
        function = option(function)
    return function


def destroys(function: F) -> F:
    """What destroys can be tried, and must be confirmed."""
    for option in (
        click.option("--yes", is_flag=True, help="Do it without asking."),
        click.option("--dry-run", is_flag=True, help="Only show what would be done; reads, changes nothing."),
    ):
        function = option(function)
    return function


def confirm(shell: Shell, what: str, *, yes: bool) -> None:
    """Go on only when that is meant: by --yes, or by an answer on a terminal."""
    if yes:
        return
    if not can_ask():
        raise click.UsageError(f"this would {what} in {shell.place}: IRREVERSIBLE; add --yes if that is meant")
    if not click.confirm(f"IRREVERSIBLE: {what} in {shell.place}?", err=True):
        shell.note("nothing was done")
        raise click.exceptions.Exit(failures.USAGE)


def can_ask() -> bool:
    """True when somebody sits there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


@contextmanager
def creating(shell: Shell, what: str, *, look: str) -> Iterator[None]:
    """While something is being created, Ctrl-C leaves it open whether it was."""
    try:
        yield
    except KeyboardInterrupt:
        shell.note(f"interrupted: {what} may have been created; look with: {shell.command(*look.split())}")
        raise click.exceptions.Exit(failures.INTERRUPTED) from None
