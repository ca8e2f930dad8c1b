"""An id that a table has made a double goes out as it was, and a word for nobody is none: both would land nowhere."""

from __future__ import annotations

import enum
from decimal import Decimal

import numpy
import pandas
import pytest

import rtcp

NUMBERS = [12, 12.0, Decimal(12), Decimal("12.00"), numpy.float64(12), numpy.int32(12)]


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_a_whole_number_is_an_integer_whatever_held_it(world, number):
    rows = [{"crm": number, "city": "Hull"}]

    assert (world.stream(rows, identity="crm").summary.sent, world.upsert(rows, identity="crm").written) == (1, 1)
    assert [type(row["crm"]) for row in world.sent()] == [int]
    assert world.found(["12"])["12"]["city"] == "Hull"


def test_a_column_with_gaps_keeps_its_ids(world, tmp_path):
    frame = pandas.DataFrame({"crm": [12.0, None, 13.0], "city": ["Hull", "York", "Leeds"]})
    frame.to_parquet(tmp_path / "people.parquet")

    for rows in (frame, tmp_path / "people.parquet"):
        for outcome in (world.stream(rows, identity="crm"), world.upsert(rows, identity="crm")):
            assert [reject.position for reject in outcome.rejects()] == [1]
        assert set(world.found(["12", "13"])) == {"12", "13"}


def test_the_row_of_the_caller_stays_as_it_is(world):
    row = {"crm": 12.0, "person": {"id": 7.0}}

    world.stream([row], identity="person.id")

    assert world.sent() == [{"crm": 12.0, "person": {"id": 7}}]
    assert type(row["person"]["id"]) is float


@pytest.mark.parametrize("number", [2.0**53, 1e300, 12.5, float("nan"), True, Decimal("0.5")], ids=repr)
def test_what_may_have_been_another_number_is_no_id(world, number):
    for outcome in (world.stream([{"crm": number}], identity="crm"), world.upsert([{"crm": number}], identity="crm")):
        assert [reject.code for reject in outcome.rejects()] == ["refused"]


@pytest.mark.parametrize("word", ["null", "NULL", "anonymous", " invalid "])
def test_a_word_that_stands_for_nobody_is_no_id(world, tmp_path, word):
    (tmp_path / "people.csv").write_text(f"crm,city\n{word},Hull\nc-1,York\n")
    mapping = {"crm": "crm", "city": "city"}

    for rules in (None, mapping):
        for outcome in (
            world.stream("people.csv", identity="crm", mapping=rules),
            world.upsert("people.csv", identity="crm", mapping=rules),
        ):
            assert [(each.line, each.message) for each in outcome.rejects()] == [
                (2, "no identity: crm has a word that stands for nobody, such as null")
            ]
    assert set(world.found(["c-1"])) == {"c-1"}


def test_nor_is_it_one_in_a_map(world):
    rows = [{"crm": "c-1", "identityMap": {"Email": [{"id": "a@example.com"}, {"id": "Anonymous"}]}}]

    for outcome in (world.stream(rows), world.upsert(rows)):
        (reject,) = outcome.rejects()
        assert reject.message == "identityMap.Email[1].id has a word that stands for nobody, such as null"


def test_the_number_of_an_enum_is_that_number(world):
    class Tier(enum.IntEnum):
        GOLD = 3

    rows = [{"crm": "c-1", "tier": Tier.GOLD}]

    assert (world.stream(rows).summary.sent, world.upsert(rows).written) == (1, 1)
    assert world.found(["c-1"])["c-1"]["tier"] == 3


def test_an_id_that_a_mapping_makes_a_number_goes_out_as_an_integer(world, tmp_path):
    (tmp_path / "people.csv").write_text("id,city\n12,Hull\n")
    mapping = {"crm": {"column": "id", "type": "number"}, "city": "city"}

    assert world.stream("people.csv", identity="crm", mapping=mapping).summary.sent == 1
    assert world.sent() == [{"crm": 12, "city": "Hull"}]
    assert type(world.sent()[0]["crm"]) is int
    assert world.upsert("people.csv", identity="crm", mapping=mapping, format="json").written == 1
    assert rtcp.read_rows("people.csv").columns == ("id", "city")
