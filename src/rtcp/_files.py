"""Locks of open files between processes, in the forms that systems have, and whether a name still leads to a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol


class Locks(Protocol):
    """Locks of whole files. They belong to the opening, so that two openings in one process exclude each other, and
    end with the process, however that ends.
    """

    replaces_open: bool
    """True where a file can be replaced under the hands of those who have it open."""

    def take(self, descriptor: int) -> bool:
        """Take the lock of an open file if it is free; True when it is ours now.

        Raises:
            OSError: the file system has no locks.
        """
        ...

    def give_back(self, descriptor: int) -> None:
        """Give the lock back. Closing would not, where a forked child has the file open as well."""
        ...


class PosixLocks:
    """With `flock`: for those who ask for it; reading and writing go on without."""

    replaces_open = True

    def __init__(self, fcntl: ModuleType | Any) -> None:
        self._fcntl = fcntl

    def take(self, descriptor: int) -> bool:
        try:
            self._fcntl.flock(descriptor, self._fcntl.LOCK_EX | self._fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def give_back(self, descriptor: int) -> None:
        self._fcntl.flock(descriptor, self._fcntl.LOCK_UN)


class WindowsLocks:
    """With `locking` of one byte: nobody else can read or write that one meanwhile, so it lies far behind."""

    PLACE: Final = 0x7FFF_FFFF
    replaces_open = False

    def __init__(self, msvcrt: ModuleType | Any) -> None:
        self._msvcrt = msvcrt

    def take(self, descriptor: int) -> bool:
        try:
            self._lock(descriptor, self._msvcrt.LK_NBLCK)
        except PermissionError:
            return False
        return True

    def give_back(self, descriptor: int) -> None:
        self._lock(descriptor, self._msvcrt.LK_UNLCK)

    def _lock(self, descriptor: int, how: int) -> None:
        before = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, self.PLACE, os.SEEK_SET)
        try:
            self._msvcrt.locking(descriptor, how, 1)
        finally:
            os.lseek(descriptor, before, os.SEEK_SET)


if sys.platform == "win32":
    import msvcrt

    locks: Locks = WindowsLocks(msvcrt)
else:
    import fcntl

    locks: Locks = PosixLocks(fcntl)


@contextmanager
def held(descriptor: int) -> Iterator[bool]:
    """Hold the lock of an open file if it is free; yields whether it was."""
    is_ours, pid = locks.take(descriptor), os.getpid()
    try:
        yield is_ours
    finally:
        # A forked child has its parent's lock in its hands, and would give it back for both.
        if is_ours and pid == os.getpid():
            locks.give_back(descriptor)


def leads_to(path: Path, descriptor: int) -> bool:
    """True while a name is that of an open file, and nobody has removed or replaced it."""
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))
