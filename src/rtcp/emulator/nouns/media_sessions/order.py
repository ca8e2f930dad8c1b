"""The order of the events of one session: what breaks a rule is marked, and never refused by either service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# Rule -> what it says. Backends ignore or miscount what breaks one; the caller hears nothing of it.
RULES = {
    "ad-outside-break": "an ad outside an ad break is ignored, and its time counts as content",
    "ad-still-open": "the ad before was neither completed nor skipped",
    "no-open-ad": "there is no ad to complete or to skip",
    "break-still-open": "the ad break before was not completed",
    "no-open-break": "there is no ad break to complete",
    "nothing-before-ad": "only ad events may stand between the start of a break and its first ad",
    "chapter-still-open": "chapters do not overlap: the one before was neither completed nor skipped",
    "no-open-chapter": "there is no chapter to complete or to skip",
    "playhead-moved": "the playhead must stand still in ads, pauses and buffering",
    "time-not-later": "events are ordered by their times, which must be at least 1 ms apart",
    "metadata-ignored": "custom metadata belongs to the start of a session, an ad or a chapter",
    "too-many-states": "a session has ten states at most; further ones are dropped",
}
MOST_STATES = 10
_AD_EVENTS = ("adBreakStart", "adBreakComplete", "adStart", "adComplete", "adSkip")
_WITH_METADATA = ("sessionStart", "adStart", "chapterStart")


@dataclass(frozen=True, slots=True)
class MediaEvent:
    """One event as both services know it; `ts_ms` is the player's time, `received_ms` the emulator's.

    Attributes:
        body: what was received: the XDM of the Edge, or the whole body of Media Collection.
    """

    kind: str
    playhead: float
    ts_ms: int
    received_ms: int
    body: object
    states: tuple[str, ...] = ()
    has_metadata: bool = False


class Order:
    """What has gone before in one session."""

    def __init__(self) -> None:
        self._last: MediaEvent | None = None
        self._in_break = self._had_ad = self._in_ad = self._in_chapter = self._is_halted = False
        self._states: set[str] = set()

    def broken_by(self, event: MediaEvent) -> list[str]:
        """The rules that the next event breaks; from then on it is among what has gone before."""
        broken = [*self._about_time(event), *self._about_ads(event), *self._about_chapters(event)]
        if event.has_metadata and event.kind not in _WITH_METADATA:
            broken.append("metadata-ignored")
        if len(self._states | set(event.states)) > MOST_STATES:
            broken.append("too-many-states")
        else:
            self._states.update(event.states)
        self._last = event
        return broken

    def _about_time(self, event: MediaEvent) -> Iterator[str]:
        last = self._last
        if last is not None:
            if event.ts_ms <= last.ts_ms:
                yield "time-not-later"
            # There is no event for seeking, so play may come from anywhere after a pause.
            stands = self._in_break or (self._is_halted and event.kind != "play")
            if stands and event.playhead != last.playhead:
                yield "playhead-moved"
        if event.kind in ("pauseStart", "bufferStart"):
            self._is_halted = True
        elif event.kind == "play":
            self._is_halted = False

    def _about_ads(self, event: MediaEvent) -> Iterator[str]:
        kind = event.kind
        if kind not in _AD_EVENTS:
            if self._in_break and not self._had_ad and kind != "sessionEnd":
                yield "nothing-before-ad"
            return
        if kind in ("adBreakStart", "adBreakComplete", "adStart") and self._in_ad:
            yield "ad-still-open"
            self._in_ad = False
        if kind == "adBreakStart":
            if self._in_break:
                yield "break-still-open"
            self._in_break, self._had_ad = True, False
        elif kind == "adBreakComplete":
            if not self._in_break:
                yield "no-open-break"
            self._in_break = False
        elif not self._in_break:
            yield "ad-outside-break"
        elif kind == "adStart":
            self._in_ad = self._had_ad = True
        else:
            if not self._in_ad:
                yield "no-open-ad"
            self._in_ad = False

    def _about_chapters(self, event: MediaEvent) -> Iterator[str]:
        if event.kind == "chapterStart":
            if self._in_chapter:
                yield "chapter-still-open"
            self._in_chapter = True
        elif event.kind in ("chapterComplete", "chapterSkip"):
            if not self._in_chapter:
                yield "no-open-chapter"
            self._in_chapter = False
