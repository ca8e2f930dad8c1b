"""The service's spellings of time, one annotated type for each wire form; all of them are aware datetimes in Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer, PlainValidator

from rtcp.errors import InvalidArgumentError

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
# As seconds it lies in the year 5138, as milliseconds in 1973: before the service, and after anything it plans.
_FEWEST_MILLIS: Final = 10**11
_BLANK: Final = ("", "null", '"null"')


def parse_instant(text: str) -> datetime:
    """Read a date-time in any of the service's spellings; without an offset it is UTC."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        # Loaded on the first odd spelling only: importing it costs a fifth of importing rtcp.
        from dateutil.parser import isoparse

        try:
            parsed = isoparse(text.replace(" ", "T", 1))
        except OverflowError:
            raise ValueError("a time outside the calendar") from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


def require_aware(instant: Any, *, name: str) -> datetime:
    """Return the instant.

    Raises:
        InvalidArgumentError: it is none, or it is naive, and nobody can say what it means.
    """
    if not isinstance(instant, datetime):
        raise InvalidArgumentError(f"{name} must be a datetime with a time zone, not {type(instant).__name__}")
    if instant.tzinfo is None:
        raise InvalidArgumentError(f"{name} has no time zone; use e.g. datetime(..., tzinfo=timezone.utc)")
    return instant


def bound(instant: Any, *, name: str, earlier: bool = False) -> datetime | None:
    """A bound of a time filter as it goes on the wire; None bounds nothing.

    Args:
        name: of the argument, for the error.
        earlier: the service excludes the start, or includes the end, so the bound goes out a millisecond earlier, which
            is the smallest unit it knows.

    Raises:
        InvalidArgumentError: it is no aware datetime.
    """
    if instant is None:
        return None
    aware = require_aware(instant, name=name)
    try:
        aware = aware.astimezone(UTC)
        return aware - _MILLISECOND if earlier else aware
    except OverflowError:
        pass
    # A bound at the edge of the calendar bounds nothing that the service knows.
    return _FIRST if aware.year == _FIRST.year else _LAST


def millis_bound(instant: Any, *, name: str, earlier: bool = False) -> int | None:
    """A bound in milliseconds since 1970; see `bound`."""
    settled = bound(instant, name=name, earlier=earlier)
    return None if settled is None else to_millis(settled)


def iso_bound(instant: Any, *, name: str, earlier: bool = False) -> str | None:
    """A bound as RFC 3339; see `bound`."""
    settled = bound(instant, name=name, earlier=earlier)
    return None if settled is None else to_iso(settled)


def to_millis(instant: datetime) -> int:
    """Milliseconds since 1970, as time filters want them."""
    return (instant - EPOCH) // _MILLISECOND


def from_millis(millis: float) -> datetime:
    """The instant so many milliseconds after 1970."""
    return EPOCH + millis * _MILLISECOND


def to_iso(instant: datetime) -> str:
    """RFC 3339 in UTC, with milliseconds only when there are any."""
    utc = instant.astimezone(UTC)
    precision = "seconds" if utc.microsecond == 0 else "milliseconds" if utc.microsecond % 1000 == 0 else "microseconds"
    return utc.isoformat(timespec=precision).removesuffix("+00:00") + "Z"


def _from_number(value: Any, unit: timedelta) -> Any:
    if isinstance(value, datetime):
        return require_aware(value, name="the instant")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("not a number of seconds or milliseconds")  # noqa: TRY004 - pydantic wants it
    try:
        return EPOCH + float(value) * unit
    except OverflowError:
        raise ValueError("a time outside the calendar") from None


def _from_seconds(value: Any) -> Any:
    return _from_number(value, timedelta(seconds=1))


def _from_millis(value: Any) -> Any:
    # Whole numbers are what the service writes, a thousand on a page of events.
    if type(value) is int:
        try:
            return from_millis(value)
        except OverflowError:
            raise ValueError("a time outside the calendar") from None
    return _from_number(value, _MILLISECOND)


def _from_millis_or_blank(value: Any) -> Any:
    return None if value is None or (isinstance(value, str) and value in _BLANK) else _from_millis(value)


def _from_seconds_or_millis(value: Any) -> Any:
    try:
        is_seconds = not isinstance(value, datetime) and abs(float(value)) < _FEWEST_MILLIS
    except (TypeError, ValueError, OverflowError):
        is_seconds = False
    return _from_seconds(value) if is_seconds else _from_millis(value)


def _from_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return require_aware(value, name="the instant")
    if not isinstance(value, str):
        raise ValueError("not a date-time text")  # noqa: TRY004 - pydantic wants ValueError
    return parse_instant(value)


def _from_text_or_blank(value: Any) -> Any:
    if isinstance(value, str):
        return None if value in _BLANK else parse_instant(value)
    return None if value is None else _from_text(value)


def blank_as_none(value: Any) -> Any:
    """The service writes "", "null" and even a quoted "null" where it has no value."""
    return None if isinstance(value, str) and value in _BLANK else value


EpochSeconds = Annotated[
    datetime,
    BeforeValidator(_from_seconds),
    PlainSerializer(lambda at: to_millis(at) // 1000, return_type=int, when_used="json"),
]
OptionalEpochMillis = Annotated[
    datetime | None,
    PlainValidator(_from_millis_or_blank),
    PlainSerializer(to_millis, return_type=int, when_used="json-unless-none"),
]
"""Milliseconds since 1970 or nothing, blanks included. One validator reads it all, as it comes with every event."""
EpochSecondsOrMillis = Annotated[
    datetime, BeforeValidator(_from_seconds_or_millis), PlainSerializer(to_millis, return_type=int, when_used="json")
]
"""For the epochs of computed attributes only, on which sources disagree."""
BlankAsNone = BeforeValidator(blank_as_none)
OptionalIsoInstant = Annotated[
    datetime | None,
    PlainValidator(_from_text_or_blank),
    PlainSerializer(to_iso, return_type=str, when_used="json-unless-none"),
]
"""RFC 3339 or nothing, blanks included. One validator reads it all, as it comes with every person."""


def parse_epoch_or_iso(value: Any) -> Any:
    """Read a field that one dialect writes in epoch seconds and another in RFC 3339; anything else is left as it is."""
    if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()):
        return _from_seconds(value)
    return value
