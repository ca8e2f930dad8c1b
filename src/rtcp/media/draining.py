"""Recorded sessions leaving their spool: one payload each, and what becomes of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from rtcp._notebook import Displayed
from rtcp._outlook import Outlook, judge
from rtcp.bulk.spool import Entry, Queue
from rtcp.errors import InvalidArgumentError, RequestError, ResponseError, RtcpError, SessionRuleError, SpoolError
from rtcp.media.recording import Recorded, read_row

logger = logging.getLogger(__name__)

# A guess: media-drain-refusals in openapi/assumptions.toml.
_REFUSED: Final = (400, 413, 422)
# The gateway's words for a datastream that is missing, unknown, disabled or closed: no fault of the session's.
_OF_DATASTREAM: Final = ("EXEG-0000-", "EXEG-0001-", "EXEG-0002-", "EXEG-0003-", "EXEG-0004-", "EXEG-05")


@dataclass(frozen=True, slots=True)
class Drained(Displayed):
    """What became of the sessions that waited.

    Attributes:
        sent: taken by the service, and deleted here.
        refused: refused by the service; they are dead letters now.
        kept: still waiting.
        problem: why sending stopped before all were sent, or None.
    """

    sent: int = 0
    refused: int = 0
    kept: int = 0
    problem: RtcpError | None = None


def drain(
    waiting: Queue,
    dead: Queue,
    send: Callable[[Recorded], object],
    *,
    on_progress: Callable[[Drained], object] | None = None,
) -> Drained:
    """Send what waits, oldest first, until nothing does or the service cannot be reached."""
    report = Drained(kept=len(waiting))
    # One at a time, so that another drain of the same spool can take the next.
    taken: list[int] = []
    unreadable: SpoolError | None = None
    try:
        while report.problem is None and (entries := waiting.take(1)):
            (entry,) = entries
            taken.append(entry.id)
            try:
                recorded, _ = read_row(entry.data)
            except SpoolError as exc:
                # It keeps none of the others back.
                unreadable = unreadable or exc
                continue
            report = _send_one(waiting, dead, entry, recorded, send, report)
            if on_progress is not None:
                on_progress(report)
    finally:
        # Whatever ended it, what is not done goes back; for what is done this does nothing.
        waiting.release(taken)
    return report if report.problem is not None else replace(report, problem=unreadable)


def _send_one(
    waiting: Queue,
    dead: Queue,
    entry: Entry,
    recorded: Recorded,
    send: Callable[[Recorded], object],
    report: Drained,
) -> Drained:
    try:
        send(recorded)
    except SessionRuleError as exc:
        refusal: RtcpError = exc
    except InvalidArgumentError:
        raise
    except ResponseError as exc:
        if not _is_refusal(exc):
            if judge(exc) is Outlook.HOPELESS:
                raise
            return _stopped(report, waiting, exc)
        refusal = exc
    except RequestError as exc:
        return _stopped(report, waiting, exc)
    else:
        waiting.done([entry.id])
        return replace(report, sent=report.sent + 1, kept=len(waiting))
    waiting.move([entry.id], to=dead, records=[replace(recorded, reason=str(refusal)).to_row()])
    logger.warning("recording %s was refused and is a dead letter now: %s", recorded.key, refusal)
    return replace(report, refused=report.refused + 1, kept=len(waiting))


def _stopped(report: Drained, waiting: Queue, problem: RtcpError) -> Drained:
    return replace(report, kept=len(waiting), problem=problem)


def _is_refusal(error: ResponseError) -> bool:
    return error.status in _REFUSED and not (error.code or "").startswith(_OF_DATASTREAM)
