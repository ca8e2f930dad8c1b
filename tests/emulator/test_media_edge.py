"""The Media Edge over plain HTTP: what it takes, and what it answers."""

from __future__ import annotations

import re

import pytest
from tests.helpers.media import AD, DETAILS, EDGE_DATA, Player

from rtcp.emulator import Datastream, MediaSettings
from rtcp.emulator.http.description import load_description

ERRORS = "https://ns.adobe.com/aep/errors/"


@pytest.fixture
def player(emulator):
    player = Player(emulator)
    with player.http:
        yield player


@pytest.fixture
def session(player):
    player.edge_start()
    return player


def reasons(answer):
    """Path and reason of everything that an answer complains of."""
    body = answer.json()
    reports = [error["report"] for error in body["errors"]] if "errors" in body else [body["report"]]
    return {entry["name"]: entry["reason"] for report in reports for entry in report["details"]}


def code(answer):
    return answer.json()["type"].removeprefix(ERRORS)


def test_a_start_brings_the_id_of_the_session_and_the_hint(player):
    answer = player.edge_start()

    handles = {handle["type"]: handle["payload"] for handle in answer.json()["handle"]}
    assert answer.status_code == 200
    assert re.fullmatch("[0-9a-f]{64}", handles["media-analytics:new-session"][0]["sessionId"])
    assert {"scope": "EdgeNetwork", "hint": "irl1", "ttlSeconds": 1800} in handles["locationHint:result"]
    assert [entry["maxAge"] for entry in handles["state:store"]] == [34_128_000, 1800]


def test_a_start_needs_no_time_of_its_own(player, emulator):
    emulator.clock.freeze(1_000_000)

    answer = player.edge(
        "sessionStart",
        {"eventType": "media.sessionStart", "mediaCollection": {"playhead": 0, "sessionDetails": DETAILS}},
    )

    assert answer.status_code == 200
    assert emulator.media[0].events[0].ts_ms == 1_000_000


def test_every_event_of_a_session_is_taken_without_a_body(session, emulator):
    answers = [session.tell(kind) for kind in EDGE_DATA]

    assert {(answer.status_code, answer.content) for answer in answers} == {(204, b"")}
    assert "Content-Type" not in answers[0].headers
    assert emulator.media[session.sid].kinds() == ["sessionStart", *EDGE_DATA]


def test_the_description_knows_all_nineteen_endpoints():
    templates = [each.template for each in load_description().operations() if each.id.startswith("media_edge.")]

    for prefix in ("/ee/va/v1/", "/ee/{hint}/va/v1/"):
        named = {template.removeprefix(prefix) for template in templates if template.startswith(prefix)}
        assert named == {"sessionStart", "downloaded", *EDGE_DATA}


@pytest.mark.parametrize("hint", ["irl1", "or2"])
def test_a_session_goes_on_behind_any_location_hint(session, hint):
    assert session.tell("play", path=f"/ee/{hint}/va/v1").status_code == 204


def test_a_session_starts_behind_a_location_hint(player):
    xdm = player.xdm("sessionStart", {"playhead": 0, "sessionDetails": DETAILS})

    assert player.edge("sessionStart", xdm, path="/ee/irl1/va/v1").status_code == 200


def test_custom_metadata_goes_inside_the_media_collection(player, emulator):
    metadata = [{"name": "_lumen.league", "value": "north"}]

    assert player.edge_start(customMetadata=metadata).status_code == 200
    assert emulator.media[0].events[0].body["mediaCollection"]["customMetadata"] == metadata


def test_a_wrong_start_is_207_with_every_missing_field_and_no_session(player, emulator):
    answer = player.edge("sessionStart", player.xdm("sessionStart", {"playhead": 0, "sessionDetails": {"length": 1}}))

    prefix = "$.xdm.mediaCollection.sessionDetails"
    assert answer.status_code == 207
    assert reasons(answer) == {
        f"{prefix}.{name}": "Missing required field" for name in ("name", "playerName", "channel", "contentType")
    }
    assert answer.json()["errors"][0]["title"] == "Invalid request"
    assert answer.json()["errors"][0]["report"]["eventIndex"] == 0
    assert "media-analytics:new-session" not in answer.text
    assert len(emulator.media) == 0


def test_of_two_starts_the_right_one_is_taken(player, emulator):
    right = player.xdm("sessionStart", {"playhead": 0, "sessionDetails": DETAILS})

    answer = player.edge("sessionStart", {**right, "eventType": "media.play"}, right)

    assert answer.status_code == 207
    assert answer.json()["errors"][0]["report"]["eventIndex"] == 0
    assert answer.json()["handle"][0]["eventIndex"] == 1
    assert len(emulator.media) == 1


def test_a_wrong_event_is_400_with_every_bad_field(session):
    answer = session.tell("adStart", None, advertisingDetails={**AD, "length": "8"}, qoeDataDetails=[])

    data = "$.events[0].xdm.mediaCollection"
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert (code(answer), answer.json()["title"]) == ("va-edge-0400-400", "Bad Request")
    assert reasons(answer) == {
        f"{data}.playhead": "Missing required field",
        f"{data}.advertisingDetails.length": "Invalid type",
        f"{data}.qoeDataDetails": "Invalid type",
    }


@pytest.mark.parametrize(
    ("kind", "changes", "field", "reason"),
    [
        ("play", {"playhead": 10.5}, "playhead", "Invalid type"),
        ("play", {"playhead": -1}, "playhead", "Invalid value"),
        ("play", {"sessionID": None}, "sessionID", "Missing required field"),
        ("play", {"sessionID": "a" * 63}, "sessionID", "Unexpected error. Hint: InvalidApiSidLength=63"),
        ("bitrateChange", {"qoeDataDetails": None}, "qoeDataDetails", "Missing required field"),
        ("adBreakStart", {"advertisingPodDetails": {"index": 1}}, "advertisingPodDetails.offset", None),
        ("adBreakComplete", {"advertisingPodDetails": {}}, "advertisingPodDetails", "Field is not allowed"),
        ("adComplete", {"advertisingDetails": AD}, "advertisingDetails", "Field is not allowed"),
        ("adSkip", {"advertisingDetails": AD}, "advertisingDetails", "Field is not allowed"),
        ("chapterComplete", {"chapterDetails": {}}, "chapterDetails", "Field is not allowed"),
        ("chapterSkip", {"chapterDetails": {}}, "chapterDetails", "Field is not allowed"),
        ("error", {"errorDetails": {"name": "x", "source": "me"}}, "errorDetails.source", "Invalid value"),
        ("statesUpdate", {"statesStart": [{"name": "no blanks"}]}, "statesStart[0].name", "Invalid value"),
        ("adStart", {"customMetadata": [{"name": "a", "value": 1}]}, "customMetadata[0].value", "Invalid type"),
    ],
)
def test_a_field_is_held_to_its_endpoint(session, kind, changes, field, reason):
    answer = session.tell(kind, **changes)

    assert answer.status_code == 400
    assert reasons(answer) == {f"$.events[0].xdm.mediaCollection.{field}": reason or "Missing required field"}


def test_an_event_of_another_type_than_the_endpoint_is_wrong(session):
    answer = session.edge("play", session.xdm("ping", {"playhead": 0, "sessionID": session.sid}))

    assert reasons(answer) == {"$.events[0].xdm.eventType": "Invalid value"}


@pytest.mark.parametrize("timestamp", ["yesterday", "2026-02-31T00:00:00Z"])
def test_an_event_needs_a_time_that_exists(session, timestamp):
    xdm = {**session.xdm("play", {"playhead": 0, "sessionID": session.sid}), "timestamp": timestamp}

    assert reasons(session.edge("play", xdm)) == {"$.events[0].xdm.timestamp": "Invalid value"}


def test_an_unknown_session_is_404_with_a_sentence_for_details(session):
    answer = session.tell("play", sessionID="0" * 64)

    assert (answer.status_code, code(answer)) == (404, "va-edge-0404-404")
    assert "please start a new one" in answer.json()["report"]["details"]


def test_events_of_one_call_are_taken_all_or_none(session, emulator):
    right = session.xdm("ping", {"playhead": 1, "sessionID": session.sid})
    lost = session.xdm("ping", {"playhead": 1, "sessionID": "0" * 64})

    assert session.edge("ping", right, right).status_code == 204
    assert session.edge("ping", right, lost).status_code == 404
    assert emulator.media[session.sid].kinds() == ["sessionStart", "ping", "ping"]


def test_downloaded_content_is_kept_with_its_own_times(player, emulator):
    answer = player.edge_download(
        player.item("sessionStart", {"playhead": 0, "sessionDetails": DETAILS}),
        player.item("play", {"playhead": 0}),
        player.item("sessionComplete", {"playhead": 60}),
        identityMap={"email": [{"id": "mara@example.com", "primary": True}]},
    )

    (kept,) = emulator.media
    assert answer.status_code == 200
    assert [handle["type"] for handle in answer.json()["handle"]] == ["locationHint:result", "state:store"]
    assert (kept.is_downloaded, kept.is_completed, kept.flags) == (True, True, [])
    assert [event.ts_ms % 1000 for event in kept.events] == [1, 2, 3]


def test_downloaded_content_without_an_end_is_given_one_by_the_service(player, emulator):
    player.edge_download(player.item("sessionStart", {"playhead": 0, "sessionDetails": DETAILS}))

    assert emulator.media[0].is_completed is None


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        ("play", {}, "mediaCollection.playhead"),
        ("play", {"playhead": 0, "sessionID": "0" * 64}, "mediaCollection.sessionID"),
        ("adStart", {"playhead": 0}, "mediaCollection.advertisingDetails"),
        ("sessionStart", {"playhead": 0, "sessionDetails": DETAILS}, "mediaEventType"),
    ],
)
def test_a_wrong_event_condemns_downloaded_content(player, emulator, kind, data, field):
    start = player.item("sessionStart", {"playhead": 0, "sessionDetails": DETAILS})

    answer = player.edge_download(start, player.item(kind, data))

    assert answer.status_code == 207
    assert list(reasons(answer)) == [f"$.xdm.mediaDownloadedEvents[1].{field}"]
    assert len(emulator.media) == 0


def test_downloaded_content_begins_with_its_start(player):
    answer = player.edge_download(player.item("play", {"playhead": 0}))

    assert "$.xdm.mediaDownloadedEvents[0].mediaEventType" in reasons(answer)


def test_downloaded_content_needs_times_that_exist(player):
    item = player.item("sessionStart", {"playhead": 0, "sessionDetails": DETAILS})

    answer = player.edge_download({**item, "mediaEventTimestamp": "2026-13-01T00:00:00Z"})

    assert reasons(answer) == {"$.xdm.mediaDownloadedEvents[0].mediaEventTimestamp": "Invalid value"}


def test_no_datastream_is_an_error_of_the_gateway(player):
    answer = player.edge("play", configId="")

    assert (answer.status_code, code(answer)) == (400, "EXEG-0002-400")
    assert (answer.json()["title"], set(answer.json()["report"])) == ("Missing datastream ID", {"requestId"})


@pytest.mark.parametrize(
    ("config_id", "expected"),
    [("gone", "EXEG-0003-400"), ("off", "EXEG-0004-422"), ("locked", "EXEG-0500-401")],
)
def test_a_datastream_that_does_not_serve_is_an_error_of_the_gateway(player, emulator, config_id, expected):
    emulator.media.settings = MediaSettings(
        datastreams={"off": Datastream(is_enabled=False), "locked": Datastream(needs_token=True)}
    )

    answer = player.edge("play", configId=config_id)

    assert (answer.status_code, code(answer)) == (int(expected[-3:]), expected)


def test_a_datastream_without_media_analytics_brings_no_session(player, emulator):
    emulator.media.settings = MediaSettings(datastreams={"stream-1": Datastream(has_media=False)})
    item = player.item("sessionStart", {"playhead": 0, "sessionDetails": DETAILS})

    assert player.edge_start().status_code == 200
    assert player.edge_download(item).status_code == 200
    assert (player.sid, len(emulator.media)) == ("", 0)


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        (None, b"{}", "EXEG-0106-400"),
        ("application/xml", b"<a/>", "EXEG-0111-415"),
        ("application/json", b"", "EXEG-0109-408"),
        ("application/json", b"{", "EXEG-0101-400"),
        ("application/json", b"[]", "EXEG-0103-400"),
        ("application/json", b'{"events": []}', "EXEG-0103-400"),
        ("application/json", b'{"events": {"xdm": {}}}', "EXEG-0102-400"),
        ("text/plain", b'{"events": [{"xdm": 1}]}', "EXEG-0103-400"),
    ],
)
def test_a_body_that_holds_no_events_is_an_error_of_the_gateway(player, content_type, body, expected):
    headers = {} if content_type is None else {"Content-Type": content_type}

    answer = player.http.post(f"{player.url}/ee/va/v1/play?configId=s", data=body, headers=headers, timeout=60)

    assert (answer.status_code, code(answer)) == (int(expected[-3:]), expected)


def test_a_large_body_is_refused_only_where_limits_are_held(player, emulator, monkeypatch):
    metadata = [{"name": "_lumen.note", "value": "x" * 70_000}]

    assert player.edge_start(customMetadata=metadata).status_code == 200
    monkeypatch.setattr(emulator.service, "options", type(emulator.service.options)(limits=True))
    xdm = player.xdm("sessionStart", {"playhead": 0, "sessionDetails": DETAILS, "customMetadata": metadata})
    assert code(player.edge("sessionStart", xdm)) == "EXEG-0112-413"


def test_an_event_that_does_not_exist_is_told_so(player):
    assert player.edge("seek").status_code == 501


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, "va-edge-0400-400"), (404, "va-edge-0404-404"), (503, "EXEG-0000-503"), (502, "EXEG-0202-502")],
)
def test_a_fault_speaks_as_the_service_does(session, emulator, status, expected):
    emulator.faults.once("media_edge.ping", status=status)

    answer = session.tell("ping")

    assert (answer.status_code, code(answer)) == (status, expected)


def test_a_fault_of_throttling_says_when_to_come_back(session, emulator):
    emulator.faults.once("media_edge.ping", status=429, headers={"Retry-After": "2"})

    answer = session.tell("ping")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")


def test_a_start_without_a_channel_is_taken_by_a_tolerant_emulator_alone(player, emulator):
    details = {name: value for name, value in DETAILS.items() if name != "channel"}
    start = player.xdm("sessionStart", {"playhead": 0, "sessionDetails": details})

    assert player.edge("sessionStart", start).status_code == 207
    emulator.media.settings = MediaSettings(strict=False)
    assert player.edge("sessionStart", start).status_code == 200
    start["mediaCollection"]["sessionDetails"].pop("name")
    assert player.edge("sessionStart", start).status_code == 207
