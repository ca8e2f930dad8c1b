"""The service's spellings of time, read into aware datetimes and written back in the same form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from rtcp._instants import (
    BlankAsNone,
    EpochSeconds,
    EpochSecondsOrMillis,
    OptionalEpochMillis,
    OptionalIsoInstant,
    parse_epoch_or_iso,
    parse_instant,
    require_aware,
    to_iso,
    to_millis,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=200_000)).map(lambda since: NOON + since)


class Times(BaseModel):
    seconds: EpochSeconds | None = None
    millis: OptionalEpochMillis = None
    text: OptionalIsoInstant = None
    either: EpochSecondsOrMillis | None = None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-02T12:00:00Z", NOON),
        ("2026-03-02T04:00:00-08:00", NOON),
        ("2026-03-02T12:00:00.000000Z", NOON),
        ("2026-03-02 12:00:00.0", NOON),
        ("2026-03-02T12:00:00.123", NOON + timedelta(milliseconds=123)),
        ("2026-03-02T12:00:00.1234567Z", NOON + timedelta(microseconds=123456)),
        ("2026-03-02T12:00:00+0000", NOON),
        ("20260302T120000Z", NOON),
        ("2026-03-02", NOON.replace(hour=0)),
        ("2026-03-01T24:00:00Z", NOON.replace(hour=0)),
    ],
)
def test_a_date_time_is_read_in_every_spelling(text: str, instant: datetime) -> None:
    assert parse_instant(text) == instant


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", fullmatch=True))
def test_a_text_is_an_aware_instant_or_a_value_error(text: str) -> None:
    try:
        instant = parse_instant(text)
    except ValueError:
        return
    assert instant.tzinfo is not None


@pytest.mark.parametrize("text", ["9999-12-31T24:00:00", "0000-00-00", "soon", "", "2026-13-01"])
def test_what_is_no_date_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_instant(text)


@given(INSTANTS)
def test_an_instant_survives_its_text(instant: datetime) -> None:
    assert parse_instant(to_iso(instant)) == instant


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (NOON, "2026-03-02T12:00:00Z"),
        (NOON + timedelta(milliseconds=5), "2026-03-02T12:00:00.005Z"),
        (NOON + timedelta(microseconds=5), "2026-03-02T12:00:00.000005Z"),
        (NOON.astimezone(timezone(timedelta(hours=-8))), "2026-03-02T12:00:00Z"),
    ],
)
def test_a_text_is_in_utc_and_no_longer_than_needed(instant: datetime, text: str) -> None:
    assert to_iso(instant) == text


@given(st.integers(0, 16_000_000_000_000))
def test_milliseconds_survive_the_way_there_and_back(millis: int) -> None:
    times = Times(millis=millis)  # type: ignore[arg-type]

    assert times.millis is not None
    assert to_millis(times.millis) == millis
    assert times.model_dump(mode="json")["millis"] == millis


@given(st.integers(0, 16_000_000_000))
def test_seconds_survive_the_way_there_and_back(seconds: int) -> None:
    times = Times(seconds=seconds)  # type: ignore[arg-type]

    assert times.model_dump(mode="json")["seconds"] == seconds


def test_each_form_is_read_as_what_it_is_never_by_its_size() -> None:
    times = Times.model_validate({"seconds": 1_772_452_800, "millis": "1772452800000", "text": "2026-03-02T12:00:00Z"})

    assert times.seconds == times.millis == times.text == NOON
    assert times.model_dump(mode="json", exclude_none=True) == {
        "seconds": 1_772_452_800,
        "millis": 1_772_452_800_000,
        "text": "2026-03-02T12:00:00Z",
    }


@pytest.mark.parametrize("field", ["seconds", "millis", "text"])
def test_an_aware_datetime_is_taken_and_a_naive_one_refused(field: str) -> None:
    assert getattr(Times.model_validate({field: NOON}), field) == NOON
    with pytest.raises(ValidationError, match="no time zone"):
        Times.model_validate({field: NOON.replace(tzinfo=None)})


@pytest.mark.parametrize(
    "values",
    [{"millis": value} for value in (True, "soon", [1], float("inf"), float("nan"), 10**400, 1e300, "1e400", {})]
    + [
        {"seconds": 10**15},
        {"either": 10**400},
        {"either": "soon"},
        {"either": None, "seconds": "x"},
        {"text": 17},
        {"text": "soon"},
        {"text": "9999-12-31T24:00:00"},
    ],
)
def test_what_is_no_time_is_a_validation_error(values: Any) -> None:
    with pytest.raises(ValidationError):
        Times.model_validate(values)


@pytest.mark.parametrize("blank", ["", "null", '"null"'])
def test_the_services_spellings_of_nothing_are_none(blank: str) -> None:
    assert BlankAsNone.func(blank) is None  # type: ignore[call-arg]
    assert BlankAsNone.func("2026") == "2026"  # type: ignore[call-arg]


@pytest.mark.parametrize("number", [1_772_452_800, 1_772_452_800_000, "1772452800", "1772452800000", 1_772_452_800.0])
def test_an_epoch_on_which_sources_disagree_is_read_in_both_units_and_written_in_milliseconds(number: Any) -> None:
    times = Times(either=number)

    assert times.either == NOON
    assert times.model_dump(mode="json", exclude_none=True) == {"either": 1_772_452_800_000}


def test_what_is_seconds_in_one_dialect_and_a_text_in_another_is_told_by_its_type() -> None:
    assert parse_epoch_or_iso(1_772_452_800) == parse_epoch_or_iso("1772452800") == NOON
    assert parse_epoch_or_iso("2026-03-02T12:00:00Z") == "2026-03-02T12:00:00Z"


def test_a_naive_argument_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="start_time has no time zone"):
        require_aware(datetime(2026, 3, 2), name="start_time")  # noqa: DTZ001 - the mistake in question
