"""Writing rows: each becomes a fragment or an event, and links the identities that it carries."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from rtcp.emulator.store import graph
from rtcp.emulator.store.namespaces import Namespaces
from rtcp.emulator.store.rows import RowError, links, read_event_key, read_identities, without_nulls
from rtcp.emulator.store.values import Dataset, Identity, IngestReport, Xdm

# Larger rows are dropped by the service as it ingests them.
MAX_RECORD_BYTES = 100 * 1024
MAX_EVENT_BYTES = 10 * 1024

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


@dataclass(frozen=True, slots=True)
class Target:
    """Where rows go, and what they are stamped with."""

    connection: sqlite3.Connection
    sandbox: int
    namespaces: Namespaces
    dataset: Dataset
    dataset_key: int
    ingested_ms: int
    batch_id: str


def ingest(target: Target, rows: Iterable[Xdm]) -> IngestReport:
    """Write all rows that the service would keep; the caller holds the transaction."""
    write = _write_event if target.dataset.is_event else _write_record
    accepted = 0
    skipped: list[tuple[int, str]] = []
    for position, row in enumerate(rows):
        try:
            write(target, row)
        except RowError as exc:
            skipped.append((position, str(exc)))
        else:
            accepted += 1
    return IngestReport(target.batch_id, accepted, tuple(skipped))


def _write_record(target: Target, row: Xdm) -> None:
    identities = read_identities(target.dataset, row)
    body = _body(row, MAX_RECORD_BYTES)
    owner = _link(target, identities.linked)
    target.connection.execute(_WRITE_RECORD, (owner.id, target.dataset_key, body, target.ingested_ms, target.batch_id))


def _write_event(target: Target, row: Xdm) -> None:
    event_id, timestamp_ms = read_event_key(row)
    identities = read_identities(target.dataset, row)
    body = _body(row, MAX_EVENT_BYTES)
    owner = _link(target, identities.linked)
    values = (owner.id, target.dataset_key, event_id, timestamp_ms, body, target.ingested_ms, target.batch_id)
    if target.connection.execute(_WRITE_EVENT, values).rowcount == 0:
        raise RowError("repeats the '_id' of an event of this dataset")


def _link(target: Target, identities: tuple[Identity, ...]) -> graph.Node:
    nodes: list[graph.Node] = []
    linked: list[graph.Node] = []
    for identity in identities:
        number = target.namespaces.declare(identity.namespace)
        node = graph.ensure(target.connection, target.sandbox, number, identity.id)
        nodes.append(node)
        if links(target.dataset.schema_class, identity.namespace):
            linked.append(node)
    graph.join(target.connection, linked)
    return nodes[0]


def _body(row: Xdm, max_bytes: int) -> str:
    # Escaped to ASCII: one character is one byte, and a lone surrogate of the source survives.
    body = json.dumps(without_nulls(row), separators=(",", ":"))
    if len(body) > max_bytes:
        raise RowError(f"larger than the {max_bytes // 1024} KB that the service keeps")
    return body
