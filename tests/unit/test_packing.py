"""Packs: never over a limit, in order, nothing lost, and what fits nowhere is told."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rtcp
from rtcp.bulk.packing import Limits, Packer, packs

LIMITS = st.builds(
    Limits,
    max_bytes=st.integers(30, 60),
    max_count=st.integers(1, 6),
    frame=st.integers(0, 10),
    separator=st.integers(0, 2),
)
RECORDS = st.lists(st.binary(max_size=20))


def body_size(pack, limits):
    return limits.frame + sum(map(len, pack)) + limits.separator * (len(pack) - 1)


@given(RECORDS, LIMITS)
def test_no_pack_is_over_a_limit(records, limits):
    for pack in packs(records, limits):
        assert body_size(pack, limits) <= limits.max_bytes
        assert 1 <= len(pack) <= limits.max_count


@given(RECORDS, LIMITS)
def test_nothing_is_lost_and_the_order_is_kept(records, limits):
    assert [record for pack in packs(records, limits) for record in pack] == records


@given(RECORDS, LIMITS)
def test_a_pack_ends_only_where_the_next_record_would_not_fit(records, limits):
    made = list(packs(records, limits))

    for pack, following in pairwise(made):
        joined = [*pack, following[0]]
        assert len(joined) > limits.max_count or body_size(joined, limits) > limits.max_bytes


def test_a_record_that_fills_the_body_to_the_last_byte_fits():
    assert list(packs([b"x" * 85], Limits(100, 9, frame=15, separator=1))) == [[b"x" * 85]]


def test_a_record_that_is_too_large_alone_is_refused_and_not_taken_in():
    packer = Packer(Limits(100, 9, frame=15, separator=1))
    packer.add("small", 10)

    with pytest.raises(rtcp.InvalidArgumentError, match="86 bytes, more than a body of 100 can hold"):
        packer.add("large", 86)

    assert packer.rest() == ["small"]


def test_a_pack_of_no_items_is_no_limit():
    with pytest.raises(rtcp.InvalidArgumentError, match="1 item or more"):
        Limits(100, 0)
