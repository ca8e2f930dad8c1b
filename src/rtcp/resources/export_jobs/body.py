"""The body of an export: every documented field of it, in the service's own words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rtcp._instants import require_aware, to_iso
from rtcp.errors import InvalidArgumentError
from rtcp.models.entity import SchemaClass
from rtcp.models.export_job import ExportEvents, SegmentFilter


def export_body(
    *,
    destination_dataset_id: str,
    fields: Sequence[str] | None,
    segments: Sequence[str | SegmentFilter] | None,
    segment_qualification: tuple[datetime | None, datetime | None] | None,
    since_ingested: datetime | None,
    empty_profiles: bool | None,
    events: ExportEvents | None,
    merge_policy_id: str | None,
    merge_policy_version: int | None,
    segment_per_batch: bool | None,
    evaluate_segments: bool | None,
) -> dict[str, Any]:
    """What `ExportJobs.create` sends; what is None is left out.

    Raises:
        InvalidArgumentError: an argument cannot be right.
    """
    body: dict[str, Any] = {
        "fields": _csv(fields, "fields"),
        "mergePolicy": _merge_policy(merge_policy_id, merge_policy_version),
        "filter": _given(
            {
                "segments": _segments(segments),
                "segmentQualificationTime": _span(segment_qualification),
                "fromIngestTimestamp": _iso(since_ingested, "since_ingested"),
                "emptyProfiles": empty_profiles,
            }
        )
        or None,
        "additionalFields": None if events is None else {"eventList": _event_list(events)},
        "destination": _given({"datasetId": destination_dataset_id, "segmentPerBatch": segment_per_batch}),
        "schema": {"name": str(SchemaClass.PROFILE)},
        "evaluationInfo": None if evaluate_segments is None else {"segmentation": evaluate_segments},
    }
    return _given(body)


def checked_paths(fields: Sequence[str], name: str) -> list[str]:
    """The dot paths.

    Raises:
        InvalidArgumentError: they are one text, or none, or one of them is empty or would be read as two.
    """
    if isinstance(fields, str):
        raise InvalidArgumentError(f"{name}: a list of dot paths, not one text")
    if not fields or any(not path or "," in path for path in fields):
        raise InvalidArgumentError(f"{name}: a list of dot paths, none of them empty or with a comma")
    return list(fields)


def _segments(segments: Sequence[str | SegmentFilter] | None) -> list[dict[str, Any]] | None:
    if isinstance(segments, str):
        raise InvalidArgumentError("segments is a list of audience ids, not one text")
    if segments is None:
        return None
    if not segments:
        # An empty list would export everybody.
        raise InvalidArgumentError("segments is an empty list; leave it out to export everybody")
    filters = [SegmentFilter(segment) if isinstance(segment, str) else segment for segment in segments]
    return [
        _given(
            {
                "segmentId": each.segment_id,
                "segmentNs": each.namespace,
                "status": None if each.status is None else list(each.status),
            }
        )
        for each in filters
    ]


def _event_list(events: ExportEvents) -> dict[str, Any]:
    after, before = _iso(events.ingested_after, "ingested_after"), _iso(events.ingested_before, "ingested_before")
    times = _given({"fromIngestTimestamp": after, "toIngestTimestamp": before})
    return _given({"fields": _csv(events.fields, "fields of the events"), "filter": times or None})


def _merge_policy(policy_id: str | None, version: int | None) -> dict[str, Any] | None:
    if policy_id is None and version is not None:
        raise InvalidArgumentError("merge_policy_version= goes with merge_policy_id=")
    return _given({"id": policy_id, "version": version}) or None


def _span(qualification: tuple[datetime | None, datetime | None] | None) -> dict[str, Any] | None:
    if qualification is None:
        return None
    start, end = qualification
    name = "segment_qualification"
    span = _given({"startTime": _iso(start, name), "endTime": _iso(end, name)})
    if not span:
        raise InvalidArgumentError("segment_qualification needs a start, an end, or both")
    return span


def _iso(instant: datetime | None, name: str) -> str | None:
    return None if instant is None else to_iso(require_aware(instant, name=name))


def _csv(fields: Sequence[str] | None, name: str) -> str | None:
    return None if fields is None else ",".join(checked_paths(fields, name))


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
