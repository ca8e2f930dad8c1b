"""A text that a mapping makes a time or a number is that one, on every machine, or is refused."""

from __future__ import annotations

import time

import pytest

import rtcp
from rtcp.rows.mapping import compile_mapping
from rtcp.rows.mapping_file import read_mapping

NAMED = "%Y-%m-%d %H:%M %Z"


@pytest.fixture(params=["Europe/Berlin", "America/New_York", "UTC"])
def zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def read(kind, text, **settings):
    return compile_mapping({"x": {"column": "x", "type": kind, **settings}})({"x": text}, line=1)["x"]


@pytest.mark.parametrize("name", ["CET", "EST", "CEST"])
@pytest.mark.parametrize("kind", ["date-time", "date"])
def test_a_zone_by_its_name_is_refused_also_where_the_machine_knows_it(zone, kind, name):
    with pytest.raises(rtcp.InvalidArgumentError, match=r"zone by its name|no time in the form"):
        read(kind, f"2026-03-02 08:15 {name}", format=NAMED)


@pytest.mark.parametrize("name", ["UTC", "GMT", "utc"])
def test_that_of_utc_is_known_everywhere(zone, name):
    assert read("date-time", f"2026-03-02 08:15 {name}", format=NAMED) == "2026-03-02T08:15:00Z"


def test_an_offset_is_read(zone):
    assert read("date-time", "2026-03-02 08:15 +0100", format="%Y-%m-%d %H:%M %z") == "2026-03-02T07:15:00Z"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("9223372036854775807", 9223372036854775807),
        ("-9007199254740993", -9007199254740993),
        ("12", 12.0),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("00012", 12.0),
    ],
)
@pytest.mark.parametrize("format", ["json", "parquet"])
def test_a_whole_number_keeps_its_digits(world, tmp_path, text, number, format):
    (tmp_path / "people.csv").write_text(f"crm,n\nc-1,{text}\n")
    mapping = {"crm": "crm", "n": {"column": "n", "type": "number"}}

    assert world.stream("people.csv", mapping=mapping).summary.sent == 1
    assert world.sent()[0]["n"] == number
    upserted = world.upsert("people.csv", mapping=mapping, format=format)
    if format == "parquet" and abs(number) > 2**53:
        (reject,) = upserted.rejects()
        assert "more digits than a double" in reject.message
    else:
        assert world.found(["c-1"])["c-1"]["n"] == number


@pytest.mark.parametrize("text", ["1_000", "1,5", "1.234,50", "nan", "inf", "1 000", "N/A"])
def test_what_is_no_number_to_people_is_none(world, tmp_path, text):
    with pytest.raises(rtcp.InvalidArgumentError, match="is no number"):
        read("number", text)


def test_a_mapping_with_a_mark_of_windows_is_read_and_a_mistake_tells_its_line(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_bytes(b'\xef\xbb\xbfcrm = "id"\n')
    assert read_mapping(path, dataset_id=None) == {"crm": "id"}
    path.write_text('crm = "id"\ncity = town\n')
    with pytest.raises(rtcp.InvalidArgumentError, match="line 2"):
        read_mapping(path, dataset_id=None)
    path = tmp_path / "mapping.json"
    path.write_text('{"crm": "id",\n}')
    with pytest.raises(rtcp.InvalidArgumentError, match="line 2"):
        read_mapping(path, dataset_id=None)
