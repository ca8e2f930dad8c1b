"""Reading events of one identity or of all identities linked to it, a page at a time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass

from rtcp.emulator.store.values import UnknownCursor, Xdm

# The smallest and the largest integer of SQLite.
_BEGIN, _END = -(2**63), 2**63 - 1

_FROM = "FROM identity i JOIN event e ON e.identity = i.id"
_SCOPE = {True: "i.component = ?", False: "i.id = ?"}
_ORDER = {
    True: "AND (e.timestamp_ms, e.id) <= (?, ?) ORDER BY e.timestamp_ms DESC, e.id DESC",
    False: "AND (e.timestamp_ms, e.id) >= (?, ?) ORDER BY e.timestamp_ms, e.id",
}
# The SQL text is made of the constants above only; scope and order cannot be bound as values.
_PAGE = {
    (stitched, descending): (
        "SELECT e.id, e.event_id, e.timestamp_ms, e.body, e.ingested_ms, e.dataset, i.namespace, i.value "
        f"{_FROM} WHERE {_SCOPE[stitched]} AND e.timestamp_ms >= ? AND e.timestamp_ms < ? {_ORDER[descending]}"
    )
    for stitched in (True, False)
    for descending in (True, False)
}
_NAMED = {
    stitched: f"SELECT e.timestamp_ms, e.id {_FROM} WHERE {_SCOPE[stitched]} AND e.event_id = ? ORDER BY e.id"
    for stitched in (True, False)
}


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events, by the numbers of the tables: `scope` is a component when stitched, else one identity."""

    scope: int
    stitched: bool
    datasets: Collection[int]
    start_ms: int | None
    end_ms: int | None
    descending: bool
    after: str | None
    limit: int
    where: Callable[[Xdm], bool] | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as stored, its owner by namespace number and value."""

    event_id: str
    timestamp_ms: int
    entity: dict[str, object]
    ingested_ms: int
    dataset: int
    namespace: int
    value: str


def read_page(connection: sqlite3.Connection, query: EventQuery) -> tuple[list[EventRow], str | None]:
    """One page in order of time, then of arrival, and the cursor of the first event of the next page."""
    start = _BEGIN if query.start_ms is None else query.start_ms
    end = _END if query.end_ms is None else query.end_ms
    first = _position(connection, query)
    page: list[EventRow] = []
    cursor = connection.execute(_PAGE[query.stitched, query.descending], (query.scope, start, end, *first))
    try:
        for number, event_id, timestamp_ms, body, ingested_ms, dataset, namespace, value in cursor:
            if dataset not in query.datasets:
                continue
            entity = json.loads(body)
            if query.where is not None and not query.where(entity):
                continue
            # One more than wanted is read, because the cursor is the event that the next page begins with.
            if len(page) == query.limit:
                return page, _cursor(connection, query, event_id, number)
            page.append(EventRow(event_id, timestamp_ms, entity, ingested_ms, dataset, namespace, value))
    finally:
        cursor.close()
    return page, None


def _position(connection: sqlite3.Connection, query: EventQuery) -> tuple[int, int]:
    if query.after is None:
        return (_END, _END) if query.descending else (_BEGIN, 0)
    event_id, number = query.after, None
    found = _find_named(connection, query, event_id)
    if not found and "~" in query.after:
        # First as it stands, above: an id may have a tilde of its own.
        event_id, _, suffix = query.after.rpartition("~")
        number = int(suffix) if suffix.isdecimal() else None
        found = [row for row in _find_named(connection, query, event_id) if row[1] == number]
    if not found:
        raise UnknownCursor
    return found[0]


def _cursor(connection: sqlite3.Connection, query: EventQuery, event_id: str, number: int) -> str:
    # The cursor is the event's id. Two datasets may use the same id: then our own number tells them apart.
    return event_id if len(_find_named(connection, query, event_id)) == 1 else f"{event_id}~{number}"


def _find_named(connection: sqlite3.Connection, query: EventQuery, event_id: str) -> list[tuple[int, int]]:
    try:
        return connection.execute(_NAMED[query.stitched], (query.scope, event_id)).fetchall()
    except UnicodeEncodeError:
        return []
