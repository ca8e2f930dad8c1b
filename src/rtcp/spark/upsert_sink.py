"""A frame as one batch: all of its rows go in together, or none does."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow
from pyspark import TaskContext
from pyspark.sql.datasource import DataSourceArrowWriter, WriterCommitMessage
from pyspark.sql.types import StructType

from rtcp._temporary import TemporaryFolder
from rtcp._workers import Workers
from rtcp.client import Client
from rtcp.errors import InvalidArgumentError, JobFailedError, PartialFailureError, RtcpError
from rtcp.files.upload import SMALL
from rtcp.resources.batches.upload_target import received_at
from rtcp.resources.batches.upsert import refusals_of
from rtcp.rows.batch_file import RowFile
from rtcp.rows.form import RowForm
from rtcp.spark.access import Access
from rtcp.spark.format_options import FORM
from rtcp.spark.format_source import RowSink
from rtcp.spark.frame_rows import rows_again
from rtcp.spark.reject_place import KNOWN as OF_REJECTS
from rtcp.spark.reject_place import RejectPlace
from rtcp.spark.tallies import tell

logger = logging.getLogger(__name__)

# What the guardrails enforce; they recommend less than 10,000.
_MOST_FILES: Final = 25_000
_MOST_ROWS: Final = 2_000_000
_PARTIAL_PERCENT: Final = 5
_LOOKS: Final = 8


class UpsertSink(RowSink):
    """`df.write.format("rtcp.upsert").option("datasetId", ...).mode("append").save()`."""

    format = "rtcp.upsert"
    known = (
        *FORM,
        *OF_REJECTS,
        "checkDataset",
        "partialIngestionPercent",
        "externalId",
        "wait",
        "timeout",
        "interval",
        "summary",
    )
    why_append = "changes people and replaces none"

    def writer(self, schema: StructType, overwrite: bool) -> DataSourceArrowWriter:
        """Checks what can be checked, then makes the batch."""
        form, options = self.form(schema, overwrite=overwrite), self._options
        if form.kind == "event":
            raise InvalidArgumentError(
                f'{self.format} is for records, as events cannot be changed; "rtcp.stream" takes them'
            )
        settings = _Settings(
            form=form,
            columns=tuple(schema.names),
            rejects=RejectPlace.of(options),
            is_awaited=options.flag("wait", default=True),
            timeout=options.seconds("timeout") or 86_400.0,
            interval=options.seconds("interval"),
            summary=options.text("summary"),
        )
        percent = options.number("partialIngestionPercent", default=_PARTIAL_PERCENT, least=0, most=100)
        access = self.access()
        client = access.client()
        if options.flag("checkDataset", default=True):
            _check_dataset(client, settings.dataset_id)
        # Last of all: what fails behind it would leave a batch open.
        batch = client.batches.create(
            settings.dataset_id,
            format="parquet",
            diagnostics=True,
            partial_ingestion_percent=percent,
            external_id=options.text("externalId"),
        )
        return _UpsertWriter(access, settings, batch.id)


@dataclass(frozen=True)
class _Settings:
    """What a write was asked for."""

    form: RowForm
    columns: tuple[str, ...]
    rejects: RejectPlace
    is_awaited: bool
    timeout: float
    interval: float | None
    summary: str | None

    @property
    def dataset_id(self) -> str:
        assert self.form.dataset_id is not None
        return self.form.dataset_id


@dataclass
class _Written(WriterCommitMessage):
    """What a task has brought into the batch.

    Attributes:
        name: of its file.
        size: bytes of its file; 0 where it had nothing to send, and there is none.
        letters: of rows that stay out.
    """

    name: str
    size: int
    rows: int
    refused: int
    letters: tuple[bytes, ...]


class _UpsertWriter(DataSourceArrowWriter):
    """Goes to the workers, with the id of the batch; commits and aborts on the driver."""

    def __init__(self, access: Access, settings: _Settings, batch_id: str) -> None:
        self._access = access
        self._settings = settings
        self._batch_id = batch_id

    def write(self, iterator: Iterator[pyarrow.RecordBatch]) -> WriterCommitMessage:
        """Bring a partition up, as one file under a name that is the same in each attempt.

        A file in one request is there whole or not at all, and one of the same name is replaced, so that no attempt,
        finished or not, adds rows to those of another one.
        """
        number = _partition()
        if number >= _MOST_FILES:
            raise InvalidArgumentError(
                f"the frame has more than {_MOST_FILES:,} partitions, and a batch as many files at most: "
                "df.coalesce(200) before .write makes fewer"
            )
        name = f"part-{number:05d}.parquet"
        settings = self._settings
        with TemporaryFolder(prefix="rtcp-upsert-") as folder:
            source = rows_again(iterator, settings.columns, folder / "rows.arrow")
            file = RowFile(source, "parquet", settings.form)
            path = folder / name
            rows = file.write(path)
            size = path.stat().st_size if rows else 0
            _check_size(size)
            refused, letters = settings.rejects.put(refusals_of(file), f"{self._batch_id}-part-{number:05d}")
            if rows:
                client = self._access.client()
                client.batches.upload(self._batch_id, path, dataset_id=settings.dataset_id, name=name)
        return _Written(name, size, rows, refused, letters)

    def commit(self, messages: list[WriterCommitMessage | None]) -> None:
        """Hand the batch over, and wait until it went in."""
        written = [message for message in messages if isinstance(message, _Written)]
        rows = sum(each.rows for each in written)
        client = self._access.client()
        try:
            self._settings.rejects.collect([letter for each in written for letter in each.letters])
            if rows:
                self._check_files(client, written)
                self._hand_over(client)
        except BaseException:
            # Spark calls `abort` for it, which cannot know how far this came.
            self._give_up(client)
            raise
        if rows == 0:
            self._give_up(client)
            self._tell("no rows", written)
            return
        if rows > _MOST_ROWS:
            logger.warning("an upsert of %d rows: the service recommends at most %d a batch", rows, _MOST_ROWS)
        self._tell(str(self._settle(client)) if self._settings.is_awaited else "handed over", written)

    def abort(self, messages: list[WriterCommitMessage | None]) -> None:
        """Give the batch up, if a task failed; never raises, which would hide why."""
        if messages and None not in messages:
            # All tasks had done their part: `commit` has failed, and has seen to the batch itself. To abort a batch
            # that was handed over would take back what its error says has gone in.
            return
        try:
            self._give_up(self._access.client())
        except Exception as exc:  # noqa: BLE001 - the first failure is the one to be seen
            logger.warning("batch %s may still be open (%s): it does nothing", self._batch_id, type(exc).__name__)

    def _check_files(self, client: Client, written: Sequence[_Written]) -> None:
        """The files of the batch are those of the tasks that count, and no other attempt's."""
        path = {"batch_id": self._batch_id, "dataset_id": self._settings.dataset_id}
        send = client._session.send
        pool = Workers(_LOOKS, name="rtcp-files")
        try:
            looks = [(each, pool.submit(received_at, send, path, each.name)) for each in written]
            odd = [each.name for each, look in looks if not _is_as_written(each, look.result())]
        finally:
            pool.close(wait=False)
        if odd:
            raise PartialFailureError(
                f"batch {self._batch_id} does not hold what the tasks have written: {len(odd)} files differ, such as "
                f"{odd[0]!r}; it was not handed over. Rows that are not the same in each attempt do that: write the "
                "frame to a table first, or persist it"
            )

    def _hand_over(self, client: Client) -> None:
        try:
            client.batches.complete(self._batch_id)
        except RtcpError as exc:
            problem = exc
        else:
            return
        raise RtcpError(
            f"batch {self._batch_id} could not be handed over ({type(problem).__name__}: {problem}); it is given up, "
            f"unless it went in all the same: client.batches.get({self._batch_id!r}) tells"
        )

    def _settle(self, client: Client) -> Any:
        settings = self._settings
        try:
            batch = client.batches.wait(
                self._batch_id, timeout=settings.timeout, interval=settings.interval, allow_failed_records=True
            )
        except JobFailedError:
            raise
        except RtcpError as exc:
            problem = exc
        else:
            if batch.has_failed_records:
                raise PartialFailureError(
                    f"batch {self._batch_id} went in without {batch.records_failed} of its records; "
                    f"client.batches.failed_records({self._batch_id!r}) tells which and why"
                )
            return batch.status
        raise RtcpError(
            f"batch {self._batch_id} was handed over with all rows, so do not write them again; only waiting for it "
            f"failed ({type(problem).__name__}: {problem}); client.batches.wait({self._batch_id!r}) goes on"
        )

    def _tell(self, status: str, written: Sequence[_Written]) -> None:
        counts = {
            "format": UpsertSink.format,
            "batch_id": self._batch_id,
            "status": status,
            "rows": sum(each.rows + each.refused for each in written),
            "sent": sum(each.rows for each in written),
            "refused": sum(each.refused for each in written),
            "files": sum(each.rows > 0 for each in written),
        }
        tell(counts, self._settings.summary)

    def _give_up(self, client: Client) -> None:
        try:
            client.batches.abort(self._batch_id)
        except RtcpError as exc:
            logger.warning("batch %s could not be given up (%s)", self._batch_id, type(exc).__name__)


def _partition() -> int:
    context = TaskContext.get()
    return 0 if context is None else context.partitionId()


def _check_size(size: int) -> None:
    if size > SMALL:
        raise InvalidArgumentError(
            f"a partition makes a file of {size:,} bytes, and only up to {SMALL:,} go up in one request, which is what "
            "keeps attempts apart: df.repartition(...) before .write makes more and smaller ones"
        )


def _is_as_written(written: _Written, received: int | None) -> bool:
    """Whether the service has of a file what its task has sent: nothing, so many bytes, or all it does not count."""
    if written.size == 0 or received is None:
        return written.size == 0 and received is None
    return received in (0, written.size)


def _check_dataset(client: Client, dataset_id: str) -> None:
    if not client.datasets.get(dataset_id).is_upsert_enabled:
        raise InvalidArgumentError(
            f"dataset {dataset_id!r} does not take upserts, so a row would replace all of its record; "
            f"client.datasets.enable_profile({dataset_id!r}, upsert=True) changes that"
        )
