"""What an export job was asked for, read from the body that created it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

IDENTITY_MAP = "identityMap"
# "existing" is the older name of being in an audience still; both mean that somebody is in it now.
REALIZED = ("realized", "existing")


@dataclass(frozen=True, slots=True)
class Segment:
    """An audience whose members are wanted, and the states of membership that count."""

    id: str
    namespace: str
    statuses: tuple[str, ...]

    @property
    def wanted(self) -> frozenset[str]:
        """The states, both spellings of "is in it" taken as one."""
        return frozenset(each for status in self.statuses for each in (REALIZED if status in REALIZED else (status,)))


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Which people, which of their columns, and which of their events; times in milliseconds, ends not included."""

    fields: tuple[str, ...] | None
    segments: tuple[Segment, ...]
    qualified_from_ms: int | None
    qualified_to_ms: int | None
    ingested_after_ms: int | None
    empty_profiles: bool
    with_events: bool
    event_fields: tuple[str, ...] | None
    events_after_ms: int | None
    events_before_ms: int | None
    segment_per_batch: bool


def read_request(body: Mapping[str, Any]) -> ExportRequest:
    """The request of a body that keeps to the description.

    Raises:
        ValueError: a date does not exist.
    """
    chosen, events = body.get("filter") or {}, (body.get("additionalFields") or {}).get("eventList")
    of_events = (events or {}).get("filter") or {}
    qualified = chosen.get("segmentQualificationTime") or {}
    ingested_after = _read_ms(chosen.get("fromIngestTimestamp"))
    return ExportRequest(
        fields=_columns(body.get("fields")),
        segments=tuple(_segment(each) for each in chosen.get("segments") or ()),
        qualified_from_ms=_read_ms(qualified.get("startTime")),
        qualified_to_ms=_read_ms(qualified.get("endTime")),
        ingested_after_ms=ingested_after,
        empty_profiles=chosen.get("emptyProfiles") in (True, "true"),
        with_events=events is not None,
        event_fields=_columns((events or {}).get("fields")),
        # One guide lets the time of ingestion of profiles limit their events too.
        events_after_ms=_latest(_read_ms(of_events.get("fromIngestTimestamp")), ingested_after),
        events_before_ms=_read_ms(of_events.get("toIngestTimestamp")),
        segment_per_batch=body["destination"].get("segmentPerBatch") in (True, "true"),
    )


def _segment(entry: Mapping[str, Any]) -> Segment:
    statuses = entry.get("status") or "realized"
    return Segment(
        entry["segmentId"],
        entry.get("segmentNs") or "ups",
        (statuses,) if isinstance(statuses, str) else tuple(statuses),
    )


def _columns(text: str | None) -> tuple[str, ...] | None:
    """Names separated by commas; none at all mean all columns."""
    return tuple(name for part in (text or "").split(",") if (name := part.strip())) or None


def _read_ms(text: str | None) -> int | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date and time") from None
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _latest(one: int | None, other: int | None) -> int | None:
    return max((at for at in (one, other) if at is not None), default=None)
