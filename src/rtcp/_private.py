"""Files that hold people or secrets: their owner's alone, and nobody else's file is taken for one of ours."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from rtcp import _system

_LINK: Final = "it is a symbolic link, which may lead anywhere; give the path that it leads to"
_FOREIGN: Final = "it belongs to another user"
_NO_FILE: Final = "it is a pipe, a socket or the like, which keeps nothing; give the path of a file"
_HAS_OTHER_NAMES: Final = (
    "it has another name as well (a hard link), under which it may be anything; copy it, and remove the link"
)


def open_private(path: Path, flags: int) -> int:
    """Open a file, or make it with mode 0600; one that others might read is closed to them.

    Raises:
        OSError: as `os.open`; also for a link, a pipe, and a file that belongs to somebody else.
    """
    if _system.here.is_device(path):
        # Such as /dev/stdout: it is there already, and not ours to close to others.
        return os.open(path, flags & ~os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        descriptor = os.open(path, flags | _system.here.private_flags, 0o600)
    except OSError as exc:
        # Systems have different words for a link that may not be followed.
        if exc.errno not in (errno.ELOOP, errno.EMLINK) and not path.is_symlink():
            raise
    else:
        try:
            found = os.fstat(descriptor)
            _check(found, path)
            _check_alone(found, path)
            # Before anything is written: what is in it now is for its owner, too.
            _system.here.make_private(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor
    raise PermissionError(errno.ELOOP, _LINK, str(path))


def check_private(path: Path) -> None:
    """Refuse a link, a pipe, and what belongs to somebody else, where a library opens the file by its name.

    Raises:
        OSError: it is one, or is not there.
    """
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise PermissionError(errno.ELOOP, _LINK, str(path))
    _check(found, path)
    _check_alone(found, path)


def private_file(path: Path, mode: str = "w", *, encoding: str | None = "utf-8") -> IO[Any]:
    """An open file as `open` makes it, for the modes w, wb, ab and r+b."""
    flags = {"w": os.O_WRONLY | os.O_CREAT, "a": os.O_WRONLY | os.O_CREAT | os.O_APPEND, "r": os.O_RDWR}[mode[0]]
    descriptor = open_private(path, flags)
    try:
        if mode[0] == "w":
            # Only now: a file that is not ours is not emptied either.
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
        return os.fdopen(descriptor, mode, encoding=None if "b" in mode else encoding)
    except BaseException:
        os.close(descriptor)
        raise


def private_folder(path: Path, *, is_shared: bool = False) -> None:
    """Make a folder with mode 0700, unless it is there; those above it as well.

    Args:
        is_shared: True takes one that is there as it is: the caller chose it, and it may hold other things.

    Raises:
        OSError: it cannot be made, is a symbolic link, or belongs to somebody else.
    """
    # A mode given to `mkdir` is that of the last one only.
    for each in [*reversed(path.parents), path]:
        with suppress(FileExistsError, IsADirectoryError, PermissionError):
            if not each.exists():
                each.mkdir(mode=0o700)
    path.mkdir(mode=0o700, exist_ok=True)
    if not is_shared:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            raise PermissionError(errno.ELOOP, _LINK, str(path))
        _check(found, path)


@contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """A new file, mode 0600, that takes the place of the old one in one step, or not at all. What processes that died
    in the middle have left of theirs goes.
    """
    prefix = f".{path.name}."
    for left in path.parent.glob(f"{_escaped(prefix)}*.tmp"):
        _remove_if_left(left)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            # It ends with the process: whoever finds the file without it knows that nobody writes it any more.
            with suppress(OSError):
                _system.here.take(file.fileno())
            yield file
            file.flush()
            # While the lock is held: without it, another process would take the file for one that was left.
            if _system.here.replaces_open:
                temporary.replace(path)
        if not _system.here.replaces_open:
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _check(found: os.stat_result, path: Path) -> None:
    if not _system.here.is_ours(found):
        raise PermissionError(errno.EPERM, _FOREIGN, str(path))


def _check_alone(found: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, _NO_FILE, str(path))
    if found.st_nlink > 1:
        raise PermissionError(errno.EMLINK, _HAS_OTHER_NAMES, str(path))


def _remove_if_left(path: Path) -> None:
    with suppress(OSError):
        descriptor = open_private(path, os.O_RDWR)
        try:
            if _system.here.take(descriptor):
                path.unlink()
        finally:
            os.close(descriptor)


def _escaped(text: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)
