"""What is sent again, when, and how often: decisions that are pure, and the tenacity loop that carries them out."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from rtcp._clock import Clock
from rtcp.errors import (
    ConnectError,
    DecodeError,
    NotFoundError,
    RateLimitError,
    RequestError,
    ResponseError,
    RtcpError,
    ServerError,
)
from rtcp.transport.request import Request, Service

T = TypeVar("T")

_OWN_SUCCESS = "an earlier attempt of this call got no answer, and has probably deleted it"


class RetryPolicy(NamedTuple):
    """How patient a client is.

    Attributes:
        retries: how often at most a request is sent again: N retries are N+1 requests.
        base: seconds; the wait before retry n is drawn between 0 and `base * 2**n`, at most `cap`.
        cap: seconds; when the service asks for a longer wait than this, the error is raised at once with
            `.retry_after`.
    """

    retries: int = 5
    base: float = 0.5
    cap: float = 60.0

    def wants(self, request: Request, failure: RtcpError, *, attempt: int) -> bool:
        """True when the request should go out once more after its `attempt`-th failure."""
        if attempt > self.retries or not may_send_again(request, failure):
            return False
        hint = hinted_wait(failure)
        return hint is None or hint <= self.cap

    def wait(self, failure: RtcpError, *, attempt: int) -> float:
        """Seconds until the next attempt: what the service asks for, else full jitter."""
        hint = hinted_wait(failure)
        if hint is not None:
            return hint
        # Doubled a thousand times, a float would overflow.
        return random.uniform(0.0, min(self.cap, self.base * 2.0 ** min(attempt, 64)))  # noqa: S311 - jitter, not a secret


def may_send_again(request: Request, failure: RtcpError) -> bool:
    """True when a second sending cannot do harm, and might help."""
    # Turned away at the door, whatever the method.
    if isinstance(failure, RateLimitError):
        return True
    if isinstance(failure, RequestError):
        if isinstance(failure, ConnectError) and not failure.may_have_been_applied:
            return failure.is_transient
        return request.is_repeatable and not isinstance(failure, DecodeError)
    # Streaming ingestion documents its 500 as passing.
    passing = (500, 502, 503, 504) if request.service is Service.STREAMING else (502, 503, 504)
    return isinstance(failure, ServerError) and failure.status in passing and request.is_repeatable


def hinted_wait(failure: RtcpError) -> float | None:
    """Seconds that the service asked to wait, or None."""
    return failure.retry_after if isinstance(failure, ResponseError) else None


def call_again(
    send: Callable[[], T],
    *,
    after: RtcpError,
    request: Request,
    policy: RetryPolicy,
    clock: Clock,
    before_wait: Callable[[RtcpError, int, float], Any],
) -> T:
    """Carry on after a first failure: wait and send until it works or the policy has had enough; then raise the
    last failure.
    """
    # Loaded on the first failure only, to keep importing rtcp cheap.
    import tenacity

    # The loop begins with the failure that has happened: docs/decisions/0003.
    pending: list[RtcpError] = [after]
    lost: list[RtcpError] = []

    def attempt() -> T:
        if pending:
            raise pending.pop()
        return send()

    def failure_of(state: tenacity.RetryCallState) -> RtcpError | None:
        failure = state.outcome.exception() if state.outcome is not None else None
        return failure if isinstance(failure, RtcpError) else None

    def wants(state: tenacity.RetryCallState) -> bool:
        failure = failure_of(state)
        return failure is not None and policy.wants(request, failure, attempt=state.attempt_number)

    def wait(state: tenacity.RetryCallState) -> float:
        failure = failure_of(state)
        return 0.0 if failure is None else policy.wait(failure, attempt=state.attempt_number)

    def tell(state: tenacity.RetryCallState) -> None:
        failure = failure_of(state)
        if failure is not None:
            lost.append(failure)
            before_wait(failure, state.attempt_number, state.upcoming_sleep)

    # `wants` ends it: tenacity's own limits read another clock than the client's.
    loop = tenacity.Retrying(
        retry=wants, wait=wait, before_sleep=tell, stop=tenacity.stop_never, sleep=clock.sleep, reraise=True
    )
    try:
        return loop(attempt)
    except NotFoundError as exc:
        if request.method == "DELETE" and any(map(_may_have_been_applied, lost)):
            exc.help = _OWN_SUCCESS
        raise


def _may_have_been_applied(failure: RtcpError) -> bool:
    if isinstance(failure, RequestError):
        return failure.may_have_been_applied
    return isinstance(failure, ServerError)
