"""Export jobs, and the values that say what to export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from pydantic import Field

from rtcp._arguments import check_fields, checked_paths
from rtcp._instants import OptionalEpochMillis, parse_instant
from rtcp._notebook import Displayed
from rtcp.models.base import CleanedModel, Model, OpenEnum, Xdm
from rtcp.models.merge_policy import SchemaRef


class ExportJobStatus(OpenEnum):
    """Where an export stands. No source names the status of a cancelled one; `is_cancelled` knows the likely words."""

    NEW = "NEW"
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportEvents(Displayed):
    """Asks for the people's events beside their profiles.

    Attributes:
        fields: dot paths of the events; None exports all.
        ingested_after, ingested_before: only events that came in at this time, the start included, the end not; when
            they happened does not count.
    """

    fields: Sequence[str] | None = None
    ingested_after: datetime | None = None
    ingested_before: datetime | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if self.fields is not None:
            object.__setattr__(self, "fields", tuple(checked_paths(self.fields, name="fields of the events")))


@dataclass(frozen=True, slots=True)
class AudienceFilter(Displayed):
    """The members of one audience.

    Attributes:
        audience_id: id of the audience.
        namespace: where it was made: `ups`, `AAM`, `AdCloud`.
        status: which members: `realized`, `existing`, `exited`; None leaves it to the service, which takes those who
            are in it now.
    """

    audience_id: str
    namespace: str = "ups"
    status: Sequence[str] | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if self.status is not None:
            object.__setattr__(self, "status", tuple(self.status))


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

    _told: ClassVar[tuple[str, ...]] = ("profiles", "profiles_by_namespace", "total_time")

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


class AudienceBatch(Model):
    """The batch that holds the members of one audience."""

    audience_id: str | None = Field(default=None, alias="segmentId")
    namespace: str | None = Field(default=None, alias="segmentNs")
    status: list[str] = []
    batch_id: str | None = None


class ExportDestination(Model):
    """Where the files go: into one batch of a dataset, or with `audience_per_batch` into one for each audience.

    A batch id stands here long before the files do: go by the job's status.
    """

    dataset_id: str | None = None
    audience_per_batch: bool | None = Field(default=None, alias="segmentPerBatch")
    batch_id: str | None = None
    batches: list[AudienceBatch] = []


class UsedPolicy(Model):
    id: str | None = None
    version: int | None = None


class ExportJob(CleanedModel):
    """One export of profiles into a dataset.

    Attributes:
        fields: dot paths as asked for; None means all.
        filter, additional_fields: as asked for, in the service's own words; `audiences`, `events` and the others of
            what `create` takes are read from them.
        metrics: what it took, and how many people were exported.
        errors: why it failed.
        request_id: to give to Adobe's support.
    """

    _told: ClassVar[tuple[str, ...]] = (
        "created_at",
        "updated_at",
        "destination_dataset_id",
        "merge_policy_id",
        "fields",
        "audiences",
        "events",
        "metrics",
        "errors",
        "request_id",
    )

    # A number wherever it can be one, also where an answer has it as a text.
    id: int | str = Field(union_mode="left_to_right")
    status: ExportJobStatus
    job_type: str | None = None
    destination: ExportDestination = ExportDestination()
    fields: list[str] | None = None
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
    def destination_dataset_id(self) -> str | None:
        """The dataset that the files go into."""
        return self.destination.dataset_id

    @property
    def audiences(self) -> list[AudienceFilter] | None:
        """Whose members were asked for; None for everybody."""
        listed = (self.filter or {}).get("segments")
        told = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        return [_audience(each) for each in told if each.get("segmentId")] or None

    @property
    def qualified_after(self) -> datetime | None:
        """From when on people entered the audiences."""
        return _instant(_inner(self.filter, "segmentQualificationTime").get("startTime"))

    @property
    def qualified_before(self) -> datetime | None:
        """Until when people entered the audiences."""
        return _instant(_inner(self.filter, "segmentQualificationTime").get("endTime"))

    @property
    def ingested_after(self) -> datetime | None:
        """From when on the data of the profiles changed."""
        return _just_after((self.filter or {}).get("fromIngestTimestamp"))

    @property
    def empty_profiles(self) -> bool | None:
        """True when people of whom only events are known were asked for, too."""
        return _flag((self.filter or {}).get("emptyProfiles"))

    @property
    def events(self) -> ExportEvents | None:
        """Which events were asked for; None for none."""
        listed = (self.additional_fields or {}).get("eventList")
        if not isinstance(listed, dict):
            return None
        times = _inner(listed, "filter")
        return ExportEvents(
            fields=_listed_paths(listed.get("fields")),
            ingested_after=_just_after(times.get("fromIngestTimestamp")),
            ingested_before=_instant(times.get("toIngestTimestamp")),
        )

    @property
    def merge_policy_id(self) -> str | None:
        """The merge policy it uses."""
        return self.merge_policy.id if self.merge_policy is not None else None

    @property
    def merge_policy_version(self) -> int | None:
        """The version of the merge policy."""
        return self.merge_policy.version if self.merge_policy is not None else None

    @property
    def audience_per_batch(self) -> bool | None:
        """True when each audience has a batch of its own."""
        return self.destination.audience_per_batch

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
    def batches(self) -> list[AudienceBatch]:
        """The batches that the files are in: one, or one for each audience; `batch_id` is never None here."""
        listed = [batch for batch in self.destination.batches if batch.batch_id]
        if self.destination.batch_id and not (listed and self.destination.audience_per_batch):
            return [AudienceBatch(batch_id=self.destination.batch_id)]
        return listed

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        cleaned = {name: value for name, value in data.items() if value is not None or name not in _NEVER_NULL}
        if "fields" in data:
            cleaned["fields"] = _listed_paths(data["fields"])
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


def _listed_paths(fields: Any) -> list[str] | None:
    """The dot paths, which the service writes in one text."""
    paths = fields.split(",") if isinstance(fields, str) else fields if isinstance(fields, list) else []
    return [text for path in paths if (text := str(path).strip())] or None


def _audience(told: dict[str, Any]) -> AudienceFilter:
    status = told.get("status")
    chosen = [status] if isinstance(status, str) else status if isinstance(status, list) else []
    return AudienceFilter(str(told["segmentId"]), str(told.get("segmentNs") or "ups"), [*map(str, chosen)] or None)


def _inner(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _instant(text: Any) -> datetime | None:
    try:
        return parse_instant(text) if isinstance(text, str) and text else None
    except ValueError:
        return None


def _just_after(text: Any) -> datetime | None:
    """The start that was asked for: the service excludes its own, so it got one that is a millisecond earlier."""
    found = _instant(text)
    return None if found is None else found + timedelta(milliseconds=1)


def _flag(value: Any) -> bool | None:
    return None if value is None else value in (True, "true")
