"""Queues in a file that survive the process: what `put` has returned for is on disk until it is done."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from rtcp import _system
from rtcp._paths import local_path
from rtcp._private import check_private
from rtcp._sqlite import connect
from rtcp.errors import InvalidArgumentError, SpoolError

# "rtcp" in the header of the file tells a spool from any other SQLite database.
APPLICATION: Final = 0x72746370
_VERSION: Final = 1
_SCHEMA: Final = (
    "CREATE TABLE entries (id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, data BLOB NOT NULL)",
    "CREATE INDEX entries_by_queue ON entries (queue, id)",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a queue."""

    id: int
    data: bytes = field(repr=False)


@dataclass(slots=True)
class _Change:
    """What one call wants written; several share a commit."""

    queue: str
    records: Sequence[bytes] = ()
    done: Sequence[int] = ()
    claim: bool = False
    ids: list[int] = field(default_factory=list)
    removed: int = 0
    is_committed: bool = False
    problem: str | None = None


@dataclass(slots=True)
class _State:
    """Where a queue stands: `taken` is the newest id handed out; those given back come first."""

    length: int
    taken: int = 0
    claimed: set[int] = field(default_factory=set)
    released: set[int] = field(default_factory=set)


class SpoolFile:
    """A file of queues that this process alone has open.

    It is one SQLite database with mode 0600, and its write-ahead log while it is open. Commits are on disk before they
    count, so that neither a kill nor a power cut takes back what `Queue.put` has returned for. May be shared by
    threads, not by processes.

    Raises:
        SpoolError: the file is no spool, cannot be opened, or is open in another process or a second time in this one.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = local_path(path, what="spool")
        self._pid = os.getpid()
        self._database = threading.Lock()
        self._waiting: list[_Change] = []
        self._waiting_lock = threading.Lock()
        self._states: dict[str, _State] = {}
        self._connection: sqlite3.Connection | None = self._open()

    def close(self) -> None:
        """Close the file; what is claimed and not done is there for the next one to open it. Closing twice is fine."""
        # A forked child leaves its parent's file alone. The lock may be held for ever by a thread it does not have.
        if self._pid != os.getpid():
            return
        with self._database:
            connection, self._connection = self._connection, None
            if connection is None:
                return
            try:
                # Sent records are people's data: an empty spool keeps no remains of them.
                if connection.execute("SELECT 1 FROM entries LIMIT 1").fetchone() is None:
                    connection.execute("VACUUM")
            except sqlite3.Error:
                pass
            finally:
                connection.close()

    def apply(self, change: _Change, *more: _Change) -> None:
        """Return once the changes are committed together; those of other threads that wait by then go along."""
        self._check_process()
        with self._waiting_lock:
            self._waiting += [change, *more]
        with self._database:
            # Another thread may have taken it along while we waited for the database.
            if not change.is_committed and change.problem is None:
                with self._waiting_lock:
                    group, self._waiting = self._waiting, []
                self._commit(group)
        if change.problem is not None:
            raise SpoolError(change.problem)

    def take(self, queue: str, limit: int, max_bytes: int | None) -> list[Entry]:
        """What `Queue.take` does."""
        self._check_process()
        with self._database:
            entries: list[Entry] = []
            size = 0
            try:
                state = self._state(queue)
                for number, data in self._candidates(queue, state):
                    size += len(data)
                    if len(entries) == limit or (entries and max_bytes is not None and size > max_bytes):
                        break
                    entries.append(Entry(number, data))
            except sqlite3.Error as exc:
                problem = self._problem(exc)
            else:
                ids = [entry.id for entry in entries]
                # What was given back may be younger than what nobody has taken yet.
                state.taken = max([state.taken, *(number for number in ids if number not in state.released)])
                state.released.difference_update(ids)
                state.claimed.update(ids)
                return entries
        raise SpoolError(problem)

    def release(self, queue: str, ids: Iterable[int]) -> None:
        """What `Queue.release` does."""
        self._check_process()
        with self._database:
            # What nobody has taken cannot be given back.
            state = self._states.get(queue) or _State(0)
            given_back = state.claimed.intersection(ids)
            state.claimed -= given_back
            state.released |= given_back

    def length(self, queue: str) -> int:
        """Records of a queue."""
        self._check_process()
        with self._database:
            try:
                return self._state(queue).length
            except sqlite3.Error as exc:
                problem = self._problem(exc)
        raise SpoolError(problem)

    def _candidates(self, queue: str, state: _State) -> Iterable[tuple[int, bytes]]:
        connection = self._usable()
        for number in sorted(state.released):
            row = connection.execute("SELECT id, data FROM entries WHERE id = ?", (number,)).fetchone()
            if row is None:
                state.released.discard(number)
            else:
                yield row
        newer = connection.execute(
            "SELECT id, data FROM entries WHERE queue = ? AND id > ? ORDER BY id", (queue, state.taken)
        )
        yield from (row for row in newer if row[0] not in state.claimed and row[0] not in state.released)

    def _commit(self, group: Sequence[_Change]) -> None:
        problem: str | None = "the write to the spool was interrupted"
        connection: sqlite3.Connection | None = None
        try:
            connection = self._usable()
            states = {change.queue: self._state(change.queue) for change in group}
            connection.execute("BEGIN IMMEDIATE")
            for change in group:
                change.ids = _insert(connection, change)
                rows = ((number,) for number in change.done)
                change.removed = connection.executemany("DELETE FROM entries WHERE id = ?", rows).rowcount
            connection.execute("COMMIT")
            problem = None
        except sqlite3.Error as exc:
            problem = self._problem(exc)
        except SpoolError as exc:
            problem = str(exc)
        finally:
            if problem is not None and connection is not None and connection.in_transaction:
                connection.rollback()
            for change in group:
                change.problem, change.is_committed = problem, problem is None
        if problem is None:
            for change in group:
                state = states[change.queue]
                state.claimed.difference_update(change.done)
                if change.claim:
                    state.claimed.update(change.ids)
                state.length += len(change.records) - max(0, change.removed)

    def _state(self, queue: str) -> _State:
        state = self._states.get(queue)
        if state is None:
            (length,) = self._usable().execute("SELECT count(*) FROM entries WHERE queue = ?", (queue,)).fetchone()
            state = self._states[queue] = _State(length)
        return state

    def _check_process(self) -> None:
        # First of all: in a forked child, the locks may be held for ever by threads that only the parent has.
        if self._pid != os.getpid():
            raise SpoolError(
                f"the spool {str(self.path)!r} was opened before a fork and stays the parent's: use another file in "
                "the child, or open it after the fork only"
            )

    def _usable(self) -> sqlite3.Connection:
        if self._connection is None:
            raise SpoolError(f"the spool {str(self.path)!r} is closed")
        return self._connection

    def _open(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = None
        try:
            # Never opened by hand once it exists: closing a second handle would drop the locks of SQLite's.
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            # SQLite follows links, and would write what is theirs.
            check_private(self.path)
            if self.path.is_file():
                _system.here.make_private(self.path)
            # A file that another process has is told at once, and not after a wait.
            connection = connect(self.path, timeout=0.0, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            # With less, a power cut could take the last commits back.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            _prepare(connection, self.path)
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as exc:
            problem = self._problem(exc)
        except SpoolError as exc:
            problem = str(exc)
        else:
            return connection
        if connection is not None:
            connection.close()
        raise SpoolError(problem)

    def _problem(self, exc: sqlite3.Error | OSError) -> str:
        name = repr(str(self.path))
        code = getattr(exc, "sqlite_errorcode", None)
        # Extended codes have the primary one in their lowest byte.
        primary = None if code is None else code & 0xFF
        if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return f"the spool {name} is in use by another process, or open a second time in this one; close that first"
        if primary in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return f"the file {name} is no spool, or a damaged one; choose another path, or move it away"
        if primary == sqlite3.SQLITE_FULL:
            return f"the disk of the spool {name} is full; what was written before is safe in it"
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        return f"the spool {name} cannot be used: {reason}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<SpoolFile {str(self.path)!r}{'' if self._connection else ', closed'}>"


class Queue:
    """A named queue of a spool, oldest first. Two with one name are the same queue."""

    def __init__(self, spool: SpoolFile, name: str) -> None:
        self._spool = spool
        self.name = name

    def put(self, records: Sequence[bytes], *, claim: bool = False) -> list[int]:
        """Return the ids of the records once they are safe on disk, all or none of them.

        Args:
            claim: keep them from `take`, as if they had been taken.

        Raises:
            SpoolError: they are not.
        """
        if not records:
            return []
        change = _Change(self.name, records=records, claim=claim)
        self._spool.apply(change)
        return change.ids

    def take(self, limit: int, *, max_bytes: int | None = None) -> list[Entry]:
        """Claim the oldest records that nobody has claimed, empty when there are none.

        Claims last until `done`, `release` or the end of the process.

        Args:
            limit: records at most.
            max_bytes: bytes at most, though always one record.
        """
        if limit < 1:
            raise InvalidArgumentError(f"limit must be 1 or more, not {limit}")
        return self._spool.take(self.name, limit, max_bytes)

    def done(self, ids: Sequence[int]) -> None:
        """Remove records for good."""
        if ids:
            self._spool.apply(_Change(self.name, done=ids))

    def move(self, ids: Sequence[int], *, to: Queue, records: Sequence[bytes]) -> list[int]:
        """Remove records for good and put others into a queue of the same spool: both, or neither.

        Raises:
            SpoolError: neither was done.
        """
        change = _Change(to.name, records=records)
        self._spool.apply(change, _Change(self.name, done=ids))
        return change.ids

    def release(self, ids: Iterable[int]) -> None:
        """Give claimed records back, to be taken again."""
        self._spool.release(self.name, ids)

    def __len__(self) -> int:
        """Records in the file, claimed ones included."""
        return self._spool.length(self.name)


def _insert(connection: sqlite3.Connection, change: _Change) -> list[int]:
    if not change.records:
        return []
    connection.executemany(
        "INSERT INTO entries (queue, data) VALUES (?, ?)", ((change.queue, record) for record in change.records)
    )
    (newest,) = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
    # Nobody else writes: the ids of one statement follow each other.
    return list(range(newest - len(change.records) + 1, newest + 1))


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == 0 and tables == 0:
        for statement in _SCHEMA:
            connection.execute(statement)
    elif application != APPLICATION:
        raise SpoolError(f"the file {str(path)!r} is a database of something else; choose another path for the spool")
    elif version != _VERSION:
        raise SpoolError(f"the spool {str(path)!r} was written by another version of rtcp (format {version})")
    else:
        # Of a damaged one, SQLite gives out what it still finds, and says nothing of the rest.
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise SpoolError(
                f"the spool {str(path)!r} is damaged: choose another path; `.recover` of the program sqlite3 may save "
                "what is left in it"
            )
