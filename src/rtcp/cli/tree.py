"""The kinds of commands: nouns that are imported when they are called, and options that stand anywhere."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from rtcp.cli.shell import FORMATS, Shell

DEFAULT_SANDBOX: Final = "prod"
_FIRST_LINE: Final = re.compile(r'"""`rtcp ([a-z-]+)`: (.+)"""')
_EVERYWHERE: Final = ("--profile", "--sandbox", "--output", "--verbose")


def keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Put an option that stands anywhere into the shell; the one nearest to the verb wins."""
    shell = context.ensure_object(Shell)
    if not value:
        return
    setattr(shell, str(parameter.name), value)
    if parameter.name == "verbose":
        # Behind the verb it is read when logging has begun.
        logging.getLogger("rtcp").setLevel(logging.DEBUG)


def _in_file() -> dict[str, Any]:
    # Only the Tab key asks for it.
    from rtcp.cli import profile_file
    from rtcp.config.sources import profile_path

    path = profile_path()
    try:
        return profile_file.profiles(path.read_text(encoding="utf-8"), path)
    except (OSError, ValueError):
        return {}


def _profiles(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in _in_file() if name.startswith(incomplete)]


def _sandboxes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Those that profiles name: no documented request lists them to everyone."""
    named = {str(table["sandbox"]) for table in _in_file().values() if table.get("sandbox")} | {DEFAULT_SANDBOX}
    return [CompletionItem(name) for name in sorted(named) if name.startswith(incomplete)]


def everywhere() -> list[click.Parameter]:
    """The options that may stand before the noun, before the verb, or after it."""
    return [
        click.Option(
            ["--profile"],
            metavar="NAME",
            expose_value=False,
            callback=keep,
            help="Profile of the settings file.",
            shell_complete=_profiles,
        ),
        click.Option(
            ["--sandbox"],
            metavar="NAME",
            expose_value=False,
            callback=keep,
            help="Sandbox; prod unless set elsewhere.",
            shell_complete=_sandboxes,
        ),
        click.Option(
            ["-o", "--output"],
            type=click.Choice(FORMATS),
            expose_value=False,
            callback=keep,
            help="Form of the data; table on a terminal, jsonl when piped. csv-raw leaves formulas in cells alone.",
        ),
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            expose_value=False,
            callback=keep,
            help="Log each request to stderr; show tracebacks.",
        ),
    ]


class _WithOptionsAnywhere(click.Command):
    """A command that takes the options that stand anywhere, and shows them apart from its own."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.extend(everywhere())

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        own: list[tuple[str, str]] = []
        shared: list[tuple[str, str]] = []
        for parameter in self.get_params(context):
            record = parameter.get_help_record(context)
            if record is not None and isinstance(parameter, click.Option):
                (shared if set(parameter.opts) & set(_EVERYWHERE) else own).append(record)
        for title, records in (("Options", own), ("Options of every command", shared)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class Verb(_WithOptionsAnywhere):
    """What is done: the last word of a command."""


class Noun(_WithOptionsAnywhere, click.Group):
    """What it is done to; its commands are verbs."""

    command_class = Verb

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.commands)

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        # Commands first: they are what a stranger looks for.
        self.format_commands(context, formatter)
        super().format_options(context, formatter)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.get_short_help_str(limit=200)) for name, command in self.commands.items()]
            )

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(context, args[0]) is None:
            near = get_close_matches(args[0], self.list_commands(context), n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            context.fail(f"No such command {args[0]!r}.{meant}")
        return super().resolve_command(context, args)


@dataclass(frozen=True, slots=True)
class Entry:
    """A command that is not imported yet: the section and line it has in the help, and the module it lives in."""

    section: str
    help: str
    module: str


def find_entries(*folders: str) -> dict[str, Entry]:
    """The commands of these folders by their names: a module each, its first line being its name and its help.

    They are read, not imported: `--help` names them all, and somebody waits for it.
    """
    entries: dict[str, Entry] = {}
    for folder in folders:
        package = import_module(f"rtcp.cli.{folder}")
        for path in sorted(Path(str(package.__file__)).parent.glob("[a-z]*.py")):
            with path.open(encoding="utf-8") as file:
                first = _FIRST_LINE.fullmatch(file.readline().rstrip())
            if first is not None:
                told = first[2][0].upper() + first[2][1:]
                entries[first[1]] = Entry(str(package.__doc__), told, f"{package.__name__}.{path.stem}")
    return entries


class Root(Noun):
    """The whole command; it imports their modules and takes `command` of one when that is called for."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._entries = entries

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self._entries)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        entry = self._entries.get(name)
        if entry is None:
            return None
        command: click.Command = import_module(entry.module).command
        return command

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        # The inherited one would import every noun, while somebody waits for the Tab key.
        nouns = [CompletionItem(name, help=self._entries[name].help) for name in self._entries]
        options = click.Command.shell_complete(self, context, incomplete)
        return [*(noun for noun in nouns if noun.value.startswith(incomplete)), *options]

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self._entries))
        for section in dict.fromkeys(entry.section for entry in self._entries.values()):
            with formatter.section(section):
                formatter.write_dl(
                    [
                        (name.ljust(width), entry.help)
                        for name, entry in self._entries.items()
                        if entry.section == section
                    ]
                )

    def invoke(self, context: click.Context) -> Any:
        # The one place where errors become messages and exit codes.
        shell = context.ensure_object(Shell)
        with shell.session():
            return super().invoke(context)
