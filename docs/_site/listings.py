"""Lists that a program has and a page needs: every command with its help, every code of an error."""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Final

import click

import rtcp
from rtcp.cli.app import ENTRIES, app
from rtcp.config import ENVIRONMENT
from rtcp.transport.error_mapping import _BY_STATUS, _HELP


def list_commands() -> str:
    """Every command, under the sections of the help."""
    lines: list[str] = []
    context = click.Context(app, info_name="rtcp")
    for section in dict.fromkeys(entry.section for entry in ENTRIES.values()):
        lines += [f"## {section.rstrip('.')}", ""]
        for name, entry in ENTRIES.items():
            command = app.get_command(context, name)
            if entry.section == section and command is not None:
                lines += _tell(command, click.Context(command, info_name=name, parent=context))
    return "\n".join(lines)


def command_paths() -> list[str]:
    """Every command as it is typed, `rtcp entities get`."""
    return re.findall(r"^#{3,5} `(rtcp [^`]+)`", list_commands(), re.MULTILINE)


def list_settings() -> str:
    """Every setting that has a variable, with its default."""
    rows = [
        f"| `{setting.name}` | `{ENVIRONMENT[setting.name]}` | {_default(setting.default)} |"
        for setting in dataclasses.fields(rtcp.Config)
        if setting.name in ENVIRONMENT
    ]
    return "\n".join(["| setting | variable | default |", "|---|---|---|", *rows, ""])


def _default(value: object) -> str:
    return "" if value in (None, ()) else f"`{value}`"


def list_codes() -> str:
    """Every code that has a sentence of help."""
    rows = [f"| `{code}` | {told[0].upper()}{told[1:]} |" for code, told in sorted(_HELP.items())]
    return "\n".join(["| code | what to do |", "|---|---|", *rows, ""])


def list_errors() -> str:
    """The tree of errors, each with what it means."""
    statuses = {kind: str(status) for status, kind in _BY_STATUS.items()}
    rows = []
    for kind, depth in _tree(rtcp.RtcpError, 0):
        meaning = (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")
        status = statuses.get(kind, "5xx" if kind is rtcp.ServerError else "")
        name = f"{'&nbsp;' * 4 * depth}[`{kind.__name__}`](../api/errors.md#rtcp.errors.{kind.__name__})"
        rows.append(f"| {name} | {status} | {meaning} |")
    return "\n".join(["| error | status | means |", "|---|---|---|", *rows, ""])


def _tree(kind: type[BaseException], depth: int) -> Iterator[tuple[type[BaseException], int]]:
    yield kind, depth
    for child in sorted(kind.__subclasses__(), key=lambda each: each.__name__):
        if child.__module__ == "rtcp.errors" and not child.__name__.startswith("_"):
            yield from _tree(child, depth + 1)


def _tell(command: click.Command, context: click.Context, depth: int = 0) -> Iterator[str]:
    yield from (f"{'#' * (depth + 3)} `{context.command_path}`", "")
    yield from _describe(command, context)
    for name, inner in (command.commands if isinstance(command, click.Group) else {}).items():
        yield from _tell(inner, click.Context(inner, info_name=name, parent=context), depth + 1)


def _describe(command: click.Command, context: click.Context) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(command.help or "")):
        if paragraph.startswith("\b"):
            yield from ("```sh", textwrap.dedent(paragraph.removeprefix("\b").strip("\n")), "```", "")
        elif paragraph.strip():
            yield from (_prose(paragraph), "")
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield from ("```text", usage, "```", "")
    options = [
        record
        for parameter in command.params
        if isinstance(parameter, click.Option)
        and not {*parameter.opts} & {"--profile", "--sandbox", "--output", "--verbose"}
        and (record := parameter.get_help_record(context)) is not None
    ]
    if options:
        yield from ("| option | |", "|---|---|")
        yield from (f"| `{names}` | {_prose(told)} |" for names, told in options)
        yield ""


def _prose(text: str) -> str:
    """A text of the help in Markdown, where its signs mean nothing."""
    return re.sub(r"([\\|<>*_`\[\]])", r"\\\1", " ".join(text.split()))


LISTS: Final[dict[str, Callable[[], str]]] = {
    "commands": list_commands,
    "codes": list_codes,
    "errors": list_errors,
    "settings": list_settings,
}
