"""What is a number to numpy, pandas, Arrow and Decimal is one to rtcp, with its own digits; a bool is none."""

from __future__ import annotations

import fractions
import json
import math
from decimal import Decimal

import numpy
import pandas
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rtcp
from rtcp.errors import InvalidArgumentError
from rtcp.rows.wire_json import encode, plain

DIGITS = Decimal("12345678901234567.89")
NUMBERS = [
    (numpy.int64(7), 7),
    (numpy.uint8(255), 255),
    (numpy.float64(1.5), 1.5),
    (numpy.float32(0.5), 0.5),
    (Decimal("12.50"), 12.5),
    (Decimal("7"), 7),
    (fractions.Fraction(1, 2), 0.5),
    (10**18, 10**18),
]
NO_NUMBERS = [
    math.nan,
    math.inf,
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("-Infinity"),
    numpy.float32("nan"),
    numpy.float64("inf"),
    numpy.complex128(1 + 2j),
    numpy.datetime64("2026-03-02"),
    numpy.timedelta64(1, "D"),
    numpy.array([1]),
    {1, 2},
    10**5000,
]


@pytest.mark.parametrize(("given_number", "right"), NUMBERS, ids=repr)
@pytest.mark.parametrize("format", ["parquet", "json"])
def test_a_row_may_hold_it(world, given_number, right, format):
    row = {"crm": "c-1", "points": given_number, "deep": [{"points": given_number}]}

    message = rtcp.envelope(row, form=world.form())
    streamed = world.stream([row])
    upserted = world.upsert([{**row, "crm": "c-2"}], format=format)

    assert (streamed.summary.sent, upserted.written) == (1, 1)
    assert message["body"]["xdmEntity"]["points"] == right
    found = world.found(["c-1", "c-2"])
    assert [found[crm]["points"] for crm in ("c-1", "c-2")] == [right, right]
    assert found["c-2"]["deep"] == [{"points": right}]


def test_a_decimal_goes_out_with_its_own_digits(world):
    rows = [{"crm": "c-1", "total": DIGITS}]

    world.stream(rows)
    text = world.emulator.requests.of("streaming.send_many")[-1]
    json_file = world.upsert(rows, format="json")
    parquet = world.upsert(rows)

    assert encode({"total": DIGITS}) == b'{"total":12345678901234567.89}'
    assert text.body["messages"][0]["body"]["xdmEntity"]["total"] == float(DIGITS)
    assert (json_file.written, parquet.written) == (1, 0)
    assert next(parquet.rejects()).message == (
        "total has more digits than a double of Parquet; format='json' keeps them"
    )


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: type(value).__name__)
def test_what_is_none_is_refused_with_its_path_everywhere(world, value):
    row = {"crm": "c-1", "points": [1, value]}

    with pytest.raises(rtcp.InvalidArgumentError, match=r"points\[1\] is"):
        rtcp.envelope(row, form=world.form())
    for outcome in (world.stream([row, {"crm": "c-2"}]), world.upsert(iter([row, {"crm": "c-2"}]))):
        (reject,) = outcome.rejects()
        assert (reject.position, reject.message[:12]) == (0, "points[1] is")
    assert set(world.found(["c-1", "c-2"])) == {"c-2"}


@pytest.mark.parametrize("value", [True, numpy.bool_(True)])
def test_a_bool_stays_one(world, value):
    rows = [{"crm": "c-1", "optIn": value}]

    assert (world.stream(rows).summary.sent, world.upsert(rows).written) == (1, 1)
    assert world.sent()[0]["optIn"] is True
    assert world.found(["c-1"])["c-1"]["optIn"] is True


def test_a_bool_among_numbers_is_refused(world):
    result = world.upsert([{"crm": f"c-{n}", "points": n if n else True} for n in range(3)])

    assert [reject.message for reject in result.rejects()] == [
        "points is of the type boolean, and integer in most rows"
    ]


def decimals(folder):
    path = folder / "decimals.parquet"
    table = pyarrow.table(
        {
            "id": ["c-1", "c-2"],
            "total": pyarrow.array([Decimal("12.50"), Decimal("0.01")], pyarrow.decimal128(20, 2)),
            "points": pyarrow.array([1, None], pyarrow.int32()),
        }
    )
    pyarrow.parquet.write_table(table, path)
    return path, table


@pytest.mark.parametrize("kind", ["number", "string", "integer"])
def test_decimal_columns_map_to_numbers_and_texts(world, tmp_path, kind):
    path, table = decimals(tmp_path)
    mapping = {"crm": "id", "total": {"column": "total", "type": kind}}
    right = {"number": [12.5, 0.01], "string": ["12.50", "0.01"], "integer": []}[kind]

    for source in (path, table, table.to_pandas()):
        streamed = world.stream(source, mapping=mapping)
        upserted = world.upsert(source, mapping=mapping)

        assert (streamed.summary.sent, upserted.written) == (len(right), len(right))
        found = world.found(["c-1", "c-2"])
        assert [found[crm]["total"] for crm in sorted(found)] == right


def test_decimal_columns_without_a_mapping(world, tmp_path):
    path, table = decimals(tmp_path)

    for source in (path, table.rename_columns(["crm", "total", "points"])):
        writer = world.stream(source)
        assert writer.summary.sent == 2
    assert [row["total"] for row in world.sent()] == [12.5, 0.01] * 2


def test_a_frame_with_gaps_keeps_whole_numbers_whole_as_ids_and_texts(world):
    frame = pandas.DataFrame({"customer": [70007, None, 70028], "points": numpy.float32([1, 2, 3])})
    assert frame["customer"].dtype == float
    mapping = {
        "crm": "customer",
        "card": {"template": "card-{customer}"},
        "points": {"column": "points", "type": "integer"},
    }

    streamed = world.stream(frame, mapping=mapping, identity="crm")
    upserted = world.upsert(frame, mapping=mapping, identity="crm")

    assert (streamed.summary.sent, streamed.summary.rejected) == (upserted.written, upserted.refused) == (2, 1)
    assert [(row["crm"], row["card"], row["points"]) for row in world.sent()] == [
        ("70007", "card-70007", 1),
        ("70028", "card-70028", 3),
    ]
    assert set(world.found(["70007", "70028"])) == {"70007", "70028"}


def test_identities_may_be_whole_numbers_of_any_kind(world):
    form = world.form(identity="crm")

    for value in (0, numpy.int64(7), 7.0, Decimal("7"), Decimal("1E+50")):
        assert rtcp.envelope({"crm": value}, form=form)
    for value in (True, numpy.bool_(True), 1.5, math.nan, math.inf, Decimal("sNaN"), Decimal("Infinity"), " "):
        with pytest.raises(rtcp.InvalidArgumentError):
            rtcp.envelope({"crm": value}, form=form)


def test_an_event_made_of_decimals_has_the_same_id_each_time(world):
    row = {"timestamp": "2026-03-02T08:15:00Z", "total": Decimal("12.50")}

    ids = {rtcp.envelope(dict(row), form=world.form("events"))["body"]["xdmEntity"]["_id"] for _ in range(2)}

    assert len(ids) == 1


@given(st.decimals() | st.integers() | st.floats() | st.floats(width=32).map(numpy.float32) | st.fractions(-9, 9))
def test_the_wire_has_the_digits_of_the_number_or_refuses_it(number):
    if is_no_finite(number):
        with pytest.raises(InvalidArgumentError, match="n is not a number"):
            encode({"n": number})
        return

    text = encode({"n": number})

    read = json.loads(text, parse_float=Decimal, parse_int=Decimal)["n"]
    assert read == number or float(read) == float(number)
    if isinstance(number, Decimal | int):
        assert read == number
        assert plain({"n": number})["n"] == number


def is_no_finite(number):
    return not number.is_finite() if isinstance(number, Decimal) else not math.isfinite(number)
