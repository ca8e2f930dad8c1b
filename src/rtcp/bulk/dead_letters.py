"""Rows that were not received, as JSON lines in a file for their owner alone; sending them again takes them out."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from rtcp.errors import InvalidArgumentError, SpoolError
from rtcp.models.stream import Reject

_SUFFIX: Final = ".replaying"


class DeadLetters:
    """Appends rejects to a file, a line each: `{row, position, status, reason, code, can_retry}`.

    A row that JSON cannot hold is written with what was wrong in it as text and `"is_exact": false`.

    Raises:
        SpoolError: the file cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        try:
            self._file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0)
        except OSError as exc:
            problem = _problem(self.path, exc)
        else:
            self.start = self._ready()
            return
        raise SpoolError(problem)

    def add(self, rejects: Sequence[Reject]) -> None:
        """Append, all or none; the lines are with the operating system on return, and survive the process.

        Raises:
            SpoolError: the disk is full, say.
        """
        self._append(b"".join(_line(reject) for reject in rejects))

    def add_line(self, line: bytes) -> None:
        """Append a line as it is.

        Raises:
            SpoolError: the disk is full, say.
        """
        self._append(line.rstrip(b"\n") + b"\n")

    def _ready(self) -> int:
        """Close the file to others, end a line that a killed process has left open, and return where we begin."""
        state = os.fstat(self._file.fileno())
        if not stat.S_ISREG(state.st_mode):
            return 0
        with suppress(OSError):
            # Another's file that we may write to keeps its mode.
            self.path.chmod(0o600)
        with self.path.open("rb") as written:
            written.seek(max(0, state.st_size - 1))
            is_open = written.read(1) not in (b"", b"\n")
        if is_open:
            self._append(b"\n")
        return state.st_size + is_open

    def _append(self, data: bytes) -> None:
        with self._lock:
            descriptor = self._file.fileno()
            size = os.fstat(descriptor).st_size
            rest = memoryview(data)
            try:
                while rest:
                    rest = rest[self._file.write(rest) :]
            except BaseException as exc:
                # Half a line would spoil the next one, too.
                with suppress(OSError):
                    os.ftruncate(descriptor, size)
                if not isinstance(exc, OSError):
                    raise
                problem = _problem(self.path, exc)
            else:
                return
        raise SpoolError(problem)

    def close(self) -> None:
        """Close the file. Closing twice is fine."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Replay:
    """The rows of a dead-letter file on their way out; what fails again goes into a new file that takes its place.

    While it runs the old file stays whole: when the process is killed, all its rows are sent again next time.

    Raises:
        InvalidArgumentError: there is no such file, or another replay of it is under way.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.left = self.path.with_name(self.path.name + _SUFFIX)
        if not self.path.is_file():
            raise InvalidArgumentError(f"there is no dead-letter file {str(path)!r}")
        # What a killed replay has left behind is in the old file as well.
        self.left.unlink(missing_ok=True)

    def rows(self, kept: DeadLetters) -> Iterator[tuple[int | None, Any]]:
        """Yield each row with its position; lines that cannot be sent as they are go to `kept`."""
        with self.path.open("rb") as file:
            for line in file:
                letter = _read(line)
                if letter is not None:
                    position = letter.get("position")
                    yield position if isinstance(position, int) else None, letter["row"]
                elif line.strip():
                    kept.add_line(line)

    def finish(self) -> None:
        """Put what is left in the place of the file; remove it when nothing is."""
        if self.left.stat().st_size:
            self.left.replace(self.path)
        else:
            self.path.unlink()
            self.left.unlink()


def read_rejects(path: Path, *, start: int = 0) -> Iterator[Reject]:
    """The rejects in a file from a place on."""
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            letter: Any = None
            with suppress(ValueError):
                letter = json.loads(line)
            if isinstance(letter, dict) and "row" in letter:
                yield Reject(
                    letter["row"],
                    letter.get("position"),
                    letter.get("status"),
                    letter.get("code"),
                    str(letter.get("reason", "")),
                    letter.get("can_retry") is True,
                )


def _problem(path: Path, exc: OSError) -> str:
    return f"the dead-letter file {str(path)!r} cannot be written: {exc.strerror or type(exc).__name__}"


def _line(reject: Reject) -> bytes:
    letter = {
        "row": reject.row,
        "position": reject.position,
        "status": reject.status,
        "reason": reject.message,
        "code": reject.code,
        "can_retry": reject.can_retry,
    }
    try:
        text = json.dumps(letter, ensure_ascii=False, allow_nan=False, default=_exact).encode()
    except (TypeError, ValueError, RecursionError):
        letter |= {"row": _shown(reject.row), "is_exact": False}
        text = json.dumps(letter).encode()
    return text + b"\n"


def _read(line: bytes) -> Mapping[str, Any] | None:
    """The letter in a line if its row can be sent as it stands."""
    letter: Any = None
    with suppress(ValueError):
        letter = json.loads(line)
    if not isinstance(letter, dict) or "row" not in letter or letter.get("is_exact") is False:
        return None
    return letter


def _exact(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise TypeError("a datetime without time zone")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _shown(value: Any, depth: int = 0) -> Any:
    """The value with texts in the place of what is no JSON."""
    if depth > 50:
        return "..."
    if isinstance(value, Mapping):
        return {str(key): _shown(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item, depth + 1) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    return repr(value)
