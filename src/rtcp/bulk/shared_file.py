"""A file that several processes append to, and that one of them may replace by another of its name."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rtcp import _system
from rtcp._private import open_private

_BLOCK: Final = 1 << 20
# Seconds. Others hold the lock for one write each; who holds it for this long is stopped, or was forgotten.
_PATIENCE: Final = 30.0
_PAUSE: Final = 0.002
# Files that had the name before, and that are kept open to be read.
_MOST_OPEN: Final = 16
_Read = Callable[[int, int], bytes]


class LostError(Exception):
    """What was written is not where it was any more: somebody has taken the file."""


@dataclass(slots=True)
class _Stretch:
    """Bytes of ours that follow each other, and what they are known by."""

    start: int
    end: int
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, data: bytes) -> None:
        self.digest.update(data)
        self.end += len(data)


@dataclass(slots=True)
class _Opened:
    """One file that had the name, and what we have written to it."""

    descriptor: int
    is_regular: bool
    is_closed: bool = False
    stretches: list[_Stretch] = field(default_factory=list)

    def read(self, start: int, size: int) -> bytes:
        os.lseek(self.descriptor, start, os.SEEK_SET)
        return os.read(self.descriptor, size)

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            os.close(self.descriptor)


class SharedFile:
    """Lines at the end of whatever file has the name when they are written, and the way back to them.

    Every write happens under the file's lock, and begins at the start of a line: one that fails takes nothing back but
    its own bytes, and what a killed process has left half-way spoils no other line. May be shared by threads.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._opened = [self._open()]
        self._is_closed = False

    def append(self, data: bytes) -> None:
        """Append lines, all or none; they are with the operating system on return, and survive the process.

        Raises:
            OSError: the disk is full, say, or another process does not give the lock back.
        """
        with self._lock, self._held() as opened:
            if not opened.is_regular:
                _write(opened.descriptor, data)
                return
            size = os.fstat(opened.descriptor).st_size
            # Half a line that a killed process has left gets its end first.
            start = size + (size > 0 and opened.read(size - 1, 1) != b"\n")
            try:
                _write(opened.descriptor, b"\n" * (start - size) + data)
            except BaseException:
                # Half a line would spoil the next one, too.
                with suppress(OSError):
                    os.ftruncate(opened.descriptor, size)
                raise
            if not opened.stretches or opened.stretches[-1].end != start:
                opened.stretches.append(_Stretch(start, start))
            opened.stretches[-1].add(data)

    def own_lines(self) -> Iterator[bytes]:
        """Yield the lines that were appended here, oldest first.

        Raises:
            LostError: after the lines that are there: others were, and somebody has taken them out of the file.
        """
        is_lost = False
        for opened, start, end, digest in self._written():
            with self._reading(opened) as read:
                if read is not None and _is_known(read, start, end, digest):
                    yield from _lines(read, start, end)
                else:
                    is_lost = True
        if is_lost:
            raise LostError

    def _written(self) -> list[tuple[_Opened, int, int, bytes]]:
        with self._lock:
            return [
                (opened, stretch.start, stretch.end, stretch.digest.digest())
                for opened in self._opened
                for stretch in opened.stretches
            ]

    def close(self) -> None:
        """Close the file. Closing twice is fine."""
        with self._lock:
            self._is_closed = True
            for opened in self._opened:
                opened.close()

    @contextmanager
    def _held(self) -> Iterator[_Opened]:
        """The file that has the name now, locked."""
        if self._is_closed:
            raise OSError(None, "it is closed")
        deadline = time.monotonic() + _PATIENCE
        while True:
            opened = self._opened[-1]
            if not opened.is_regular:
                yield opened
                return
            with locked(opened.descriptor, until=deadline):
                if _system.leads_to(self.path, opened.descriptor):
                    yield opened
                    return
            # Somebody has taken the file away under this name: what comes from now on goes into the one that has it.
            self._opened.append(self._open())
            # What we have written is read from the files that it is in, as long as these are not too many.
            former = self._opened[:-1]
            for each in [*(file for file in former if not file.stretches), *former[:-_MOST_OPEN]]:
                each.close()
            self._opened = [each for each in self._opened if each.stretches or not each.is_closed]

    def _open(self) -> _Opened:
        descriptor = open_private(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        return _Opened(descriptor, stat.S_ISREG(os.fstat(descriptor).st_mode))

    @contextmanager
    def _reading(self, opened: _Opened) -> Iterator[_Read | None]:
        """A function that reads the file, while it is open, or what has its name then; None when nothing has."""

        def read(start: int, size: int) -> bytes:
            with self._lock:
                return b"" if opened.is_closed else opened.read(start, size)

        if not opened.is_closed:
            yield read
            return
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            yield None
            return
        with file:

            def read_named(start: int, size: int) -> bytes:
                file.seek(start)
                return file.read(size)

            yield read_named


@contextmanager
def locked(descriptor: int, *, until: float | None = None) -> Iterator[None]:
    """Hold the lock of an open file.

    Args:
        until: when to give up waiting for it, on the monotonic clock; half a minute from now unless told.

    Raises:
        OSError: somebody does not give it back.
    """
    until = time.monotonic() + _PATIENCE if until is None else until
    while True:
        with _system.held(descriptor) as is_ours:
            if is_ours:
                yield
                return
        if time.monotonic() > until:
            raise TimeoutError(None, "another process has locked it, and does not go on")
        time.sleep(_PAUSE)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _blocks(read: _Read, start: int, end: int) -> Iterator[bytes]:
    while start < end:
        block = read(start, min(_BLOCK, end - start))
        if not block:
            raise LostError
        start += len(block)
        yield block


def _is_known(read: _Read, start: int, end: int, digest: bytes) -> bool:
    found = hashlib.sha256()
    try:
        for block in _blocks(read, start, end):
            found.update(block)
    except LostError:
        return False
    return found.digest() == digest


def _lines(read: _Read, start: int, end: int) -> Iterator[bytes]:
    rest = b""
    for block in _blocks(read, start, end):
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    if rest:
        yield rest
