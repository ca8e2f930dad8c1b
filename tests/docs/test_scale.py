"""The page about numbers of people says what the simulation says."""

from __future__ import annotations

import pytest
from benchmarks import scale


def test_the_table_of_the_page_is_that_of_the_simulation():
    assert f"<!-- table -->\n\n{scale.table()}\n\n<!-- end -->" in scale.PAGE.read_text()


def test_a_limit_on_requests_holds_in_the_simulation():
    assert scale.rate(scale.LOOKUP, 4) == pytest.approx(100, rel=0.02)


def test_streams_reach_the_limit_of_the_emulator_and_no_more():
    assert scale.rate(scale.STREAM, 4) * 1_000 == pytest.approx(10_000, rel=0.02)


def test_one_machine_alone_is_bound_by_its_cores():
    slow = scale.Way("slow", batch=1, messages=0, seconds=0.0, cpu=1.0, most=1_000)

    assert scale.rate(slow, 2) == pytest.approx(2 * scale.CORES, rel=0.05)


def test_ten_times_the_people_take_ten_times_as_long():
    hours = {plan.people: plan.hours for plan in scale.plans() if plan.way == "events"}

    assert hours[10**9] == pytest.approx(hours[10**6] * 1000)
