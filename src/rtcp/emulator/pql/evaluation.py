"""The value of a computation for one person, from that person's events in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from rtcp.emulator.pql.conditions import Event, as_instant
from rtcp.emulator.pql.shapes import COUNT, MAX, MIN, MOST_RECENT, SUM, Computation, Truncated
from rtcp.emulator.xdm_paths import values_at


def evaluate(computation: Computation | Truncated, events: Iterable[Event], now: datetime) -> Any:
    """The value, or None when no event gives one; a count without events is None too, not 0.

    `events` are those of the window, the oldest first; `now` is the time of the refresh.
    """
    if isinstance(computation, Truncated):
        return None
    chosen = (event for event in events if computation.condition(event, now))
    if computation.function == COUNT:
        return sum(1 for _ in chosen) or None
    path = computation.path or ""
    if computation.function == MOST_RECENT:
        return _most_recent(chosen, path)
    values = (value for event in chosen for value in values_at(event, path))
    if computation.function == SUM:
        return _sum(values)
    return _extreme(values, computation.function)


def _sum(values: Iterator[Any]) -> int | float | None:
    total: int | float | None = None
    for value in values:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            total = value if total is None else total + value
    # Cents added up one by one leave a tail such as 29.929999999999996.
    return round(total, 9) if isinstance(total, float) else total


def _most_recent(events: Iterator[Event], path: str) -> dict[str, Any] | None:
    newest: dict[str, Any] | None = None
    for event in events:
        value = next(values_at(event, path), None)
        if value is not None:
            newest = {"value": value, "timestamp": event["timestamp"]}
    return newest


def _extreme(values: Iterator[Any], function: str) -> Any:
    """The least or the greatest number, or instant; the value comes back as it was written."""
    ranked = [(rank, value) for value in values if (rank := _rank(value)) is not None]
    if not ranked:
        return None
    choose = {MIN: min, MAX: max}[function]
    # Numbers and instants have no common order: the kind of the first value decides.
    kind = type(ranked[0][0])
    return choose((item for item in ranked if isinstance(item[0], kind)), key=lambda item: item[0])[1]


def _rank(value: Any) -> float | datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    return as_instant(value)
