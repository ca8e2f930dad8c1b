"""What a check came to, and how it is told."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
TOOLS: Final = Path(sys.executable).parent

PASSED: Final = "passed"
FAILED: Final = "FAILED"
NOT_RUN: Final = "not run"


class NotRunError(Exception):
    """The check could not judge anything here; the text says why."""


class FailedError(Exception):
    """The check says no; the text says to what."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the report."""

    name: str
    word: str
    detail: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.word:8} {self.name} ({self.seconds:.0f} s): {self.detail}"


def attempt(name: str, check: Callable[[], str]) -> Outcome:
    """Run a check; it returns what it found, or raises."""
    started = time.monotonic()
    try:
        word, detail = PASSED, check()
    except NotRunError as exc:
        word, detail = NOT_RUN, str(exc)
    except FailedError as exc:
        word, detail = FAILED, str(exc)
    return Outcome(name, word, detail, time.monotonic() - started)


def run(
    *command: str | Path,
    cwd: Path = ROOT,
    environment: dict[str, str] | None = None,
    accept: Sequence[int] = (0,),
    seconds: float = 600,
) -> subprocess.CompletedProcess[str]:
    """Run a program without the network; what it says is in the error when it fails.

    Raises:
        FailedError: it ended otherwise than is accepted.
    """
    words = [str(word) for word in command]
    try:
        ended = subprocess.run(
            words,
            cwd=cwd,
            env=environment if environment is not None else offline(),
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise FailedError(f"{Path(words[0]).name} {words[1]} did not end within {seconds:g} s") from None
    if ended.returncode not in accept:
        said = (ended.stdout + ended.stderr).strip()[-3_000:]
        raise FailedError(f"{Path(words[0]).name} {' '.join(words[1:4])} ended with {ended.returncode}:\n{said}")
    return ended


def offline() -> dict[str, str]:
    """The environment of this process, in which installers ask no index."""
    return {**_clean(), "UV_OFFLINE": "1", "PIP_NO_INDEX": "1"}


def online() -> dict[str, str]:
    """The environment of this process, for the steps that fetch."""
    return _clean()


def _clean() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RTCP_", "PYTHON"))}
    return {**kept, "UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1"}
