"""One poll loop for every job: stateless, by the clock, with a deadline."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, TypeVar

from rtcp._clock import Clock
from rtcp._outlook import Outlook, judge
from rtcp._progress import waiting_bar
from rtcp.errors import (
    DecodeError,
    InvalidArgumentError,
    ResponseError,
    RtcpError,
    WaitTimeoutError,
)

T = TypeVar("T")

DEFAULT_TIMEOUT: Final = 86_400.0
_SHORTEST: Final = 5.0
_LONGEST: Final = 60.0
_GROWTH: Final = 1.5
# A thread cannot be told to sleep for centuries; to look once more on the way harms nobody.
_MOST_SLEPT: Final = 7 * 86_400.0
# A page that announces maintenance passes; an answer of another form than the documented one does not.
_MOST_UNREADABLE: Final = 5


def poll(
    look: Callable[[], T],
    *,
    what: str,
    is_final: Callable[[T], bool],
    clock: Clock,
    timeout: float | None = DEFAULT_TIMEOUT,
    interval: float | None = None,
    on_progress: Callable[[T], Any] | None = None,
    progress: bool = False,
    unfinished: Callable[[T | None], str] | None = None,
) -> T:
    """Look again and again until the job is final, and return its last state.

    Args:
        what: names the job with its id, for the error texts.
        timeout: seconds in total; None waits for ever.
        interval: seconds between looks; None grows from 5 to 60.
        on_progress: called after every look, the last one included.
        progress: True shows a bar with the time and the status.
        unfinished: says what the last state tells when the time is up; None says that the job is still running.

    An outage of the service while waiting is not the job's failure, nor is its wish for a pause: both are survived
    until the time is up. Of answers that cannot be read, the fifth in a row is raised.

    Raises:
        WaitTimeoutError: still running when the time was up; the job goes on.
    """
    # Written so that what is no number is refused, too: it would wait for ever.
    if interval is not None and not interval > 0:
        raise InvalidArgumentError("interval must be more than 0 seconds")
    if timeout is not None and not timeout >= 0:
        raise InvalidArgumentError("timeout must be 0 seconds or more; None waits for ever")
    timeout = None if timeout is None else _seconds(timeout)
    interval = None if interval is None else _seconds(interval)
    with waiting_bar(progress, what, on_progress) as tell:
        return _look_until_final(
            look,
            what=what,
            is_final=is_final,
            clock=clock,
            timeout=timeout,
            interval=interval,
            tell=tell,
            unfinished=unfinished,
        )


def _seconds(told: float) -> float:
    try:
        return float(told)
    except OverflowError:
        return math.inf


def _look_until_final(
    look: Callable[[], T],
    *,
    what: str,
    is_final: Callable[[T], bool],
    clock: Clock,
    timeout: float | None,
    interval: float | None,
    tell: Callable[[T], Any] | None,
    unfinished: Callable[[T | None], str] | None,
) -> T:
    started = clock.monotonic()
    pause = interval or _SHORTEST
    last: T | None = None
    unreadable = 0
    while True:
        outage: Exception | None = None
        try:
            last = look()
        except RtcpError as exc:
            unreadable = unreadable + 1 if isinstance(exc, DecodeError) else 0
            if unreadable == _MOST_UNREADABLE or judge(exc) is not Outlook.PASSING:
                raise
            outage = exc
        else:
            unreadable = 0
            if tell is not None:
                tell(last)
            if is_final(last):
                break
        left = None if timeout is None else timeout - (clock.monotonic() - started)
        if left is not None and left <= 0:
            seen = f"; the last look failed: {outage}" if outage is not None else ""
            told = f"{what} is still running after {timeout:g} s and goes on"
            if unfinished is not None:
                told = f"{unfinished(last)}; waited {timeout:g} s"
            raise WaitTimeoutError(f"{told}{seen}", last=last)
        asked = outage.retry_after if isinstance(outage, ResponseError) else None
        longest = min(max(pause, asked or 0.0), _MOST_SLEPT)
        clock.sleep(longest if left is None else min(longest, left))
        if interval is None:
            pause = min(pause * _GROWTH, _LONGEST)
    return last
