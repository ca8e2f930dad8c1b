"""Rows that were not received, as JSON lines in a file for their owner alone; sending them again takes them out."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from rtcp import _files
from rtcp.bulk.folder import sync_folder
from rtcp.bulk.shared_file import LostError, SharedFile, locked
from rtcp.errors import InvalidArgumentError, SpoolError
from rtcp.models.stream import Reject

_SUFFIX: Final = ".replaying"
_GUARD: Final = ".replay-lock"


class DeadLetters:
    """Appends rejects to a file, a line each: `{row, position, status, reason, code, can_retry}`.

    Several may append to one file, also in several processes, and beside a replay of it. A row that JSON cannot hold is
    written with what was wrong in it as text and `"is_exact": false`.

    Raises:
        SpoolError: the file cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._file = SharedFile(self.path)
        except OSError as exc:
            problem = _problem(self.path, exc)
        else:
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

    def rejects(self) -> Iterator[Reject]:
        """Yield what was added here, and nothing that others have added to the file.

        Raises:
            SpoolError: at the end, when some are in the file no more, as a replay has taken them up.
        """
        try:
            for line in self._file.own_lines():
                letter = _letter(line)
                if letter is not None:
                    yield _reject(letter)
        except LostError:
            problem = (
                f"rows that were not received are not where this writer has put them: a replay has taken them up, and "
                f"put what failed again into {str(self.path)!r}"
            )
        except OSError as exc:
            problem = f"the dead-letter file {str(self.path)!r} cannot be read: {exc.strerror or type(exc).__name__}"
        else:
            return
        raise SpoolError(problem)

    def _append(self, data: bytes) -> None:
        try:
            self._file.append(data)
        except OSError as exc:
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
    """The rows of a dead-letter file on their way out; what fails again takes their place in it.

    Use it in a `with` statement. While it runs, the old file stays whole, and others may append to it: when the process
    is killed, all its rows are sent again next time.

    Raises:
        InvalidArgumentError: there is no such file, or another replay of it is under way.
    """

    def __init__(self, path: str | Path) -> None:
        # Of a symbolic link, the file is replaced, and not the link.
        self.path = Path(path).resolve()
        self.left = self.path.with_name(self.path.name + _SUFFIX)
        self._guard = self.path.with_name(self.path.name + _GUARD)
        self._pid = os.getpid()
        if not self.path.is_file():
            raise InvalidArgumentError(f"there is no dead-letter file {str(path)!r}")
        try:
            self._open()
        except OSError as exc:
            problem = _problem(self.path, exc)
        else:
            return
        raise SpoolError(problem)

    def rows(self, kept: DeadLetters) -> Iterator[tuple[int | None, Any]]:
        """Yield each row with its position; lines that cannot be sent as they are go to `kept`."""
        rest = self._size
        for line in self._file:
            line, rest = line[:rest], rest - len(line)
            letter = _letter(line)
            if letter is not None and letter.get("is_exact") is not False:
                position = letter.get("position")
                yield position if isinstance(position, int) else None, letter["row"]
            elif line.strip():
                kept.add_line(line)
            if rest <= 0:
                return

    def finish(self) -> None:
        """Put what is left, and what others have added, in the place of the file; remove it when that is nothing.

        Raises:
            SpoolError: that could not be done; the file is as it was.
        """
        try:
            with locked(self._file.fileno()):
                is_there = _files.leads_to(self.path, self._file.fileno())
                if is_there:
                    self._add_newer()
                    if _files.locks.replaces_open:
                        self._take_place()
            if not is_there:
                self._give_away()
            elif not _files.locks.replaces_open:
                self._file.close()
                self._take_place()
        except OSError as exc:
            problem = _problem(self.path, exc)
        else:
            return
        raise SpoolError(problem)

    def _add_newer(self) -> None:
        # Opened anew: what was read ahead may be half a line that its writer has taken back since.
        with self.path.open("rb") as file, self.left.open("ab") as left:
            file.seek(self._size)
            shutil.copyfileobj(file, left)
            left.flush()
            os.fsync(left.fileno())

    def _take_place(self) -> None:
        if self.left.stat().st_size:
            self.left.replace(self.path)
        else:
            self.path.unlink()
            self.left.unlink()
        sync_folder(self.path.parent)

    def _give_away(self) -> None:
        """Somebody has moved the file meanwhile: what is left goes to the end of the one that has its name now."""
        file = SharedFile(self.path)
        try:
            with self.left.open("rb") as left:
                for line in left:
                    file.append(line)
        finally:
            file.close()
        self.left.unlink()

    def _open(self) -> None:
        with ExitStack() as ends:
            self._lock = self._guarded()
            ends.callback(self._unguard)
            self._file = ends.enter_context(self.path.open("r+b"))
            with locked(self._file.fileno()):
                # What is appended from now on stays for the next replay.
                self._size = os.fstat(self._file.fileno()).st_size
            # What a killed replay has left behind is in the old file as well.
            self.left.unlink(missing_ok=True)
            self._ends = ends.pop_all()

    def _guarded(self) -> int:
        """Lock a file of our own, so that no other replay begins."""
        while True:
            descriptor = os.open(self._guard, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                is_ours = _files.locks.take(descriptor)
                # Another replay may have ended, and removed the file that we have locked.
                is_it = is_ours and _files.leads_to(self._guard, descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            if is_it:
                return descriptor
            os.close(descriptor)
            if not is_ours:
                raise InvalidArgumentError(f"another replay of {str(self.path)!r} is under way; let it end")

    def _unguard(self) -> None:
        if _files.locks.replaces_open:
            self._guard.unlink(missing_ok=True)
        _files.locks.give_back(self._lock)
        os.close(self._lock)
        if not _files.locks.replaces_open:
            with suppress(OSError):
                self._guard.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # In a forked child, the replay is the parent's to end.
        if self._pid != os.getpid():
            return
        with self._ends:
            if not self._file.closed and _files.leads_to(self.path, self._file.fileno()):
                self.left.unlink(missing_ok=True)


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


def _letter(line: bytes) -> Mapping[str, Any] | None:
    """The letter in a line, if there is one."""
    letter: Any = None
    with suppress(ValueError):
        letter = json.loads(line)
    return letter if isinstance(letter, dict) and "row" in letter else None


def _reject(letter: Mapping[str, Any]) -> Reject:
    return Reject(
        letter["row"],
        letter.get("position"),
        letter.get("status"),
        letter.get("code"),
        str(letter.get("reason", "")),
        letter.get("can_retry") is True,
    )


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
