"""Retry decisions as pure functions: for any failure of any request."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.clock import FakeClock

import rtcp
from rtcp.transport.rate_limit import RateLimiter
from rtcp.transport.request import Request, Service
from rtcp.transport.retry import RetryPolicy, call_again, hinted_wait, may_send_again

REQUESTS = st.builds(
    lambda method, idempotent: Request.platform(method, "/x", idempotent=idempotent),
    st.sampled_from(["GET", "HEAD", "PUT", "DELETE", "POST", "PATCH"]),
    st.booleans(),
)
ANSWERED = st.builds(
    lambda kind, status, hint: kind("x", status=status, retry_after=hint),
    st.sampled_from([rtcp.RateLimitError, rtcp.ServerError, rtcp.NotFoundError, rtcp.ResponseError]),
    st.integers(300, 599),
    st.none() | st.floats(0, 10_000),
)
UNANSWERED = st.builds(
    lambda kind, applied: kind("x", may_have_been_applied=applied),
    st.sampled_from([rtcp.ConnectError, rtcp.RequestTimeoutError, rtcp.DecodeError]),
    st.booleans(),
)
FAILURES = ANSWERED | UNANSWERED | st.just(rtcp.TokenError("x")) | st.just(rtcp.ConfigError("x"))
POLICIES = st.builds(RetryPolicy, retries=st.integers(0, 6), base=st.floats(0, 5), cap=st.floats(0, 100))


@given(REQUESTS, UNANSWERED)
def test_what_may_have_been_applied_goes_again_only_where_twice_is_once(
    request: Request, failure: rtcp.RequestError
) -> None:
    if may_send_again(request, failure) and failure.may_have_been_applied:
        assert request.is_repeatable


@given(REQUESTS, FAILURES)
def test_what_creates_goes_again_only_after_429_and_when_it_was_not_sent(
    request: Request, failure: rtcp.RtcpError
) -> None:
    if request.is_repeatable or not may_send_again(request, failure):
        return
    assert isinstance(failure, rtcp.RateLimitError) or (
        isinstance(failure, rtcp.ConnectError) and not failure.may_have_been_applied
    )


@given(POLICIES, REQUESTS, FAILURES, st.integers(1, 9))
def test_there_are_never_more_attempts_than_retries_and_one(
    policy: RetryPolicy, request: Request, failure: rtcp.RtcpError, attempt: int
) -> None:
    if policy.wants(request, failure, attempt=attempt):
        assert attempt <= policy.retries


@given(POLICIES, REQUESTS, FAILURES, st.integers(1, 6))
def test_a_wait_is_what_was_asked_for_or_drawn_below_the_cap(
    policy: RetryPolicy, request: Request, failure: rtcp.RtcpError, attempt: int
) -> None:
    if not policy.wants(request, failure, attempt=attempt):
        return
    wait, hint = policy.wait(failure, attempt=attempt), hinted_wait(failure)
    assert wait == hint if hint is not None else 0 <= wait <= policy.base * 2**attempt
    assert wait <= policy.cap


@given(REQUESTS)
def test_a_certificate_that_does_not_verify_never_goes_again(request: Request) -> None:
    untrusted = rtcp.ConnectError("x")
    untrusted.is_transient = False

    assert not may_send_again(request, untrusted)


def test_a_longer_hold_stays_when_a_shorter_one_comes(clock: FakeClock) -> None:
    limiter = RateLimiter(clock)
    limiter.hold("platform", 10)
    limiter.hold("platform", 3)

    limiter.wait("platform")

    assert clock.slept == [10.0]


def test_a_hold_is_for_its_gate_and_ends(clock: FakeClock) -> None:
    limiter = RateLimiter(clock)
    limiter.hold("ims", 10)
    limiter.wait("platform")
    clock.advance(10)
    limiter.wait("ims")

    assert clock.slept == []


def test_the_longest_wait_doubles_with_each_attempt_up_to_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds: list[tuple[float, float]] = []
    monkeypatch.setattr(random, "uniform", lambda low, high: bounds.append((low, high)) or high)
    failure = rtcp.ServerError("x", status=503)

    waits = [RetryPolicy().wait(failure, attempt=attempt) for attempt in (1, 2, 3, 4, 5, 6, 7, 8, 64, 5000)]

    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0, 60.0]
    assert {low for low, _ in bounds} == {0.0}


def test_a_policy_is_as_patient_as_the_settings_say_when_nothing_is_set() -> None:
    assert RetryPolicy().retries == rtcp.Config(token="t", client_id="c", org_id="o").retries == 5


def _second_failure(method: str, *failures: rtcp.RtcpError) -> rtcp.RtcpError:
    """What comes of a request whose first failure is followed by these."""
    first, *later = failures

    def send() -> None:
        raise later.pop(0)

    request = Request.platform(method, "/x", idempotent=True)
    with pytest.raises(rtcp.RtcpError) as caught:
        call_again(
            send, after=first, request=request, policy=RetryPolicy(), clock=FakeClock(), before_wait=lambda *_: None
        )
    return caught.value


LOST = rtcp.RequestTimeoutError("x", may_have_been_applied=True)
NOT_SENT = rtcp.ConnectError("x", may_have_been_applied=False)
BUSY = rtcp.ServerError("x", status=503)
LIMITED = rtcp.RateLimitError("x", status=429)


@pytest.mark.parametrize(
    ("method", "failures", "is_own"),
    [
        ("DELETE", [LOST], True),
        ("DELETE", [BUSY], True),
        ("DELETE", [NOT_SENT], False),
        ("DELETE", [LIMITED], False),
        ("DELETE", [NOT_SENT, LOST, LIMITED], True),
        ("GET", [LOST], False),
        ("PUT", [LOST], False),
        ("POST", [BUSY], False),
    ],
)
def test_only_a_delete_that_may_have_been_done_finds_what_it_has_deleted_gone(
    method: str, failures: list[rtcp.RtcpError], is_own: bool
) -> None:
    missing = _second_failure(method, *failures, rtcp.NotFoundError("gone", status=404))

    assert isinstance(missing, rtcp.NotFoundError)
    assert (missing.help is not None and "probably deleted" in missing.help) is is_own


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 505])
@pytest.mark.parametrize("is_streaming", [True, False])
def test_what_passes_goes_again_and_nothing_else(status: int, is_streaming: bool) -> None:
    request = Request(Service.STREAMING if is_streaming else Service.PLATFORM, "POST", "/x", idempotent=True)

    passes = status in (502, 503, 504) or (is_streaming and status == 500)
    assert may_send_again(request, rtcp.ServerError("x", status=status)) is passes


def test_as_many_attempts_are_made_as_retries_and_one() -> None:
    policy, request = RetryPolicy(retries=2), Request.platform("GET", "/x")

    assert [policy.wants(request, BUSY, attempt=attempt) for attempt in (1, 2, 3)] == [True, True, False]


def test_a_wait_as_long_as_the_cap_is_waited_for() -> None:
    policy, request = RetryPolicy(cap=7.0), Request.platform("GET", "/x")
    hinted = [rtcp.RateLimitError("x", status=429, retry_after=seconds) for seconds in (7.0, 7.5)]

    assert [policy.wants(request, failure, attempt=1) for failure in hinted] == [True, False]
