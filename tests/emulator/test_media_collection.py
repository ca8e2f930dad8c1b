"""Media Collection over plain HTTP: starts, events, downloaded content, schemas."""

from __future__ import annotations

import re
from dataclasses import replace

import jsonschema_rs
import pytest
from tests.helpers.media import AD_PARAMS, COLLECTION_PARAMS, PARAMS, Player

SESSIONS, DOWNLOADED = "/api/v1/sessions", "/api/v1/downloaded"
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "OPTIONS,POST,PUT",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Expose-Headers": "Location",
}


@pytest.fixture
def player(emulator):
    player = Player(emulator)
    with player.http:
        yield player


@pytest.fixture
def session(player):
    player.start()
    return player


@pytest.fixture
def tolerant(emulator):
    emulator.media.settings = replace(emulator.media.settings, strict=False)


def test_a_start_is_created_at_a_location_and_has_no_body(player):
    answer = player.start()

    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert re.fullmatch("/api/v1/sessions/[0-9a-f]{64}", answer.headers["Location"])


def test_pages_of_any_origin_may_call(session):
    for answer in (session.start(), session.send("play"), session.send("ping", extra=1)):
        assert CORS.items() <= answer.headers.items()


def test_a_browser_may_ask_before_it_calls(player):
    answer = player.http.options(f"{player.url}{SESSIONS}", timeout=60)

    assert (answer.status_code, CORS.items() <= answer.headers.items()) == (204, True)


def test_every_event_of_a_session_is_taken_without_a_body(session, emulator):
    answers = [session.send(kind) for kind in COLLECTION_PARAMS]

    assert {(answer.status_code, answer.content) for answer in answers} == {(204, b"")}
    assert sorted(emulator.media[session.sid].kinds()) == sorted(["sessionStart", *COLLECTION_PARAMS])


def test_an_event_may_carry_empty_objects(session):
    assert session.send("ping", params={}, qoeData={}, customMetadata={}).status_code == 204


def test_the_playhead_may_be_a_fraction(session):
    assert session.send("ping", 10.25).status_code == 204


def test_a_start_may_carry_all_that_the_tables_have(player):
    customers = {"crm": {"id": "c-1", "authState": 1}}
    params = {**PARAMS, "media.show": "Harbour", "media.resume": True, "visitor.customerIDs": customers}

    answer = player.start(params=params, customMetadata={"team.name": "north"}, qoeData={"media.qoe.bitrate": 3200})

    assert answer.status_code == 201


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_a_start_needs_its_params(player, name):
    answer = player.start(params={key: value for key, value in PARAMS.items() if key != name})

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(f"params.{name}: ")


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("ping", {"playerTime": {"playhead": 1}}, "playerTime.ts"),
        ("ping", {"playerTime": {"playhead": 1, "ts": 1.5}}, "playerTime.ts"),
        ("ping", {"playerTime": {"playhead": "1", "ts": 1}}, "playerTime.playhead"),
        ("ping", {"extra": 1}, "extra"),
        ("ping", {"params": {"media.id": "x"}}, "params"),
        ("adStart", {"params": {**AD_PARAMS, "media.ad.length": "8"}}, "params.media.ad.length"),
        ("adStart", {"params": None}, "params"),
        ("stateStart", {"params": {}}, "params.media.state.name"),
        ("play", {"qoeData": {"bitrate": 1}}, "qoeData.bitrate"),
        ("play", {"qoeData": {"media.qoe.bitrate": 1.5}}, "qoeData.media.qoe.bitrate"),
        ("adStart", {"customMetadata": {"no blanks": "x"}}, "customMetadata.no blanks"),
        ("adStart", {"customMetadata": {"a": 1}}, "customMetadata.a"),
        ("sessionStart", {}, "eventType"),
    ],
)
def test_an_event_is_held_to_its_schema(session, kind, changes, field):
    answer = session.send(kind, **changes)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(f"{field}: ")


@pytest.mark.parametrize("body", [[], "x", None, {"eventType": "seek"}])
def test_an_event_that_is_none_is_refused(session, body):
    assert session.post(f"{SESSIONS}/{session.sid}/events", body).status_code == 400


@pytest.mark.parametrize("path", [SESSIONS, DOWNLOADED, f"{SESSIONS}/x/events"])
@pytest.mark.parametrize(("content_type", "body"), [("text/plain", b"{}"), ("application/json", b"{")])
def test_a_body_that_is_no_json_is_refused(player, path, content_type, body):
    headers = {"Content-Type": content_type}

    assert player.http.post(f"{player.url}{path}", data=body, headers=headers, timeout=60).status_code == 400


@pytest.mark.usefixtures("tolerant")
def test_a_tolerant_emulator_takes_further_params_and_lacking_ones(player):
    assert player.start(params={"media.id": "x", "media.qoe.bitrate": 1}).status_code == 201
    assert player.send("play", qoeData={"bitrate": 10_000}, params={"media.qoe.bitrate": 1}).status_code == 204
    assert player.send("statesUpdate", params={"statesStart": [{}]}).status_code == 204


@pytest.mark.usefixtures("tolerant")
@pytest.mark.parametrize("changes", [{"playerTime": {"playhead": 1}}, {"params": []}, {"extra": 1}])
def test_a_tolerant_emulator_still_wants_the_envelope(session, changes):
    assert session.send("ping", **changes).status_code == 400


def test_an_event_in_the_wrong_order_is_taken_and_flagged(session, emulator):
    assert session.send("adStart").status_code == 204
    assert [flag.rule for flag in emulator.media[session.sid].flags] == ["ad-outside-break"]


def test_an_unknown_session_is_404(player):
    player.sid = "0" * 64

    assert player.send("ping").status_code == 404


def test_a_closed_session_is_410(session):
    session.send("sessionEnd")

    assert session.send("ping").status_code == 410


def test_a_session_of_the_edge_is_unknown_here(player):
    player.edge_start()

    assert player.send("ping").status_code == 404


@pytest.mark.parametrize(
    ("path", "flag", "status"),
    [
        (DOWNLOADED, True, 201),
        (DOWNLOADED, None, 201),
        (DOWNLOADED, False, 201),
        (SESSIONS, True, 201),
        (SESSIONS, False, 400),
        (SESSIONS, None, 400),
    ],
)
def test_a_list_is_taken_by_its_address_and_flag(player, path, flag, status):
    assert player.post(path, player.recorded(flag)).status_code == status


def test_a_false_flag_can_be_refused(player, emulator):
    emulator.media.settings = replace(emulator.media.settings, refuse_false_flag=True)

    assert player.post(DOWNLOADED, player.recorded(False)).status_code == 400
    assert player.post(DOWNLOADED, player.recorded()).status_code == 201


def test_the_old_address_of_downloaded_content_can_be_closed(player, emulator):
    emulator.media.settings = replace(emulator.media.settings, arrays_on_sessions=False)

    assert player.post(SESSIONS, player.recorded(True)).status_code == 400


def test_a_live_start_must_not_be_downloaded_content(player):
    assert player.start(params={**PARAMS, "media.downloaded": True}).status_code == 400
    assert player.start(params={**PARAMS, "media.downloaded": False}).status_code == 201


def test_downloaded_content_is_kept_with_its_own_times_and_is_over(player, emulator):
    answer = player.post(DOWNLOADED, player.recorded(True))

    (kept,) = emulator.media
    assert "Location" not in answer.headers
    assert (kept.kinds(), kept.flags) == (["sessionStart", "play", "sessionComplete"], [])
    player.sid = kept.id
    assert player.send("ping").status_code == 410


@pytest.mark.parametrize(
    "spoil",
    [
        lambda events: events[0],
        lambda events: [],
        lambda events: [*events[1:], events[0]],
        lambda events: [*events, {**events[1], "playerTime": {}}],
        lambda events: [*events, events[0]],
        lambda events: [*events, 7],
    ],
    ids=["an object", "no event", "start not first", "a bad event", "two starts", "no object"],
)
def test_bad_downloaded_content_is_discarded_as_a_whole(player, emulator, spoil):
    assert player.post(DOWNLOADED, spoil(player.recorded())).status_code == 400
    assert len(emulator.media) == 0


@pytest.mark.parametrize("kind", ["sessionStart", *COLLECTION_PARAMS])
def test_the_published_schema_accepts_what_is_accepted(player, kind):
    answer = player.http.get(f"{player.url}/api/v1/schemas/{kind}", timeout=60)

    schema = answer.json()
    validator = jsonschema_rs.Draft4Validator(schema)
    assert schema["$schema"].endswith("draft-04/schema#")
    assert validator.is_valid(player.event(kind))
    assert not validator.is_valid(player.event(kind, extra=1))


def test_there_is_no_schema_of_an_unknown_event(player):
    assert player.http.get(f"{player.url}/api/v1/schemas/seek", timeout=60).status_code == 404


@pytest.mark.parametrize("dialect", ["hostile"])
def test_an_error_may_be_plain_text(player):
    answer = player.start(params={})

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/plain")
    assert answer.text.startswith("params.")


def test_a_fault_speaks_as_the_service_does(session, emulator):
    emulator.faults.once("media_collection.send_event", status=410)

    assert session.send("ping").json() == {"message": "a fault was asked for"}
