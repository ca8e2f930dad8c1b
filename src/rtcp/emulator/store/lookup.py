"""Looking people up: which identities are stitched, which fragments and events are theirs, and their merging."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from rtcp.emulator.store import graph
from rtcp.emulator.store.definitions import Catalogue
from rtcp.emulator.store.events import EventQuery, read_page
from rtcp.emulator.store.merge import Fragment, by_priority, contributes, merge_entities
from rtcp.emulator.store.values import PRIVATE_GRAPH, Event, EventPage, Identity, MergedProfile, MergePolicy, Xdm
from rtcp.emulator.store.xid import encode_xid

_FRAGMENTS = "SELECT r.dataset, r.body, r.ingested_ms, r.id, r.batch, i.namespace, i.value FROM identity i "
_STITCHED_FRAGMENTS = _FRAGMENTS + "JOIN record r ON r.identity = i.id WHERE i.component = ?"
_OWN_FRAGMENTS = _FRAGMENTS + "JOIN record r ON r.identity = i.id WHERE i.id = ?"


@dataclass(frozen=True, slots=True)
class Scope:
    """The identities that a policy brings together for one that was asked for."""

    namespace: int
    identity: Identity
    node: graph.Node
    stitched: bool
    members: tuple[Identity, ...]

    @property
    def key(self) -> int:
        return self.node.component if self.stitched else self.node.id


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
    node = graph.find(connection, catalogue.sandbox, namespace, identity.id)
    if node is None:
        return None
    known = catalogue.identity(namespace, identity.id)
    stitched = policy is not None and policy.identity_graph == PRIVATE_GRAPH
    members: tuple[Identity, ...] = (known,)
    if stitched:
        members = tuple(catalogue.identity(*row) for row in graph.members(connection, node.component))
    return Scope(namespace, known, node, stitched, members)


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
