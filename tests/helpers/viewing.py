"""Somebody watches something: details, events and a whole session as our client takes them. All names are invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from rtcp.media import Ad, AdBreak, Analytics, Chapter, MediaEvent, PlayerError, Qoe, SessionDetails

START = datetime(2026, 3, 2, tzinfo=UTC)
FERRY = SessionDetails(id="ferry-1", length=60, content_type="VOD", player_name="web", channel="harbour")
BREAK = AdBreak(index=0, offset=0, name="pre-roll")
AD = Ad(id="ad-7", length=8, player_name="web", pod_position=0)
CHAPTER = Chapter(index=1, length=20, offset=0, name="Casting off")
ANALYTICS = Analytics(tracking_server="harbour.example.net", report_suite="harbour", org_id="0A1B@AdobeOrg")
DETAILS: dict[str, Any] = {
    "sessionStart": FERRY,
    "adBreakStart": BREAK,
    "adStart": AD,
    "chapterStart": CHAPTER,
    "error": PlayerError(id="stalled"),
}


def event(name: str, second: float = 0, playhead: float = 0, **parts: Any) -> MediaEvent:
    """One event, so many seconds after midnight, with whatever it needs."""
    if name == "statesUpdate":
        parts.setdefault("states_start", ("mute",))
    if name == "bitrateChange":
        parts.setdefault("qoe", Qoe(bitrate=3200))
    parts.setdefault("details", DETAILS.get(name))
    return MediaEvent(name=name, at=START + timedelta(seconds=second), playhead=playhead, **parts)


def documented_session(length: int = 35) -> list[MediaEvent]:
    """The shape of the documented sample: a start, play, a ping each ten seconds, and the end of the content."""
    pings = [event("ping", second, second) for second in range(10, length, 10)]
    return [event("sessionStart"), event("play", 0.5), *pings, event("sessionComplete", length, length)]
