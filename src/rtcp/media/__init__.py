"""Media sessions: the details they are made of, recording them offline, and which API to use."""

from __future__ import annotations

from rtcp.media.details import Ad, AdBreak, Analytics, Chapter, PlayerError, Qoe, SessionDetails
from rtcp.media.draining import Drained
from rtcp.media.encoding import read_event
from rtcp.media.events import MediaEvent
from rtcp.media.live import MediaSession
from rtcp.media.recorder import Recorder
from rtcp.media.recording import Recorded, Recording
from rtcp.media.which import which_api

__all__ = [
    "Ad",
    "AdBreak",
    "Analytics",
    "Chapter",
    "Drained",
    "MediaEvent",
    "MediaSession",
    "PlayerError",
    "Qoe",
    "Recorded",
    "Recorder",
    "Recording",
    "SessionDetails",
    "read_event",
    "which_api",
]
