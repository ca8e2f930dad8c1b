"""The SQL of the store: its tables, how a database is opened, and the one kind of transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from rtcp import _sqlite
from rtcp.emulator.store.values import StoreError

_APPLICATION_ID = 0x52544350
_VERSION = 3
_LISTS = (1, 20, 500)

# A fragment is one record row: one primary identity in one dataset. `record.id` grows with every write, so it also
# says which of two fragments of the same millisecond came later. A component is the smallest set of linked identities.
_TABLES = """
CREATE TABLE sandbox (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE namespace (
    sandbox INTEGER NOT NULL, id INTEGER NOT NULL, code TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (sandbox, id), UNIQUE (sandbox, code)
) WITHOUT ROWID;
CREATE TABLE identity (
    id INTEGER PRIMARY KEY, sandbox INTEGER NOT NULL, namespace INTEGER NOT NULL, value TEXT NOT NULL,
    component INTEGER NOT NULL, UNIQUE (sandbox, namespace, value)
);
CREATE INDEX identity_component ON identity (component);
CREATE TABLE dataset (
    key INTEGER PRIMARY KEY, sandbox INTEGER NOT NULL, id TEXT NOT NULL, definition TEXT NOT NULL, UNIQUE (sandbox, id)
);
CREATE TABLE record (
    id INTEGER PRIMARY KEY, identity INTEGER NOT NULL, dataset INTEGER NOT NULL, body TEXT NOT NULL,
    ingested_ms INTEGER NOT NULL, batch TEXT NOT NULL, UNIQUE (identity, dataset)
);
CREATE TABLE event (
    id INTEGER PRIMARY KEY, identity INTEGER NOT NULL, dataset INTEGER NOT NULL, event_id TEXT NOT NULL,
    timestamp_ms INTEGER NOT NULL, body TEXT NOT NULL, ingested_ms INTEGER NOT NULL, batch TEXT NOT NULL,
    UNIQUE (event_id, dataset)
);
CREATE INDEX event_of_identity ON event (identity, timestamp_ms);
CREATE TABLE merge_policy (
    position INTEGER PRIMARY KEY, sandbox INTEGER NOT NULL, id TEXT NOT NULL, definition TEXT NOT NULL,
    UNIQUE (sandbox, id)
);
CREATE TABLE job (
    position INTEGER PRIMARY KEY, sandbox TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    created_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, state TEXT, finished_ms INTEGER, document TEXT NOT NULL,
    UNIQUE (sandbox, kind, id)
);
CREATE INDEX job_under_way ON job (due_ms) WHERE finished_ms IS NULL;
CREATE TABLE document (
    position INTEGER PRIMARY KEY, sandbox TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (sandbox, kind, id)
);
CREATE TABLE pending (id INTEGER PRIMARY KEY, batch TEXT NOT NULL, received_ms INTEGER NOT NULL, rows TEXT NOT NULL);
CREATE INDEX pending_of_batch ON pending (batch);
CREATE TABLE meta (opened INTEGER NOT NULL);
INSERT INTO meta VALUES (0);
"""
_DATA_TABLES = (
    "event",
    "record",
    "identity",
    "dataset",
    "namespace",
    "merge_policy",
    "job",
    "document",
    "pending",
    "sandbox",
)


def connect(path: str | None) -> sqlite3.Connection:
    """Open a database in memory (None) or in a file, and make the tables of a new one.

    Raises:
        StoreError: the file is not a database of this store, of another version of it, or open in another process.
    """
    try:
        connection = _sqlite.connect(path or ":memory:", check_same_thread=False, isolation_level=None, timeout=1)
    except sqlite3.Error as exc:
        raise StoreError(f"cannot open the store {path!r}: {exc}") from exc
    try:
        _prepare(connection)
    except (sqlite3.Error, StoreError) as exc:
        connection.close()
        raise StoreError(f"cannot open the store {path!r}: {exc}") from exc
    return connection


def select_among(
    connection: sqlite3.Connection, select: str, fixed: Sequence[object], values: Sequence[object]
) -> Iterator[tuple[Any, ...]]:
    """The rows of a SELECT that ends with `IN`, for any number of values to be among."""
    for start in range(0, len(values), _LISTS[-1]):
        part = values[start : start + _LISTS[-1]]
        # Few lengths of lists, so that SQLite compiles few statements; nothing is equal to NULL.
        length = next(length for length in _LISTS if length >= len(part))
        marks = ", ".join("?" * length)
        yield from connection.execute(f"{select} ({marks})", (*fixed, *part, *[None] * (length - len(part))))


def clear(connection: sqlite3.Connection) -> None:
    """Empty every table but the counter of openings."""
    for table in _DATA_TABLES:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the constant above


def _prepare(connection: sqlite3.Connection) -> None:
    application_id, version, tables = connection.execute(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),"
        " (SELECT count(*) FROM sqlite_master)"
    ).fetchone()
    # One process owns the file: what is kept in memory beside the tables must not go stale.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    # A power cut may take the last commits back, which an emulator can bear.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -65536")
    if tables == 0:
        connection.executescript(
            f"BEGIN;{_TABLES}PRAGMA application_id = {_APPLICATION_ID};PRAGMA user_version = {_VERSION};COMMIT;"
        )
    elif application_id != _APPLICATION_ID:
        raise StoreError("it is a database of another program")
    elif version != _VERSION:
        raise StoreError(f"it has format {version}, this version reads format {_VERSION}")
