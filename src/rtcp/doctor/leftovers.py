"""What earlier runs have left on disk: rows that wait in spools, dead letters, downloads that are not complete."""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from rtcp import _system
from rtcp._sqlite import connect
from rtcp.bulk.spool import APPLICATION
from rtcp.doctor.findings import OK, SKIPPED, TOLD, WARNING, Finding
from rtcp.files.folder import PART
from rtcp.rows.rejects import read_letter

_TOPIC: Final = "left on disk"
# Levels of folders, and entries in all: somebody waits, and a home folder has millions.
_DEEPEST: Final = 4
_MOST: Final = 20_000
_SQLITE: Final = b"SQLite format 3\0"
# Where the header of a database has the number that tells whose it is.
_APPLICATION_AT: Final = 68
_HEADER: Final = _APPLICATION_AT + 4
# Of a write-ahead log, and of each page in it.
_LOG_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_LETTERS: Final = (".jsonl", ".json", ".ndjson", ".txt", ".rejects", "")
# Bytes of a file's first line: a row of streaming ingestion has less.
_LONGEST_LINE: Final = 4 << 20
_REPLAYING: Final = ".replaying"


@dataclass
class _Search:
    """One walk through a folder."""

    left: int = _MOST
    is_cut: bool = False
    unreadable: int = 0


def find(folders: Sequence[Path], *, now: datetime) -> Iterator[Finding]:
    """Tell what lies in these folders and what is in the temporary one of processes that were killed."""
    for folder in folders:
        search, count = _Search(), 0
        for path, found in _files(folder, search):
            known = _known(path, found, str(path.relative_to(folder)), now)
            if known is not None:
                count += 1
                yield known
        yield _summary(folder, search, count)
    yield from _temporary(now)


def _summary(folder: Path, search: _Search, count: int) -> Finding:
    name = f"in {folder}"
    if search.is_cut:
        detail = f"{count} found; not all of it was looked at: more than {_MOST:,} entries, or deeper than {_DEEPEST}"
        return Finding(_TOPIC, name, WARNING, detail)
    if search.unreadable:
        return Finding(_TOPIC, name, WARNING, f"{count} found; {search.unreadable} folders or files cannot be read")
    return Finding(_TOPIC, name, OK, f"{count} found" if count else "nothing of rtcp's")


def _files(folder: Path, search: _Search, depth: int = 0) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        search.unreadable += 1
        return
    for entry in entries:
        if search.left == 0:
            search.is_cut = True
            return
        search.left -= 1
        try:
            # Not followed: a link may lead out of the folder, or round in a circle.
            found = entry.stat(follow_symlinks=False)
        except OSError:
            # Gone meanwhile.
            continue
        if stat.S_ISREG(found.st_mode):
            yield Path(entry.path), found
        elif stat.S_ISDIR(found.st_mode):
            if depth == _DEEPEST:
                search.is_cut = True
            else:
                yield from _files(Path(entry.path), search, depth + 1)


def _known(path: Path, found: os.stat_result, name: str, now: datetime) -> Finding | None:
    age = _ago(found.st_mtime, now)
    if name.endswith(PART):
        return Finding(_TOPIC, name, WARNING, f"a download that is not complete, {found.st_size:,} bytes, {age}")
    if name.endswith(_REPLAYING):
        return Finding(_TOPIC, name, WARNING, f"what a replay has left, while it runs or since it was killed, {age}")
    try:
        if _is_spool(path):
            return _spool(path, name, age)
        letters = _letters(path) if path.suffix in _LETTERS else 0
    except OSError as exc:
        # A file that nobody may read is reported where its name says that it is ours.
        return Finding(_TOPIC, name, SKIPPED, f"cannot be read: {exc.strerror}") if "rtcp" in path.name else None
    if not letters:
        return None
    return Finding(_TOPIC, name, WARNING, f"{letters:,} rows that were not received (dead letters), last {age}")


def _is_spool(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(_HEADER)
    if not head.startswith(_SQLITE):
        return False
    return _is_ours(head) or _is_ours_in_log(path.with_name(f"{path.name}-wal"))


def _is_ours(page: bytes) -> bool:
    return page[_APPLICATION_AT:_HEADER] == APPLICATION.to_bytes(4, "big")


def _is_ours_in_log(path: Path) -> bool:
    """Whether the first page of a database says so in its write-ahead log: there it stands until somebody closes it."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(_LOG_HEADER)[8:12], "big")
            for _ in range(_MOST if size else 0):
                frame = file.read(_FRAME_HEADER + size)
                if len(frame) < _FRAME_HEADER + size:
                    return False
                if int.from_bytes(frame[:4], "big") == 1 and _is_ours(frame[_FRAME_HEADER:]):
                    return True
    except OSError:
        pass
    return False


def _spool(path: Path, name: str, age: str) -> Finding:
    try:
        queues = _queues(path)
    except sqlite3.OperationalError as exc:
        # The lowest byte is the error, what stands above it its variety.
        if exc.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return Finding(_TOPIC, name, TOLD, f"a spool, in use by a process now, written {age}")
        return Finding(_TOPIC, name, WARNING, f"a spool that cannot be read ({exc.sqlite_errorname}), written {age}")
    except sqlite3.Error as exc:
        return Finding(_TOPIC, name, WARNING, f"a spool that is damaged ({type(exc).__name__}), written {age}")
    if not queues:
        return Finding(_TOPIC, name, OK, f"an empty spool, written {age}")
    held = ", ".join(f"{count:,} of {kind}" for kind, count in queues.items())
    return Finding(_TOPIC, name, WARNING, f"a spool with what has not been sent: {held}; written {age}")


def _queues(path: Path) -> Counter[str]:
    """How many records a spool has of each kind."""
    # SQLite makes an index of the log that a killed process has left. rtcp opens spools in a mode that uses none.
    index = path.with_name(f"{path.name}-shm")
    is_made_here = not index.exists()
    try:
        # Without waiting: that a process has it open now is what there is to tell.
        with closing(connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)) as connection:
            # The names of queues have ids of inlets in them, which are addresses that anybody may send to.
            rows = connection.execute("SELECT queue, count(*) FROM entries GROUP BY queue ORDER BY queue")
            kinds: Counter[str] = Counter()
            for queue, count in rows:
                kinds[str(queue).partition(" ")[0]] += count
            return kinds
    finally:
        if is_made_here:
            index.unlink(missing_ok=True)


def _letters(path: Path) -> int:
    """The rows of a file of rejects; 0 when it is none."""
    with path.open("rb") as file:
        first = file.readline(_LONGEST_LINE)
        if not first.startswith(b"{") or read_letter(first) is None:
            return 0
        return 1 + sum(1 for line in file if line.strip())


def _temporary(now: datetime) -> Iterator[Finding]:
    place = tempfile.gettempdir()
    try:
        with os.scandir(place) as entries:
            ours = [
                found
                for entry in islice(entries, _MOST)
                if entry.name.startswith("rtcp-")
                and _system.here.is_ours(found := entry.stat(follow_symlinks=False))
                and stat.S_ISDIR(found.st_mode)
            ]
    except OSError as exc:
        yield Finding(_TOPIC, "temporary folder", WARNING, f"cannot be read: {exc.strerror}")
        return
    if ours:
        oldest = _ago(min(found.st_mtime for found in ours), now)
        yield Finding(_TOPIC, "temporary folder", TOLD, f"{len(ours)} of rtcp's, the oldest made {oldest}")
    else:
        yield Finding(_TOPIC, "temporary folder", OK, "nothing of rtcp's")


def _ago(seconds: float, now: datetime) -> str:
    passed = max(timedelta(), now - datetime.fromtimestamp(seconds, UTC))
    if passed.days:
        return f"{passed.days:,} d ago"
    minutes = int(passed.total_seconds() // 60)
    return f"{minutes // 60} h ago" if minutes >= 60 else f"{minutes} min ago"
