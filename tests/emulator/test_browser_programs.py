"""What Adobe's own programs in a browser send to both media services, as plain HTTP, in each dialect."""

from __future__ import annotations

import pytest
from tests.contract.description import Description, Recorder
from tests.helpers.media import AD, AD_PARAMS, DETAILS, EDGE_DATA, PARAMS, Player

DESCRIPTION = Description()
PAGE = "https://www.lumen.example"
in_all = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
pytestmark = in_all
QUALITY = {"bitrate": 3200, "droppedFrames": 0, "framesPerSecond": 25, "timeToStart": 1}


class Page(Player):
    """A player in a page: it asks before it calls, and reads only what it may read."""

    def __init__(self, emulator):
        super().__init__(emulator)
        self.http.headers["Origin"] = PAGE
        self.recorder = Recorder()
        self.http.mount("http://", self.recorder)

    def post(self, path, body, **options):
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        allowed = self.http.options(f"{self.url}{path}", headers=asked, timeout=60)
        assert allowed.status_code == 204
        assert "POST" in allowed.headers["Access-Control-Allow-Methods"]
        assert "content-type" in allowed.headers["Access-Control-Allow-Headers"].lower()
        answer = super().post(path, body, **options)
        for each in (allowed, answer):
            assert each.headers["Access-Control-Allow-Origin"] in ("*", PAGE)
        return answer

    def complaints(self):
        """What the description has against the exchanges, refusals and preflights left out."""
        found = []
        for exchange in self.recorder.exchanges:
            if exchange.method == "POST" and exchange.status < 300:
                found += DESCRIPTION.complaints_about_answer(exchange) + DESCRIPTION.complaints_about_request(exchange)
        # Every browser sends it.
        return [each for each in found if each != "header origin is not declared"]


@pytest.fixture
def page(emulator):
    page = Page(emulator)
    with page.http:
        yield page


def web_sdk(page, kind, playhead, *, base="/ee/irl1/va/v1", **data):
    """An event as the Web SDK's bridge sends it; None is sent as null."""
    return page.edge(kind, page.xdm(kind, {"playhead": playhead, "sessionID": page.sid, **data}), path=base)


def test_an_evening_of_the_web_sdk(page, emulator):
    assert page.edge_start(qoeDataDetails=None, customMetadata=None).status_code == 200
    told = [
        ("play", 0, {}),
        ("ping", 10, {"qoeDataDetails": None}),
        ("adBreakStart", 12, {"advertisingPodDetails": {"index": 1, "offset": 12, "friendlyName": "mid"}}),
        ("adStart", 12, {"advertisingDetails": AD, "customMetadata": None}),
        ("ping", 12, {}),
        ("adComplete", 12, {}),
        ("adBreakComplete", 12, {}),
        ("bufferStart", 13, {}),
        ("play", 13, {}),
        ("error", 14, {"errorDetails": {"name": "stalled", "source": "player"}, "qoeDataDetails": QUALITY}),
        ("bitrateChange", 15, {"qoeDataDetails": QUALITY}),
        ("statesUpdate", 16, {"statesStart": [{"name": "mute"}], "statesEnd": None}),
        ("sessionComplete", 60, {"qoeDataDetails": None}),
    ]
    answers = [web_sdk(page, kind, playhead, **data) for kind, playhead, data in told]

    assert [answer.status_code for answer in answers] == [204] * len(told)
    assert emulator.media[page.sid].kinds() == ["sessionStart", *(kind for kind, *_ in told)]
    assert emulator.media[page.sid].flags == []
    assert page.complaints() == []


def test_a_missing_or_null_quality_of_a_new_bitrate_is_still_refused(page):
    page.edge_start()

    for data in ({}, {"qoeDataDetails": None}):
        answer = web_sdk(page, "bitrateChange", 1, **data)
        assert answer.status_code == 400
        assert answer.json()["report"]["details"][0]["name"] == "$.events[0].xdm.mediaCollection.qoeDataDetails"


@pytest.mark.parametrize("value", ["high", 7, [], {"bitrate": "3200"}])
def test_a_quality_that_is_no_object_is_refused(page, value):
    page.edge_start()

    assert web_sdk(page, "ping", 1, qoeDataDetails=value).status_code == 400


def test_another_environment_of_the_edge(page):
    page.edge(
        "sessionStart", page.xdm("sessionStart", {"playhead": 0, "sessionDetails": DETAILS}), path="/ee-pre-prd/va/v1"
    )
    page.edge_start()

    assert web_sdk(page, "play", 0, base="/ee-pre-prd/va/v1").status_code == 204
    assert web_sdk(page, "ping", 1, base="/ee-pre-prd/or2/va/v1").status_code == 204


def test_downloaded_content_of_the_web_sdk(page, emulator):
    items = [page.item("sessionStart", {"playhead": 0, "sessionDetails": DETAILS, "qoeDataDetails": None})]
    items += [page.item(kind, {"playhead": 0, **EDGE_DATA[kind]}) for kind in ("play", "ping", "sessionComplete")]

    answer = page.edge_download(*items, identityMap=None, implementationDetails=None)

    assert (answer.status_code, len(emulator.media)) == (200, 1)
    assert page.complaints() == []


def media_sdk(page, kind, playhead, **changes):
    """An event as the JavaScript Media SDK 3.x sends it; None is sent as null."""
    body = {"playerTime": {"playhead": playhead, "ts": page.ms()}, "eventType": kind, **changes}
    return page.post(f"/api/v1/sessions/{page.sid}/events", body)


def test_an_evening_of_the_media_sdk(page, emulator):
    body = page.event("sessionStart", params={**PARAMS, "media.libraryVersion": "js-3.1.0"})
    started = page.post("/api/v1/sessions", {**body, "customMetadata": None, "qoeData": None})
    assert started.status_code == 201
    page.sid = started.headers["Location"].rpartition("/")[2]
    told = [
        ("play", 0, {"params": {}, "qoeData": {}}),
        ("ping", 10.5, {"params": None}),
        ("adBreakStart", 12, {"params": {"media.ad.podIndex": 1, "media.ad.podSecond": 12}}),
        ("adStart", 12, {"params": AD_PARAMS, "customMetadata": None}),
        ("ping", 12, {"customMetadata": None}),
        ("adComplete", 12, {}),
        ("adBreakComplete", 12, {}),
        ("bufferStart", 13, {"qoeData": None}),
        ("play", 13, {}),
        ("error", 14, {"qoeData": {
            "media.qoe.errorID": "stalled", "media.qoe.errorSource": "player",
            "media.qoe.bitrate": 3200, "media.qoe.droppedFrames": 0}}),
        ("error", 14, {"params": {"media.errorId": "stalled", "media.errorSource": "external"}}),
        ("error", 14, {"params": None}),
        ("bitrateChange", 15, {"qoeData": {"media.qoe.bitrate": 5000}}),
        ("statesUpdate", 16, {"params": {"statesStart": [{"media.state.name": "mute"}], "statesEnd": None}}),
        ("sessionComplete", 60, {}),
    ]  # fmt: skip
    answers = [media_sdk(page, kind, playhead, **changes) for kind, playhead, changes in told]

    assert [answer.status_code for answer in answers] == [204] * len(told)
    assert emulator.media[page.sid].flags == []
    assert page.complaints() == []


def test_the_name_of_an_error_belongs_to_errors(page):
    page.start()

    assert media_sdk(page, "ping", 1, qoeData={"media.qoe.errorID": "x"}).status_code == 400
    assert media_sdk(page, "error", 1, qoeData={"media.qoe.errorID": 7}).status_code == 400
    assert media_sdk(page, "error", 1, qoeData={"media.qoe.errorSource": "viewer"}).status_code == 400


def test_downloaded_content_of_the_media_sdk(page, emulator):
    start, *rest = page.recorded()
    answer = page.post("/api/v1/downloaded", [{**start, "qoeData": None}, *({**each, "params": None} for each in rest)])

    assert (answer.status_code, len(emulator.media)) == (201, 1)
    assert page.complaints() == []


def test_a_fault_can_be_read_by_the_page(page, emulator):
    page.start()
    page.edge_start()
    emulator.faults.always("media_collection.send_event", status=503)
    emulator.faults.always("media_edge.ping", status=503)

    # Page.post holds that the page may read the answer.
    assert media_sdk(page, "ping", 1).status_code == 503
    assert web_sdk(page, "ping", 1).status_code == 503
