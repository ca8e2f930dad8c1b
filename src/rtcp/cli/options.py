"""Options that several verbs share, and the question before what cannot be undone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

import rtcp
from rtcp._paths import local_path
from rtcp.cli import ages, failures
from rtcp.cli.shell import Shell
from rtcp.errors import InvalidArgumentError

F = TypeVar("F", bound=Callable[..., Any])

_TAB_SECONDS: Final = 3.0
_MOST_COMPLETED: Final = 100


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


FILE: Final = LocalPath(exists=True, dir_okay=False, allow_dash=True)


def text_options(function: F) -> F:
    """How the text of a file is read."""
    for option in (
        click.option("--encoding", metavar="NAME", help="Of a text file, such as cp1252; UTF-8 and UTF-16 are found."),
        click.option("--delimiter", metavar="CHAR", help="Of CSV: ',', ';', '|' or tab; found by the header."),
    ):
        function = option(function)
    return function


class Instant(click.ParamType[datetime]):
    """A time with its zone, as in 2026-03-01T12:00:00Z, or told from now, as in "3 hours ago" or 3h."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            instant = ages.before(value, datetime.now(UTC)) or datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time such as 2026-03-01T12:00:00Z or '3 hours ago'", param, context)
        if instant.tzinfo is None:
            self.fail(f"{value!r} has no zone: write {value}Z for UTC, or {value}+01:00", param, context)
        return instant


class Age(click.ParamType[timedelta]):
    """A length of time up to now, as in 6h or "2 days"."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        now = datetime.now(UTC)
        instant = ages.before(value, now)
        if instant is None:
            self.fail(f"{value!r} is no length of time such as 6h or '2 days'", param, context)
        return now - instant


def completing(noun: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Completes ids and names of a noun by what the service lists."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        shell = context.find_object(Shell) or Shell()
        listed: list[CompletionItem] = []
        try:
            # Somebody waits for the Tab key: no second attempt, and no long wait.
            with rtcp.Client(shell.config.replace(retries=0, timeout=_TAB_SECONDS)) as client:
                for thing in islice(getattr(client, noun).list(), _MOST_COMPLETED):
                    name = getattr(thing, "name", None) or None
                    told = getattr(thing, "status", None) if name is None else name
                    listed.append(CompletionItem(str(thing.id), help=None if told is None else str(told)))
                    if name is not None and incomplete and not str(thing.id).startswith(incomplete):
                        listed.append(CompletionItem(name, help=str(thing.id)))
        except (rtcp.RtcpError, OSError):
            return []
        return [each for each in listed if each.value.startswith(incomplete)]

    return complete


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


def confirm(shell: Shell, what: str, *, yes: bool, for_good: bool = True) -> None:
    """Go on only when that is meant: by --yes, or by an answer on a terminal.

    Args:
        for_good: it cannot be undone.
    """
    if yes:
        return
    if not can_ask():
        warning = ": IRREVERSIBLE" if for_good else ""
        raise click.UsageError(f"this would {what} in {shell.place}{warning}; add --yes if that is meant")
    if not click.confirm(f"{'IRREVERSIBLE: ' * for_good}{what} in {shell.place}?", err=True):
        shell.note("nothing was done")
        raise click.exceptions.Exit(failures.USAGE)


def refuse_without_answer(shell: Shell, what: str, *, dry_run: bool, yes: bool) -> None:
    """Refuse, before anything is sent, what nobody could confirm."""
    if not dry_run and not can_ask():
        confirm(shell, what, yes=yes)


def can_ask() -> bool:
    """True when somebody sits there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def retype(*names: str) -> list[str]:
    """Those of these options that were typed for the present command, to be typed again with another one."""
    context = click.get_current_context()
    words: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in names and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            value = context.params[name]
            words += [parameter.opts[0]] if value is True else [parameter.opts[0], str(value)]
    return words


@contextmanager
def creating(shell: Shell, what: str, *, look: str) -> Iterator[None]:
    """While something is being created, Ctrl-C leaves it open whether it was."""
    try:
        yield
    except KeyboardInterrupt:
        shell.note(f"interrupted: {what} may have been created; look with: {shell.command(*look.split())}")
        raise click.exceptions.Exit(failures.INTERRUPTED) from None
