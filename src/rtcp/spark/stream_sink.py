"""A frame as messages of streaming ingestion, once or as it comes: at least once, and the same `_id` each time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow
from pyspark import TaskContext
from pyspark.sql.datasource import DataSourceArrowWriter, DataSourceStreamArrowWriter, WriterCommitMessage
from pyspark.sql.types import StructType

from rtcp._temporary import TemporaryFolder
from rtcp.client import Client
from rtcp.errors import PartialFailureError
from rtcp.resources.streaming.envelope import Envelope
from rtcp.resources.streaming.sender import (
    MESSAGES_PER_SECOND,
    REQUESTS_PER_SECOND,
    Sender,
    inlet_of,
)
from rtcp.resources.streaming.writer import StreamWriter
from rtcp.rows.form import RowForm
from rtcp.rows.rejects import Reject
from rtcp.spark.access import Access
from rtcp.spark.format_options import FORM
from rtcp.spark.format_source import RowSink
from rtcp.spark.frame_rows import rows_once
from rtcp.spark.reject_place import KNOWN as OF_REJECTS
from rtcp.spark.reject_place import RejectPlace
from rtcp.spark.spending import MessageBudget
from rtcp.spark.tallies import tell
from rtcp.transport.rate_limit import Budget
from rtcp.transport.wire import POOL_SIZE

_MOST_MESSAGES: Final = 1_000
_QUERY: Final = "sql.streaming.queryId"
_MICRO_BATCH: Final = "streaming.sql.batchId"


class StreamSink(RowSink):
    """`df.write.format("rtcp.stream")` and `df.writeStream.format("rtcp.stream")`."""

    format = "rtcp.stream"
    known = (*FORM, *OF_REJECTS, "inletId", "authenticated", "workers", "maxBatch", "summary")
    why_append = "sends, and takes nothing back"

    def writer(self, schema: StructType, overwrite: bool) -> DataSourceArrowWriter:
        """Writes a frame once."""
        return _BatchWriter(self._sending(schema, overwrite))

    def streamWriter(self, schema: StructType, overwrite: bool) -> DataSourceStreamArrowWriter:  # noqa: N802 - Spark's
        """Writes a frame as it comes."""
        return _MicroBatchWriter(self._sending(schema, overwrite))

    def _sending(self, schema: StructType, overwrite: bool) -> _Sending:
        # Called twice for each micro-batch: it asks the service for nothing.
        form = self.form(schema, overwrite=overwrite)
        # Refuses a form without dataset or schema.
        Envelope(form)
        access, options = self.access(), self._options
        return _Sending(
            access,
            form,
            tuple(schema.names),
            inlet_of(options.required("inletId"), service=access.config.streaming_url),
            is_authenticated=options.flag("authenticated", default=False),
            workers=options.number("workers", default=4, least=1, most=POOL_SIZE),
            max_batch=options.number("maxBatch", default=_MOST_MESSAGES, least=1, most=10_000),
            rejects=RejectPlace.of(options),
            summary=options.text("summary"),
            run=uuid.uuid4().hex,
        )


@dataclass
class _Sent(WriterCommitMessage):
    """What became of the rows of a task; those that are unknown fail it."""

    rows: int
    sent: int
    rejected: int
    requests: int
    letters: tuple[bytes, ...]


@dataclass(frozen=True)
class _Sending:
    """How a partition is sent; goes to the workers.

    Attributes:
        run: a word for this write, where Spark has none.
    """

    access: Access
    form: RowForm
    columns: tuple[str, ...]
    inlet_id: str
    is_authenticated: bool
    workers: int
    max_batch: int
    rejects: RejectPlace
    summary: str | None
    run: str

    def send(self, batches: Iterator[pyarrow.RecordBatch]) -> _Sent:
        """Send a partition.

        Raises:
            PartialFailureError: some rows may not have been received: the task has to send all of its rows again.
        """
        client = self.access.client()
        with TemporaryFolder(prefix="rtcp-stream-") as folder:
            writer = self._writer(client, folder / "rejects.jsonl")
            with writer:
                writer.write_many(rows_once(batches, self.columns))
            summary = writer.summary
            final = _Final(writer.rejects())
            rejected, letters = self.rejects.put(final, self._name())
            if final.others or summary.unknown:
                raise PartialFailureError(
                    f"of {summary.rows} rows {summary.unknown} got no answer and {final.others - summary.unknown} were "
                    f"not received ({final.reason}); they may be received the next time, so the task sends all of its "
                    "rows again, with the same ids"
                )
        return _Sent(summary.rows, summary.sent, rejected, summary.requests, letters)

    def tell(self, messages: list[WriterCommitMessage | None], micro_batch: int | None = None) -> None:
        """On the driver: count what the tasks that counted have sent."""
        sent = [message for message in messages if isinstance(message, _Sent)]
        self.rejects.collect([letter for each in sent for letter in each.letters])
        counts: dict[str, Any] = {"format": StreamSink.format}
        if micro_batch is not None:
            counts["micro_batch"] = micro_batch
        counts |= {name: sum(getattr(each, name) for each in sent) for name in ("rows", "sent", "rejected", "requests")}
        # Rows whose fate is unknown have failed their task, so there are none here.
        tell({**counts, "unknown": 0}, self.summary)

    def _writer(self, client: Client, rejects: Path) -> StreamWriter:
        clock = client._wire.clock
        sender = Sender(client._session, self.inlet_id, authenticated=self.is_authenticated)
        spender = self.access.spender()
        limits = {} if spender is None else spender.limits
        if "requests" not in limits:
            sender = replace(sender, requests=Budget(clock, REQUESTS_PER_SECOND))
        messages: Any = Budget(clock, MESSAGES_PER_SECOND)
        if spender is not None and "messages" in limits:
            messages = MessageBudget(spender)
        return StreamWriter(
            replace(sender, messages=messages),
            self.form,
            org_id=client.config.org_id,
            workers=self.workers,
            max_batch=self.max_batch,
            spool=None,
            rejects=rejects,
            on_progress=None,
        )

    def _name(self) -> str:
        context = TaskContext.get()
        if context is None:
            return self.run
        query, number = context.getLocalProperty(_QUERY), context.getLocalProperty(_MICRO_BATCH)
        run = f"{query}-{number}" if query and number else self.run
        return f"{run}-part-{context.partitionId():05d}"


class _Final:
    """Rejects that stay so whoever sends them again; the others are counted."""

    def __init__(self, rejects: Iterator[Reject]) -> None:
        self._rejects = rejects
        self.others = 0
        self.reason = ""

    def __iter__(self) -> Iterator[Reject]:
        for reject in self._rejects:
            if reject.can_retry:
                self.others += 1
                self.reason = self.reason or reject.message
            else:
                yield reject


class _Writes:
    """What both kinds of writers do."""

    def __init__(self, sending: _Sending) -> None:
        self._sending = sending

    def write(self, iterator: Iterator[pyarrow.RecordBatch]) -> WriterCommitMessage:
        """Send a partition."""
        return self._sending.send(iterator)

    def commit(self, messages: list[WriterCommitMessage | None], batchId: int | None = None) -> None:  # noqa: N803 - Spark's
        """Count."""
        self._sending.tell(messages, batchId)

    def abort(self, messages: list[WriterCommitMessage | None], batchId: int | None = None) -> None:  # noqa: N803 - Spark's
        """Nothing: what was sent cannot be taken back, and is the same when it comes again."""


class _BatchWriter(_Writes, DataSourceArrowWriter):
    """Of a frame."""


class _MicroBatchWriter(_Writes, DataSourceStreamArrowWriter):
    """Of a frame as it comes."""
