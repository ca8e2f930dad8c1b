"""Writing rows: each becomes a fragment or an event, and links the identities that it carries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from rtcp.emulator.store.extraction import RowError, read_event_key, read_identities, without_nulls
from rtcp.emulator.store.linking import Graph
from rtcp.emulator.store.lookup import merge_entities
from rtcp.emulator.store.schema import select_among
from rtcp.emulator.store.values import Dataset, Identity, IngestReport, Xdm

# Larger rows are dropped by the service as it ingests them.
MAX_RECORD_BYTES = 100 * 1024
MAX_EVENT_BYTES = 10 * 1024
# Why an event is skipped that is no failure: what it says is there already.
REPEATED = "repeats the '_id' of an event of this dataset"
# So many rows share their statements; others who wait for the store have their turn no later for it.
_PACK = 500

# What was ingested later wins, also where it was written first: times of ingestion may be given.
_WRITE_RECORD = """
INSERT INTO record (id, identity, dataset, body, ingested_ms, batch) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (identity, dataset) DO UPDATE SET
    id = excluded.id, body = excluded.body, ingested_ms = excluded.ingested_ms, batch = excluded.batch
WHERE excluded.ingested_ms >= record.ingested_ms
"""
_WRITE_EVENT = """
INSERT INTO event (identity, dataset, event_id, timestamp_ms, body, ingested_ms, batch) VALUES (?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True)
class Target:
    """Where rows go, and what they are stamped with.

    Attributes:
        fills: a record fills up the fragment that is there, instead of taking its place.
    """

    graph: Graph
    dataset: Dataset
    dataset_key: int
    ingested_ms: int
    batch_id: str
    fills: bool = False


@dataclass(slots=True)
class _Row:
    """A row that may be kept, as it was read.

    Attributes:
        event: its id and its time, of an event.
        owner: the number of the identity that it belongs to, once that is in the graph.
    """

    position: int
    xdm: Xdm
    linked: tuple[Identity, ...]
    body: str
    event: tuple[str, int] | None
    owner: int = 0


def ingest(target: Target, rows: Iterable[Xdm]) -> IngestReport:
    """Write all rows that the service would keep; the caller holds the transaction."""
    write = _write_events if target.dataset.is_event else _write_records
    excludes_map = not target.dataset.reads_map
    skipped: list[tuple[int, str]] = []
    accepted = ignored_maps = 0
    for pack in _packs(rows):
        kept = list(_read(target.dataset, pack, skipped))
        owners = target.graph.link([row.linked for row in kept])
        for row, owner in zip(kept, owners, strict=True):
            row.owner = owner
        written = list(write(target, kept, skipped))
        accepted += len(written)
        if excludes_map:
            ignored_maps += sum(1 for row in written if row.xdm.get("identityMap"))
    return IngestReport(target.batch_id, accepted, tuple(sorted(skipped)), ignored_maps)


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


def _packs(rows: Iterable[Xdm]) -> Iterator[list[tuple[int, Xdm]]]:
    numbered = enumerate(rows)
    while pack := list(islice(numbered, _PACK)):
        yield pack


def _read(dataset: Dataset, rows: Iterable[tuple[int, Xdm]], skipped: list[tuple[int, str]]) -> Iterator[_Row]:
    max_bytes = MAX_EVENT_BYTES if dataset.is_event else MAX_RECORD_BYTES
    for position, xdm in rows:
        try:
            event = read_event_key(xdm) if dataset.is_event else None
            linked = read_identities(dataset, xdm)
            yield _Row(position, xdm, linked, _body(xdm, max_bytes), event)
        except RowError as exc:
            skipped.append((position, str(exc)))


def _write_records(target: Target, rows: Sequence[_Row], skipped: list[tuple[int, str]]) -> Iterator[_Row]:
    if target.fills:
        rows = list(_filled_up(target, rows, skipped))
    connection = target.graph.connection
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM record").fetchone()
    stamp = (target.ingested_ms, target.batch_id)
    connection.executemany(
        _WRITE_RECORD,
        [(number, row.owner, target.dataset_key, row.body, *stamp) for number, row in enumerate(rows, start=last + 1)],
    )
    yield from rows


def _filled_up(target: Target, rows: Sequence[_Row], skipped: list[tuple[int, str]]) -> Iterator[_Row]:
    """Each row as the fragment that is there with the row's fields on top; arrays are taken whole."""
    found = select_among(
        target.graph.connection,
        "SELECT identity, body, ingested_ms FROM record WHERE dataset = ? AND identity IN",
        (target.dataset_key,),
        list(dict.fromkeys(row.owner for row in rows)),
    )
    there = {owner: (body, ingested_ms) for owner, body, ingested_ms in found}
    for row in rows:
        body, ingested_ms = there.get(row.owner, (None, 0))
        if body is not None:
            try:
                row.body = _body(merge_entities([without_nulls(row.xdm), json.loads(body)]), MAX_RECORD_BYTES)
            except RowError as exc:
                skipped.append((row.position, str(exc)))
                continue
        # A fragment of a later time stays as it is, and is what the next row fills up.
        if ingested_ms <= target.ingested_ms:
            there[row.owner] = (row.body, target.ingested_ms)
        yield row


def _write_events(target: Target, rows: Sequence[_Row], skipped: list[tuple[int, str]]) -> Iterator[_Row]:
    connection = target.graph.connection
    events = [(row, *row.event) for row in rows if row.event is not None]
    found = select_among(
        connection,
        "SELECT event_id FROM event WHERE dataset = ? AND event_id IN",
        (target.dataset_key,),
        [event_id for _, event_id, _ in events],
    )
    there = {event_id for (event_id,) in found}
    written = []
    for row, event_id, timestamp_ms in events:
        if event_id in there:
            skipped.append((row.position, REPEATED))
            continue
        there.add(event_id)
        values = (row.owner, target.dataset_key, event_id, timestamp_ms, row.body, target.ingested_ms, target.batch_id)
        written.append(values)
        yield row
    connection.executemany(_WRITE_EVENT, written)


def _body(row: Xdm, max_bytes: int) -> str:
    # Escaped to ASCII: one character is one byte, and a lone surrogate of the source survives.
    body = _encode(row)
    # Most rows have neither a null nor an empty object, and need no copy without them.
    if "null" in body or "{}" in body:
        body = _encode(without_nulls(row))
    if len(body) > max_bytes:
        raise RowError(f"larger than the {max_bytes // 1024} KB that the service keeps", keyword="maxLength")
    return body


_encode = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode
