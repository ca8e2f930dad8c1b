"""Writing rows: each becomes a fragment or an event, and links the identities that it carries."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rtcp.emulator.store.definitions import COOKIE, DEVICE, KnownNodes, Namespaces
from rtcp.emulator.store.extraction import RowError, links, read_event_key, read_identities, without_nulls
from rtcp.emulator.store.lookup import Node, find_node, merge_entities
from rtcp.emulator.store.values import MAX_LINKED_IDENTITIES, Dataset, Identity, IngestReport, Xdm

# Larger rows are dropped by the service as it ingests them.
MAX_RECORD_BYTES = 100 * 1024
MAX_EVENT_BYTES = 10 * 1024
# Why an event is skipped that is no failure: what it says is there already.
REPEATED = "repeats the '_id' of an event of this dataset"

# What was ingested later wins, also where it was written first: times of ingestion may be given.
_WRITE_RECORD = """
INSERT INTO record (id, identity, dataset, body, ingested_ms, batch)
VALUES ((SELECT coalesce(max(id), 0) + 1 FROM record), ?, ?, ?, ?, ?)
ON CONFLICT (identity, dataset) DO UPDATE SET
    id = excluded.id, body = excluded.body, ingested_ms = excluded.ingested_ms, batch = excluded.batch
WHERE excluded.ingested_ms >= record.ingested_ms
"""
_WRITE_EVENT = """
INSERT INTO event (identity, dataset, event_id, timestamp_ms, body, ingested_ms, batch)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id, dataset) DO NOTHING
"""
# A new identity is a component of its own, and bears its number.
_WRITE_IDENTITY = """
INSERT INTO identity (id, sandbox, namespace, value, component)
SELECT next, ?, ?, ?, next FROM (SELECT coalesce(max(id), 0) + 1 AS next FROM identity) RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Target:
    """Where rows go, and what they are stamped with.

    Attributes:
        fills: a record fills up the fragment that is there, instead of taking its place.
        drops_oldest: a graph that grows beyond its limit lets its oldest identities go.
    """

    connection: sqlite3.Connection
    sandbox: int
    namespaces: Namespaces
    dataset: Dataset
    dataset_key: int
    ingested_ms: int
    batch_id: str
    known: KnownNodes = field(default_factory=KnownNodes)
    fills: bool = False
    drops_oldest: bool = False


def ingest(target: Target, rows: Iterable[Xdm]) -> IngestReport:
    """Write all rows that the service would keep; the caller holds the transaction."""
    write = _write_event if target.dataset.is_event else _write_record
    accepted = ignored_maps = 0
    skipped: list[tuple[int, str]] = []
    excludes_map = not target.dataset.reads_map
    target.known.trim()
    for position, row in enumerate(rows):
        try:
            write(target, row)
        except RowError as exc:
            skipped.append((position, str(exc)))
        else:
            accepted += 1
            if excludes_map and row.get("identityMap"):
                ignored_maps += 1
    return IngestReport(target.batch_id, accepted, tuple(skipped), ignored_maps)


def complaint(dataset: Dataset, row: Xdm) -> RowError | None:
    """Why a row of a dataset would be skipped, or None; whether it repeats an event is not looked at."""
    try:
        if dataset.is_event:
            read_event_key(row)
        read_identities(dataset, row)
        _body(row, MAX_EVENT_BYTES if dataset.is_event else MAX_RECORD_BYTES)
    except RowError as exc:
        return exc
    return None


def _write_record(target: Target, row: Xdm) -> None:
    identities = read_identities(target.dataset, row)
    body = _body(row, MAX_RECORD_BYTES)
    owner = _link(target, identities.linked)
    if target.fills:
        body = _fill_up(target, owner, row, body)
    target.connection.execute(_WRITE_RECORD, (owner, target.dataset_key, body, target.ingested_ms, target.batch_id))


def _write_event(target: Target, row: Xdm) -> None:
    event_id, timestamp_ms = read_event_key(row)
    identities = read_identities(target.dataset, row)
    body = _body(row, MAX_EVENT_BYTES)
    owner = _link(target, identities.linked)
    values = (owner, target.dataset_key, event_id, timestamp_ms, body, target.ingested_ms, target.batch_id)
    if target.connection.execute(_WRITE_EVENT, values).rowcount == 0:
        raise RowError(REPEATED)


def _fill_up(target: Target, owner: int, row: Xdm, body: str) -> str:
    """The fragment that is there with the row's fields on top; arrays are taken whole."""
    found = target.connection.execute(
        "SELECT body FROM record WHERE identity = ? AND dataset = ?", (owner, target.dataset_key)
    ).fetchone()
    if found is None:
        return body
    return _body(merge_entities([without_nulls(row), json.loads(found[0])]), MAX_RECORD_BYTES)


def _link(target: Target, identities: tuple[Identity, ...]) -> int:
    """The number of the owner, which is the first identity, after all have been linked."""
    keys = [(target.namespaces.declare(identity.namespace), identity.id) for identity in identities]
    known = target.known
    found = tuple(known.ids.get(key, 0) for key in keys)
    # Nothing to write where all are known and joined, which is so for most rows of people seen before.
    if 0 not in found and (len(found) == 1 or found in known.joined):
        return found[0]
    nodes: list[Node] = []
    linked: list[Node] = []
    for identity, (number, value) in zip(identities, keys, strict=True):
        node = _ensure_node(target.connection, target.sandbox, number, value)
        nodes.append(node)
        known.ids[number, value] = node.id
        if links(target.dataset.schema_class, identity.namespace):
            linked.append(node)
    _join_nodes(target.connection, linked)
    if target.drops_oldest and len(linked) > 1 and _drop_oldest(target, linked):
        # What was joined may have been taken apart.
        known.joined.clear()
        return nodes[0].id
    if len(linked) == len(nodes) > 1:
        known.joined.add(tuple(node.id for node in nodes))
    return nodes[0].id


def _ensure_node(connection: sqlite3.Connection, sandbox: int, namespace: int, value: str) -> Node:
    """The node of an identity, made as a component of its own when it is new."""
    node = find_node(connection, sandbox, namespace, value)
    if node is None:
        (number,) = connection.execute(_WRITE_IDENTITY, (sandbox, namespace, value)).fetchone()
        node = Node(number, number)
    return node


def _join_nodes(connection: sqlite3.Connection, nodes: Sequence[Node]) -> None:
    """Make one component of those that the nodes are in; the smaller ones are renumbered."""
    components = {node.component for node in nodes}
    if len(components) < 2:
        return
    # The largest keeps its number, as every identity of the others is written anew; of equals, the oldest.
    keep = max(components, key=lambda component: (_size(connection, component), -component))
    for component in components - {keep}:
        connection.execute("UPDATE identity SET component = ? WHERE component = ?", (keep, component))


def _drop_oldest(target: Target, seen: Sequence[Node]) -> bool:
    """Let identities go until the graph has as many as it may: by kind, and the oldest of a kind first.

    Those that have just been seen are the newest.

    What stays is one graph still, although the service may find it in pieces: links are not kept one by one here.
    """
    found = target.connection.execute(
        "SELECT id, namespace FROM identity WHERE component = (SELECT component FROM identity WHERE id = ?)",
        (seen[0].id,),
    ).fetchall()
    excess = len(found) - MAX_LINKED_IDENTITIES
    if excess <= 0:
        return False
    kinds, newest = target.namespaces, {node.id for node in seen}
    found.sort(key=lambda each: (each[0] in newest, _GOES_FIRST.get(kinds.kind(each[1]), len(_GOES_FIRST)), each[0]))
    # A component bears the number of one of its own.
    rest = found[excess][0]
    moves = [(number, number) for number, _ in found[:excess]] + [(rest, number) for number, _ in found[excess:]]
    target.connection.executemany("UPDATE identity SET component = ? WHERE id = ?", moves)
    return True


def _size(connection: sqlite3.Connection, component: int) -> int:
    # Beyond the stitching limit the exact size does not matter, and counting it at each row would be quadratic.
    (size,) = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM identity WHERE component = ? LIMIT ?)",
        (component, MAX_LINKED_IDENTITIES + 1),
    ).fetchone()
    return int(size)


def _body(row: Xdm, max_bytes: int) -> str:
    # Escaped to ASCII: one character is one byte, and a lone surrogate of the source survives.
    body = _encode(row)
    # Most rows have neither a null nor an empty object, and need no copy without them.
    if "null" in body or "{}" in body:
        body = _encode(without_nulls(row))
    if len(body) > max_bytes:
        raise RowError(f"larger than the {max_bytes // 1024} KB that the service keeps", keyword="maxLength")
    return body


_GOES_FIRST = {COOKIE: 0, DEVICE: 1}
_encode = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode
