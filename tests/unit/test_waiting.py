"""One poll loop: by the clock, to a deadline, and through outages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.helpers.clock import FakeClock

import rtcp
from rtcp.waiting import poll


def looks(*states: str | Exception) -> Callable[[], str]:
    """Looks that see these states in turn, and the last one for ever."""
    left = list(states)

    def look() -> str:
        state = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(state, Exception):
            raise state
        return state

    return look


def wait(look: Callable[[], str], clock: FakeClock, **options: Any) -> str:
    return poll(
        look,
        what="export job 7",
        is_final=lambda state: state in ("DONE", "FAILED"),
        clock=clock,
        **options,
    )


def test_a_job_that_is_done_is_returned_without_a_pause(clock: FakeClock) -> None:
    assert wait(looks("DONE"), clock) == "DONE"
    assert clock.slept == []


def test_pauses_grow_from_5_to_60_seconds(clock: FakeClock) -> None:
    wait(looks(*["RUNNING"] * 9, "DONE"), clock)

    assert clock.slept[:3] == [5.0, 7.5, 11.25]
    assert clock.slept[-1] == 60.0
    assert clock.slept == sorted(clock.slept)


def test_a_given_interval_stays(clock: FakeClock) -> None:
    wait(looks("NEW", "RUNNING", "DONE"), clock, interval=2)

    assert clock.slept == [2, 2]


def test_a_job_that_failed_is_final_too(clock: FakeClock) -> None:
    assert wait(looks("RUNNING", "FAILED"), clock) == "FAILED"


def test_an_unknown_state_is_not_final(clock: FakeClock) -> None:
    assert wait(looks("PAUSED_BY_TOMORROWS_SERVICE", "DONE"), clock) == "DONE"


def test_progress_is_told_after_every_look_the_last_included(clock: FakeClock) -> None:
    seen: list[str] = []

    wait(looks("NEW", "RUNNING", "DONE"), clock, on_progress=seen.append)

    assert seen == ["NEW", "RUNNING", "DONE"]


def test_the_time_is_up_to_the_second_and_the_last_state_is_kept(clock: FakeClock) -> None:
    with pytest.raises(rtcp.WaitTimeoutError, match="still running after 12 s") as caught:
        wait(looks("RUNNING"), clock, timeout=12)

    assert caught.value.last == "RUNNING"
    assert isinstance(caught.value, TimeoutError)
    assert sum(clock.slept) == 12


def test_no_time_means_one_look(clock: FakeClock) -> None:
    with pytest.raises(rtcp.WaitTimeoutError):
        wait(looks("RUNNING"), clock, timeout=0)

    assert clock.slept == []


def test_without_a_timeout_it_waits_on(clock: FakeClock) -> None:
    assert wait(looks(*["RUNNING"] * 5000, "DONE"), clock, timeout=None) == "DONE"
    assert sum(clock.slept) > 86_400


@pytest.mark.parametrize(
    "outage",
    [
        rtcp.ConnectError("gone"),
        rtcp.RequestTimeoutError("late"),
        rtcp.ServerError("503", status=503),
        rtcp.RateLimitError("429", status=429, retry_after=120.0),
    ],
    ids=lambda outage: type(outage).__name__,
)
def test_an_outage_while_waiting_is_survived(clock: FakeClock, outage: Exception) -> None:
    assert wait(looks("RUNNING", outage, outage, "DONE"), clock) == "DONE"


def test_an_outage_until_the_end_is_told(clock: FakeClock) -> None:
    with pytest.raises(rtcp.WaitTimeoutError, match="the last look failed: gone") as caught:
        wait(looks("RUNNING", rtcp.ConnectError("gone")), clock, timeout=30)

    assert caught.value.last == "RUNNING"


def test_a_pause_that_the_service_asks_for_is_kept(clock: FakeClock) -> None:
    wait(looks(rtcp.RateLimitError("429", status=429, retry_after=120.0), "DONE"), clock)

    assert clock.slept == [120.0]


def test_a_page_of_maintenance_in_place_of_the_job_is_survived(clock: FakeClock) -> None:
    page = rtcp.DecodeError("the service answered 200 with an HTML page")

    assert wait(looks(*[page] * 4, "RUNNING", *[page] * 4, "DONE"), clock) == "DONE"


def test_answers_that_stay_unreadable_end_the_wait_with_the_fifth(clock: FakeClock) -> None:
    with pytest.raises(rtcp.DecodeError):
        wait(looks("RUNNING", rtcp.DecodeError("the answer is no ExportJob")), clock)

    assert len(clock.slept) == 5


def test_a_certificate_that_does_not_verify_ends_the_wait(clock: FakeClock) -> None:
    untrusted = rtcp.ConnectError("the certificate does not verify")
    untrusted.is_transient = False

    with pytest.raises(rtcp.ConnectError):
        wait(looks("RUNNING", untrusted), clock)


@pytest.mark.parametrize("error", [rtcp.NotFoundError("404"), rtcp.TokenError("no"), rtcp.PermissionDeniedError("403")])
def test_other_errors_end_the_wait(clock: FakeClock, error: Exception) -> None:
    with pytest.raises(type(error)):
        wait(looks("RUNNING", error), clock)


@pytest.mark.parametrize("interval", [0, -1])
def test_an_interval_of_nothing_is_refused(clock: FakeClock, interval: float) -> None:
    with pytest.raises(rtcp.InvalidArgumentError, match="interval"):
        wait(looks("DONE"), clock, interval=interval)
