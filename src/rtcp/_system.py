"""What operating systems do each in their own way: two forms of it, and the one that is in force here.

Nothing else in rtcp asks which system it runs on. `here` is replaced in tests by the form of the other one.
"""

from __future__ import annotations

import os
import re
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol

_OTHERS: Final = 0o077


class System(Protocol):
    """One operating system.

    Attributes:
        replaces_open: a file can be replaced under the hands of those who have it open.
        private_flags: for `os.open`: follow no symbolic link, give nothing to the programs that are started, change no
            bytes, wait for nobody at the other end of a pipe.
        stop_signals: those by which a program is told to end.
    """

    replaces_open: bool
    private_flags: int
    stop_signals: Sequence[int]

    def take(self, descriptor: int) -> bool:
        """Take the lock of an open file if it is free; True when it is ours now.

        Locks are of whole files. They belong to the opening, so that two openings in one process exclude each other,
        and end with the process, however that ends.

        Raises:
            OSError: the file system has no locks.
        """
        ...

    def give_back(self, descriptor: int) -> None:
        """Give the lock back. Closing would not, where a forked child has the file open as well."""
        ...

    def make_private(self, file: int | Path) -> None:
        """Close a file to all but its owner, where its own mode says who may read it."""
        ...

    def is_ours(self, found: os.stat_result) -> bool:
        """True where the process's own user owns it, and where files do not tell."""
        ...

    def is_device(self, path: Path) -> bool:
        """True for a name that leads to what the program was given by whoever started it, and for devices."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """Make renames in the folder survive a power cut, where that has to be asked for."""
        ...

    def call_in_children(self, function: Callable[[], object]) -> None:
        """Have something done in each forked child, before anything else."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that nobody sets, and that goes on while the machine sleeps."""
        ...


class Posix:
    """Linux and macOS."""

    replaces_open = True
    private_flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    stop_signals: Sequence[int] = (signal.SIGINT, signal.SIGTERM)
    _GIVEN: Final = re.compile(r"/dev/(fd/\d+|std(in|out|err))|/proc/(self|\d+)/fd/\d+", re.ASCII)

    def __init__(self, fcntl: ModuleType | Any) -> None:
        self._fcntl = fcntl

    def take(self, descriptor: int) -> bool:
        # For those who ask for it; reading and writing go on without.
        try:
            self._fcntl.flock(descriptor, self._fcntl.LOCK_EX | self._fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def give_back(self, descriptor: int) -> None:
        self._fcntl.flock(descriptor, self._fcntl.LOCK_UN)

    def make_private(self, file: int | Path) -> None:
        if stat.S_IMODE(os.stat(file).st_mode) & _OTHERS:  # noqa: PTH116 - it may be an open file
            os.chmod(file, 0o600)  # noqa: PTH101

    def is_ours(self, found: os.stat_result) -> bool:
        return found.st_uid == os.geteuid()

    def is_device(self, path: Path) -> bool:
        if self._GIVEN.fullmatch(str(path)):
            return True
        # Some folders of /dev are like any other, and open to everybody. A link may lead anywhere.
        try:
            return stat.S_ISCHR(path.lstat().st_mode)
        except OSError:
            return False

    def sync_folder(self, folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def call_in_children(self, function: Callable[[], object]) -> None:
        os.register_at_fork(after_in_child=function)

    def monotonic(self) -> float:
        # macOS has no CLOCK_BOOTTIME, and its CLOCK_MONOTONIC is what Linux calls so.
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Windows:
    """Windows. There are no forks, and who may read a file is told by its folder."""

    # Nobody else can read or write a byte that is locked, so it lies far behind.
    PLACE: Final = 0x7FFF_FFFF
    replaces_open = False
    private_flags = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0)
    stop_signals: Sequence[int] = (signal.SIGINT, getattr(signal, "SIGBREAK", signal.SIGTERM))

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

    def make_private(self, file: int | Path) -> None:
        """Nothing: a mode would only make it read-only."""

    def is_ours(self, found: os.stat_result) -> bool:
        return True

    def is_device(self, path: Path) -> bool:
        return False

    def sync_folder(self, folder: Path) -> None:
        """Nothing: folders cannot be opened, and the file system keeps a journal."""

    def call_in_children(self, function: Callable[[], object]) -> None:
        """Nothing: there are no forks."""

    def monotonic(self) -> float:
        return time.monotonic()


if sys.platform == "win32":
    import msvcrt

    here: System = Windows(msvcrt)
else:
    import fcntl

    here: System = Posix(fcntl)


@contextmanager
def held(descriptor: int) -> Iterator[bool]:
    """Hold the lock of an open file if it is free; yields whether it was."""
    is_ours, pid = here.take(descriptor), os.getpid()
    try:
        yield is_ours
    finally:
        # A forked child has its parent's lock in its hands, and would give it back for both.
        if is_ours and pid == os.getpid():
            here.give_back(descriptor)


def leads_to(path: Path, descriptor: int) -> bool:
    """True while a name is that of an open file, and nobody has removed or replaced it."""
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))


@contextmanager
def call_when_stopped(function: Callable[[], object]) -> Iterator[None]:
    """Have something done when the program is told to end while the block runs."""
    before = [(number, signal.signal(number, lambda *_: function())) for number in here.stop_signals]
    try:
        yield
    finally:
        # The process may be somebody else's, who goes on in it.
        for number, handler in before:
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def uninterrupted(function: Callable[[], object]) -> None:
    """Do what must not be left half done: Ctrl-C is held back until it is over."""
    if threading.current_thread() is not threading.main_thread():
        # Ctrl-C is for the main thread, which alone may say what becomes of it.
        function()
        return
    came = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: came.set())
    try:
        function()
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)
        if came.is_set():
            signal.raise_signal(signal.SIGINT)
