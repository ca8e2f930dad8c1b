"""What a type checker sees of media sessions; mypy runs this file, nothing else does."""

from __future__ import annotations

from typing import assert_type

import rtcp
from rtcp import media


def sessions(client: rtcp.Client, details: media.SessionDetails, analytics: media.Analytics) -> None:
    session = client.media_edge.start_session("stream", details)
    assert_type(session, media.MediaSession)
    assert_type(client.media_collection.start_session(details, analytics=analytics), media.MediaSession)
    assert_type(session.due(), float | None)
    assert_type(session.active_states, tuple[str, ...])
    with session as same:
        assert_type(same, media.MediaSession)


def recordings(client: rtcp.Client, details: media.SessionDetails) -> None:
    with media.Recorder("spool") as recorder:
        assert_type(recorder, media.Recorder)
        assert_type(recorder.start_session(details), media.Recording)
        assert_type(recorder.drain(client, config_id="stream"), media.Drained)
        assert_type(recorder.waiting(), list[media.Recorded])
    events = [media.read_event({})]
    assert_type(events, list[media.MediaEvent])
    assert_type(client.media_edge.send_downloaded("stream", events), str | None)
