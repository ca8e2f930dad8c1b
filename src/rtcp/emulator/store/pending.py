"""Rows that were received but are not in their dataset yet: a line of JSON for each request, in order of arrival."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rtcp.emulator.store.database import Database


class PendingTable:
    """The rows under way, by the batch that will bring them in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, batch_id: str, rows: str, *, received_ms: int) -> None:
        """Lay rows aside, as JSON text."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO pending (batch, received_ms, rows) VALUES (?, ?, ?)", (batch_id, received_ms, rows)
            )

    def of_batch(self, batch_id: str) -> Iterator[tuple[int, Any]]:
        """When each request came, and its rows, which are read only as their turn comes."""
        with self._database.lock:
            found = self._database.connection.execute(
                "SELECT received_ms, rows FROM pending WHERE batch = ? ORDER BY id", (batch_id,)
            ).fetchall()
        for received_ms, rows in found:
            yield received_ms, json.loads(rows)

    def remove(self, batch_id: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM pending WHERE batch = ?", (batch_id,))
