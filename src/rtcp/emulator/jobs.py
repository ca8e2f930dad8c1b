"""Jobs that move through documented states by the emulator's clock, and do their work once when their time has come."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rtcp.emulator.noun_folders import load_noun
from rtcp.emulator.store import Store
from rtcp.emulator.store.database import Database

logger = logging.getLogger(__name__)

_COLUMNS = "sandbox, kind, id, created_ms, due_ms, state, finished_ms, document"

# Seconds that a closing service waits for the part of a work that is under way.
_STOP_SECONDS = 5.0

Document = Mapping[str, Any]
Timeline = tuple[tuple[float, str], ...]


class JobFailure(Exception):  # noqa: N818 - an outcome of the job, no error of the emulator
    """The work of a job cannot be done; `code` and the text are for the errors that some jobs show."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class WorkStopped(Exception):  # noqa: N818 - no error, but an order
    """The service closes, or forgets everything, before a work is done."""


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


# The second argument is the service, which stands above this floor.
Effect = Callable[[Job, Any], Document | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of job.

    Attributes:
        timeline: seconds since the start and the state from then on; at the last entry the work is done.
        failed: the state when the work fails; the document then has `failure: {code, message}`.
        effect: the work; it returns what to add to the document.
        is_atomic: the work and its recording happen together or not at all; not for long work, as the store is
            locked meanwhile.
    """

    name: str
    timeline: Timeline
    failed: str
    effect: Effect
    is_atomic: bool = True

    @property
    def seconds(self) -> float:
        return self.timeline[-1][0]


_KINDS: dict[str, Kind] = {}


def work(name: str, timeline: Timeline, *, failed: str, is_atomic: bool = True) -> Callable[[Effect], Effect]:
    """Bind a function to a kind of job as its work; the first word of the kind's name is the noun's."""

    def bind(effect: Effect) -> Effect:
        _KINDS[name] = Kind(name, timeline, failed, effect, is_atomic)
        return effect

    return bind


def find_kind(name: str) -> Kind:
    """A kind of job by its name; its noun is loaded where a stored job is the first to need it.

    Raises:
        LookupError: no noun does such jobs.
    """
    if name not in _KINDS:
        load_noun(name.partition(".")[0])
    return _KINDS[name]


class Jobs:
    """The jobs of one service.

    Args:
        service: what the work of a job is handed beside the job.
        take_failure: why the next job of a kind is to fail, or None; asked when a job comes to its work.
        seconds_factor: how much longer than its timeline says every job takes; 0 ends each one at once.
        find: a kind of job by its name.
    """

    def __init__(
        self,
        store: Store,
        service: Any,
        *,
        take_failure: Callable[[str], str | None],
        seconds_factor: float = 1.0,
        find: Callable[[str], Kind] = find_kind,
    ) -> None:
        self._store = store
        self._table = _Table(store.database)
        self._service = service
        self._take_failure = take_failure
        self._factor = seconds_factor
        self._find = find
        self._settling = threading.Lock()
        self._is_long = False
        self._is_stopping = False

    def start(
        self,
        sandbox: str,
        kind: str,
        document: Document,
        *,
        job_id: str | None = None,
        at_ms: int | None = None,
        due_ms: int | None = None,
    ) -> Job:
        """Start a job now, or as of an earlier time; it is due when its kind's timeline says, unless told otherwise."""
        now_ms = self._store.clock.now_ms() if at_ms is None else at_ms
        due = now_ms + round(self._find(kind).seconds * self._factor * 1000) if due_ms is None else due_ms
        return self._table.add(sandbox, kind, document, job_id=job_id, created_ms=now_ms, due_ms=due)

    def get(self, sandbox: str, kind: str, job_id: str) -> Job | None:
        return self._table.get(sandbox, kind, job_id)

    def of_kind(self, sandbox: str, kind: str) -> list[Job]:
        """The jobs of one kind, the oldest first."""
        return self._table.of_kind(sandbox, kind)

    def state(self, job: Job) -> str:
        """The state that a job is in."""
        return job.state or state_at(self._find(job.kind).timeline, job, self._store.clock.now_ms())

    def changed_ms(self, job: Job) -> int:
        """When the job came into its present state."""
        if job.finished_ms is not None:
            return job.finished_ms
        state, timeline = self.state(job), self._find(job.kind).timeline
        return job.created_ms + _offset_ms(timeline, job, next(since for since, name in timeline if name == state))

    def end(self, job: Job, state: str, changes: Document | None = None) -> bool:
        """End a job before its time, as a cancellation does; False when it has ended already."""
        document = {**job.document, **(changes or {})}
        return self._table.finish(job, state, finished_ms=self._store.clock.now_ms(), document=document)

    def remove(self, job: Job) -> None:
        """Forget a job; what it has not done by now it will not do."""
        self._table.remove(job)

    @property
    def is_long(self) -> bool:
        """True while a work goes on of which a first part is done."""
        return self._is_long

    def end_part(self) -> None:
        """Told by a work after each part of it, such as some thousand rows.

        Raises:
            WorkStopped: the service closes, or forgets everything.
        """
        if self._is_stopping:
            raise WorkStopped
        self._is_long = True

    def stop(self) -> None:
        """Let a work that is under way go no further than its present part; it is to be done again, after `go_on`."""
        self._is_stopping = True
        # Whatever waits for it longer than this has no parts.
        if self._settling.acquire(timeout=_STOP_SECONDS):
            self._settling.release()

    def go_on(self) -> None:
        """Do what is due again."""
        self._is_stopping = False

    def is_due(self) -> bool:
        """Whether `settle` has anything to do; cheap enough to be asked at every request."""
        due_ms = self._table.next_due_ms()
        return due_ms is not None and due_ms <= self._store.clock.now_ms()

    def settle(self, *, wait: bool = False) -> None:
        """Do the work of all jobs that are due, in order of time.

        While another thread is at it this does nothing, or waits for it when asked to.
        """
        # A request does not wait for the work of a job that another one has set off.
        if not self._settling.acquire(blocking=wait):
            return
        try:
            while self.is_due() and not self._is_stopping:
                # Read one by one: the work of a job may start, end or remove others.
                job = self._table.due(self._store.clock.now_ms())
                if job is not None:
                    self._finish(job)
                self._is_long = False
        except WorkStopped:
            logger.info("a job under way is left to be done again")
        finally:
            self._is_long = False
            self._settling.release()

    def _finish(self, job: Job) -> None:
        kind = self._find(job.kind)
        scripted = self._take_failure(job.kind)
        if scripted is not None:
            self._fail(job, JobFailure(scripted))
            return
        try:
            with self._store.transaction() if kind.is_atomic else contextlib.nullcontext():
                document = {**job.document, **(kind.effect(job, self._service) or {})}
                # As of when it was due: a clock that was moved far ahead makes no job late.
                self._table.finish(job, kind.timeline[-1][1], finished_ms=job.due_ms, document=document)
        except JobFailure as failure:
            self._fail(job, failure)
        except WorkStopped:
            raise
        except Exception:
            # An error here would strike whatever request comes next, again and again.
            logger.exception("the job %s of kind %s failed", job.id, job.kind)
            self._fail(job, JobFailure("the emulator could not do the work; its log says why"))

    def _fail(self, job: Job, failure: JobFailure) -> None:
        document = {**job.document, "failure": {"code": failure.code, "message": failure.message}}
        self._table.finish(job, self._find(job.kind).failed, finished_ms=job.due_ms, document=document)


def state_at(timeline: Timeline, job: Job, now_ms: int) -> str:
    """The state of a job under way: never the last one, which it reaches by its work."""
    passed = [
        state for seconds, state in timeline[:-1] if job.created_ms + _offset_ms(timeline, job, seconds) <= now_ms
    ]
    return passed[-1] if passed else timeline[0][1]


def _offset_ms(timeline: Timeline, job: Job, seconds: float) -> int:
    # The whole way was fixed when the job started; the states on it keep their proportions.
    total = timeline[-1][0]
    return round((job.due_ms - job.created_ms) * seconds / total) if total else 0


class _Table:
    """The jobs of all sandboxes as the store keeps them, in order of their making."""

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
