"""Budgets: never more than the limit in any window, whoever counts."""

from __future__ import annotations

import threading
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.clock import FakeClock

from rtcp.transport.rate_limit import Budget


def test_what_fits_goes_out_at_once(clock):
    budget = Budget(clock, 3)

    for _ in range(3):
        with budget.spend():
            pass

    assert clock.slept == []


def test_what_does_not_fit_waits_for_the_window_after_the_answer(clock):
    budget = Budget(clock, 2)
    with budget.spend(2):
        clock.advance(0.5)

    with budget.spend():
        pass

    assert clock.slept == [1.0]


def test_more_than_the_limit_goes_out_alone(clock):
    budget = Budget(clock, 2)
    with budget.spend(1):
        pass

    with budget.spend(5):
        pass

    assert clock.slept == [1.0]


def test_a_window_may_be_a_minute(clock):
    budget = Budget(clock, 60, seconds=60.0)
    for _ in range(61):
        with budget.spend():
            pass

    assert clock.slept == [60.0]


def test_what_is_under_way_counts_until_it_is_answered(clock):
    budget = Budget(clock, 1)
    entered = threading.Event()

    def second():
        with budget.spend():
            entered.set()

    with budget.spend():
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.05)
    thread.join(60)

    assert entered.is_set()
    assert clock.slept == [1.0]


def test_a_failure_counts_like_an_answer(clock):
    budget = Budget(clock, 1)
    with suppress(ConnectionError), budget.spend():
        raise ConnectionError

    with budget.spend():
        pass

    assert clock.slept == [1.0]


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0, 0.6), st.floats(0, 0.6)), max_size=30))
def test_no_window_of_arrivals_ever_holds_more(calls):
    clock = FakeClock()
    budget = Budget(clock, 5)
    arrivals = []
    for amount, there, back in calls:
        with budget.spend(amount):
            clock.advance(there)
            arrivals.append((clock.monotonic(), amount))
            clock.advance(back)

    for start, _ in arrivals:
        assert sum(amount for at, amount in arrivals if start <= at < start + 0.999) <= 5
