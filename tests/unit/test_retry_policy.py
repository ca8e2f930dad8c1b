"""Retry decisions as pure functions: for any failure of any request."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.clock import FakeClock

import rtcp
from rtcp.transport.rate_limit import RateLimiter
from rtcp.transport.request import Request
from rtcp.transport.retry import RetryPolicy, hinted_wait, may_send_again

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
