"""What is typed at a prompt and what is printed, compared word by word with the files in this folder."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from itertools import zip_longest
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import rtcp
from rtcp.cli.app import app
from rtcp.emulator import Emulator, worlds

FOLDER = Path(__file__).parent
RECORD = bool(os.environ.get("RTCP_RECORD"))
RTCP = [sys.executable, "-c", "from rtcp.cli import main; main()"]
WIDTH = 100
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_STATE = re.compile(r"2> (delete request|export job|computed attribute|\S+ into) .*: (batch ID )?[\w-]+$")
# What is glued to a line of progress is seen.
_SPINNER = re.compile(r"^[⠀-⣿] .* \d+:\d\d:\d\d$")
_WORDS = (
    (re.compile(r"http://127\.0\.0\.1:\d+"), "URL"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "INLET"),
    (re.compile(r"\b[0-9a-f]{24}\b|\b[0-9A-HJKMNP-TV-Z]{26}\b"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(\+00:00|Z| UTC)?"), "TIME"),
    (re.compile(r"\b\d+ (second|minute|hour|day)s? ago"), "AGE ago"),
    (re.compile(r"\b1[5-9]\d{11}\b"), "MILLIS"),
    (re.compile(r'"(ageSeconds|updateEpoch|createEpoch)": \d+'), r'"\1": N'),
    (re.compile(r"\b[\d,]+ (people a second|requests, all answered)"), r"N \1"),
    (re.compile(r"(  job \d+: \w+\n)+(?=  job)"), ""),
    (re.compile(r"\bnowMs(\s+|,)[\d,]+"), r"nowMs\1N"),
    (re.compile(r"\S*/pytest-of-\S*/(?=[\w.-]+)"), ""),
    (re.compile(r"[ \t]+(?=\n|$)"), ""),
    (re.compile(r"─+"), "──"),
    (re.compile(r" {3,}"), "  "),
)
FILES = sorted(FOLDER.glob("*.txt"))
# It tells of the machine that it is run on; test_doctor_command.py looks at each of its lines.
OF_THE_MACHINE = [["doctor"]]


@pytest.fixture
def world(monkeypatch, tmp_path):
    with Emulator(seed=1, job_seconds=0.01) as emulator:
        emulator.load(worlds.path("harbour"))
        monkeypatch.setenv("RTCP_EMULATOR", emulator.url)
        monkeypatch.setenv("RTCP_CONFIG", "config.toml")
        monkeypatch.setenv("RTCP_RETRIES", "0")
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.chdir(tmp_path)
        yield emulator


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_typed_prints_what_is_written(path, world):
    written = path.read_text(encoding="utf-8")

    printed = Typist(world).play(written)

    if RECORD:
        path.write_text(printed, encoding="utf-8")
    assert printed == written


def test_every_command_has_a_transcript():
    typed = [
        line.split("$ rtcp ", 1)[1].split()
        for path in FILES
        for line in path.read_text().splitlines()
        if "$ rtcp " in line
    ]

    typed += OF_THE_MACHINE
    missing = [" ".join(path) for path in leaves(app) if not any(words[: len(path)] == path for words in typed)]

    assert missing == []


def leaves(command, path=()):
    """The words of every command that is no group."""
    if not isinstance(command, click.Group):
        return [list(path)]
    context = click.Context(command)
    return [
        leaf
        for name in command.list_commands(context)
        for leaf in leaves(command.get_command(context, name), (*path, name))
    ]


class Typist:
    """Types the lines of a transcript and writes them down again, with what was printed."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._names: dict[str, str] = {}

    def play(self, text: str) -> str:
        lines = text.splitlines()
        kept: list[str] = []
        while lines:
            line = lines.pop(0)
            if line.startswith("@ file "):
                kept.append(line)
                content = []
                while lines[0] != "@ end":
                    content.append(lines.pop(0))
                Path(line.removeprefix("@ file ")).write_text("".join(f"{each}\n" for each in content))
                kept += [*content, lines.pop(0)]
            elif line.startswith("@ "):
                kept.append(line)
                self._prepare(line.split()[1:])
            elif line.startswith(("$ ", "tty$ ")):
                kept.append(line)
                typed: list[str] = []
                stop = None
                while lines and lines[0].startswith(("< ", "^C")):
                    kept.append(lines[0])
                    given = lines.pop(0)
                    if given.startswith("^C"):
                        stop = given.removeprefix("^C after ")
                    else:
                        typed.append(given[2:])
                while lines and not lines[0].startswith(("$ ", "tty$ ", "@ ", "# ")):
                    lines.pop(0)
                kept += self._run(line, typed, stop)
                kept.append("")
            elif line.startswith("# ") or not kept:
                kept.append(line)
        return "\n".join(kept).rstrip() + "\n"

    def _prepare(self, words: list[str]) -> None:
        if words[0] == "freeze":
            self._emulator.clock.freeze()
        elif words[0] == "fault":
            body = json.loads(" ".join(words[3:])) if words[3:] else None
            self._emulator.faults.once(words[1], status=int(words[2]), **({} if body is None else {"body": body}))
        elif words[0] == "let":
            with rtcp.Client.for_emulator(self._emulator.url) as client:
                first = getattr(client, words[2]).list().first()
                self._names[words[1]] = str(getattr(first, words[3] if words[3:] else "id"))
        else:
            raise AssertionError(words)

    def _run(self, line: str, typed: list[str], stop: str | None) -> list[str]:
        prompt, _, command = line.partition(" ")
        words = [self._names.get(word, word) for word in shlex.split(command)[1:]]
        if prompt == "tty$":
            code, screen = at_a_terminal(words, typed, stop)
            said = [each for each in plain(screen).splitlines() if not _SPINNER.match(each)]
        else:
            result = CliRunner().invoke(app, words, input="".join(f"{each}\n" for each in typed), prog_name="rtcp")
            code = result.exit_code
            said = plain(result.stdout).splitlines()
            said += [f"2> {each}" for each in plain(result.stderr).splitlines()]
        said = [each for each in said if each.strip()]
        # Which states a look happens to meet is chance; the last one is none.
        said = [
            each
            for each, after in zip_longest(said, said[1:], fillvalue="")
            if not (_STATE.match(each) and _STATE.match(after))
        ]
        return [*said, *([f"[{code}]"] if code else [])]


def at_a_terminal(words: list[str], typed: list[str], stop: str | None) -> tuple[int, str]:
    """Run the command on a terminal of its own; what stands there in the end, and the exit code."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, WIDTH, 0, 0))
    process = subprocess.Popen([*RTCP, *words], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    for line in typed:
        os.write(ours, f"{line}\n".encode())
    seen, ends = b"", time.monotonic() + 60
    is_over = False
    while time.monotonic() < ends:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                part = os.read(ours, 4096)
            except OSError:
                break
            if not part:
                break
            seen += part
            if stop is not None and stop.encode() in seen:
                process.send_signal(signal.SIGINT)
                stop = None
        elif is_over:
            break
        # What it printed last may have come between the look at the terminal and the one at the process.
        is_over = process.poll() is not None
    os.close(ours)
    if process.poll() is None and time.monotonic() >= ends:
        process.kill()
    return process.wait(), seen.decode(errors="replace")


def plain(text: str) -> str:
    """What a person reads, with the same word for what differs from run to run."""
    text = _ESCAPES.sub("", text.replace("\r\n", "\n"))
    text = "\n".join(line.rpartition("\r")[2] for line in text.split("\n"))
    for pattern, word in _WORDS:
        text = pattern.sub(word, text)
    return text
