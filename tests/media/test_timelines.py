"""Three evenings of the documented shape, told through both APIs: with ads and a pause, broken off, in chapters."""

from __future__ import annotations

import pytest
from tests.helpers.viewing import ANALYTICS, FERRY, event

AD_BREAK = ["adBreakStart", "adStart", "ping", "adComplete"]
TIMELINES = {
    "pre-roll, buffering, mid-roll and a pause": [
        *((name, 0) for name in ("sessionStart", *AD_BREAK, *AD_BREAK[1:], "adBreakComplete", "play")),
        *[("ping", 8), ("bufferStart", 11), ("play", 11), ("ping", 15)],
        *[(name, 21) for name in (*AD_BREAK, "adBreakComplete")],
        *[("ping", 27), ("pauseStart", 31), ("ping", 31), ("play", 31), ("ping", 37), ("sessionComplete", 45)],
    ],
    "an error, a seek back, and the app closed in an ad": [
        *((name, 0) for name in ("sessionStart", *AD_BREAK[:3], "adSkip", "adBreakComplete", "play")),
        *[("ping", 8), ("ping", 18), ("error", 20), ("play", 18), ("ping", 28)],
        *[("adBreakStart", 33), ("adStart", 33), ("sessionEnd", 33)],
    ],
    "chapters with a break between them": [
        *[("sessionStart", 0), ("play", 0), ("chapterStart", 0), ("ping", 8), ("chapterComplete", 20)],
        *[(name, 21) for name in (*AD_BREAK, "adBreakComplete")],
        *[("chapterStart", 22), ("ping", 27), ("chapterSkip", 0), ("sessionComplete", 45), ("sessionEnd", 45)],
    ],
}


@pytest.fixture(params=["edge", "collection"])
def start(request, client):
    def started(first):
        if request.param == "edge":
            return client.media_edge.start_session("stream-1", FERRY, at=first.at)
        return client.media_collection.start_session(FERRY, analytics=ANALYTICS, at=first.at)

    return started


@pytest.mark.parametrize("name", TIMELINES)
def test_an_evening_arrives_event_by_event(name, start, emulator):
    told = [event(kind, second, playhead) for second, (kind, playhead) in enumerate(TIMELINES[name])]
    session = start(told[0])
    for each in told[1:]:
        session.send(each)

    (seen,) = emulator.media
    assert [(each.kind, each.playhead) for each in seen.events] == TIMELINES[name]
    assert [each.ts_ms for each in seen.events] == [round(each.at.timestamp() * 1000) for each in told]
    assert seen.flags == []
