"""Looking people up: which identities are stitched, which fragments and events are theirs, and their merging."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rtcp.emulator.store.definitions import Catalogue, encode_xid
from rtcp.emulator.store.events import EventQuery, read_page
from rtcp.emulator.store.values import (
    DATASET_PRECEDENCE,
    MAX_LINKED_IDENTITIES,
    PRIVATE_GRAPH,
    Event,
    EventPage,
    Identity,
    MergedProfile,
    MergePolicy,
    TooManyIdentities,
    Xdm,
)

_FRAGMENTS = "SELECT r.dataset, r.body, r.ingested_ms, r.id, r.batch, i.namespace, i.value FROM identity i "
_STITCHED_FRAGMENTS = _FRAGMENTS + "JOIN record r ON r.identity = i.id WHERE i.component = ?"
_OWN_FRAGMENTS = _FRAGMENTS + "JOIN record r ON r.identity = i.id WHERE i.id = ?"


@dataclass(frozen=True, slots=True)
class Node:
    """An identity as the tables know it."""

    id: int
    component: int


@dataclass(frozen=True, slots=True)
class Scope:
    """The identities that a policy brings together for one that was asked for."""

    namespace: int
    identity: Identity
    node: Node
    stitched: bool
    members: tuple[Identity, ...]

    @property
    def key(self) -> int:
        return self.node.component if self.stitched else self.node.id


@dataclass(frozen=True, slots=True)
class Fragment:
    """What one dataset says under one primary identity; `sequence` orders fragments of the same millisecond."""

    identity: Identity
    dataset_id: str
    entity: dict[str, Any]
    ingested_ms: int
    sequence: int
    batch_id: str


def find_scope(
    connection: sqlite3.Connection, catalogue: Catalogue, identity: Identity, policy: MergePolicy | None
) -> Scope | None:
    """The scope of an identity, or None when the sandbox has never seen it.

    Raises:
        TooManyIdentities: the policy stitches, and more identities are linked than the service stitches.
    """
    namespace = catalogue.namespaces.number(identity.namespace)
    if namespace is None:
        return None
    node = find_node(connection, catalogue.sandbox, namespace, identity.id)
    if node is None:
        return None
    known = catalogue.identity(namespace, identity.id)
    stitched = policy is not None and policy.identity_graph == PRIVATE_GRAPH
    members: tuple[Identity, ...] = (known,)
    if stitched:
        members = tuple(catalogue.identity(*row) for row in _read_members(connection, node.component))
    return Scope(namespace, known, node, stitched, members)


def find_node(connection: sqlite3.Connection, sandbox: int, namespace: int, value: str) -> Node | None:
    """The node of an identity, or None when the sandbox has never seen it."""
    try:
        row = connection.execute(
            "SELECT id, component FROM identity WHERE sandbox = ? AND namespace = ? AND value = ?",
            (sandbox, namespace, value),
        ).fetchone()
    except UnicodeEncodeError:
        # A lone surrogate from a JSON body: no stored value holds one.
        return None
    return None if row is None else Node(*row)


def read_profile(
    connection: sqlite3.Connection, catalogue: Catalogue, scope: Scope, schema_name: str, policy: MergePolicy | None
) -> MergedProfile | None:
    """The merged record of a class, or None when no fragment contributes to one."""
    fragments = by_priority(read_fragments(connection, catalogue, scope, schema_name), policy)
    if not fragments:
        return None
    return MergedProfile(
        xid=encode_xid(scope.namespace, scope.identity.id),
        identity=scope.identity,
        entity=merge_entities([fragment.entity for fragment in fragments]),
        identities=scope.members,
        primary=frozenset(fragment.identity for fragment in fragments),
        sources=tuple(dict.fromkeys(fragment.dataset_id for fragment in fragments)),
        tags=tuple(dict.fromkeys(fragment.batch_id for fragment in fragments)),
        last_modified_ms=max(fragment.ingested_ms for fragment in fragments),
        policy_id=policy.id if policy else None,
    )


def read_fragments(
    connection: sqlite3.Connection, catalogue: Catalogue, scope: Scope, schema_name: str
) -> list[Fragment]:
    """The fragments of a class in a scope, whatever a policy makes of them."""
    rows = connection.execute(_STITCHED_FRAGMENTS if scope.stitched else _OWN_FRAGMENTS, (scope.key,)).fetchall()
    return [
        Fragment(catalogue.identity(namespace, value), dataset.id, json.loads(body), ingested_ms, sequence, batch)
        for key, body, ingested_ms, sequence, batch, namespace, value in rows
        if (dataset := catalogue.datasets_by_key[key]).schema_class == schema_name
    ]


def read_events(
    connection: sqlite3.Connection,
    catalogue: Catalogue,
    scope: Scope,
    policy: MergePolicy | None,
    *,
    start_ms: int | None,
    end_ms: int | None,
    descending: bool,
    after: str | None,
    limit: int,
    where: Callable[[Xdm], bool] | None,
) -> EventPage:
    """One page of the events of all identities in the scope; a policy only decides which datasets count."""
    query = EventQuery(
        scope=scope.key,
        stitched=scope.stitched,
        datasets={key for key, dataset in catalogue.datasets_by_key.items() if contributes(dataset.id, policy)},
        start_ms=start_ms,
        end_ms=end_ms,
        descending=descending,
        after=after,
        limit=limit,
        where=where,
    )
    rows, cursor = read_page(connection, query)
    events = [
        Event(
            xid=encode_xid(row.namespace, row.value),
            id=row.event_id,
            timestamp_ms=row.timestamp_ms,
            entity=row.entity,
            ingested_ms=row.ingested_ms,
            dataset_id=catalogue.datasets_by_key[row.dataset].id,
        )
        for row in rows
    ]
    return EventPage(events, cursor)


def by_priority(fragments: Iterable[Fragment], policy: MergePolicy | None) -> list[Fragment]:
    """The fragments that a policy lets contribute, the one that wins conflicts first.

    Time order puts the newest ingestion first. Precedence puts the dataset named first, and within a dataset the
    newest ingestion; datasets that are not named contribute nothing. No policy means time order over all datasets.
    """
    newest_first = sorted(fragments, key=lambda fragment: (-fragment.ingested_ms, -fragment.sequence))
    if policy is None or policy.attribute_merge != DATASET_PRECEDENCE:
        return newest_first
    rank = {dataset_id: position for position, dataset_id in enumerate(policy.order)}
    listed = [fragment for fragment in newest_first if fragment.dataset_id in rank]
    # Sorting is stable: within a dataset the newest stays first.
    return sorted(listed, key=lambda fragment: rank[fragment.dataset_id])


def contributes(dataset_id: str, policy: MergePolicy | None) -> bool:
    """Whether a dataset takes part at all; this is all that a policy decides about events."""
    return policy is None or policy.attribute_merge != DATASET_PRECEDENCE or dataset_id in policy.order


def merge_entities(entities: Sequence[Xdm]) -> dict[str, Any]:
    """Merge entities given in order of priority, the winner of conflicts first.

    Objects merge leaf by leaf, arrays are taken whole; only `identityMap` and `segmentMembership` are united.
    """
    merged: dict[str, Any] = {}
    for entity in entities:
        merged = _fill(merged, entity)
    for name, unite in UNITED.items():
        maps = [entity[name] for entity in entities if isinstance(entity.get(name), dict)]
        # A first value that is no object at all wins like any other leaf.
        if len(maps) > 1 and isinstance(merged[name], dict):
            merged[name] = unite(maps)
    return merged


def _read_members(connection: sqlite3.Connection, component: int) -> list[tuple[int, str]]:
    """Namespace number and value of the linked identities, in the order in which they were first seen.

    Raises:
        TooManyIdentities: there are more than the service stitches.
    """
    rows: list[tuple[int, str]] = connection.execute(
        "SELECT namespace, value FROM identity WHERE component = ? ORDER BY id LIMIT ?",
        (component, MAX_LINKED_IDENTITIES + 1),
    ).fetchall()
    if len(rows) > MAX_LINKED_IDENTITIES:
        raise TooManyIdentities
    return rows


def _fill(best: Xdm, other: Xdm) -> dict[str, Any]:
    filled = dict(best)
    for name, value in other.items():
        if name not in filled:
            filled[name] = value
        elif isinstance(value, dict) and isinstance(filled[name], dict):
            filled[name] = _fill(filled[name], value)
    return filled


def _unite_identities(maps: Sequence[dict[str, Any]]) -> dict[str, Any]:
    united: dict[str, Any] = {}
    for identity_map in maps:
        for namespace, entries in identity_map.items():
            known = united.setdefault(namespace, entries)
            if isinstance(known, list) and isinstance(entries, list):
                seen = {_entry_id(entry) for entry in known}
                united[namespace] = known + [entry for entry in entries if _entry_id(entry) not in seen]
    return united


def _unite_memberships(maps: Sequence[dict[str, Any]]) -> dict[str, Any]:
    # One membership is one statement: status and time of two fragments are never mixed.
    united: dict[str, Any] = {}
    for memberships in maps:
        for namespace, segments in memberships.items():
            known = united.setdefault(namespace, segments)
            if isinstance(known, dict) and isinstance(segments, dict):
                united[namespace] = {**segments, **known}
    return united


def _entry_id(entry: object) -> str:
    return str(entry.get("id")) if isinstance(entry, dict) else repr(entry)


# Maps that say one thing with each entry: all entries count, not only those of the winner.
UNITED = {"identityMap": _unite_identities, "segmentMembership": _unite_memberships}
