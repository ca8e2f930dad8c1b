"""Jobs that move through documented states by the emulator's clock, and do their work once when their time has come."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rtcp.emulator.http.faults import Faults
from rtcp.emulator.store import Job, Store

logger = logging.getLogger(__name__)

Document = Mapping[str, Any]
Timeline = tuple[tuple[float, str], ...]


class JobFailure(Exception):  # noqa: N818 - an outcome of the job, no error of the emulator
    """The work of a job cannot be done; `code` and the text are for the errors that some jobs show."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


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
    effect: Callable[[Job, Store], Document | None]
    is_atomic: bool = True

    @property
    def seconds(self) -> float:
        return self.timeline[-1][0]


class Jobs:
    """The jobs of one service.

    Args:
        seconds_factor: how much longer than its timeline says every job takes; 0 ends each one at once.
    """

    def __init__(self, store: Store, faults: Faults, *, seconds_factor: float = 1.0) -> None:
        self._store = store
        self._faults = faults
        self._factor = seconds_factor
        self._kinds: dict[str, Kind] = {}
        self._settling = threading.Lock()

    def register(self, kind: Kind) -> None:
        self._kinds[kind.name] = kind

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
        due = now_ms + round(self._kinds[kind].seconds * self._factor * 1000) if due_ms is None else due_ms
        return self._store.jobs.add(sandbox, kind, document, job_id=job_id, created_ms=now_ms, due_ms=due)

    def get(self, sandbox: str, kind: str, job_id: str) -> Job | None:
        return self._store.jobs.get(sandbox, kind, job_id)

    def of_kind(self, sandbox: str, kind: str) -> list[Job]:
        """The jobs of one kind, the oldest first."""
        return self._store.jobs.of_kind(sandbox, kind)

    def state(self, job: Job) -> str:
        """The state that a job is in."""
        return job.state or state_at(self._kinds[job.kind].timeline, job, self._store.clock.now_ms())

    def changed_ms(self, job: Job) -> int:
        """When the job came into its present state."""
        if job.finished_ms is not None:
            return job.finished_ms
        state, timeline = self.state(job), self._kinds[job.kind].timeline
        return job.created_ms + _offset_ms(timeline, job, next(since for since, name in timeline if name == state))

    def end(self, job: Job, state: str, changes: Document | None = None) -> bool:
        """End a job before its time, as a cancellation does; False when it has ended already."""
        document = {**job.document, **(changes or {})}
        return self._store.jobs.finish(job, state, finished_ms=self._store.clock.now_ms(), document=document)

    def remove(self, job: Job) -> None:
        """Forget a job; what it has not done by now it will not do."""
        self._store.jobs.remove(job)

    def is_due(self) -> bool:
        """Whether `settle` has anything to do; cheap enough to be asked at every request."""
        due_ms = self._store.jobs.next_due_ms()
        return due_ms is not None and due_ms <= self._store.clock.now_ms()

    def settle(self, *, wait: bool = False) -> None:
        """Do the work of all jobs that are due, in order of time.

        While another thread is at it this does nothing, or waits for it when asked to.
        """
        if not self._settling.acquire(blocking=wait):
            return
        try:
            while self.is_due():
                job = self._store.jobs.due(self._store.clock.now_ms())
                if job is not None:
                    self._finish(job)
        finally:
            self._settling.release()

    def _finish(self, job: Job) -> None:
        kind = self._kinds[job.kind]
        scripted = self._faults.take_job_failure(job.kind)
        if scripted is not None:
            self._fail(job, JobFailure(scripted))
            return
        try:
            with self._store.transaction() if kind.is_atomic else contextlib.nullcontext():
                document = {**job.document, **(kind.effect(job, self._store) or {})}
                self._store.jobs.finish(job, kind.timeline[-1][1], finished_ms=job.due_ms, document=document)
        except JobFailure as failure:
            self._fail(job, failure)
        except Exception:
            # An error here would strike whatever request comes next, again and again.
            logger.exception("the job %s of kind %s failed", job.id, job.kind)
            self._fail(job, JobFailure("the emulator could not do the work; its log says why"))

    def _fail(self, job: Job, failure: JobFailure) -> None:
        document = {**job.document, "failure": {"code": failure.code, "message": failure.message}}
        self._store.jobs.finish(job, self._kinds[job.kind].failed, finished_ms=job.due_ms, document=document)


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
