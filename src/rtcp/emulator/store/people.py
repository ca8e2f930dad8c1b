"""Everybody in a sandbox, one person at a time, as an export walks over them: merged record, identities and events."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from rtcp.emulator.store.definitions import Catalogue, encode_xid
from rtcp.emulator.store.lookup import Fragment, by_priority, contributes, merge_entities
from rtcp.emulator.store.values import (
    MAX_LINKED_IDENTITIES,
    PRIVATE_GRAPH,
    PROFILE_CLASS,
    Event,
    Identity,
    MergedProfile,
    MergePolicy,
)

# A chunk is a span of people by the number that holds each together: a component, or an identity by itself.
# The plus sign keeps SQLite from the index on sandboxes, with which every chunk would read all identities.
_SPAN = "+i.sandbox = ? AND {key} > ? AND {key} <= ?"
_LAST = "SELECT max(number) FROM (SELECT DISTINCT {key} AS number FROM identity i WHERE {span} ORDER BY {key} LIMIT ?)"
_IDENTITIES = "SELECT {key}, i.namespace, i.value FROM identity i WHERE {span} ORDER BY i.id"
_RECORDS = (
    "SELECT {key}, i.namespace, i.value, r.dataset, r.body, r.ingested_ms, r.id, r.batch"
    " FROM identity i CROSS JOIN record r ON r.identity = i.id WHERE {span}"
)
# By time, then by arrival, as the look-ups give them.
_EVENTS = (
    "SELECT {key}, i.namespace, i.value, e.dataset, e.body, e.ingested_ms, e.event_id, e.timestamp_ms"
    " FROM identity i CROSS JOIN event e ON e.identity = i.id WHERE {span} ORDER BY e.timestamp_ms, e.id"
)
# The largest integer of SQLite.
_NO_END = 2**63 - 1

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """One person; `profile` is None for somebody of whom there are only events, which are in order of time."""

    identities: tuple[Identity, ...]
    profile: MergedProfile | None
    events: tuple[Event, ...]


def read_people(
    connection: sqlite3.Connection,
    catalogue: Catalogue,
    policy: MergePolicy,
    *,
    after: int,
    size: int,
    with_events: bool,
) -> tuple[list[Person], int | None]:
    """The next so many people with a profile or an event that the policy lets count, and where to go on after them.

    People with more linked identities than the service stitches are left out, as its exports leave them out.
    """
    read = _Reader(connection, catalogue.sandbox, "i.component" if policy.identity_graph == PRIVATE_GRAPH else "i.id")
    last = read.last(after, size)
    if last is None:
        return [], None
    identities = read.groups(_IDENTITIES, after, last)
    records = read.groups(_RECORDS, after, last)
    events = read.groups(_EVENTS, after, last) if with_events else {}
    people = []
    for number in sorted(identities):
        if len(identities[number]) > MAX_LINKED_IDENTITIES:
            continue
        members = tuple(catalogue.identity(namespace, value) for _, namespace, value in identities[number])
        profile = _profile(catalogue, policy, members, records.get(number, []))
        happened = _events(catalogue, policy, events.get(number, []))
        if profile is not None or happened:
            people.append(Person(members, profile, happened))
    return people, last


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads a span of people out of one table after the other."""

    connection: sqlite3.Connection
    sandbox: int
    key: str

    def last(self, after: int, size: int) -> int | None:
        values = (self.sandbox, after, _NO_END, size)
        (last,) = self.connection.execute(self._sql(_LAST), values).fetchone()
        return None if last is None else int(last)

    def groups(self, template: str, after: int, last: int) -> dict[int, list[Row]]:
        """The rows by the person they belong to."""
        found: dict[int, list[Row]] = {}
        for row in self.connection.execute(self._sql(template), (self.sandbox, after, last)):
            found.setdefault(row[0], []).append(row)
        return found

    def _sql(self, template: str) -> str:
        # Made of the constants above only; the key cannot be bound as a value.
        return template.format(key=self.key, span=_SPAN.format(key=self.key))


def _profile(
    catalogue: Catalogue, policy: MergePolicy, members: tuple[Identity, ...], rows: list[Row]
) -> MergedProfile | None:
    own_class = (
        Fragment(catalogue.identity(namespace, value), dataset.id, json.loads(body), ingested_ms, sequence, batch)
        for _, namespace, value, key, body, ingested_ms, sequence, batch in rows
        if (dataset := catalogue.datasets_by_key[key]).schema_class == PROFILE_CLASS
    )
    fragments = by_priority(own_class, policy)
    if not fragments:
        return None
    owner = fragments[0].identity
    return MergedProfile(
        xid=encode_xid(catalogue.namespaces.number(owner.namespace) or 0, owner.id),
        identity=owner,
        entity=merge_entities([fragment.entity for fragment in fragments]),
        identities=members,
        primary=frozenset(fragment.identity for fragment in fragments),
        sources=tuple(dict.fromkeys(fragment.dataset_id for fragment in fragments)),
        tags=tuple(dict.fromkeys(fragment.batch_id for fragment in fragments)),
        last_modified_ms=max(fragment.ingested_ms for fragment in fragments),
        policy_id=policy.id,
    )


def _events(catalogue: Catalogue, policy: MergePolicy, rows: list[Row]) -> tuple[Event, ...]:
    if not rows:
        return ()
    counted = {key: dataset.id for key, dataset in catalogue.datasets_by_key.items() if contributes(dataset.id, policy)}
    return tuple(
        Event(encode_xid(namespace, value), event_id, timestamp_ms, json.loads(body), ingested_ms, counted[key])
        for _, namespace, value, key, body, ingested_ms, event_id, timestamp_ms in rows
        if key in counted
    )
