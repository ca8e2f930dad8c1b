"""Live sessions over both wires, against the emulator and against answers of our own."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.helpers.adapters import Answer, mounted
from tests.helpers.viewing import AD, ANALYTICS, BREAK, CHAPTER, FERRY, documented_session
from tests.helpers.viewing import event as viewed

import rtcp
from rtcp.emulator import Datastream, MediaSettings
from rtcp.media import PlayerError, Qoe

SID = "979a3f" + "0" * 58
ERRORS = "https://ns.adobe.com/aep/errors/"
HANDLES = [
    {"type": "state:store", "payload": [{"key": "kndctr_x_cluster", "value": "or2", "maxAge": 1800}]},
    {
        "type": "locationHint:result",
        "payload": [{"scope": "Target", "hint": "35"}, {"scope": "EdgeNetwork", "hint": "or2", "ttlSeconds": 1800}],
    },
    {"type": "media-analytics:new-session", "eventIndex": 0, "payload": [{"sessionId": SID}]},
]
STARTED = Answer(200, {"requestId": "r1", "handle": HANDLES})


def on_edge(client, **options):
    return client.media_edge.start_session("stream-1", FERRY, **options)


def on_collection(client, **options):
    return client.media_collection.start_session(FERRY, analytics=ANALYTICS, **options)


@pytest.fixture(params=[on_edge, on_collection], ids=["edge", "collection"])
def start(request, client):
    return lambda **options: request.param(client, **options)


@pytest.fixture
def scripted():
    """A client whose every answer is scripted."""
    with rtcp.Client(rtcp.Config(token="secret", client_id="key", org_id="0A1B@AdobeOrg", media_url="https://m")) as it:
        yield it


def whole_session(session, clock):
    """Everything that a session can be told, a second apart."""
    steps = [
        lambda: session.buffer(0),
        lambda: session.ad_break_start(0, BREAK),
        lambda: session.ad_start(0, AD, metadata={"campaign": "spring"}),
        lambda: session.ping(0),
        lambda: session.ad_complete(0),
        lambda: session.ad_start(0, AD),
        lambda: session.ad_skip(0),
        lambda: session.ad_break_complete(0),
        lambda: session.chapter_start(0, CHAPTER, metadata={"kind": "intro"}),
        lambda: session.play(0),
        lambda: session.ping(5, qoe=Qoe(dropped_frames=3)),
        lambda: session.bitrate_change(6, qoe=Qoe(bitrate=3200)),
        lambda: session.states_update(7, start=["mute", "fullscreen"]),
        lambda: session.states_update(8, end=["mute"]),
        lambda: session.error(9, PlayerError(id="stalled", source="external")),
        lambda: session.pause(10),
        lambda: session.play(10),
        lambda: session.chapter_complete(20),
        lambda: session.chapter_start(20, CHAPTER),
        lambda: session.chapter_skip(40),
        lambda: session.complete(60),
        lambda: session.end(),
    ]
    for step in steps:
        clock.advance(1)
        step()


KINDS = [
    "sessionStart", "bufferStart", "adBreakStart", "adStart", "ping", "adComplete", "adStart", "adSkip",
    "adBreakComplete", "chapterStart", "play", "ping", "bitrateChange", "statesUpdate", "statesUpdate", "error",
    "pauseStart", "play", "chapterComplete", "chapterStart", "chapterSkip", "sessionComplete", "sessionEnd",
]  # fmt: skip


def test_every_verb_arrives_in_order_and_breaks_no_rule(start, emulator, clock):
    whole_session(start(), clock)

    (seen,) = emulator.media
    assert seen.kinds() == KINDS
    assert (seen.flags, seen.is_ended, seen.is_completed) == ([], True, True)


def test_no_credential_goes_to_either_api(start, emulator):
    with start() as session:
        session.play(0)

    assert emulator.media.leaks == []
    assert {request.headers.get("authorization") for request in emulator.requests} == {None}


def test_a_documented_session_is_told_as_it_was_played(start, emulator, clock):
    session = start(at=documented_session()[0].at)
    for event in documented_session()[1:]:
        session.send(event)

    (seen,) = emulator.media
    assert seen.kinds() == ["sessionStart", "play", "ping", "ping", "ping", "sessionComplete"]
    assert [event.playhead for event in seen.events] == [0, 0, 10, 20, 30, 35]
    assert [event.ts_ms - seen.events[0].ts_ms for event in seen.events] == [0, 500, 10_000, 20_000, 30_000, 35_000]


def test_events_go_where_the_location_hint_says(client, emulator):
    session = on_edge(client)
    session.play(0)

    assert session.location_hint == "irl1"
    assert [request.path for request in emulator.requests] == ["/ee/va/v1/sessionStart", "/ee/irl1/va/v1/play"]
    assert [request.query for request in emulator.requests] == [{"configId": ["stream-1"]}] * 2


def test_a_broken_rule_sends_nothing(start, emulator):
    session = start()
    with pytest.raises(rtcp.SessionRuleError, match="adBreakStart comes first"):
        session.ad_start(0, AD)
    with pytest.raises(rtcp.SessionRuleError, match="custom_states"):
        session.states_update(0, start=["subtitles"])

    assert len(emulator.requests) == 1


def test_states_of_ones_own_are_taken_once_announced(start, emulator):
    session = start(custom_states=["subtitles"])
    session.states_update(0, start=["subtitles"])

    assert session.active_states == ("subtitles",)


def test_a_fraction_of_a_second_is_refused_on_the_edge(client, emulator):
    session = on_edge(client)
    with pytest.raises(rtcp.SessionRuleError, match="whole seconds"):
        session.play(0.5)

    assert len(emulator.requests) == 1


def test_nothing_follows_the_end(start, emulator):
    with start() as session:
        session.play(0)
    session.end()

    with pytest.raises(rtcp.SessionRuleError, match="the session is ended"):
        session.ping(1)
    assert emulator.media[0].kinds() == ["sessionStart", "play", "sessionEnd"]


def test_events_of_one_moment_are_put_a_millisecond_apart(start, emulator):
    session = start()
    session.buffer(0)
    session.play(0)

    first, second, third = (event.ts_ms for event in emulator.media[0].events)
    assert (second - first, third - first) == (1, 2)


def test_a_clock_that_is_put_back_is_an_error(start, clock):
    session = start()
    clock.advance(-5)

    with pytest.raises(rtcp.SessionRuleError, match="the clock went backwards: play is 5 s") as caught:
        session.play(0)
    assert caught.value.rule == "time-order"


def test_a_clock_that_is_put_right_by_a_little_is_none(start, clock, emulator):
    session = start()
    clock.advance(-0.5)
    session.play(0)

    assert emulator.media[0].flags == []


def test_a_session_that_the_service_has_given_up_says_what_to_do(start, emulator):
    session = start()
    session.states_update(0, start=["mute"])
    emulator.clock.advance(601)

    with pytest.raises(
        rtcp.SessionGoneError, match=r"start a new session.*states_update\(start=\['mute'\]\)"
    ) as caught:
        session.ping(1)

    assert caught.value.states == ("mute",)
    assert caught.value.status in (404, 410)
    assert session.is_over


def test_a_session_that_is_gone_is_asked_no_more(start, emulator):
    session = start()
    emulator.clock.advance(601)
    for _ in range(2):
        with pytest.raises(rtcp.SessionGoneError):
            session.ping(1)
    session.end()

    assert len(emulator.requests) == 2


@pytest.mark.parametrize(("seconds", "why"), [(600, "no event for 10 minutes"), (86_400, "no event")])
def test_a_session_that_must_be_gone_is_not_asked_at_all(start, clock, emulator, seconds, why):
    session = start()
    clock.advance(seconds)

    with pytest.raises(rtcp.SessionGoneError, match=why):
        session.play(0)
    assert len(emulator.requests) == 1


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_clock_that_is_set_in_the_midst_of_a_session_moves_nothing(start, clock, emulator, seconds):
    session = start()
    clock.advance(1)
    session.play(0)
    first = session.state.at

    clock.leap(seconds)
    clock.advance(10)
    due = session.due()
    session.ping(10)

    assert (due, session.state.at) == (0, first + timedelta(seconds=10))
    session.end()


def test_leaving_a_session_that_is_gone_is_no_error(start, emulator, caplog):
    with start() as session:
        session.play(0)
        emulator.clock.advance(601)

    assert "the end of a session was not told" in caplog.text
    assert not session.state.is_ended


def test_what_broke_a_session_off_is_not_hidden_by_its_end(start, emulator):
    with pytest.raises(ZeroDivisionError), start() as session:  # noqa: PT012
        session.play(0)
        emulator.clock.advance(601)
        _ = 1 / 0


def test_due_counts_down_to_the_next_ping(start, clock):
    session = start(ping_interval=5)
    assert session.due() is None
    session.play(0)
    assert session.due() == 5
    clock.advance(7)
    assert session.due() == 0
    session.ping(7)
    assert session.due() == 3
    session.end()
    assert session.due() is None


def test_a_datastream_without_media_analytics_is_told_by_name(client, emulator):
    emulator.media.settings = MediaSettings(datastreams={"plain": Datastream(has_media=False)})

    with pytest.raises(rtcp.ResponseError, match=r"'plain' took the start and made no media session.*Media Analytics"):
        client.media_edge.start_session("plain", FERRY)


def test_an_unknown_datastream_is_a_bad_request(client, emulator):
    emulator.media.settings = MediaSettings(datastreams={})

    with pytest.raises(rtcp.BadRequestError) as caught:
        on_edge(client)
    assert caught.value.code == "EXEG-0003-400"


def test_a_datastream_that_wants_a_token_is_told_what_to_do(client, emulator):
    emulator.media.settings = MediaSettings(datastreams={"stream-1": Datastream(needs_token=True)})

    with pytest.raises(rtcp.AuthenticationError, match="use another datastream"):
        on_edge(client)
    assert emulator.media.leaks == []


def test_a_207_with_errors_is_the_error_it_carries(scripted):
    report = {"eventIndex": 0, "details": [{"name": "$.xdm.mediaCollection.x", "reason": "Missing required field"}]}
    error = {"type": f"{ERRORS}va-edge-0400-400", "status": 400, "title": "Invalid request", "report": report}
    mounted(scripted.http, [Answer(207, {"handle": HANDLES[:2], "errors": [error]})])

    with pytest.raises(rtcp.BadRequestError, match=r"\$\.xdm\.mediaCollection\.x Missing required field") as caught:
        on_edge(scripted)
    assert (caught.value.status, caught.value.code) == (400, "va-edge-0400-400")


def test_a_207_with_a_session_is_a_session(scripted, caplog):
    error = {"type": f"{ERRORS}EXEG-0201-503", "status": 503, "title": "Another service is unavailable"}
    mounted(scripted.http, [Answer(207, {"handle": HANDLES, "errors": [error]})])

    assert on_edge(scripted).id == SID
    assert "something else failed" in caplog.text


def test_a_bad_event_names_each_field(scripted):
    fields = [{"name": "$.events[0].xdm.a", "reason": "one"}, {"name": "$.events[0].xdm.b", "reason": "two"}]
    body = {"type": f"{ERRORS}va-edge-0400-400", "status": 400, "title": "Bad Request", "report": {"details": fields}}
    mounted(scripted.http, [STARTED, Answer(400, body)])
    session = on_edge(scripted)

    with pytest.raises(rtcp.BadRequestError, match=r"xdm\.a one; \$\.events\[0\]\.xdm\.b two"):
        session.play(0)
    assert session.state.motion.name == "NOT_YET"


def test_a_refused_session_keeps_what_the_service_said(scripted):
    report = {"details": "Error processing request. If the session is longer than 24h, please start a new one."}
    body = {"type": f"{ERRORS}va-edge-0404-404", "status": 404, "title": "Not Found", "report": report}
    mounted(scripted.http, [STARTED, Answer(404, body)])

    with pytest.raises(rtcp.SessionGoneError, match="404 va-edge-0404-404: Not Found") as caught:
        on_edge(scripted).play(0)
    assert isinstance(caught.value, rtcp.NotFoundError)


@pytest.mark.parametrize("status", [502, 503, 504, 429])
def test_an_event_is_sent_again_with_its_own_time(start, emulator, client, clock, status):
    session = start()
    for operation in ("media_edge.play", "media_collection.send_event"):
        emulator.faults.once(operation, status=status)
    session.play(0)

    first, second = emulator.requests[1:]
    assert first.body == second.body
    assert emulator.media[0].kinds() == ["sessionStart", "play"]


def test_an_event_is_not_sent_again_after_a_500(scripted):
    adapter = mounted(scripted.http, [STARTED, Answer(500, {})])

    with pytest.raises(rtcp.ServerError):
        on_edge(scripted).play(0)
    assert len(adapter.requests) == 2


@pytest.mark.parametrize("start_it", [on_edge, on_collection])
def test_a_start_is_never_sent_twice(scripted, start_it):
    adapter = mounted(scripted.http, [Answer(503, {})])

    with pytest.raises(rtcp.ServerError, match="starting again makes a second one"):
        start_it(scripted)
    assert len(adapter.requests) == 1


def test_a_lost_event_can_be_told_again(scripted):
    mounted(scripted.http, [STARTED, Answer(500, {}), Answer(204)])
    session = on_edge(scripted)
    with pytest.raises(rtcp.ServerError):
        session.pause(3)
    session.pause(3)

    assert session.state.motion.name == "PAUSED"


def test_identities_and_context_go_with_the_start(scripted):
    adapter = mounted(scripted.http, [STARTED])
    on_edge(
        scripted,
        identities=[rtcp.Identity("jane@example.com", "Email"), rtcp.Identity("42", "FPID")],
        context_data={"debug": "true"},
    )

    (event,) = json.loads(adapter.requests[0].body)["events"]
    assert event["xdm"]["identityMap"] == {
        "Email": [{"id": "jane@example.com", "primary": True}],
        "FPID": [{"id": "42"}],
    }
    assert event["_data"] == {"__adobe": {"analytics": {"contextData": {"debug": "true"}}}}
    assert {"authorization", "x-api-key", "x-gw-ims-org-id"} & {
        name.lower() for name in adapter.requests[0].headers
    } == set()


def test_an_identity_without_a_namespace_is_refused(client):
    with pytest.raises(rtcp.InvalidArgumentError, match="needs a namespace"):
        on_edge(client, identities=[rtcp.Identity("A28")])


def test_a_start_needs_a_datastream(client):
    with pytest.raises(rtcp.InvalidArgumentError, match="config_id"):
        client.media_edge.start_session("", FERRY)


def test_the_collection_takes_the_organisation_from_the_settings(client, emulator):
    client.media_collection.start_session(
        FERRY, analytics=rtcp.media.Analytics(tracking_server="t.example.net", report_suite="r")
    )

    assert emulator.media[0].events[0].body["params"]["visitor.marketingCloudOrgId"] == client.config.org_id


def test_the_collection_wants_an_organisation_and_a_host():
    analytics = rtcp.media.Analytics(tracking_server="t.example.net", report_suite="r")
    with rtcp.Client(rtcp.Config(token="t")) as client:
        with pytest.raises(rtcp.ConfigError, match="organisation"):
            client.media_collection.start_session(FERRY, analytics=analytics)
        with pytest.raises(rtcp.ConfigError, match="media_url"):
            on_collection(client)


def test_the_collection_names_a_session_by_its_location(scripted):
    adapter = mounted(scripted.http, [Answer(201, headers={"Location": f"/api/v1/sessions/{SID}"}), Answer(204)])
    session = on_collection(scripted)
    session.play(0.0)

    assert session.id == SID
    assert adapter.requests[1].url == f"https://m/api/v1/sessions/{SID}/events"


def test_a_start_without_a_location_cannot_be_read(scripted):
    mounted(scripted.http, [Answer(201)])

    with pytest.raises(rtcp.DecodeError, match="without the location"):
        on_collection(scripted)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_a_start_that_answers_with_something_else_cannot_be_read(scripted, body):
    mounted(scripted.http, [Answer(200, body)])

    with pytest.raises(rtcp.DecodeError, match="no JSON object; the session may have been counted"):
        on_edge(scripted)


def test_a_closed_session_of_the_collection_is_gone(scripted):
    mounted(scripted.http, [Answer(201, headers={"Location": f"/api/v1/sessions/{SID}"}), Answer(410)])
    session = on_collection(scripted)

    with pytest.raises(rtcp.SessionGoneError) as caught:
        session.play(0)
    assert caught.value.status == 410


def test_a_session_shows_where_it_stands(start):
    session = start()
    session.play(0)

    assert "plays" in repr(session)


def test_the_path_of_the_edges_address_stands_where_ee_stands(emulator):
    config = rtcp.Config.load().for_emulator(emulator.url)
    config = config.replace(edge_url=f"{emulator.url}/ee-pre-prd")
    with rtcp.Client(config) as client:
        with client.media_edge.start_session("stream-1", FERRY) as session:
            session.play(0)
        client.media_edge.send_downloaded("stream-1", [viewed("sessionStart"), viewed("play", 1, 0)])

    paths = [received.path for received in emulator.requests]
    assert paths == [
        "/ee-pre-prd/va/v1/sessionStart",
        "/ee-pre-prd/irl1/va/v1/play",
        "/ee-pre-prd/irl1/va/v1/sessionEnd",
        "/ee-pre-prd/va/v1/downloaded",
    ]
    assert {received.status for received in emulator.requests} == {200, 204}
