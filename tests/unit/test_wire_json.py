"""The two encoders of rows: with orjson and without, the same values and the same refusals."""

from __future__ import annotations

import collections
import dataclasses
import json
import math
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum

import numpy
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rtcp
from rtcp.rows.wire_json import encode, encode_unchecked, make_encoder, plain

EXACT, QUICK = make_encoder(None), make_encoder(orjson)


class Tier(StrEnum):
    GOLD = "gold"


class Rank(IntEnum):
    FIRST = 1


class Choice(Enum):
    YES = {"since": date(2026, 3, 2)}
    NEVER = math.nan


@dataclasses.dataclass
class Person:
    name: str


def itself():
    circle: list[object] = []
    circle.append(circle)
    return circle


FINE = {
    "nothing": None,
    "a null in a text": "null and void",
    "controls": '\x00\x1f\x7f\u2028\\/"\n',
    "beyond the first plane": "\N{SAILBOAT}\N{SNOWMAN}\U0001f600",
    "64 bits": [2**63 - 1, -(2**63), 2**64 - 1],
    "more bits": [2**64, -(2**63) - 1, 10**400],
    "floats": [0.1, -0.0, 1e16, 1e-7, 5e-324, 1.7976931348623157e308, 123456789.123],
    "decimals": [Decimal("1.10"), Decimal("1E+3"), Decimal(2**70)],
    "numpy": [numpy.float64(0.5), numpy.int64(7), numpy.bool_(True), numpy.float32(0.5), numpy.str_("x")],
    "times": [datetime(2026, 3, 2, 8, 15, tzinfo=UTC), datetime(2026, 3, 2, 8, tzinfo=timezone(timedelta(hours=5)))],
    "a date": date(2026, 3, 2),
    "a UUID": uuid.UUID(int=7),
    "enums": [Tier.GOLD, Rank.FIRST, Choice.YES],
    "keys that are no texts": {1: "one", 1.5: "more", False: "no", None: "none"},
    "keys of an enum": {Tier.GOLD: 1},
    "mappings": [collections.OrderedDict(a=1), collections.ChainMap({"b": 2})],
    "tuples": (1, ("a", ())),
    "deep": [[[[[[{"a": [[]]}]]]]]],
}
REFUSED = {
    "NaN": math.nan,
    "an infinity": [-math.inf],
    "NaN of numpy": {"a": numpy.float32("nan")},
    "NaN of Decimal": Decimal("nan"),
    "an enum of NaN": Choice.NEVER,
    "half a surrogate pair": "\ud800",
    "half a pair as a key": {"\udfff": 1},
    "bytes": b"x",
    "a set": {1},
    "a naive time": datetime(2026, 3, 2),  # noqa: DTZ001
    "a time of day": time(8),
    "a dataclass": Person("Ada"),
    "a key that is a tuple": {(1, 2): 3},
    "itself": itself(),
    "an array": numpy.array([1, 2]),
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.uuids(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize("value", FINE.values(), ids=FINE)
def test_both_encoders_write_the_same_values(value):
    assert json.loads(QUICK(value)) == json.loads(EXACT(value))


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("encoder", [EXACT, QUICK], ids=["exact", "quick"])
def test_both_encoders_refuse_the_same(encoder, value):
    with pytest.raises((TypeError, ValueError, RecursionError)):
        encoder({"row": value})


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_named_by_its_path(value):
    with pytest.raises(rtcp.InvalidArgumentError, match="row"):
        encode({"row": value})


@given(VALUES)
def test_whatever_it_is_both_write_the_same_or_refuse_it(value):
    said = []
    for encoder in (EXACT, QUICK):
        try:
            said.append(json.loads(encoder(value), parse_float=Decimal))
        except (TypeError, ValueError):
            said.append(None)

    exact, quick = said
    assert exact == quick


def test_an_installed_orjson_is_used():
    assert encode_unchecked({"a": 1e22}) == QUICK({"a": 1e22})
    assert encode_unchecked.__qualname__ == QUICK.__qualname__


@pytest.mark.parametrize("value", [value for name, value in FINE.items() if name != "keys that are no texts"])
def test_what_a_batch_takes_is_what_a_stream_takes(value):
    assert json.loads(encode(plain({"row": value}) or {"row": None})) == json.loads(encode({"row": value}))
