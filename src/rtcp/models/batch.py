"""Batches: what comes into a dataset together, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from rtcp._arguments import check_fields
from rtcp._instants import BlankAsNone, OptionalEpochMillis
from rtcp._notebook import Displayed
from rtcp._numbers import told_count
from rtcp.models.base import CleanedModel, Model, OpenEnum, Xdm


class BatchStatus(OpenEnum):
    """Where a batch stands, as both services that know it write it."""

    LOADING = "loading"
    LOADED = "loaded"
    QUEUED = "queued"
    PROCESSING = "processing"
    RETRYING = "retrying"
    STAGING = "staging"
    STAGED = "staged"
    SUCCESS = "success"
    ACTIVE = "active"
    FAILED = "failed"
    FAILURE = "failure"
    STALLED = "stalled"
    ABORTED = "aborted"
    ABANDONED = "abandoned"
    INACTIVE = "inactive"
    DELETED = "deleted"
    ARCHIVED = "archived"
    RETAINED = "retained"


_SUCCESS: Final = (BatchStatus.SUCCESS, BatchStatus.ACTIVE)
_MOVING: Final = (
    BatchStatus.LOADING,
    BatchStatus.LOADED,
    BatchStatus.QUEUED,
    BatchStatus.PROCESSING,
    BatchStatus.RETRYING,
    BatchStatus.STAGING,
    BatchStatus.STAGED,
)
# Current name first; the second is that of old batches.
_READ: Final = ("inputRecordCount", "recordsRead", "inputRecordSize")
_WRITTEN: Final = ("outputRecordCount", "recordsWritten", "outputRecordSize")
_FAILED: Final = ("failedRecordCount", "recordsFailed")
_TIMES: Final = ("created", "updated", "started", "completed")
_CSV_NAMES: Final = {
    "delimiter": "delimiter",
    "quote": "quote",
    "escape": "escape",
    "null_marker": "nullMarker",
    "charset": "charset",
}
_NEVER_NULL: Final = ("errors", "metrics", "tags", "relatedObjects", "inputFormat")


class BatchError(Model):
    """What went wrong in a batch; with diagnostics on, `record_count` says to how many records."""

    code: str | None = None
    description: str | None = None
    record_count: Annotated[int | None, BlankAsNone] = None

    def __str__(self) -> str:
        code, text = self.code or "no code", self.description or "no text"
        # Descriptions that begin with their code need it no second time.
        return text if text.startswith(code) else f"{code}: {text}"


class RelatedObject(Model):
    """Something that a batch belongs to; of type `dataSet`, the dataset."""

    type: str | None = None
    id: str | None = None


class Replay(Model):
    """The batches that this one stands for from now on."""

    predecessors: list[str] = []
    reason: str | None = None


class Batch(CleanedModel):
    """One batch.

    Attributes:
        metrics: counts under the service's own names; the properties `records_*` know their dialects.
        errors: what went wrong. A batch that succeeded may have errors, too: some of its records did not go in.
        input_format: of its files, with the options of CSV.
        tags: of many kinds; not all are texts.
    """

    _told: ClassVar[tuple[str, ...]] = (
        "dataset_id",
        "format",
        "records_read",
        "records_written",
        "records_failed",
        "created_at",
        "completed_at",
        "errors",
        "external_id",
        "replay",
    )

    id: str
    status: BatchStatus
    external_id: str | None = None
    input_format: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    errors: list[BatchError] = []
    tags: dict[str, Any] = {}
    related_objects: list[RelatedObject] = []
    replay: Replay | None = None
    ims_org: str | None = None
    version: str | None = None
    created_at: OptionalEpochMillis = Field(default=None, alias="created")
    updated_at: OptionalEpochMillis = Field(default=None, alias="updated")
    started_at: OptionalEpochMillis = Field(default=None, alias="started")
    completed_at: OptionalEpochMillis = Field(default=None, alias="completed")

    @property
    def dataset_id(self) -> str | None:
        """The dataset that it belongs to."""
        return next((each.id for each in self.related_objects if each.type == "dataSet"), None)

    @property
    def format(self) -> Literal["json", "json_array", "parquet", "csv"] | None:
        """The form of its files, as `create` takes it; None where the service does not tell."""
        told = str(self.input_format.get("format") or "").lower()
        if told == "json":
            return "json_array" if self.input_format.get("isMultiLineJson") in (True, "true") else "json"
        return "parquet" if told == "parquet" else "csv" if told == "csv" else None

    @property
    def csv(self) -> CsvOptions | None:
        """How its CSV is written; None for other forms."""
        return CsvOptions.from_wire(self.input_format) if self.format == "csv" else None

    @property
    def is_final(self) -> bool:
        """True when it will not change by itself any more. A status that rtcp does not know counts as not final."""
        # A tuple: from Python 3.12 on, a word that nobody knows is in the enum too, as it is made a member of it.
        return self.status in tuple(BatchStatus) and self.status not in _MOVING

    @property
    def is_success(self) -> bool:
        """True when it went in, though maybe not all of it: see `has_failed_records`."""
        return self.status in _SUCCESS

    @property
    def records_read(self) -> int | None:
        """Records in the files; None while the service does not tell."""
        return _count(self.metrics, _READ)

    @property
    def records_written(self) -> int | None:
        """Records that went in; None while the service does not tell."""
        return _count(self.metrics, _WRITTEN)

    @property
    def records_failed(self) -> int | None:
        """Records that did not go in, by the metrics, else by the errors; None while the service does not tell."""
        told = _count(self.metrics, _FAILED)
        if told is not None:
            return told
        counts = [error.record_count for error in self.errors if error.record_count is not None]
        return sum(counts) if counts else None

    @property
    def has_failed_records(self) -> bool:
        """True when some records did not go in, which a batch that succeeded may well have."""
        return bool(self.records_failed)

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        # A fresh batch was created in 1970, by its own account.
        return {
            name: value
            for name, value in data.items()
            if not (name in _TIMES and value in (0, "0")) and not (name in _NEVER_NULL and value is None)
        }

    def __repr__(self) -> str:
        counts = [("written", self.records_written), ("failed", self.records_failed)]
        told = "".join(f", {count} {what}" for what, count in counts if count is not None)
        return f"<Batch {self.id}: {self.status}{told}>"

    __str__ = __repr__


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvOptions(Displayed):
    """How CSV is written; None leaves an option to the service."""

    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    null_marker: str | None = None
    header: bool | None = None
    charset: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)

    @classmethod
    def from_wire(cls, told: Mapping[str, Any]) -> CsvOptions:
        """The options that an answer tells."""
        texts = {python: None if told.get(wire) is None else str(told[wire]) for python, wire in _CSV_NAMES.items()}
        header = told.get("header")
        return cls(**texts, header=None if header is None else str(header).lower() == "true")

    def to_wire(self) -> dict[str, str]:
        """The options under the service's names; all are texts there."""
        given = {
            "delimiter": self.delimiter,
            "quote": self.quote,
            "escape": self.escape,
            "nullMarker": self.null_marker,
            "header": None if self.header is None else str(self.header).lower(),
            "charset": self.charset,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class RecordError(Displayed):
    """What is wrong with a record. The message may repeat values of it.

    Attributes:
        path: which field, as the service writes it, or None.
    """

    code: str | None
    message: str = field(repr=False)
    path: str | None = None


@dataclass(frozen=True, slots=True)
class FailedRecord(Displayed):
    """One record that did not go in.

    Attributes:
        row: the record as the service kept it, without the errors; None when it could not even be parsed.
        text: the record as it stood in the file, when it could not be parsed.
        errors: what is wrong with it.
        file: where the service keeps it.
    """

    row: Xdm | None = field(repr=False)
    text: str | None = field(repr=False)
    errors: tuple[RecordError, ...]
    file: str

    @classmethod
    def from_wire(cls, data: Mapping[str, Any], *, file: str) -> FailedRecord:
        """Read a line of a file of failed records, in any documented form."""
        row = {name: value for name, value in data.items() if name not in _ABOUT_ERRORS}
        text = data.get("_corrupt_record")
        told = data.get("_errors")
        # Messages of streaming have an object of lists here.
        lists = list(told.values()) if isinstance(told, Mapping) else [told]
        listed = [each for some in (*lists, data.get("_validationErrors")) for each in _listed(some)]
        return cls(row or None, text if isinstance(text, str) else None, tuple(map(_record_error, listed)), file)


_ABOUT_ERRORS: Final = ("_errors", "_validationErrors", "_corrupt_record", "_filename")


def _record_error(error: Mapping[str, Any]) -> RecordError:
    code = error.get("code", error.get("keyword"))
    path = error.get("_column", error.get("pointerToViolation"))
    return RecordError(
        None if code is None else str(code), str(error.get("message", "")), None if path is None else str(path)
    )


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _count(metrics: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        count = told_count(metrics.get(name))
        if count is not None:
            return count
    return None
