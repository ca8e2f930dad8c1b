"""Jobs as the store keeps them: what was asked for, since when, when it is due, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rtcp.emulator.store.database import Database

_COLUMNS = "sandbox, kind, id, created_ms, due_ms, state, finished_ms, document"


@dataclass(frozen=True, slots=True)
class Job:
    """One job; `state` and `finished_ms` are None until it has ended."""

    sandbox: str
    kind: str
    id: str
    created_ms: int
    due_ms: int
    state: str | None
    finished_ms: int | None
    document: Mapping[str, Any]

    @property
    def is_over(self) -> bool:
        return self.finished_ms is not None


class JobTable:
    """The jobs of all sandboxes, in order of their making."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._next_due: int | None = None
        self._has_read = False
        database.on_forget(self._forget)

    def next_due_ms(self) -> int | None:
        """When the next job is due, or None when none is under way."""
        if not self._has_read:
            with self._database.lock:
                (self._next_due,) = self._database.connection.execute(
                    "SELECT min(due_ms) FROM job WHERE finished_ms IS NULL"
                ).fetchone()
                self._has_read = True
        return self._next_due

    def add(
        self, sandbox: str, kind: str, document: Mapping[str, Any], *, job_id: str | None, created_ms: int, due_ms: int
    ) -> Job:
        """Keep a new job under an id of its own, or under a new one."""
        with self._database.transaction() as connection:
            job = Job(sandbox, kind, job_id or self._database.new_id(), created_ms, due_ms, None, None, dict(document))
            connection.execute(
                "INSERT INTO job (sandbox, kind, id, created_ms, due_ms, document) VALUES (?, ?, ?, ?, ?, ?)",
                (sandbox, kind, job.id, created_ms, due_ms, json.dumps(job.document)),
            )
            self._forget()
        return job

    def get(self, sandbox: str, kind: str, job_id: str) -> Job | None:
        found = self._read("sandbox = ? AND kind = ? AND id = ?", (sandbox, kind, job_id))
        return found[0] if found else None

    def of_kind(self, sandbox: str, kind: str) -> list[Job]:
        """The jobs of one kind, the oldest first."""
        return self._read("sandbox = ? AND kind = ?", (sandbox, kind))

    def due(self, now_ms: int) -> Job | None:
        """The job under way that is due first, if it is due."""
        found = self._read("finished_ms IS NULL AND due_ms <= ? ORDER BY due_ms, position LIMIT 1", (now_ms,), "")
        return found[0] if found else None

    def finish(self, job: Job, state: str, *, finished_ms: int, document: Mapping[str, Any]) -> bool:
        """End a job under way; False when it has ended, or was removed, in the meantime."""
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE job SET state = ?, finished_ms = ?, document = ?"
                " WHERE sandbox = ? AND kind = ? AND id = ? AND finished_ms IS NULL",
                (state, finished_ms, json.dumps(document), job.sandbox, job.kind, job.id),
            ).rowcount
            self._forget()
        return changed == 1

    def remove(self, job: Job) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM job WHERE sandbox = ? AND kind = ? AND id = ?", (job.sandbox, job.kind, job.id)
            )
            self._forget()

    def _read(self, where: str, values: tuple[Any, ...], order: str = " ORDER BY position") -> list[Job]:
        with self._database.lock:
            # `where` and `order` are constants of this class.
            rows = self._database.connection.execute(
                f"SELECT {_COLUMNS} FROM job WHERE {where}{order}",  # noqa: S608
                values,
            ).fetchall()
        return [
            Job(sandbox, kind, job_id, created_ms, due_ms, state, finished_ms, json.loads(document))
            for sandbox, kind, job_id, created_ms, due_ms, state, finished_ms, document in rows
        ]

    def _forget(self) -> None:
        self._has_read = False
