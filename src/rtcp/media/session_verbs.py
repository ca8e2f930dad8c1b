"""The verbs of a media session, the same for live sessions and recordings."""

from __future__ import annotations

import logging
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

from rtcp._clock import Clock
from rtcp.errors import RtcpError, SessionGoneError
from rtcp.media.details import Ad, AdBreak, AnyDetails, Chapter, PlayerError, Qoe, SessionDetails
from rtcp.media.events import MILLISECOND, MediaEvent, check_states
from rtcp.media.pinging import Pinging
from rtcp.media.session_state import SessionState

logger = logging.getLogger(__name__)

# Clocks are put right by a little all the time; only a larger step back is an error.
_SMALL_STEP: Final = timedelta(seconds=1)


class SessionFace(ABC):
    """One session: what happens in a player, event by event. May be shared by threads.

    `playhead` is in seconds, into the content or, live, into the day. `at` is when it happened, now unless told. An
    event that breaks a rule of the service raises `SessionRuleError`, and leaves the session as it was. Leaving a
    `with` statement ends the session.

    Attributes:
        state: where the session stands.
    """

    def __init__(self, state: SessionState, *, clock: Clock, custom_states: Collection[str] = ()) -> None:
        self._clock = clock
        self._custom_states = frozenset(custom_states)
        # It may be taken again: `end` looks and tells in one turn, and telling takes one too.
        self._turn = threading.RLock()
        self._changed = threading.Condition()
        self._pid = os.getpid()
        self.state = state

    def play(self, playhead: float, *, at: datetime | None = None, qoe: Qoe | None = None) -> None:
        """Playback begins or goes on; it also ends a pause, buffering, or a seek."""
        self._tell("play", playhead, at, qoe)

    def ping(self, playhead: float, *, at: datetime | None = None, qoe: Qoe | None = None) -> None:
        """The session is alive; every 10 seconds, every second in an ad, also while paused. See `due`."""
        self._tell("ping", playhead, at, qoe)

    def pause(self, playhead: float, *, at: datetime | None = None, qoe: Qoe | None = None) -> None:
        """Playback is paused."""
        self._tell("pauseStart", playhead, at, qoe)

    def buffer(self, playhead: float, *, at: datetime | None = None, qoe: Qoe | None = None) -> None:
        """Playback waits for data."""
        self._tell("bufferStart", playhead, at, qoe)

    def bitrate_change(self, playhead: float, *, qoe: Qoe, at: datetime | None = None) -> None:
        """The quality has changed; `qoe` says to what."""
        self._tell("bitrateChange", playhead, at, qoe)

    def ad_break_start(
        self, playhead: float, details: AdBreak, *, at: datetime | None = None, qoe: Qoe | None = None
    ) -> None:
        """A break for ads begins; nothing but an ad may follow."""
        self._tell("adBreakStart", playhead, at, qoe, details)

    def ad_start(
        self,
        playhead: float,
        details: Ad,
        *,
        metadata: Mapping[str, str] | None = None,
        at: datetime | None = None,
        qoe: Qoe | None = None,
    ) -> None:
        """An ad begins; the playhead of the content stays where it is."""
        self._tell("adStart", playhead, at, qoe, details, metadata)

    def ad_complete(self, playhead: float, *, at: datetime | None = None, qoe: Qoe | None = None) -> None:
        """The ad was played to its end."""
        self._tell("adComplete", playhead, at, qoe)

    def ad_skip(self, playhead: float, *, at: datetime | None = None, qoe: Qoe | None = None) -> None:
        """The viewer skipped the ad."""
        self._tell("adSkip", playhead, at, qoe)

    def ad_break_complete(self, playhead: float, *, at: datetime | None = None, qoe: Qoe | None = None) -> None:
        """The break for ads is over."""
        self._tell("adBreakComplete", playhead, at, qoe)

    def chapter_start(
        self,
        playhead: float,
        details: Chapter,
        *,
        metadata: Mapping[str, str] | None = None,
        at: datetime | None = None,
        qoe: Qoe | None = None,
    ) -> None:
        """A chapter begins; chapters do not overlap."""
        self._tell("chapterStart", playhead, at, qoe, details, metadata)

    def chapter_complete(self, playhead: float, *, at: datetime | None = None, qoe: Qoe | None = None) -> None:
        """The chapter was played to its end."""
        self._tell("chapterComplete", playhead, at, qoe)

    def chapter_skip(self, playhead: float, *, at: datetime | None = None, qoe: Qoe | None = None) -> None:
        """The viewer left the chapter before its end."""
        self._tell("chapterSkip", playhead, at, qoe)

    def error(
        self,
        playhead: float,
        details: PlayerError | None = None,
        *,
        at: datetime | None = None,
        qoe: Qoe | None = None,
    ) -> None:
        """The player met an error; the session goes on. The Media Edge API wants to know which."""
        self._tell("error", playhead, at, qoe, details)

    def states_update(
        self,
        playhead: float,
        *,
        start: Sequence[str] = (),
        end: Sequence[str] = (),
        at: datetime | None = None,
        qoe: Qoe | None = None,
    ) -> None:
        """Player states begin or end: `fullscreen`, `mute`, `closedCaptioning`, `pictureInPicture`, `inFocus`, or those
        that the session was started with as `custom_states`.
        """
        event = MediaEvent(
            name="statesUpdate",
            at=self._when(at),
            playhead=playhead,
            qoe=qoe,
            states_start=start,  # type: ignore[arg-type]
            states_end=end,  # type: ignore[arg-type]
        )
        self._send(event, is_timed=at is not None)

    def complete(self, playhead: float, *, at: datetime | None = None, qoe: Qoe | None = None) -> None:
        """The content was played to its end. The session stays open until `end`."""
        self._tell("sessionComplete", playhead, at, qoe)

    def end(self, playhead: float | None = None, *, at: datetime | None = None, qoe: Qoe | None = None) -> None:
        """The session is over; nothing may follow. Without a playhead it is the last one told.

        Ending twice is fine.
        """
        with self._turn:
            if not self.is_over:
                self._tell("sessionEnd", self.state.playhead if playhead is None else playhead, at, qoe)

    def send(self, event: MediaEvent) -> None:
        """Any event, with a time of its own."""
        self._send(event, is_timed=True)

    def due(self) -> float | None:
        """Seconds until the next ping should go out, 0.0 when that is now or past; None while none should."""
        due = self.state.ping_due()
        return None if due is None or self.is_over else max(0.0, (due - self._clock.now()).total_seconds())

    def pinging(self, playhead: Callable[[], float]) -> Pinging:
        """Ping whenever it is due, from a thread, inside a `with` statement; `playhead` tells where playback is."""
        return Pinging(self, playhead, changed=self._changed)

    @property
    def is_over(self) -> bool:
        """True when nothing may follow."""
        return self.state.is_ended

    @property
    def active_states(self) -> tuple[str, ...]:
        """The player states that are on."""
        return self.state.active

    @abstractmethod
    def _deliver(self, event: MediaEvent, after: SessionState) -> None:
        """Bring the event to where it belongs, or raise."""

    def _tell(
        self,
        name: str,
        playhead: float,
        at: datetime | None,
        qoe: Qoe | None,
        details: AnyDetails | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        event = MediaEvent(
            name=name, at=self._when(at), playhead=playhead, details=details, metadata=metadata or {}, qoe=qoe
        )
        self._send(event, is_timed=at is not None)

    def _when(self, at: datetime | None) -> datetime:
        return self._clock.now() if at is None else at

    def _send(self, event: MediaEvent, *, is_timed: bool) -> None:
        check_states((*event.states_start, *event.states_end), self._custom_states)
        # One at a time and in order: the service sorts by timestamps, and gives up on what comes too late.
        with self._turn:
            now, last = self._clock.now(), self.state.at
            # Threads may come here in another order than they read the time in.
            is_race = not is_timed and last is not None and now > last - _SMALL_STEP
            if last is not None and (event.at == last or (event.at < last and is_race)):
                event = event.moved_to(last + MILLISECOND)
            after = self.state.after(event, now=now)
            self._deliver(event, after)
            with self._changed:
                self.state = after
                self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # In a forked child, the session is the parent's to end, and its lock may be held for ever.
        if self._pid != os.getpid():
            return
        try:
            self.end()
        except RtcpError as failure:
            # A session that is gone needs no end; and what broke the body off matters more than its end.
            if exc is None and not isinstance(failure, SessionGoneError):
                raise
            logger.warning("the end of a session was not told: %s", failure)


def start_event(
    details: SessionDetails,
    *,
    playhead: float,
    at: datetime,
    metadata: Mapping[str, str] | None,
    qoe: Qoe | None,
    **parts: Any,
) -> MediaEvent:
    """The event that every session begins with."""
    return MediaEvent(
        name="sessionStart", at=at, playhead=playhead, details=details, metadata=metadata or {}, qoe=qoe, **parts
    )
