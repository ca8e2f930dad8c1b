"""What all commands share: the options that stand anywhere, the client, messages, and how errors end."""

from __future__ import annotations

import logging
import shlex
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

import click

import rtcp
from rtcp._streams import drop_output, settle_output
from rtcp._terminal import visible
from rtcp.cli import failures
from rtcp.errors import NotFoundError, RtcpError

FORMATS: Final = ("table", "json", "jsonl", "csv", "csv-raw")


@dataclass
class Shell:
    """One run of the command; `pass_shell` hands it to a verb."""

    profile: str | None = None
    sandbox: str | None = None
    output: str | None = None
    verbose: bool = False
    _config: rtcp.Config | None = field(default=None, repr=False)

    @property
    def format(self) -> str:
        """The form that data is printed in."""
        return self.output or ("table" if sys.stdout.isatty() else "jsonl")

    @property
    def is_json(self) -> bool:
        """True when data is printed whole."""
        return self.format in ("json", "jsonl")

    @property
    def config(self) -> rtcp.Config:
        """The settings in force.

        Raises:
            ConfigError: a setting is bad, or the profile file is.
        """
        if self._config is None:
            self._config = rtcp.Config.load(profile=self.profile, sandbox=self.sandbox)
        return self._config

    def client(self, **options: Any) -> rtcp.Client:
        """A client with these settings, to be used in a with statement."""
        return rtcp.Client(self.config, **options)

    @property
    def place(self) -> str:
        """The sandbox in words, so that nobody deletes in the wrong one."""
        config = self.config
        name = config.sandbox_name
        return f"sandbox {name!r} of the emulator at {config.base_url}" if config.emulator else f"sandbox {name!r}"

    def command(self, *words: str) -> str:
        """A command for a person to type, with the profile and sandbox of this one."""
        chosen = [("--profile", self.profile), ("--sandbox", self.sandbox)]
        return shlex.join(["rtcp", *words, *(part for name, value in chosen if value for part in (name, value))])

    def note(self, text: str) -> None:
        """Say something that is no data; what it recommends in Python is said as a command."""
        _say(visible(failures.in_commands(text)))

    @contextmanager
    def session(self) -> Iterator[None]:
        """Run a command: logs go to stderr, and errors end as a message and an exit code."""
        # A letter that the terminal does not have must not end a list half-way.
        _never_fail_on_characters(sys.stdout)
        _never_fail_on_characters(sys.stderr)
        with self._logging():
            try:
                yield
                # Here, where what it raises still ends as a message: at exit it would be past all of this.
                sys.stdout.flush()
            except RtcpError as exc:
                self._end(exc, failures.exit_code(exc))
            except (KeyboardInterrupt, click.Abort) as exc:
                self.note("\n".join(["interrupted", *getattr(exc, "__notes__", ())]))
                raise click.exceptions.Exit(failures.INTERRUPTED) from None
            except BrokenPipeError:
                # The reader has gone (`| head`); what is still buffered must not raise again at exit.
                drop_output()
                raise click.exceptions.Exit(failures.CLOSED_PIPE) from None
            except OSError as exc:
                settle_output()
                self._end(exc, failures.FAILED)

    def _end(self, error: Exception, code: int) -> None:
        if self.verbose:
            self.note("".join(traceback.format_exception(error)).rstrip())
        notes = [*getattr(error, "__notes__", ())] or _where_to_look(error)
        self.note("\n".join([f"error: {error}", *notes]))
        raise click.exceptions.Exit(code) from None

    @contextmanager
    def _logging(self) -> Iterator[None]:
        logger = logging.getLogger("rtcp")
        handler = _OnStderr()
        handler.setFormatter(_Formatter())
        level, propagate = logger.level, logger.propagate
        logger.setLevel(logging.DEBUG if self.verbose else logging.WARNING)
        # Else a handler of the root logger would say it once more.
        logger.propagate = False
        logger.addHandler(handler)
        try:
            with warnings.catch_warnings():
                warnings.showwarning = self._show_warning
                yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagate

    def _show_warning(self, message: Warning | str, *place: Any, **rest: Any) -> None:
        self.note(f"warning: {message}")


def _where_to_look(error: Exception) -> list[str]:
    """Of an id that the service does not know: the command that lists those that it knows."""
    context = click.get_current_context(silent=True)
    noun = None if context is None else context.parent
    is_told = not isinstance(error, NotFoundError) or "near it" in str(error)
    if is_told or context is None or noun is None or not isinstance(noun.command, click.Group):
        return []
    takes_id = any(isinstance(parameter, click.Argument) for parameter in context.command.params)
    return [f"{noun.command_path} list shows which there are"] if takes_id and "list" in noun.command.commands else []


pass_shell = click.make_pass_decorator(Shell, ensure=True)


class _OnStderr(logging.Handler):
    """Writes to the stderr of the moment: while a line of progress is shown, that puts records above it."""

    def emit(self, record: logging.LogRecord) -> None:
        _say(self.format(record))


class _Formatter(logging.Formatter):
    """One line a record."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(failures.in_commands(f"{record.levelname.lower()}: {record.getMessage()}"))


def _say(text: str) -> None:
    # With err=True click writes past what stands for stderr while a line of progress is shown, and onto that line.
    click.echo(text, file=sys.stderr)


def _never_fail_on_characters(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
