"""Documents of a sandbox that the store only keeps, such as declared audiences: JSON under a kind and an id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rtcp.emulator.store.database import Database


class DocumentTable:
    """The documents of all sandboxes, in order of their making."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, sandbox: str, kind: str, document_id: str, document: Mapping[str, Any]) -> None:
        """Keep a document, in the place of the one with its id if there is one."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO document (sandbox, kind, id, body) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (sandbox, kind, id) DO UPDATE SET body = excluded.body",
                (sandbox, kind, document_id, json.dumps(document)),
            )

    def get(self, sandbox: str, kind: str, document_id: str) -> dict[str, Any] | None:
        with self._database.lock:
            row = self._database.connection.execute(
                "SELECT body FROM document WHERE sandbox = ? AND kind = ? AND id = ?", (sandbox, kind, document_id)
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def of_kind(self, sandbox: str, kind: str) -> list[dict[str, Any]]:
        """The documents of one kind, the oldest first."""
        with self._database.lock:
            rows = self._database.connection.execute(
                "SELECT body FROM document WHERE sandbox = ? AND kind = ? ORDER BY position", (sandbox, kind)
            ).fetchall()
        return [json.loads(body) for (body,) in rows]

    def remove(self, sandbox: str, kind: str, document_id: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM document WHERE sandbox = ? AND kind = ? AND id = ?", (sandbox, kind, document_id)
            )
