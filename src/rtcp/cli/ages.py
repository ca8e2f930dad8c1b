"""Times as people say them: how long ago something was, and instants told from now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_AGO: Final = re.compile(r"(\d+)\s*([a-z]+?)s?(?:\s+ago)?", re.IGNORECASE)
_UNITS: Final = {
    "s": "seconds",
    "sec": "seconds",
    "second": "seconds",
    "m": "minutes",
    "min": "minutes",
    "minute": "minutes",
    "h": "hours",
    "hour": "hours",
    "d": "days",
    "day": "days",
    "w": "weeks",
    "week": "weeks",
    "month": "months",
    "y": "years",
    "year": "years",
}
_STEPS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def before(text: str, now: datetime) -> datetime | None:
    """The instant that a text such as "3 hours ago", "3h" or "now" tells; None when it tells none."""
    if text.strip().lower() == "now":
        return now
    found = _AGO.fullmatch(text.strip())
    unit = None if found is None else _UNITS.get(found[2].lower()) or _UNITS.get(found[2].lower() + "s")
    if found is None or unit is None:
        return None
    # Thirty milliseconds, for the few commands that are told a time.
    from dateutil.relativedelta import relativedelta

    try:
        # No method of relativedelta is typed for a unit by name.
        return now - relativedelta(**{unit: int(found[1])})  # type: ignore[arg-type]
    except (OverflowError, ValueError):
        return None


def age(instant: datetime, now: datetime | None = None) -> timedelta:
    """How long ago it was; never less than nothing, as clocks differ."""
    return max(timedelta(), (now or datetime.now(UTC)) - instant)


def ago(instant: datetime, now: datetime | None = None) -> str:
    """How long ago it was, in the largest whole unit, as in "3 hours ago"."""
    return f"{span(age(instant, now))} ago"


def span(length: timedelta) -> str:
    """A length of time in its largest whole unit."""
    seconds = int(length.total_seconds())
    size, unit = next((step for step in _STEPS if seconds >= step[0]), _STEPS[-1])
    number = seconds // size
    return f"{number:,} {unit}{'s' * (number != 1)}"
