"""Taking people and events out again; identities and their links stay, as the graph is a service of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

_OF_SCOPE = {
    True: "identity IN (SELECT id FROM identity WHERE component = ?)",
    False: "identity = ?",
}


def delete_dataset(connection: sqlite3.Connection, dataset: int) -> int:
    """Remove what a dataset holds, and return how many rows that were."""
    records = connection.execute("DELETE FROM record WHERE dataset = ?", (dataset,)).rowcount
    return int(records + connection.execute("DELETE FROM event WHERE dataset = ?", (dataset,)).rowcount)


def delete_batch(connection: sqlite3.Connection, dataset: int, batch_id: str, *, records: bool) -> int:
    """Remove the events of a batch, and the fragments that it wrote last if asked to; return how many there were."""
    removed = 0
    for table in ("event", "record") if records else ("event",):
        # The names are constants.
        sql = f"DELETE FROM {table} WHERE dataset = ? AND batch = ?"  # noqa: S608
        removed += int(connection.execute(sql, (dataset, batch_id)).rowcount)
    return removed


def delete_fragment(connection: sqlite3.Connection, identity: int, dataset: int) -> int:
    """Remove what a dataset says under one identity."""
    sql = "DELETE FROM record WHERE identity = ? AND dataset = ?"
    return int(connection.execute(sql, (identity, dataset)).rowcount)


def delete_scope(connection: sqlite3.Connection, scope: int, *, stitched: bool, datasets: Collection[int]) -> int:
    """Remove the fragments and events of an identity or a component from some datasets."""
    removed = 0
    for table in ("record", "event"):
        # Table and condition come from constants.
        sql = f"DELETE FROM {table} WHERE {_OF_SCOPE[stitched]} AND dataset = ?"  # noqa: S608
        removed += sum(connection.execute(sql, (scope, dataset)).rowcount for dataset in datasets)
    return removed


def datasets_of_batch(connection: sqlite3.Connection, batch_id: str) -> list[int]:
    """The numbers of the datasets that hold rows of a batch."""
    rows = connection.execute(
        "SELECT dataset FROM record WHERE batch = ? UNION SELECT dataset FROM event WHERE batch = ?",
        (batch_id, batch_id),
    ).fetchall()
    return [number for (number,) in rows]
