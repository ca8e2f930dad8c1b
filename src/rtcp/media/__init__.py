"""Media sessions: the details they are made of, recording them offline, and which API to use."""

from __future__ import annotations

from rtcp.media.details import Ad, AdBreak, Analytics, Chapter, PlayerError, Qoe, SessionDetails
from rtcp.media.draining import Drained
from rtcp.media.encoding import read_event
from rtcp.media.events import MediaEvent
from rtcp.media.fields import Api
from rtcp.media.live import MediaSession
from rtcp.media.pinging import Pinging
from rtcp.media.recorder import Recorder, Sender
from rtcp.media.recording import Recorded, Recording
from rtcp.media.which import which_api

__all__ = [
    "Ad",
    "AdBreak",
    "Analytics",
    "Api",
    "Chapter",
    "Drained",
    "MediaEvent",
    "MediaSession",
    "Pinging",
    "PlayerError",
    "Qoe",
    "Recorded",
    "Recorder",
    "Recording",
    "Sender",
    "SessionDetails",
    "read_event",
    "which_api",
]
