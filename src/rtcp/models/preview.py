"""The preview sample job and its reports, with the service's quoted numbers made numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Final

from pydantic import Field

from rtcp._instants import OptionalIsoInstant
from rtcp._numbers import told_count
from rtcp.models.base import CleanedModel, Model

_NOTHING: Final = ("", "null")


def unquote(value: Any) -> Any:
    """The value without the quotation marks that the service puts inside its texts; "null" and blanks become None."""
    if isinstance(value, str):
        text = value.strip().strip('"').strip()
        return None if text in _NOTHING else text
    return value


class SampleJobRun(CleanedModel):
    """Whether a sample job is running, and since when it was asked for."""

    status: bool | None = None
    submitted_at: OptionalIsoInstant = Field(default=None, alias="submissionTimestamp")

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {name: unquote(value) for name, value in data.items()}


class PreviewStatus(CleanedModel):
    """The state of the preview sample: how many people there are, and when they were last counted.

    Attributes:
        profile_count: merged profiles (`totalRows`).
        fragment_count: profile fragments in the store.
        sample_rows: profiles in the sample (`numRowsToRead`).
        sampling_ratio: share of the profiles that is in the sample, 0 to 1.
        document_count: all documents in the store.
        status: `TASK_FINISHED`; other values are not documented.
        last_sampled_at: when the last sample job ran.
        merge_strategy: merging and graph of the policy it used, such as `timestampOrdered_auto`.
        running: about a sample job that is under way.
    """

    profile_count: int | None = Field(default=None, alias="totalRows")
    fragment_count: int | None = Field(default=None, alias="totalFragmentCount")
    sample_rows: int | None = Field(default=None, alias="numRowsToRead")
    sampling_ratio: float | None = None
    document_count: int | None = Field(default=None, alias="docCount")
    status: str | None = None
    last_sampled_at: OptionalIsoInstant = Field(default=None, alias="lastSampledTimestamp")
    last_batch_at: str | None = Field(default=None, alias="lastSuccessfulBatchTimestamp")
    last_batch_id: str | None = None
    streaming_driven: bool | None = None
    merge_strategy: str | None = None
    running: SampleJobRun | None = Field(default=None, alias="sampleJobRunning")

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        # The published description has a stray quotation mark in the key mergeStrategy.
        cleaned = {name.strip('"'): unquote(value) for name, value in data.items()}
        if "docCount" not in cleaned and "cosmosDocCount" in cleaned:
            cleaned["docCount"] = cleaned.pop("cosmosDocCount")
        if isinstance(cleaned.get("sampleJobRunning"), bool | str):
            cleaned["sampleJobRunning"] = {"status": cleaned["sampleJobRunning"]}
        return cleaned

    def __repr__(self) -> str:
        return f"<PreviewStatus {self.status}: {self.profile_count} profiles, last sampled {self.last_sampled_at}>"

    __str__ = __repr__


class ReportRow(CleanedModel):
    """One row of a report."""

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {name: unquote(value) for name, value in data.items()}


class DatasetRow(ReportRow):
    """How many people have data from one dataset; percentages are fractions, 0 to 1."""

    _told: ClassVar[tuple[str, ...]] = ("dataset_id", "profile_count", "profile_percentage", "sample_count")

    dataset_id: str | None = Field(default=None, alias="value")
    name: str | None = None
    description: str | None = None
    created_user: str | None = None
    streaming_ingestion_enabled: str | None = None
    sample_count: int | None = None
    sample_percentage: float | None = None
    profile_count: int | None = Field(default=None, alias="fullIDsCount")
    profile_percentage: float | None = Field(default=None, alias="fullIDsPercentage")
    reported_at: OptionalIsoInstant = Field(default=None, alias="reportTimestamp")


class NamespaceRow(ReportRow):
    """How many people have an identity in one namespace. Sums may exceed the number of people."""

    _told: ClassVar[tuple[str, ...]] = ("namespace", "profile_count", "profile_percentage", "fragment_count")

    namespace: str | None = Field(default=None, alias="code")
    namespace_id: str | None = Field(default=None, alias="value")
    sample_count: int | None = None
    sample_percentage: float | None = None
    fragment_count: int | None = Field(default=None, alias="fullIDsFragmentCount")
    profile_count: int | None = Field(default=None, alias="fullIDsCount")
    profile_percentage: float | None = Field(default=None, alias="fullIDsPercentage")
    reported_at: OptionalIsoInstant = Field(default=None, alias="reportTimestamp")


class DatasetStatsRow(ReportRow):
    """Size of one dataset in the Profile store.

    Attributes:
        kind: `Profiles` or `ExperienceEvents`.
        percent_events, percent_profiles: 0 to 100, unlike the fractions of the other reports.
        after_7_days: events that would be left if events expired after 7 days; likewise the others; 0 for profiles.
    """

    dataset_id: str | None = None
    kind: str | None = Field(default=None, alias="datasetType")
    records: int | None = None
    profile_count: int | None = Field(default=None, alias="totalProfiles")
    fragment_count: int | None = Field(default=None, alias="profileFragments")
    percent_events: float | None = None
    percent_profiles: float | None = None
    after_7_days: int | None = Field(default=None, alias="7days")
    after_14_days: int | None = Field(default=None, alias="14days")
    after_30_days: int | None = Field(default=None, alias="30days")
    after_60_days: int | None = Field(default=None, alias="60days")
    after_90_days: int | None = Field(default=None, alias="90days")
    after_120_days: int | None = Field(default=None, alias="120days")
    after_365_days: int | None = Field(default=None, alias="365days")


class OverlapRow(Model):
    """How many people have data from exactly these datasets, or identities in exactly these namespaces."""

    members: list[str]
    profile_count: int


class UnstitchedRow(Model):
    """People of one fragment only, without new events in the window.

    Attributes:
        window_days: length of the window.
        namespace: None for all of them together.
        profile_count: such people; event_count: their events.
    """

    window_days: int
    namespace: str | None = None
    profile_count: int | None = Field(default=None, alias="countOfProfiles")
    event_count: int | None = Field(default=None, alias="eventsAssociated")


class Report(CleanedModel):
    """What all reports have in common: rows in `data`, and when they were counted."""

    reported_at: OptionalIsoInstant = Field(default=None, alias="reportTimestamp")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(getattr(self, 'data', ()))} rows, {self.reported_at}>"

    __str__ = __repr__


class DatasetReport(Report):
    """People by dataset."""

    data: list[DatasetRow]


class NamespaceReport(Report):
    """People by identity namespace."""

    data: list[NamespaceRow]


class DatasetStats(Report):
    """Datasets by size."""

    data: list[DatasetStatsRow]


class OverlapReport(Report):
    """People by exact combination of datasets or namespaces, the largest first. The counts add up to all people."""

    data: list[OverlapRow]

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "data": _overlaps(data["data"])} if "data" in data else data


class UnstitchedReport(Report):
    """People of one fragment only, by window and namespace.

    Attributes:
        profile_count, event_count: of all people, stitched or not.
    """

    profile_count: int | None = Field(default=None, alias="totalNumberOfProfiles")
    event_count: int | None = Field(default=None, alias="totalNumberOfEvents")
    data: list[UnstitchedRow]

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        if "data" not in data:
            return data
        body = data["data"]
        inner = dict(body) if isinstance(body, dict) else {}
        rows = sorted(_unstitched(inner.pop("unstitchedProfiles", None)), key=lambda row: row["windowDays"])
        return {**data, **inner, "data": rows}


def _overlaps(counts: Any) -> Any:
    if not isinstance(counts, dict):
        return counts if counts is not None else []
    rows = [{"members": key.split(","), "profileCount": unquote(count)} for key, count in counts.items()]
    return sorted(rows, key=lambda row: -(told_count(row["profileCount"]) or 0))


def _unstitched(windows: Any) -> Iterator[dict[str, Any]]:
    for key, window in windows.items() if isinstance(windows, dict) else ():
        days = told_count(key.removesuffix("days"))
        if not isinstance(window, dict) or days is None:
            continue
        by_namespace = window.get("nsDistribution")
        rest = {name: unquote(value) for name, value in window.items() if name != "nsDistribution"}
        yield {"windowDays": days, **rest}
        for namespace, counts in by_namespace.items() if isinstance(by_namespace, dict) else ():
            if isinstance(counts, dict):
                numbers = {name: unquote(value) for name, value in counts.items()}
                yield {"windowDays": days, "namespace": namespace, **numbers}
