"""Rows that were not received, as JSON lines in a file for their owner alone; sending them again takes them out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from rtcp import _system
from rtcp._paths import local_path
from rtcp._private import open_private, private_file
from rtcp.bulk.shared_file import LostError, SharedFile, locked
from rtcp.errors import InvalidArgumentError, SpoolError
from rtcp.rows.form import RowForm
from rtcp.rows.rejects import Reject, may_go_again, read_letter, to_letter, to_reject

_SUFFIX: Final = ".replaying"
_GUARD: Final = ".replay-lock"


class RejectFile:
    """Appends rejects to a file for its owner alone, a line of JSON each; see `rtcp.rows.rejects`.

    Several may append to one file, also in several processes, and beside a replay of it.

    Raises:
        SpoolError: the file cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = local_path(path, what="rejects")
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
        self._append(b"".join(to_letter(reject) for reject in rejects))

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
                letter = read_letter(line)
                if letter is not None:
                    yield to_reject(letter)
        except LostError:
            problem = (
                f"rows that were not received are not where this writer has put them: a replay has taken them up, and "
                f"put what failed again into {str(self.path)!r}"
            )
        except OSError as exc:
            problem = f"the file of rejects {str(self.path)!r} cannot be read: {exc.strerror or type(exc).__name__}"
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
    """The rows of a file of rejects on their way out; what fails again takes their place in it.

    Use it in a `with` statement. While it runs, the old file stays whole, and others may append to it: when the process
    is killed, all its rows are sent again next time.

    Raises:
        InvalidArgumentError: there is no such file, or another replay of it is under way.
    """

    def __init__(self, path: str | Path) -> None:
        # Its folder's links are followed, as its own may lead to anything.
        given = local_path(path, what="path")
        self.path = given.parent.resolve() / given.name
        self.left = self.path.with_name(self.path.name + _SUFFIX)
        self._guard = self.path.with_name(self.path.name + _GUARD)
        self.held_back = 0
        """Lines that cannot be sent as they stand, and stay in the file."""
        self._pid = os.getpid()
        if not self.path.is_file():
            raise InvalidArgumentError(f"there is no file of rejects {str(path)!r}")
        try:
            self._open()
        except OSError as exc:
            problem = _problem(self.path, exc)
        else:
            return
        raise SpoolError(problem)

    def rejects(self, kept: RejectFile) -> Iterator[Reject]:
        """Yield each row that may go in as it stands; lines that cannot be sent go to `kept` as they are."""
        rest = self._size
        for line in self._file:
            # Up to where the file ended at first: what others append meanwhile is for the next replay.
            line, rest = line[:rest], rest - len(line)
            letter = read_letter(line)
            if letter is not None and may_go_again(letter):
                yield to_reject(letter)
            elif line.strip():
                kept.add_line(line)
                self.held_back += 1
            if rest <= 0:
                return

    def finish(self) -> None:
        """Put what is left, and what others have added, in the place of the file; remove it when that is nothing.

        Raises:
            SpoolError: that could not be done; the file is as it was.
        """
        try:
            with locked(self._file.fileno()):
                # Others append under this lock, so that no line of theirs falls between the two files.
                is_there = _system.leads_to(self.path, self._file.fileno())
                if is_there:
                    self._add_newer()
                    if _system.here.replaces_open:
                        self._take_place()
            if not is_there:
                self._give_away()
            elif not _system.here.replaces_open:
                self._file.close()
                self._take_place()
        except OSError as exc:
            problem = _problem(self.path, exc)
        else:
            return
        raise SpoolError(problem)

    def _add_newer(self) -> None:
        # Opened anew: what was read ahead may be half a line that its writer has taken back since.
        with self.path.open("rb") as file, private_file(self.left, "ab") as left:
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
        _system.here.sync_folder(self.path.parent)

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
            self._file = ends.enter_context(private_file(self.path, "r+b"))
            with locked(self._file.fileno()):
                # What is appended from now on stays for the next replay.
                self._size = os.fstat(self._file.fileno()).st_size
            # What a killed replay has left behind is in the old file as well.
            self.left.unlink(missing_ok=True)
            self._ends = ends.pop_all()

    def _guarded(self) -> int:
        """Lock a file of our own, so that no other replay begins."""
        while True:
            descriptor = open_private(self._guard, os.O_RDWR | os.O_CREAT)
            try:
                is_ours = _system.here.take(descriptor)
                # Another replay may have ended, and removed the file that we have locked.
                is_it = is_ours and _system.leads_to(self._guard, descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            if is_it:
                return descriptor
            os.close(descriptor)
            if not is_ours:
                raise InvalidArgumentError(f"another replay of {str(self.path)!r} is under way; let it end")

    def _unguard(self) -> None:
        # Before the lock is given back: afterwards the name may be that of another replay.
        if _system.here.replaces_open:
            self._guard.unlink(missing_ok=True)
        _system.here.give_back(self._lock)
        os.close(self._lock)
        if not _system.here.replaces_open:
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
            if not self._file.closed and _system.leads_to(self.path, self._file.fileno()):
                self.left.unlink(missing_ok=True)


def form_of_file(path: Path) -> RowForm:
    """The form of the first row of a file of rejects that has one.

    Raises:
        InvalidArgumentError: there is no such file, or none of its rows has one.
    """
    if not path.is_file():
        raise InvalidArgumentError(f"there is no file of rejects {str(path)!r}")
    with path.open("rb") as file:
        for line in file:
            letter = read_letter(line)
            form = None if letter is None else to_reject(letter).form
            if form is not None:
                return form
    raise InvalidArgumentError(f"no row of {str(path)!r} tells the form that it was sent with: pass form=")


def _problem(path: Path, exc: OSError) -> str:
    return f"the file of rejects {str(path)!r} cannot be written: {exc.strerror or type(exc).__name__}"
