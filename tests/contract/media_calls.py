"""Every way of calling the verbs of both media services: the whole of a session, live and recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import rtcp
from rtcp.media import Ad, AdBreak, Analytics, Chapter, MediaEvent, MediaSession, PlayerError, Qoe, SessionDetails

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DETAILS = SessionDetails(
    id="ferry-1", name="The ferry", length=60, content_type="VOD", player_name="web", channel="harbour", has_resume=True
)
BARE = SessionDetails(id="ferry-1", length=60, content_type="VOD", player_name="web", channel="harbour")
ANALYTICS = Analytics(
    tracking_server="harbour.example.com", report_suite="harbour", org_id="0A1B2C3D4E5F60718293A4B5@AdobeOrg"
)
QOE = Qoe(bitrate=3200, dropped_frames=1, frames_per_second=25, time_to_start=900)
AD = Ad(id="ad-7", length=8, player_name="web", pod_position=1, advertiser="Lumen")
METADATA = {"harbour.league": "north"}


def play_through(session: MediaSession) -> None:
    """Every event that there is."""
    with session:
        session.ad_break_start(0, AdBreak(index=1, offset=0, name="pre-roll"))
        session.ad_start(0, AD, metadata=METADATA)
        session.ad_complete(0, qoe=QOE)
        session.ad_start(0, AD)
        session.ad_skip(0)
        session.ad_break_complete(0)
        session.play(0)
        session.chapter_start(0, Chapter(index=1, length=20, offset=0, name="Quay"), metadata=METADATA)
        session.ping(10)
        session.buffer(11)
        session.play(11)
        session.bitrate_change(12, qoe=QOE)
        session.chapter_complete(20)
        session.chapter_start(20, Chapter(index=2, length=20, offset=20))
        session.states_update(21, start=["mute", "subtitles"])
        session.states_update(22, start=["fullscreen"], end=["mute"])
        session.error(23, PlayerError(id="stalled", source="external"))
        session.chapter_skip(24)
        session.pause(25)
        session.play(25)
        session.complete(60)


def recorded() -> list[MediaEvent]:
    """A session played without a connection."""
    told = [("play", 0), ("ping", 10), ("pauseStart", 12), ("play", 12), ("sessionComplete", 60)]
    start = MediaEvent(name="sessionStart", at=NOON, playhead=0, details=DETAILS)
    return [
        start,
        *(
            MediaEvent(name=name, at=NOON + timedelta(seconds=second), playhead=playhead)
            for second, (name, playhead) in enumerate(told, start=1)
        ),
    ]


CALLS: dict[str, Callable[[rtcp.Client], Any]] = {
    "media_edge.start_session": lambda c: c.media_edge.start_session("stream-1", BARE),
    "media_edge.start_session: whole session": lambda c: play_through(
        c.media_edge.start_session(
            "stream-1",
            DETAILS,
            metadata=METADATA,
            qoe=QOE,
            identities=[rtcp.Identity("device-1", "FPID"), rtcp.Identity("mara@example.com", "Email")],
            context_data={"a.campaign": "spring"},
            custom_states=["subtitles"],
        )
    ),
    "media_edge.send_downloaded": lambda c: c.media_edge.send_downloaded("stream-1", recorded()),
    "media_edge.send_downloaded: identities": lambda c: c.media_edge.send_downloaded(
        "stream-1", recorded(), identities=[rtcp.Identity("mara@example.com", "Email")]
    ),
    "media_collection.start_session": lambda c: c.media_collection.start_session(BARE, analytics=ANALYTICS),
    "media_collection.start_session: whole session": lambda c: play_through(
        c.media_collection.start_session(
            DETAILS, analytics=ANALYTICS, metadata=METADATA, qoe=QOE, custom_states=["subtitles"]
        )
    ),
    "media_collection.send_downloaded": lambda c: c.media_collection.send_downloaded(recorded(), analytics=ANALYTICS),
    "media_collection.send_downloaded: old address": lambda c: c.media_collection.send_downloaded(
        recorded(), analytics=ANALYTICS, on_sessions_route=True
    ),
}
