"""Updates of attributes as one batch from rows to counts, and the rejected rows beside what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from rtcp.errors import JobFailedError, PartialFailureError
from rtcp.models.batch import Batch, FailedRecord
from rtcp.models.stream import REFUSED, Reject
from rtcp.resources.batches.joining import join_failed
from rtcp.rows.batch_file import RowFile
from rtcp.rows.sources import Row, RowSource
from rtcp.transport.scrubbing import shortened

_BATCH_FAILED: Final = "batch-failed"
_MOST_ERRORS: Final = 3


@dataclass(frozen=True)
class UpsertResult:
    """What became of the rows of an upsert: written, failed and refused add up to `rows`.

    Attributes:
        batch: the batch in its last state.
        dataset_id: the dataset that it belongs to.
        rows: given by the caller.
        refused: not sent, as they cannot be right.
    """

    batch: Batch
    dataset_id: str
    rows: int
    refused: int
    _file: RowFile = field(repr=False)
    _failed_records: Callable[[str], Iterable[FailedRecord]] = field(repr=False)

    @property
    def batch_id(self) -> str:
        """The batch that the rows went in."""
        return self.batch.id

    @property
    def is_success(self) -> bool:
        """True when every row went in."""
        return self.batch.is_success and not self.failed and not self.refused

    @property
    def written(self) -> int:
        """Rows that went in, by the service's count."""
        if not self.batch.is_success:
            return 0
        told = self.batch.records_written
        return self._sent - (self.batch.records_failed or 0) if told is None else min(told, self._sent)

    @property
    def failed(self) -> int:
        """Rows that were sent and did not go in; all of them when the batch failed."""
        return self._sent - self.written

    @property
    def _sent(self) -> int:
        return self.rows - self.refused

    def rejects(self) -> Iterator[Reject]:
        """Yield the rows that did not go in, in the caller's order and form, beside the reason.

        Asks the service for the failed records when it is called for. It does not tell which row a record was: they
        are joined by content, else by identity. A record that fits no row comes last, as the service has it, without
        a position. In a batch that failed, rows without fault of their own may go in the next time.
        """
        joined, left = join_failed(self._file, self._failed_records(self.batch_id)) if self.failed else ({}, [])
        if joined or self.refused or not self.batch.is_success:
            for row in self._file.source.read():
                record = joined.get(row.position)
                if row.position in self._file.refused:
                    reason = self._file.refused[row.position]
                    yield Reject(row.given, row.position, None, REFUSED, reason, can_retry=False)
                elif record is not None:
                    yield _reject(row.given, row.position, record)
                elif not self.batch.is_success:
                    yield Reject(row.given, row.position, None, _BATCH_FAILED, reasons_of(self.batch), can_retry=True)
        for record in left:
            yield _reject(record.row if record.row is not None else record.text, None, record)

    def file_of(self, rejects: Iterable[Reject]) -> RowFile:
        """The rows of rejects, to be sent as these were; those that the caller has put right as they are now."""
        chosen = list(rejects)
        known = {reject.position for reject in chosen}
        # A template may name the line of a row, which shall be what it was.
        lines = {row.position: row.line for row in self._file.source.read() if row.position in known}
        beyond = self.rows
        rows = [
            Row(beyond + number, number + 1, reject.row)
            if reject.position is None
            else Row(reject.position, lines.get(reject.position, reject.position + 1), reject.row)
            for number, reject in enumerate(chosen)
        ]
        source = RowSource(lambda: iter(rows), is_flat=self._file.source.is_flat)
        return replace(self._file, source=source, refused={})

    def raise_for_failures(self) -> None:
        """Do nothing if every row went in.

        Raises:
            JobFailedError: the batch failed, so none did.
            PartialFailureError: some did not; `rejects` has them.
        """
        check_success(self.batch)
        if self.failed or self.refused:
            raise PartialFailureError(
                f"{self.written} of {self.rows} rows went in with batch {self.batch_id}, {self.failed} failed and "
                f"{self.refused} were refused before sending; rejects() has them"
            )

    def __repr__(self) -> str:
        counts = f"{self.written} written, {self.failed} failed, {self.refused} refused"
        return f"<UpsertResult of batch {self.batch_id} ({self.batch.status}): {counts}>"


def check_success(batch: Batch) -> None:
    """Do nothing if a batch went in, though maybe not with all of its records.

    Raises:
        JobFailedError: it ended in any other way.
    """
    if not batch.is_success:
        raise JobFailedError(f"batch {batch.id} ended as {batch.status}: {reasons_of(batch)}", job=batch)


def reasons_of(batch: Batch) -> str:
    """Why a batch failed, in the service's words."""
    told = [f"{error.code or 'no code'}: {shortened(error.description or 'no text')}" for error in batch.errors]
    if batch.status == "stalled":
        told.insert(0, "it used up its retries, and only Adobe's support can start it again")
    return "; ".join(told[:_MOST_ERRORS]) or "the service gives no reason"


def file_name(file: RowFile) -> str:
    """What the file is called in the batch."""
    ready: Path | None = file.ready
    return ready.name if ready is not None else f"rows.{'parquet' if file.format == 'parquet' else 'json'}"


def _reject(row: Any, position: int | None, record: FailedRecord) -> Reject:
    first = record.errors[0] if record.errors else None
    message = "; ".join(f"{error.path}: {error.message}" if error.path else error.message for error in record.errors)
    # The same row fails in the same way: it has to be put right first.
    reason = shortened(message) or "no reason told"
    return Reject(row, position, None, first.code if first else None, reason, can_retry=False)
