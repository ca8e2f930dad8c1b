"""What may follow what in a media session, when the next ping is due and when the service gives up; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, NoReturn

from rtcp.errors import InvalidArgumentError, SessionRuleError
from rtcp.media.details import SessionDetails
from rtcp.media.events import MediaEvent, check_playhead_of_live

MOST_STATES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds between pings, and after which the service gives a session up; None for never.

    Attributes:
        ping, ad_ping: between pings, in content and in an ad.
        idle: without any event.
        still: without a move of the playhead.
        age: since the start; the Media Collection API knows no such limit.
    """

    ping: float = 10.0
    ad_ping: float = 1.0
    idle: float | None = 600.0
    still: float | None = 1800.0
    age: float | None = 86_400.0

    def __post_init__(self) -> None:
        if not (0 < self.ping < float("inf") and 0 < self.ad_ping < float("inf")):
            raise InvalidArgumentError("seconds between pings are above 0")


class Motion(Enum):
    """What the playhead does outside of ads."""

    NOT_YET = "has not begun to play"
    PLAYING = "plays"
    PAUSED = "is paused"
    BUFFERING = "is buffering"


class Break(Enum):
    """Where a session stands with ads."""

    NONE = "in no ad break"
    OPENED = "in an ad break before its first ad"
    BETWEEN = "in an ad break between ads"
    AD = "in an ad"


# Nothing but ad events goes between a break's start and its first ad; a player may still be closed there.
_IN_OPENED_BREAK: Final = frozenset({"adStart", "adBreakComplete", "sessionEnd"})
_AD_ENDS: Final = frozenset({"adComplete", "adSkip"})
_CHAPTER_ENDS: Final = frozenset({"chapterComplete", "chapterSkip"})


@dataclass(frozen=True, slots=True)
class SessionState:
    """Where a session stands after some events; `after` gives where it stands after one more.

    Two clocks run through it: `at` of the events, as the player told them, and `now`, when they were handed over. Order
    goes by the first, pings and time-outs by the second.

    Attributes:
        at, playhead: of the last event; None before the first.
        ceiling: the playhead that ads, a pause or buffering hold it at; None while it may run.
        active: player states that are on.
        known: all player states so far.
    """

    timing: Timing = Timing()
    at: datetime | None = None
    playhead: int | float = 0
    ceiling: int | float | None = None
    motion: Motion = Motion.NOT_YET
    ads: Break = Break.NONE
    in_chapter: bool = False
    is_complete: bool = False
    is_ended: bool = False
    active: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    details: SessionDetails | None = None
    opened: datetime | None = None
    heard: datetime | None = None
    moved: datetime | None = None
    ping_from: datetime | None = None

    def after(self, event: MediaEvent, *, now: datetime) -> SessionState:
        """The state after this event.

        Raises:
            SessionRuleError: it may not happen now; the state stays as it was.
        """
        self._check_order(event)
        self._check_ads(event)
        self._check_chapter(event)
        self._check_playhead(event)
        known = self._check_states(event)
        changed = replace(
            self,
            at=event.at,
            playhead=event.playhead,
            motion=_MOTION_AFTER.get(event.name, self.motion),
            ads=_BREAK_AFTER.get(event.name, self.ads),
            in_chapter=_CHAPTER_AFTER.get(event.name, self.in_chapter),
            is_complete=self.is_complete or event.name == "sessionComplete",
            is_ended=event.name == "sessionEnd",
            active=self._active_after(event),
            known=known,
            details=self.details if self.details is not None else _session_details(event),
            opened=self.opened or now,
            heard=now,
            moved=now if self.moved is None or event.playhead != self.playhead else self.moved,
            ping_from=self._ping_from_after(event, now),
        )
        is_held = changed.ads is not Break.NONE or changed.motion in (Motion.PAUSED, Motion.BUFFERING)
        ceiling = (event.playhead if self.ceiling is None else self.ceiling) if is_held else None
        return replace(changed, ceiling=ceiling)

    def ping_due(self) -> datetime | None:
        """When the next ping should go out; None while none should."""
        if self.ping_from is None or self.is_complete or self.is_ended or self.ads is Break.OPENED:
            return None
        return self.ping_from + timedelta(seconds=self._interval())

    def expiry(self, now: datetime) -> str | None:
        """Why the service has given the session up by now, or None."""
        for since, limit, why in (
            (self.heard, self.timing.idle, "no event for {:g} minutes"),
            (self.moved, self.timing.still, "no movement of the playhead for {:g} minutes"),
            (self.opened, self.timing.age, "it is older than {:g} minutes"),
        ):
            if since is not None and limit is not None and (now - since).total_seconds() >= limit:
                return why.format(limit / 60)
        return None

    def _interval(self) -> float:
        return self.timing.ad_ping if self.ads is Break.AD else self.timing.ping

    def _ping_from_after(self, event: MediaEvent, now: datetime) -> datetime | None:
        if event.name == "ping":
            due = self.ping_due()
            # Kept on its beat: a ping that is a little late does not put off all others.
            is_on_beat = due is not None and 0 <= (now - due).total_seconds() < self._interval()
            return due if is_on_beat else now
        begins = event.name == "play" and self.ping_from is None
        changes_beat = event.name in ("adStart", "adComplete", "adSkip", "adBreakComplete")
        return now if begins or changes_beat else self.ping_from

    def _check_order(self, event: MediaEvent) -> None:
        if self.is_ended:
            _refuse("after-end", f"the session is ended; {event.name} belongs to a new one")
        if self.at is None:
            if event.name != "sessionStart":
                _refuse("first-event", f"the first event of a session is sessionStart, not {event.name}")
        elif event.name == "sessionStart":
            _refuse("one-start", "a session starts once; a second sessionStart belongs to a new one")
        elif event.at <= self.at:
            behind = (self.at - event.at).total_seconds()
            _refuse(
                "time-order",
                f"the clock went backwards: {event.name} is {behind:g} s before the event ahead of it"
                if behind
                else f"{event.name} has the time of the event ahead of it; events are at least 1 ms apart",
            )

    def _check_ads(self, event: MediaEvent) -> None:
        name, ads = event.name, self.ads
        if name == "adBreakStart" and ads is not Break.NONE:
            _refuse("one-break", "an ad break is open; adBreakComplete closes it")
        if name in ("adStart", "adBreakComplete", *_AD_ENDS) and ads is Break.NONE:
            _refuse(
                "ad-outside-break", f"{name} outside an ad break is ignored by the service: adBreakStart comes first"
            )
        if name in _AD_ENDS and ads is not Break.AD:
            _refuse("no-ad", f"no ad runs that {name} could end")
        if name in ("adStart", "adBreakComplete") and ads is Break.AD:
            _refuse("one-ad", f"an ad runs; adComplete or adSkip comes before {name}")
        if ads is Break.OPENED and name not in _IN_OPENED_BREAK:
            _refuse("break-before-ad", f"nothing but ad events goes between adBreakStart and adStart, not {name}")

    def _check_chapter(self, event: MediaEvent) -> None:
        if event.name == "chapterStart" and self.in_chapter:
            _refuse("one-chapter", "chapters do not overlap: chapterComplete or chapterSkip comes first")
        if event.name in _CHAPTER_ENDS and not self.in_chapter:
            _refuse("no-chapter", f"no chapter runs that {event.name} could end")

    def _check_playhead(self, event: MediaEvent) -> None:
        details = self.details or _session_details(event)
        if details is not None:
            check_playhead_of_live(details, event.playhead)
        # There is no event for seeking: play tells where it goes on, and an end may come from anywhere.
        is_free = event.name == "sessionEnd" or (event.name == "play" and self.ads is Break.NONE)
        if self.ceiling is not None and event.playhead > self.ceiling and not is_free:
            where = self.ads.value if self.ads is not Break.NONE else f"while it {self.motion.value}"
            _refuse(
                "playhead-held", f"the playhead stays where it is {where}: {self.ceiling!r}, not {event.playhead!r}"
            )

    def _check_states(self, event: MediaEvent) -> frozenset[str]:
        known = self.known | {_key(name) for name in (*event.states_start, *event.states_end)}
        if len(known) > MOST_STATES:
            _refuse("ten-states", f"a session has at most {MOST_STATES} different player states; more are dropped")
        return known

    def _active_after(self, event: MediaEvent) -> tuple[str, ...]:
        ended = {_key(name) for name in event.states_end}
        started = {_key(name) for name in event.states_start}
        kept = [name for name in self.active if _key(name) not in ended | started]
        return (*kept, *(name for name in dict.fromkeys(event.states_start) if _key(name) not in ended))


_MOTION_AFTER: Final = {"play": Motion.PLAYING, "pauseStart": Motion.PAUSED, "bufferStart": Motion.BUFFERING}
_BREAK_AFTER: Final = {
    "adBreakStart": Break.OPENED,
    "adStart": Break.AD,
    "adComplete": Break.BETWEEN,
    "adSkip": Break.BETWEEN,
    "adBreakComplete": Break.NONE,
}
_CHAPTER_AFTER: Final = {"chapterStart": True, "chapterComplete": False, "chapterSkip": False}


def _session_details(event: MediaEvent) -> SessionDetails | None:
    return event.details if isinstance(event.details, SessionDetails) else None


def _key(state: str) -> str:
    # Sources spell it both ways, and mean one state.
    return "fullscreen" if state == "fullScreen" else state


def _refuse(rule: str, message: str) -> NoReturn:
    raise SessionRuleError(message, rule=rule)


def check_recorded(events: Sequence[MediaEvent]) -> None:
    """Refuse events that are not one session from its start on. Time-outs do not count: it was played offline.

    Raises:
        SessionRuleError: names the rule.
    """
    if not events:
        _refuse("first-event", "a session begins with sessionStart; there are no events")
    state = SessionState()
    for event in events:
        state = state.after(event, now=event.at)
