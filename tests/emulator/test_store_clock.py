"""The emulator's clock: stepping, freezing and jumping."""

from __future__ import annotations

import time

import pytest

from rtcp.emulator.clock import Clock


def test_a_frozen_clock_stands_still_until_it_is_stepped():
    clock = Clock(frozen_at_ms=1_000)

    assert (clock.now_ms(), clock.advance(1.5), clock.now_ms()) == (1_000, 2_500, 2_500)
    assert clock.is_frozen


def test_a_running_clock_follows_the_system():
    before = time.time_ns() // 1_000_000

    assert before <= Clock().now_ms() <= time.time_ns() // 1_000_000


def test_a_running_clock_steps_ahead_of_the_system():
    clock = Clock()

    clock.advance(3600)

    assert clock.now_ms() >= time.time_ns() // 1_000_000 + 3_590_000


def test_a_clock_does_not_go_back():
    with pytest.raises(ValueError, match="does not go back"):
        Clock().advance(-1)


def test_freezing_stops_at_the_given_time_or_at_the_present_one():
    clock = Clock(frozen_at_ms=7)

    assert (clock.freeze(), clock.freeze(9), clock.now_ms()) == (7, 9, 9)


def test_a_resumed_clock_runs_on_from_where_it_stood():
    clock = Clock(frozen_at_ms=1_000)

    clock.resume()
    clock.resume()

    assert 1_000 <= clock.now_ms() < 60_000
    assert not clock.is_frozen


@pytest.mark.parametrize("clock", [Clock(), Clock(frozen_at_ms=5)])
def test_a_clock_jumps_to_any_time(clock):
    clock.set_ms(1_000_000)

    assert 1_000_000 <= clock.now_ms() < 1_060_000


def test_a_reset_clock_follows_the_system_again():
    clock = Clock(frozen_at_ms=5)

    clock.reset()

    assert clock.now_ms() > 1_700_000_000_000
