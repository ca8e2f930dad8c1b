"""When a computed attribute is refreshed, and which span of time its events come from; all in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOURS, DAYS, WEEKS, MONTHS = "HOURS", "DAYS", "WEEKS", "MONTHS"
# The look-back that the guide allows, unit by unit.
LIMITS = {HOURS: 24, DAYS: 7, WEEKS: 4, MONTHS: 6}


@dataclass(frozen=True, slots=True)
class Window:
    """The look-back of a computed attribute, such as 7 DAYS."""

    count: int
    unit: str


def window_at(window: Window, refresh: datetime) -> tuple[datetime, datetime]:
    """The span that a refresh covers, its end not included.

    Weeks (from Sunday) and months are those of the calendar: the span begins as many of them before the current
    one, and grows in the course of it. Days and hours are counted back from the refresh.
    """
    if window.unit == HOURS:
        return refresh - timedelta(hours=window.count), refresh
    if window.unit == DAYS:
        return refresh - timedelta(days=window.count), refresh
    if window.unit == WEEKS:
        return _week(refresh) - timedelta(weeks=window.count), refresh
    return months_before(_month(refresh), window.count), refresh


def last_refresh(window: Window, first: datetime, now: datetime, *, daily: bool = False) -> datetime:
    """The time of the latest refresh: the first run, or the last full hour, day, week or month since.

    `daily` is the fast refresh, which brings weeks and months up to date every day.
    """
    if window.unit == HOURS:
        boundary = now.replace(minute=0, second=0, microsecond=0)
    elif window.unit == DAYS or daily:
        boundary = _day(now)
    elif window.unit == WEEKS:
        boundary = _week(now)
    else:
        boundary = _month(now)
    return max(first, boundary)


def months_before(at: datetime, count: int) -> datetime:
    """The same day and time some months ago, or the last day of that month when it is shorter."""
    months = at.year * 12 + at.month - 1 - count
    first = at.replace(year=months // 12, month=months % 12 + 1, day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return first.replace(day=min(at.day, (following - timedelta(days=1)).day))


def from_ms(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def to_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _week(at: datetime) -> datetime:
    # Python's weeks begin on Monday, the service's on Sunday.
    return _day(at) - timedelta(days=at.isoweekday() % 7)


def _month(at: datetime) -> datetime:
    return _day(at).replace(day=1)
