"""Temporary folders, for their owner alone: only the process that has made one removes it, or the next one, when that
was killed.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from rtcp import _system
from rtcp._private import open_private

_LOCK: Final = ".rtcp-in-use"
_PREFIX: Final = "rtcp-"
_sweep: Final = threading.Lock()
_swept: Final[set[str]] = set()


def at_end_of(owner: Any, act: Callable[[], object]) -> weakref.finalize[[], Any]:  # noqa: TID251 - its one home
    """Have something done when an object goes, or the process ends with it; in forked children, nothing."""
    return weakref.finalize(owner, partial(_in, os.getpid(), act))  # noqa: TID251


class TemporaryFolder:
    """A folder that goes with its `with` statement, with this object, or with the process, whatever comes first. When
    the process is killed, the next one that makes one removes it.
    """

    def __init__(self, *, prefix: str) -> None:
        remove_left()
        self.path = path = Path(tempfile.mkdtemp(prefix=prefix))
        # Locked for as long as this process lives: a folder whose lock is free was left by one that was killed.
        descriptor = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | _system.here.private_flags, 0o600)
        with suppress(OSError):
            _system.here.take(descriptor)
        self.remove = at_end_of(self, partial(_remove, path, descriptor))
        """Remove it. A second time is nothing."""

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.remove()


def remove_left() -> None:
    """Remove the folders of this user's processes that were killed; once in a process."""
    place = tempfile.gettempdir()
    # Not waited for: whoever has it does the same, and in a forked child it may be held for ever.
    if not _sweep.acquire(blocking=False):
        return
    try:
        if place in _swept:
            return
        _swept.add(place)
    finally:
        _sweep.release()
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX):
                with suppress(OSError):
                    _remove_if_left(Path(entry.path), entry.stat(follow_symlinks=False))


def _remove_if_left(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISDIR(found.st_mode) or not _system.here.is_ours(found):
        return
    try:
        descriptor = open_private(path / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        # Just made by another process, or none of ours.
        return
    try:
        # The operating system's: it ends with the process, however that ends.
        is_left = _system.here.take(descriptor)
        if is_left:
            shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(descriptor)


def _remove(path: Path, descriptor: int) -> None:
    os.close(descriptor)
    shutil.rmtree(path, ignore_errors=True)


def _in(pid: int, act: Callable[[], object]) -> None:
    if pid == os.getpid():
        act()
