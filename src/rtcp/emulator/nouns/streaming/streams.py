"""Messages on their way from an inlet to their dataset: laid aside as they come, brought in some time later."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rtcp.emulator.declared_fields import Node, compile_fields
from rtcp.emulator.jobs import Document, Job, work
from rtcp.emulator.nouns.batches import lifecycle as batches
from rtcp.emulator.nouns.datasets import catalog
from rtcp.emulator.nouns.streaming.budgets import Budgets
from rtcp.emulator.nouns.streaming.messages import DELETE, MERGE, failure, is_upsert, operation_of, row_of
from rtcp.emulator.service import Service
from rtcp.emulator.store import Dataset, Identity, Sandbox
from rtcp.emulator.store.extraction import RowError, read_identities
from rtcp.emulator.store.ingest import REPEATED

KIND = "streaming"
# So many messages end a batch before its time, because the store is locked while they are brought in.
MOST_MESSAGES = 2_000

Message = Mapping[str, Any]


@dataclass(slots=True)
class _OpenBatch:
    id: str
    due_ms: int
    delay: float
    messages: int = 0


class Streams:
    """The messages under way; some time after the first one of a batch it is brought in, by the emulator's clock."""

    def __init__(self, service: Service) -> None:
        options = service.options
        self.budgets = Budgets(service.clock, enforced=options.limits)
        self._store = service.store
        self._jobs = service.jobs
        self._files = service.files
        self._milliseconds = round(options.streaming_seconds * options.job_seconds * 1000)
        self._open: dict[tuple[str, str], _OpenBatch] = {}
        self._numbers = itertools.count(1)
        self._faults = service.faults
        self._last_due_ms = 0

    def clear(self) -> None:
        self._open.clear()
        self.budgets.clear()
        self._last_due_ms = 0
        self._numbers = itertools.count(1)

    def new_xaction_id(self) -> str:
        """The next id in the service's form: milliseconds and two numbers."""
        number = next(self._numbers)
        return f"{self._store.clock.now_ms()}:{number}:{number % 256}"

    def take(self, sandbox: str, dataset_id: str, messages: Sequence[Message], *, text: str | None = None) -> None:
        """Lay messages of one dataset aside; `text` is their list as JSON, where the caller has it already."""
        rows = json.dumps(messages) if text is None else text
        with self._store.transaction():
            batch = self._batch_for(sandbox, dataset_id)
            batch.messages += len(messages)
            self._store.pending.add(batch.id, rows, received_ms=self._store.clock.now_ms())

    def _batch_for(self, sandbox: str, dataset_id: str) -> _OpenBatch:
        now_ms = self._store.clock.now_ms()
        batch = self._open.get((sandbox, dataset_id))
        delay = self._faults.streaming_delay
        if batch is not None and now_ms < batch.due_ms and batch.messages < MOST_MESSAGES and batch.delay == delay:
            job = self._jobs.get(sandbox, KIND, batch.id)
            # Another thread may have moved the clock, and brought it in.
            if job is not None and not job.is_over:
                return batch
        # What waits in the queue of a service that is behind is not overtaken.
        due_ms = max(now_ms + self._milliseconds + round(delay * 1000), self._last_due_ms)
        self._last_due_ms = due_ms
        job = self._jobs.start(sandbox, KIND, {"datasetId": dataset_id}, due_ms=due_ms)
        batch = self._open[sandbox, dataset_id] = _OpenBatch(job.id, due_ms, delay)
        return batch

    def bring_in(self, job: Job) -> Document:
        """Write the messages of a batch to its dataset, and keep those that failed."""
        store = self._store
        sandbox, dataset_id = store.sandbox(job.sandbox), job.document["datasetId"]
        declared = catalog.find_declared(store, sandbox, dataset_id)
        if declared is None:
            store.pending.remove(job.id)
            return {}
        arrival = _Arrival(sandbox, declared, compile_fields(declared.dataset), job.id)
        for received_ms, rows in store.pending.of_batch(job.id):
            arrival.add(rows["messages"] if isinstance(rows, dict) else rows, received_ms)
        store.pending.remove(job.id)
        if arrival.failed:
            # A batch has one status: what failed of it gets one of its own, unless nothing else is in it.
            failed_id = store.new_id() if arrival.accepted else job.id
            failed = batches.write_rows(self._files.folder(job.sandbox, failed_id), arrival.failed)
            batches.record(store, job, failed_id, dataset_id, status="failed", records=0, failed=failed)
        if arrival.accepted:
            folder = self._files.folder(job.sandbox, job.id)
            files = batches.write_rows(folder, arrival.in_lake) if arrival.in_lake else []
            batches.record(store, job, job.id, dataset_id, status="success", records=arrival.accepted, files=files)
        return {"records": arrival.accepted}


@work(KIND, ((0.0, "loading"), (1.0, "success")), failed="failed")
def bring_in(job: Job, service: Service) -> Document:
    """Write the messages of a batch to their dataset."""
    return service.part(Streams).bring_in(job)


class _Arrival:
    """One batch on its way into the store: how many messages came in, and those that failed, with the reason.

    Attributes:
        in_lake: the rows that the dataset's files will hold; changes by upserts reach Profile only.
    """

    def __init__(self, sandbox: Sandbox, declared: catalog.Declared, fields: Node, batch_id: str) -> None:
        self.accepted = 0
        self.failed: list[dict[str, Any]] = []
        self.in_lake: list[Mapping[str, Any]] = []
        self._sandbox = sandbox
        self._declared = declared
        self._fields = fields
        self._batch_id = batch_id

    def add(self, messages: Sequence[Message], received_ms: int) -> None:
        plain: list[Message] = []
        for message in messages:
            wrong = failure(message, self._declared.dataset, self._fields)
            if wrong is not None:
                self.failed.append({**message, **wrong})
            elif is_upsert(message):
                # In their order: what came before is to be there already.
                self._write(plain, received_ms)
                plain = []
                self._change(message, received_ms)
            else:
                plain.append(message)
        self._write(plain, received_ms)

    def _write(
        self, messages: Sequence[Message], received_ms: int, *, reaches_lake: bool = True, fills: bool = False
    ) -> None:
        if not messages:
            return
        self.accepted += len(messages)
        if not self._declared.is_in_profile:
            self._keep(messages, reaches_lake=reaches_lake)
            return
        report = self._sandbox.ingest(
            self._declared.dataset.id,
            map(row_of, messages),
            ingested_ms=received_ms,
            batch_id=self._batch_id,
            fills=fills,
        )
        # An event that is there already is no failure, it was sent again.
        wrong = {position: reason for position, reason in report.skipped if reason != REPEATED}
        self.accepted -= len(wrong)
        for position, reason in wrong.items():
            self.failed.append({**messages[position], "_validationErrors": [{"message": reason}]})
        self._keep([each for position, each in enumerate(messages) if position not in wrong], reaches_lake=reaches_lake)

    def _keep(self, messages: Sequence[Message], *, reaches_lake: bool) -> None:
        if reaches_lake:
            self.in_lake += map(row_of, messages)

    def _change(self, message: Message, received_ms: int) -> None:
        operation = operation_of(message)
        if operation != DELETE:
            self._write([message], received_ms, reaches_lake=False, fills=operation == MERGE)
            return
        identity = _owner(self._declared.dataset, row_of(message))
        self.accepted += 1
        if identity is not None and self._declared.is_in_profile:
            self._sandbox.delete_fragment(self._declared.dataset.id, identity)


def _owner(dataset: Dataset, row: Mapping[str, Any]) -> Identity | None:
    try:
        return read_identities(dataset, row)[0]
    except RowError:
        return None
