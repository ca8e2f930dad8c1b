"""The body of an export: every documented field of it, in the service's own words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rtcp._arguments import paths_in_one
from rtcp._instants import iso_bound
from rtcp.errors import InvalidArgumentError
from rtcp.models.entity import SchemaClass
from rtcp.models.export_job import AudienceFilter, ExportEvents


def export_body(
    *,
    destination_dataset_id: str,
    fields: Sequence[str] | None,
    audiences: Sequence[str | AudienceFilter] | None,
    qualified_after: datetime | None,
    qualified_before: datetime | None,
    ingested_after: datetime | None,
    empty_profiles: bool | None,
    events: ExportEvents | None,
    merge_policy_id: str | None,
    merge_policy_version: int | None,
    audience_per_batch: bool | None,
    evaluate_audiences: bool | None,
) -> dict[str, Any]:
    """What `ExportJobs.create` sends; what is None is left out.

    Raises:
        InvalidArgumentError: an argument cannot be right.
    """
    body: dict[str, Any] = {
        "fields": paths_in_one(fields),
        "mergePolicy": _merge_policy(merge_policy_id, merge_policy_version),
        "filter": _given(
            {
                "segments": _audiences(audiences),
                "segmentQualificationTime": _given(
                    {
                        "startTime": iso_bound(qualified_after, name="qualified_after"),
                        "endTime": iso_bound(qualified_before, name="qualified_before"),
                    }
                )
                or None,
                # The service excludes the start itself.
                "fromIngestTimestamp": iso_bound(ingested_after, name="ingested_after", earlier=True),
                "emptyProfiles": empty_profiles,
            }
        )
        or None,
        "additionalFields": None if events is None else {"eventList": _event_list(events)},
        "destination": _given({"datasetId": destination_dataset_id, "segmentPerBatch": audience_per_batch}),
        "schema": {"name": str(SchemaClass.PROFILE)},
        "evaluationInfo": None if evaluate_audiences is None else {"segmentation": evaluate_audiences},
    }
    return _given(body)


def _audiences(audiences: Sequence[str | AudienceFilter] | None) -> list[dict[str, Any]] | None:
    if audiences is None:
        return None
    if not audiences:
        # An empty list would export everybody.
        raise InvalidArgumentError("audiences is an empty list; leave it out to export everybody")
    filters = [AudienceFilter(each) if isinstance(each, str) else each for each in audiences]
    return [
        _given(
            {
                "segmentId": each.audience_id,
                "segmentNs": each.namespace,
                "status": None if each.status is None else list(each.status),
            }
        )
        for each in filters
    ]


def _event_list(events: ExportEvents) -> dict[str, Any]:
    after = iso_bound(events.ingested_after, name="ingested_after", earlier=True)
    before = iso_bound(events.ingested_before, name="ingested_before")
    times = _given({"fromIngestTimestamp": after, "toIngestTimestamp": before})
    return _given({"fields": paths_in_one(events.fields, name="fields of the events"), "filter": times or None})


def _merge_policy(policy_id: str | None, version: int | None) -> dict[str, Any] | None:
    if policy_id is None and version is not None:
        raise InvalidArgumentError("merge_policy_version= goes with merge_policy_id=")
    return _given({"id": policy_id, "version": version}) or None


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
