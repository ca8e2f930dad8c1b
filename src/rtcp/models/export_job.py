"""Export jobs, and the values that say what to export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import Field

from rtcp._instants import OptionalEpochMillis
from rtcp.models.base import CleanedModel, Model, OpenEnum, Xdm
from rtcp.models.merge_policy import SchemaRef


class ExportJobStatus(OpenEnum):
    """Where an export stands. No source names the status of a cancelled one; `is_cancelled` knows the likely words."""

    NEW = "NEW"
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportEvents:
    """Asks for the people's events beside their profiles.

    Attributes:
        fields: dot paths of the events; None exports all.
        ingested_after, ingested_before: only events that came in after, or before; when they happened does not count.
    """

    fields: Sequence[str] | None = None
    ingested_after: datetime | None = None
    ingested_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class SegmentFilter:
    """The members of one audience.

    Attributes:
        segment_id: id of the audience.
        namespace: where it was made: `ups`, `AAM`, `AdCloud`.
        status: which members: `realized`, `existing`, `exited`; None leaves it to the service, which takes those who
            are in it now.
    """

    segment_id: str
    namespace: str = "ups"
    status: Sequence[str] | None = None


class TimeSpan(Model):
    """From when to when a step ran."""

    started_at: OptionalEpochMillis = Field(default=None, alias="startTimeInMs")
    ended_at: OptionalEpochMillis = Field(default=None, alias="endTimeInMs")
    milliseconds: int | None = Field(default=None, alias="totalTimeInMs")


class ExportMetrics(Model):
    """What an export took; a fresh one has only the start of `total_time`.

    Attributes:
        profiles: people exported.
        profiles_by_namespace: people exported, by the identity namespaces they have.
    """

    total_time: TimeSpan | None = None
    profile_export_time: TimeSpan | None = None
    dataset_write_time: TimeSpan | None = Field(default=None, alias="aCPDatasetWriteTime")
    profiles: int | None = Field(default=None, alias="totalExportedProfileCounter")
    profiles_by_namespace: dict[str, int] = Field(default={}, alias="exportedProfileByNamespaceCounter")


class ExportError(Model):
    """Why a job failed. Some jobs that succeeded have errors, too: the status alone tells."""

    code: str | None = None
    message: str | None = Field(default=None, alias="msg")
    call_stack: str | None = Field(default=None, repr=False)


class SegmentBatch(Model):
    """The batch that holds the members of one audience."""

    segment_id: str | None = None
    namespace: str | None = Field(default=None, alias="segmentNs")
    status: list[str] = []
    batch_id: str | None = None


class ExportDestination(Model):
    """Where the files go: into one batch of a dataset, or with `segment_per_batch` into one for each audience.

    A batch id stands here long before the files do: go by the job's status.
    """

    dataset_id: str | None = None
    segment_per_batch: bool | None = None
    batch_id: str | None = None
    batches: list[SegmentBatch] = []


class UsedPolicy(Model):
    id: str | None = None
    version: int | None = None


class ExportJob(CleanedModel):
    """One export of profiles into a dataset.

    Attributes:
        fields: the columns as asked for, separated by commas; None means all.
        filter, additional_fields: as asked for, in the service's own words.
        metrics: what it took, and how many people were exported.
        errors: why it failed.
        request_id: to give to Adobe's support.
    """

    id: int | str = Field(union_mode="left_to_right")
    status: ExportJobStatus
    job_type: str | None = None
    destination: ExportDestination = ExportDestination()
    fields: str | None = None
    filter: Xdm | None = None
    additional_fields: Xdm | None = None
    merge_policy: UsedPolicy | None = None
    schema_ref: SchemaRef | None = Field(default=None, alias="schema")  # "schema" would shadow a method of pydantic's
    metrics: ExportMetrics = ExportMetrics()
    errors: list[ExportError] = []
    profile_instance_id: str | None = None
    ims_org_id: str | None = None
    request_id: str | None = None
    created_at: OptionalEpochMillis = Field(default=None, alias="creationTime")
    updated_at: OptionalEpochMillis = Field(default=None, alias="updateTime")

    @property
    def is_final(self) -> bool:
        """True when it will not change any more. A status that rtcp does not know counts as not final."""
        return self.is_success or self.is_cancelled or self.status == ExportJobStatus.FAILED

    @property
    def is_success(self) -> bool:
        """True when the files are there."""
        return self.status == ExportJobStatus.SUCCEEDED

    @property
    def is_cancelled(self) -> bool:
        """True when somebody cancelled it."""
        return self.status.upper().startswith("CANCEL")

    @property
    def batches(self) -> list[SegmentBatch]:
        """The batches that the files are in: one, or one for each audience; `batch_id` is never None here."""
        listed = [batch for batch in self.destination.batches if batch.batch_id]
        if self.destination.batch_id and not (listed and self.destination.segment_per_batch):
            return [SegmentBatch(batch_id=self.destination.batch_id)]
        return listed

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        cleaned = {name: value for name, value in data.items() if value is not None or name not in _NEVER_NULL}
        destination = data.get("destination")
        if isinstance(destination, dict):
            cleaned["destination"] = _one_spelling(destination)
        return cleaned

    def __repr__(self) -> str:
        people = "" if self.metrics.profiles is None else f", {self.metrics.profiles} profiles"
        return f"<ExportJob {self.id}: {self.status}{people}>"

    __str__ = __repr__


_NEVER_NULL: Final = ("destination", "metrics", "errors")


def _one_spelling(destination: dict[str, Any]) -> dict[str, Any]:
    """`datasetId` for `dataSetId`, and always a list of batches with lists of statuses."""
    cleaned = dict(destination)
    if "dataSetId" in cleaned:
        cleaned["datasetId"] = cleaned.pop("dataSetId")
    batches = cleaned.pop("batches", None)
    listed = batches if isinstance(batches, list) else [batches] if isinstance(batches, dict) else []
    cleaned["batches"] = [
        {**batch, "status": [status] if isinstance(status := batch.get("status"), str) else status or []}
        for batch in listed
        if isinstance(batch, dict)
    ]
    return cleaned
