"""Updates of attributes as one batch from rows to counts, and the rejected rows beside what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final

from rtcp._notebook import Displayed
from rtcp.bulk.reject_file import RejectFile
from rtcp.errors import InvalidArgumentError, JobFailedError, PartialFailureError
from rtcp.models.batch import Batch, FailedRecord
from rtcp.resources.batches.joining import join_failed
from rtcp.rows.batch_file import RowFile, RowFormat
from rtcp.rows.form import RowForm
from rtcp.rows.rejects import REFUSED, Reject
from rtcp.rows.row import Row
from rtcp.rows.sources import RowSource, read_rows
from rtcp.transport.scrubbing import shortened, values_in

_BATCH_FAILED: Final = "batch-failed"
_MOST_ERRORS: Final = 3
# Rows, and values of them, that are looked for in what the service says.
_MOST_READ: Final = 20_000
_MOST_VALUES: Final = 200_000


@dataclass(frozen=True)
class UpsertResult(Displayed):
    """What became of the rows of an upsert: written, failed, refused and pending add up to `rows`.

    Attributes:
        batch: the batch in its last state; None when every row was refused, so that there was nothing to send.
        dataset_id: the dataset that it belongs to.
        rows: given by the caller, lines that cannot be read included.
        refused: not sent, as they cannot be right.
    """

    _told: ClassVar[tuple[str, ...]] = (
        "dataset_id",
        "rows",
        "written",
        "failed",
        "refused",
        "pending",
        "is_success",
        "batch",
    )

    batch: Batch | None
    dataset_id: str
    rows: int
    refused: int
    _file: RowFile = field(repr=False)
    _failed_records: Callable[[str], Iterable[FailedRecord]] = field(repr=False)

    @property
    def batch_id(self) -> str | None:
        """The batch that the rows went in."""
        return None if self.batch is None else self.batch.id

    @property
    def is_success(self) -> bool:
        """True when every row went in."""
        return (
            self.batch is not None
            and self.batch.is_success
            and not self.failed
            and not self.refused
            and not self.pending
        )

    @property
    def written(self) -> int:
        """Rows that went in, by the service's count."""
        if self.batch is None or not self.batch.is_success:
            return 0
        told = self.batch.records_written
        return self._sent - (self.batch.records_failed or 0) if told is None else min(told, self._sent)

    @property
    def failed(self) -> int:
        """Rows that were sent and did not go in; all of them when the batch failed."""
        return self._sent - self.written - self.pending

    @property
    def pending(self) -> int:
        """Rows whose batch has not ended yet; 0 for a result that was waited for."""
        return 0 if self.batch is None or self.batch.is_final else self._sent

    @property
    def _sent(self) -> int:
        return self.rows - self.refused

    def rejects(self) -> Iterator[Reject]:
        """Yield the rows that did not go in, in the caller's order and form, beside the reason.

        Asks the service for the failed records when it is called for. It does not tell which row a record was: they
        are joined by content, else by identity. A record that fits no row comes last, as the service has it, without
        a position. In a batch that failed, rows without fault of their own may go in the next time.
        """
        batch, source = self.batch, self._file.source
        failed = self._failed_records(batch.id) if batch is not None and self.failed else ()
        joined, left = join_failed(self._file, failed)
        has_failed = batch is not None and batch.is_final and not batch.is_success
        if joined or self.refused or has_failed:
            reasons = "" if batch is None else f"the batch failed as a whole: {reasons_of(batch)}"
            for row in source.read():
                if row.position in self._file.refused:
                    yield _reject_of(self._file, row, REFUSED, self._file.refused[row.position])
                elif row.position in joined:
                    yield _reject_of(self._file, row, *_said(joined[row.position]))
                elif has_failed:
                    yield _reject_of(self._file, row, _BATCH_FAILED, reasons, can_retry=True)
        # As the service has them: they have been through the mapping already.
        yield from rejects_of(left, form=replace(self._file.form, mapping=None))

    def refusals(self) -> Iterator[Reject]:
        """Yield the rows that were refused before anything was sent; asks nobody."""
        return refusals_of(self._file)

    def write_rejects(self, path: str | Path) -> int:
        """Append `rejects` to a file, a line of JSON each, and return how many; `rtcp.read_rows` reads it again.

        Raises:
            SpoolError: the disk is full, say.
        """
        count = 0
        with RejectFile(path) as file:
            for reject in self.rejects():
                file.add([reject])
                count += 1
        return count

    def file_of(self, rejects: Iterable[Reject]) -> RowFile:
        """The rows of rejects, to be sent as these were; those that the caller has put right as they are now."""
        rows = [
            Row(self.rows + number, number + 1, reject.row)
            if reject.position is None
            # A template may name the line of a row, which shall be what it was.
            else Row(reject.position, reject.line or reject.position + 1, reject.row)
            for number, reject in enumerate(rejects)
        ]
        source = RowSource(lambda: iter(rows), is_flat=self._file.source.is_flat)
        return replace(self._file, source=source, refused={})

    def raise_for_failures(self) -> None:
        """Do nothing if every row went in.

        Raises:
            JobFailedError: the batch failed, so none did.
            PartialFailureError: some did not; `rejects` has them.
        """
        if self.batch is not None:
            check_success(self.batch, self._values)
        if self.failed or self.refused:
            sent = "no batch was made" if self.batch is None else f"{self.failed} failed in batch {self.batch.id}"
            raise PartialFailureError(
                f"{self.written} of {self.rows} rows went in: {sent}, and {self.refused} were refused before sending; "
                "rejects() has them"
            )

    def _values(self) -> Iterable[str]:
        return islice(values_in([row.given for row in islice(self._file.source.read(), _MOST_READ)]), _MOST_VALUES)

    def __repr__(self) -> str:
        counts = f"{self.written} written, {self.failed} failed, {self.refused} refused"
        return f"<UpsertResult of {self._of()}: {counts}>"

    def _of(self) -> str:
        return "no batch" if self.batch is None else f"batch {self.batch.id} ({self.batch.status})"


def check_success(batch: Batch, private: Callable[[], Iterable[str]] = tuple) -> None:
    """Do nothing if a batch went in, though maybe not with all of its records.

    Args:
        private: what the reason may not repeat.

    Raises:
        JobFailedError: it ended in any other way.
    """
    if not batch.is_success:
        reasons = reasons_of(batch, tuple(private()))
        raise JobFailedError(f"batch {batch.id} ended as {batch.status}: {reasons}", job=batch)


def reasons_of(batch: Batch, private: Iterable[str] = ()) -> str:
    """Why a batch failed, in the service's words."""
    told = [shortened(str(error), private) for error in islice(batch.errors, _MOST_ERRORS)]
    if batch.status == "stalled":
        told.insert(0, "it used up its retries, and only Adobe's support can start it again")
    return "; ".join(told[:_MOST_ERRORS]) or "the service gives no reason"


def row_file(rows: Any, form: RowForm, format: RowFormat) -> RowFile:
    """The rows, and how they go into a file.

    Raises:
        InvalidArgumentError: there are no rows in such a thing, or the form does not fit them.
    """
    if format not in ("parquet", "json"):
        raise InvalidArgumentError(f"format must be 'parquet' or 'json', not {format!r}")
    if form.kind == "event":
        raise InvalidArgumentError("events cannot be changed: an upsert is for records")
    return RowFile(read_rows(rows), format, form)


def refusals_of(file: RowFile) -> Iterator[Reject]:
    """Yield the rows that were refused when the file was written, in the caller's order and form."""
    for row in file.source.read():
        if row.position in file.refused:
            yield _reject_of(file, row, REFUSED, file.refused[row.position])


def rejects_of(records: Iterable[FailedRecord], *, form: RowForm | None = None) -> Iterator[Reject]:
    """Yield records that the service refused, as it has them; which rows they were is not known."""
    for record in records:
        code, reason = _said(record)
        row_as_sent = record.row if record.row is not None else record.text
        yield Reject(row_as_sent, None, None, code, reason, can_retry=False, form=form)


def file_name(file: RowFile) -> str:
    """What the file is called in the batch."""
    ready: Path | None = file.ready
    return ready.name if ready is not None else f"rows.{'parquet' if file.format == 'parquet' else 'json'}"


def _reject_of(file: RowFile, row: Row, code: str | None, reason: str, *, can_retry: bool = False) -> Reject:
    name = file.source.name
    line = None if name is None else row.line
    return Reject(row.given, row.position, None, code, reason, can_retry, line, name, file.shaper.form)


def _said(record: FailedRecord) -> tuple[str | None, str]:
    """The code and the reason of a failed record."""
    first = record.errors[0] if record.errors else None
    message = "; ".join(f"{error.path}: {error.message}" if error.path else error.message for error in record.errors)
    private = values_in(record.row if record.row is not None else record.text)
    return first.code if first else None, shortened(message, private) or "no reason told"
