"""Rows at a prompt: the file or pipe that they come from, and the options of their form; the same for all commands."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import click

import rtcp
from rtcp._temporary import TemporaryFolder
from rtcp.cli import options
from rtcp.cli.shell import Shell
from rtcp.rows.rejects import Reject
from rtcp.rows.sources import RowSource, read_rows

F = TypeVar("F", bound=Callable[..., Any])

NEW_FILE: Final = options.LocalPath(dir_okay=False)
STDIN: Final = Path("-")
_MOST_TOLD: Final = 10
_TABS: Final = {"tab": "\t", "\\t": "\t"}


def row_options(function: F) -> F:
    """How rows are read, how they become XDM, and where those go that do not go in."""
    for option in (
        click.option("--dry-run", is_flag=True, help="Only check the rows; nothing is sent."),
        click.option("--rejects", type=NEW_FILE, help="Takes the rows that did not go in, with the reasons."),
        options.text_options,
        click.option("--identity", metavar="PATH", help="Dot path of the primary identity, to refuse rows without it."),
        click.option(
            "--mapping",
            type=options.LocalPath(exists=True, dir_okay=False),
            help="TOML or JSON: each path with its column.",
        ),
    ):
        function = option(function)
    return function


@contextmanager
def open_rows(file: Path, *, delimiter: str | None, encoding: str | None) -> Iterator[RowSource]:
    """The rows of a file, or of a pipe for `-`."""
    if file != STDIN:
        yield read_rows(file, delimiter=character_of(delimiter), encoding=encoding)
        return
    with kept_stdin() as path:
        named = path.rename(path.with_suffix(_suffix_of(path)))
        yield replace(read_rows(named, delimiter=character_of(delimiter), encoding=encoding), name="<stdin>")


@contextmanager
def kept_stdin() -> Iterator[Path]:
    """What comes through the pipe, in a file that goes away again."""
    with TemporaryFolder(prefix="rtcp-stdin-") as folder:
        path = folder / "stdin"
        with path.open("wb") as kept:
            shutil.copyfileobj(sys.stdin.buffer, kept)
        yield path


def character_of(delimiter: str | None) -> str | None:
    """The delimiter that an option names; a tab is hard to type."""
    return None if delimiter is None else _TABS.get(delimiter.lower(), delimiter)


def tell_rejects(shell: Shell, rejects: Iterable[Reject], *, kept_in: Path | None) -> None:
    """Say what is wrong with the first rows that did not go in, and where the others are."""
    listed = list(islice(rejects, _MOST_TOLD + 1))
    for reject in listed[:_MOST_TOLD]:
        shell.note(f"{reject.place}: {reject.message}")
    if len(listed) > _MOST_TOLD:
        shell.note(f"and more; {kept_in} has them all" if kept_in is not None else "and more; --rejects FILE keeps all")


def tell_file(shell: Shell, number: int, rejects: Path) -> None:
    """Say where the rows are that did not go in."""
    if number:
        shell.note(
            f"{number:,} row{'s' * (number > 1)} that did not go in {'are' if number > 1 else 'is'} in {rejects}"
        )
    else:
        shell.note(f"all rows went in; nothing was added to {rejects}")


def form_of(
    *, dataset_id: str, rules: dict[str, Any] | None, schema_id: str | None = None, **parts: Any
) -> rtcp.RowForm:
    """The form that the options tell."""
    return rtcp.RowForm(dataset_id=dataset_id, schema_id=schema_id, mapping=rules, **parts)


def _suffix_of(path: Path) -> str:
    """What comes through a pipe has no name: its first bytes tell what it is."""
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith(b"PAR1"):
        return ".parquet"
    if start.startswith(b"\x1f\x8b"):
        raise click.UsageError("what comes on stdin is compressed; unpack it on the way: gunzip -c FILE | rtcp ...")
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    return ".json" if text[:1] in (b"[", b"{") else ".csv"
