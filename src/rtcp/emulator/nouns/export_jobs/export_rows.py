"""The rows of an export: one a person, with the person's events inside when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from rtcp.emulator.nouns.export_jobs.request_body import IDENTITY_MAP, ExportRequest, Segment
from rtcp.emulator.store import Event, Identity, MergedProfile, Person
from rtcp.emulator.xdm_paths import IDENTITIES, select

EVENT_LIST = "eventList"
MEMBERSHIP = "segmentMembership"

Row = dict[str, Any]
# The merged entity as it is to be written, with computed attributes.
EntityOf = Callable[[MergedProfile], Mapping[str, Any]]
# Whom an audience was declared to hold; None when it is not declared by its members.
Members = Callable[[Segment], frozenset[Identity] | None]


def rows_of(
    people: Iterable[Person],
    request: ExportRequest,
    *,
    entity_of: EntityOf,
    members: Members,
    on_row: Callable[[Person], None],
) -> Iterator[Row]:
    """The rows of all people whom the request wants, in any of its segments if it names some."""
    declared = {segment: members(segment) for segment in request.segments}
    for person in people:
        if person.profile is None and not request.empty_profiles:
            continue
        if not _is_recent(person, request):
            continue
        if declared and not any(_is_in(person, segment, known, request) for segment, known in declared.items()):
            continue
        on_row(person)
        yield _make_row(person, request, entity_of)


def _is_recent(person: Person, request: ExportRequest) -> bool:
    after = request.ingested_after_ms
    if after is None:
        return True
    if person.profile is None:
        return any(event.ingested_ms > after for event in person.events)
    return person.profile.last_modified_ms > after


def _is_in(person: Person, segment: Segment, declared: frozenset[Identity] | None, request: ExportRequest) -> bool:
    """By the membership that the profile itself carries, else by the audience's declared members."""
    entity = person.profile.entity if person.profile is not None else {}
    membership = _inner(_inner(entity.get(MEMBERSHIP), segment.namespace), segment.id)
    if membership:
        return membership.get("status") in segment.wanted and _is_qualified(membership, request)
    # A declared member has no time of qualification, so no span of it leaves the member out.
    return declared is not None and "realized" in segment.wanted and not declared.isdisjoint(person.identities)


def _is_qualified(membership: Mapping[str, Any], request: ExportRequest) -> bool:
    start, end = request.qualified_from_ms, request.qualified_to_ms
    if start is None and end is None:
        return True
    try:
        at_ms = datetime.fromisoformat(str(membership.get("lastQualificationTime"))).timestamp() * 1000
    except ValueError:
        return False
    return (start is None or at_ms >= start) and (end is None or at_ms < end)


def _inner(value: Any, name: str) -> Mapping[str, Any]:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _make_row(person: Person, request: ExportRequest, entity_of: EntityOf) -> Row:
    record = dict(entity_of(person.profile)) if person.profile is not None else {}
    # Every row says whose it is: a file has no XIDs, and events alone would belong to nobody.
    record[IDENTITY_MAP] = _identity_map(person, record.get(IDENTITY_MAP))
    if request.fields is not None:
        if any(path.partition(".")[0] == IDENTITIES for path in request.fields):
            record[IDENTITIES] = [_show_identity(identity) for identity in person.identities]
        record = select(record, request.fields)
    if request.with_events:
        record[EVENT_LIST] = [_cut_event(event, request) for event in person.events if _is_wanted(event, request)]
    return record


def _is_wanted(event: Event, request: ExportRequest) -> bool:
    after, before = request.events_after_ms, request.events_before_ms
    return (after is None or event.ingested_ms > after) and (before is None or event.ingested_ms < before)


def _cut_event(event: Event, request: ExportRequest) -> Mapping[str, Any]:
    return event.entity if request.event_fields is None else select(event.entity, request.event_fields)


def _identity_map(person: Person, own: Any) -> dict[str, list[dict[str, Any]]]:
    """The person's identities by namespace; entries of the record's own map keep what else they say."""
    said = {
        (namespace.lower(), str(entry.get("id"))): entry
        for namespace, entries in (own.items() if isinstance(own, Mapping) else ())
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, Mapping)
    }
    primary = person.profile.primary if person.profile is not None else frozenset()
    united: dict[str, list[dict[str, Any]]] = {}
    for identity in person.identities:
        entry = {"primary": identity in primary, **said.get((identity.namespace.lower(), identity.id), {})}
        united.setdefault(identity.namespace, []).append({**entry, "id": identity.id})
    return united


def _show_identity(identity: Identity) -> dict[str, Any]:
    return {"id": identity.id, "namespace": {"code": identity.namespace}}
