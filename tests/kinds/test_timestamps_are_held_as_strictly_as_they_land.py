"""What goes out as a timestamp lands: RFC 3339 with an offset and a real date, or an aware datetime."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta, timezone

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.row_world import EVENTS, csv_of

import rtcp
from rtcp.emulator.store.extraction import read_event_key
from rtcp.rows.checks import check_timestamp

LOST = [
    "2026-00-02T08:15:00Z",
    "2026-13-02T08:15:00Z",
    "2026-02-30T08:15:00Z",
    "2026-03-02T24:00:00Z",
    "2026-03-02T08:60:00Z",
    "2026-03-02T08:15:00",
    "2026-03-02T08:15:00+0000",
    "2026-03-02T08:15:00+25:00",
    "2026-03-02 08:15:00Z",
    "2026-03-02T08:15Z",
    "11/01/2019 00:00:00 -0800",
    "yesterdayZ",
    "2026-03-02",
    "1772438400",
    " 2026-03-02T08:15:00Z",
    1772438400,
    1772438400.5,
    math.nan,
    True,
    date(2026, 3, 2),
    ["2026-03-02T08:15:00Z"],
    datetime(2026, 3, 2),  # noqa: DTZ001
    "",
]
KEPT = [
    ("2026-03-02T08:15:00Z", "2026-03-02T08:15:00Z"),
    ("2026-03-02T08:15:00.123456789+01:00", "2026-03-02T08:15:00.123456789+01:00"),
    ("2024-02-29T23:59:59-23:59", "2024-02-29T23:59:59-23:59"),
    (datetime(2026, 3, 2, 8, 15, tzinfo=timezone(timedelta(hours=1))), "2026-03-02T07:15:00Z"),
    (pandas.Timestamp("2026-03-02T08:15:00", tz="UTC"), "2026-03-02T08:15:00Z"),
]


def event(timestamp, number=1):
    return {"_id": f"e-{number}", "timestamp": timestamp, "crm": "c-1"}


@pytest.mark.parametrize("timestamp", LOST, ids=repr)
def test_what_would_be_lost_is_refused_with_what_to_do(world, timestamp):
    with pytest.raises(rtcp.InvalidArgumentError) as caught:
        rtcp.envelope(event(timestamp), form=world.form(EVENTS))
    writer = world.stream([event(timestamp), event("2026-03-02T08:15:00Z", 2)], EVENTS)

    assert str(caught.value).startswith("timestamp ")
    assert "2026-03-02T08:15:00Z" in str(caught.value) or "timezone.utc" in str(caught.value)
    assert [(each.position, each.message) for each in writer.rejects()] == [(0, str(caught.value))]
    assert [row["_id"] for row in world.sent()] == ["e-2"]


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize(("timestamp", "wire"), KEPT)
def test_what_is_right_lands_as_it_is(world, timestamp, wire):
    writer = world.stream([event(timestamp)], EVENTS)

    assert writer.summary.sent == 1
    assert [row["timestamp"] for row in world.sent()] == [wire]
    assert [each.entity["_id"] for each in world.client.entities.list_events("c-1", namespace="crmId")] == ["e-1"]


def test_a_frame_a_csv_and_json_lines_are_held_to_it_alike(world, tmp_path):
    rows = [event("2026-02-30T08:15:00Z"), event("2026-03-02T08:15:00Z", 2), event("+0000", 3)]
    (tmp_path / "events.csv").write_text(csv_of(rows))
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    for source in (pandas.DataFrame(rows), tmp_path / "events.csv", tmp_path / "events.jsonl"):
        writer = world.stream(source, EVENTS)
        assert [each.position for each in writer.rejects()] == [0, 2]


def test_a_frames_naive_times_are_refused_and_a_mapping_takes_them_as_utc(world):
    frame = pandas.DataFrame({"id": ["1"], "at": pandas.to_datetime(["2026-03-02T08:15:00"]), "crm": ["c-1"]})

    plain = world.stream(frame.rename(columns={"id": "_id", "at": "timestamp"}), EVENTS)
    mapping = {"_id": "id", "timestamp": {"column": "at", "type": "date-time"}, "crm": "crm"}
    mapped = world.stream(frame, EVENTS, mapping=mapping)

    assert "datetime without time zone" in next(plain.rejects()).message
    assert mapped.summary.sent == 1
    assert world.sent()[-1]["timestamp"] == "2026-03-02T08:15:00Z"


def test_at_a_prompt_it_is_named_by_its_line(world, tmp_path):
    (tmp_path / "events.csv").write_text(csv_of([event("2026-03-02T08:15:00Z"), event("2026-02-30T08:15:00Z", 2)]))

    result = world.command_stream("events.csv", dataset_id=EVENTS)

    assert result.exit_code == 6
    assert "events.csv, line 3: timestamp is no date that the calendar has" in result.stderr
    assert json.loads(result.stdout)["sent"] == 1


PIECES = st.sampled_from(
    ["2026", "-02", "-30", "-00", "T", "t", " ", "24:00:00", "08:15:00", "23:59:60", ".5", "Z", "z", "+00:00", "-08"]
)


@given(
    st.lists(PIECES, max_size=7).map("".join)
    | st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
    | st.text(max_size=12)
)
def test_what_the_check_lets_through_lands(text):
    try:
        check_timestamp(text)
    except rtcp.InvalidArgumentError:
        return

    read_event_key({"_id": "e", "timestamp": text})


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_aware_datetime_always_goes(instant):
    check_timestamp(instant)
