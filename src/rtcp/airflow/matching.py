"""Whether a job of the service asks for what a task would ask for. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rtcp.models.export_job import ExportJob


def asks_for(job: ExportJob, body: Mapping[str, Any]) -> bool:
    """Whether an export has the destination, columns, filter, events and merge policy of a request's body."""
    destination = body["destination"]
    # The service tells which members it takes where it was not asked for some.
    segments = (body.get("filter") or {}).get("segments") or []
    silent = () if any("status" in segment for segment in segments) else ("status",)
    policy = body.get("mergePolicy") or {}
    used = job.merge_policy
    return (
        job.destination.dataset_id == destination["datasetId"]
        and bool(job.audience_per_batch) == bool(destination.get("segmentPerBatch"))
        and ",".join(job.fields or ()) == (body.get("fields") or "")
        and _plain(job.filter, silent) == _plain(body.get("filter"), silent)
        and _plain(job.additional_fields) == _plain(body.get("additionalFields"))
        # What is not asked for the service chooses, and shows.
        and (not policy or (used is not None and used.id == policy.get("id")))
        and (policy.get("version") is None or (used is not None and used.version == policy["version"]))
    )


def _plain(value: Any, silent: Sequence[str] = ()) -> Any:
    """Without what says nothing, and with instants in one form: a service may fill in defaults and rewrite times."""
    if isinstance(value, Mapping):
        pairs = {name: _plain(inner, silent) for name, inner in value.items() if name not in silent}
        return {name: inner for name, inner in pairs.items() if inner not in (None, False, "", [], {})} or None
    if isinstance(value, list | tuple):
        return sorted((_plain(inner, silent) for inner in value), key=str) or None
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).isoformat()
        except ValueError:
            return value
    return value
