"""Sessions watched offline: recorded event by event, sent whole."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from tests.helpers.adapters import Answer, mounted
from tests.helpers.viewing import AD, ANALYTICS, BREAK, FERRY, START, documented_session, event

import rtcp
from rtcp.bulk.spool import Queue, SpoolFile
from rtcp.emulator import Datastream, MediaSettings
from rtcp.media import Recorder

EDGE = {"config_id": "stream-1"}
COLLECTION = {"analytics": ANALYTICS}


@pytest.fixture
def recorder(tmp_path, clock):
    with Recorder(tmp_path / "offline.spool", clock=clock) as recorder:
        yield recorder


@pytest.fixture
def reopened(tmp_path, clock, recorder):
    """The same spool as the next process finds it."""

    def reopen():
        recorder.close()
        return Recorder(tmp_path / "offline.spool", clock=clock)

    return reopen


@pytest.fixture
def scripted():
    with rtcp.Client(rtcp.Config(token="t", org_id="0A1B@AdobeOrg", media_url="https://m", retries=0)) as client:
        yield client


def record(recorder, clock, content_id="ferry-1", **options):
    """A finished session of four events."""
    details = rtcp.media.SessionDetails(**{**FERRY.to_json(), "id": content_id})
    with recorder.start_session(details, **options) as session:
        for step in (lambda: session.play(0), lambda: session.ping(10), lambda: session.complete(35)):
            clock.advance(1)
            step()
    clock.advance(1)
    return session.key


def replay(recorder, events):
    session = recorder.start_session(events[0].details, at=events[0].at)
    for each in events[1:]:
        session.send(each)
    return session


@pytest.mark.parametrize("where", [EDGE, COLLECTION], ids=["edge", "collection"])
def test_a_documented_session_is_sent_as_it_was_played(recorder, client, emulator, where):
    replay(recorder, documented_session())

    assert recorder.drain(client, **where).sent == 1
    (seen,) = emulator.media
    assert seen.is_downloaded
    assert seen.kinds() == ["sessionStart", "play", "ping", "ping", "ping", "sessionComplete"]
    assert [each.playhead for each in seen.events] == [0, 0, 10, 20, 30, 35]
    assert [each.ts_ms - seen.events[0].ts_ms for each in seen.events] == [0, 500, 10_000, 20_000, 30_000, 35_000]
    assert seen.flags == []
    assert emulator.media.leaks == []


def test_one_session_is_one_request(recorder, client, emulator, clock):
    for number in range(3):
        record(recorder, clock, f"ferry-{number}")

    assert recorder.drain(client, **EDGE).sent == 3
    assert [request.path for request in emulator.requests] == ["/ee/va/v1/downloaded"] * 3


def test_what_is_sent_is_gone_from_the_spool(recorder, client, clock):
    record(recorder, clock)

    assert (len(recorder), recorder.drain(client, **EDGE).sent) == (1, 1)
    assert (len(recorder), recorder.drain(client, **EDGE).sent) == (0, 0)


def test_sessions_are_sent_in_the_order_in_which_they_finished(recorder, client, emulator, clock):
    keys = [record(recorder, clock, f"ferry-{number}") for number in range(5)]

    assert [each.key for each in recorder.waiting()] == keys
    recorder.drain(client, **EDGE)
    ids = [each.events[0].body["mediaCollection"]["sessionDetails"]["name"] for each in emulator.media]
    assert ids == [f"ferry-{number}" for number in range(5)]


def test_the_collection_gets_the_flag_of_downloaded_content(recorder, scripted, clock):
    adapter = mounted(scripted.http, [Answer(201)])
    record(recorder, clock)

    assert recorder.drain(scripted, **COLLECTION).sent == 1
    body = json.loads(adapter.requests[0].body)
    assert adapter.requests[0].url == "https://m/api/v1/downloaded"
    assert [each["eventType"] for each in body] == ["sessionStart", "play", "ping", "sessionComplete"]
    assert body[0]["params"]["media.downloaded"] is True
    assert "params" not in body[1]


def test_old_hosts_take_the_array_where_sessions_start(recorder, client, emulator, clock):
    record(recorder, clock)

    assert recorder.drain(client, on_sessions_route=True, **COLLECTION).sent == 1
    assert [request.path for request in emulator.requests] == ["/api/v1/sessions"]


def test_a_recording_may_know_its_own_report_suite(recorder, client, emulator, clock):
    record(recorder, clock, analytics=ANALYTICS)

    assert recorder.drain(client).sent == 1
    assert emulator.media[0].events[0].body["params"]["analytics.reportSuite"] == "harbour"


def test_without_a_report_suite_nothing_is_sent_and_nothing_lost(recorder, client, clock):
    record(recorder, clock)

    with pytest.raises(rtcp.InvalidArgumentError, match="needs analytics="):
        recorder.drain(client)
    assert recorder.drain(client, **COLLECTION).sent == 1


def test_who_watched_goes_along_to_the_edge(recorder, client, emulator, clock):
    record(recorder, clock, identities=[rtcp.Identity("jane@example.com", "Email")])
    recorder.drain(client, **EDGE)

    assert emulator.media[0].identities == {"Email": [{"id": "jane@example.com", "primary": True}]}


def test_an_ended_session_without_its_last_second_is_sent_too(recorder, client, emulator, clock):
    with recorder.start_session(FERRY) as session:
        clock.advance(1)
        session.play(0)
        clock.advance(1)

    recorder.drain(client, **EDGE)
    assert emulator.media[0].kinds() == ["sessionStart", "play", "sessionEnd"]


def test_a_session_that_is_still_playing_is_not_sent(recorder, client, clock):
    session = recorder.start_session(FERRY)
    clock.advance(1)
    session.play(0)

    assert recorder.drain(client, **EDGE).sent == 0
    assert (recorder.unfinished(), len(recorder)) == ([], 0)


def test_a_complete_session_may_go_on_until_it_is_drained(recorder, client, emulator, clock):
    session = replay(recorder, documented_session())
    session.send(event("ping", 40, 35))
    recorder.drain(client, **EDGE)

    assert emulator.media[0].kinds()[-2:] == ["sessionComplete", "ping"]
    with pytest.raises(rtcp.SessionRuleError, match="finished") as caught:
        session.send(event("ping", 50, 35))
    assert caught.value.rule == "after-end"
    session.end()


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_clock_that_is_set_in_the_midst_of_a_recording_moves_nothing(recorder, clock, seconds):
    with recorder.start_session(FERRY) as session:
        clock.leap(seconds)
        clock.advance(1)
        session.play(0)
        clock.advance(35)
        session.complete(35)

    first, *others = recorder.waiting()[0].events
    assert [(event.at - first.at).total_seconds() for event in others[:2]] == [1, 36]


def test_time_outs_do_not_count_offline(recorder, client, emulator):
    replay(recorder, [event("sessionStart"), event("play", 1), event("ping", 90_000, 5), event("sessionEnd", 90_001)])

    assert recorder.drain(client, **EDGE).sent == 1


def test_the_rules_of_a_session_hold_offline(recorder):
    session = recorder.start_session(FERRY)
    with pytest.raises(rtcp.SessionRuleError, match="adBreakStart comes first"):
        session.ad_start(0, AD)
    with pytest.raises(rtcp.SessionRuleError, match="custom_states"):
        session.states_update(0, start=["subtitles"])

    assert session.state.at == START


def test_a_recorder_for_the_edge_takes_whole_seconds(tmp_path, clock):
    with Recorder(tmp_path / "spool", api="edge", clock=clock) as recorder:
        session = recorder.start_session(FERRY)
        clock.advance(1)
        with pytest.raises(rtcp.SessionRuleError, match="whole seconds"):
            session.play(0.5)
        with pytest.raises(rtcp.SessionRuleError, match="whole seconds"):
            session.end(0.5)
        session.play(0)
        session.end()
        assert [each.name for each in recorder.waiting()[0].events] == ["sessionStart", "play", "sessionEnd"]


def test_a_recorder_is_for_an_api_that_exists(tmp_path):
    with pytest.raises(rtcp.InvalidArgumentError, match="'edge', 'collection' or None"):
        Recorder(tmp_path / "spool", api="bridge")


def test_a_refused_session_becomes_a_dead_letter_with_the_reason(recorder, scripted, clock):
    error = {"type": "https://ns.adobe.com/aep/errors/va-edge-0400-400", "status": 400, "title": "Invalid request"}
    mounted(scripted.http, [Answer(207, {"handle": [], "errors": [error]}), Answer(200, {"handle": []})])
    key, other = record(recorder, clock), record(recorder, clock)

    report = recorder.drain(scripted, **EDGE)

    assert (report.sent, report.refused, report.kept, report.problem) == (1, 1, 0, None)
    (letter,) = recorder.dead_letters()
    assert (letter.key, len(letter.events)) == (key, 4)
    assert "400 va-edge-0400-400: Invalid request" in letter.reason
    assert other not in {each.key for each in recorder.waiting()}


def test_what_an_api_cannot_take_becomes_a_dead_letter(recorder, client, clock):
    with recorder.start_session(FERRY) as session:
        clock.advance(1)
        session.play(0.5)
        clock.advance(1)

    assert recorder.drain(client, **EDGE).refused == 1
    assert "whole seconds" in recorder.dead_letters()[0].reason


def test_dead_letters_can_be_sent_again(recorder, scripted, client, clock):
    mounted(scripted.http, [Answer(400)])
    key = record(recorder, clock)
    recorder.drain(scripted, **COLLECTION)

    assert recorder.revive() == 1
    assert recorder.dead_letters() == []
    assert [(each.key, each.reason) for each in recorder.waiting()] == [(key, None)]
    assert recorder.drain(client, **COLLECTION).sent == 1


@pytest.mark.parametrize("answer", [Answer(503), Answer(500), Answer(429), ConnectionResetError("cut"), Answer(404)])
def test_trouble_on_the_way_keeps_what_is_not_sent(recorder, scripted, clock, answer):
    mounted(scripted.http, [Answer(201), answer])
    for _ in range(3):
        record(recorder, clock)

    report = recorder.drain(scripted, **COLLECTION)

    assert (report.sent, report.refused, report.kept) == (1, 0, 2)
    assert isinstance(report.problem, rtcp.RtcpError)
    mounted(scripted.http, [Answer(201)])
    assert recorder.drain(scripted, **COLLECTION).sent == 2


@pytest.mark.parametrize("datastream", [None, Datastream(is_enabled=False)])
def test_a_wrong_datastream_kills_no_recording(recorder, client, emulator, clock, datastream):
    emulator.media.settings = MediaSettings(datastreams={} if datastream is None else {"stream-1": datastream})
    record(recorder, clock)

    assert recorder.drain(client, **EDGE).kept == 1


def test_a_datastream_that_wants_a_token_is_an_error(recorder, client, emulator, clock):
    emulator.media.settings = MediaSettings(datastreams={"stream-1": Datastream(needs_token=True)})
    record(recorder, clock)

    with pytest.raises(rtcp.AuthenticationError):
        recorder.drain(client, **EDGE)
    assert len(recorder.waiting()) == 1


def test_progress_is_told_after_each_session(recorder, client, clock):
    for _ in range(3):
        record(recorder, clock)
    told = []
    recorder.drain(client, on_progress=told.append, **EDGE)

    assert [(each.sent, each.kept) for each in told] == [(1, 2), (2, 1), (3, 0)]


def test_drains_at_once_send_each_session_once(recorder, client, emulator, clock):
    keys = {record(recorder, clock, f"ferry-{number}") for number in range(40)}
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(recorder.drain(client, **EDGE))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sum(report.sent for report in reports) == len(keys) == len(emulator.media)
    names = [each.events[0].body["mediaCollection"]["sessionDetails"]["name"] for each in emulator.media]
    assert sorted(names) == sorted(f"ferry-{number}" for number in range(40))


def test_an_interrupted_drain_keeps_what_it_had_in_hand(recorder, clock):
    record(recorder, clock)

    class Interrupted:
        @property
        def media_edge(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recorder.drain(Interrupted(), **EDGE)
    assert len(recorder.waiting()) == 1


def test_a_record_that_nobody_can_read_keeps_none_of_the_others_back(tmp_path, client, clock):
    with SpoolFile(tmp_path / "odd") as spool:
        Queue(spool, "media.finished").put([b'{"key": "k", "events": [{"x": 1}]}'])
    with Recorder(tmp_path / "odd", clock=clock) as recorder:
        record(recorder, clock, "ferry-1")
        record(recorder, clock, "ferry-2")
        drained = recorder.drain(client, config_id="harbour-media")

        assert (drained.sent, drained.kept) == (2, 1)
        assert isinstance(drained.problem, rtcp.SpoolError)
        assert recorder.drain(client, config_id="harbour-media").kept == 1


def test_an_unfinished_recording_can_be_gone_on_with(recorder, reopened, client, emulator, clock):
    session = recorder.start_session(FERRY, custom_states=["subtitles"], ping_interval=3)
    clock.advance(1)
    session.states_update(0, start=["subtitles"])
    clock.advance(1)
    session.play(0)
    with reopened() as again:
        (left,) = again.unfinished()
        assert (left.content_id, left.started, len(left.events)) == ("ferry-1", START, 3)
        assert left.last == START + timedelta(seconds=2)
        assert again.drain(client, **EDGE).sent == 0
        clock.advance(60)
        resumed = again.resume(left.key)
        assert (resumed.active_states, resumed.due()) == (("subtitles",), 0)
        resumed.ping(12)
        resumed.end()
        assert again.drain(client, **EDGE).sent == 1
    assert emulator.media[0].kinds() == ["sessionStart", "statesUpdate", "play", "ping", "sessionEnd"]


def test_unfinished_recordings_can_be_ended_where_they_broke_off(recorder, reopened, clock):
    session = recorder.start_session(FERRY)
    clock.advance(5)
    session.play(3)
    clock.advance(5000)
    with reopened() as again:
        assert again.end_unfinished() == 1
        last = again.waiting()[0].events[-1]

    assert (last.name, last.playhead, last.at) == ("sessionEnd", 3, START + timedelta(seconds=5, milliseconds=1))


def test_only_what_is_unfinished_can_be_resumed(recorder):
    with pytest.raises(rtcp.InvalidArgumentError, match="no unfinished recording"):
        recorder.resume("x")


def test_a_complete_recording_of_a_dead_process_is_finished(recorder, reopened):
    replay(recorder, documented_session())
    with reopened() as again:
        assert (again.unfinished(), len(again)) == ([], 1)


def test_a_second_recorder_on_the_spool_leaves_the_first_ones_sessions_alone(tmp_path, clock):
    with SpoolFile(tmp_path / "spool") as spool:
        first = Recorder(spool, clock=clock)
        session = first.start_session(FERRY)
        assert Recorder(spool, clock=clock).unfinished() == []
        clock.advance(1)
        session.end()
        assert len(first) == 1
        first.close()
        assert len(Queue(spool, "media.open")) == 0


def test_a_foreign_record_is_no_session(tmp_path):
    for record_ in (b"7", b"{}", b'{"key": "k", "event": {}}', b"\xff"):
        with SpoolFile(tmp_path / "spool") as spool:
            queue = Queue(spool, "media.open")
            ids = queue.put([record_])
            queue.release(ids)
            with pytest.raises(rtcp.RtcpError):
                Recorder(spool)
            queue.done(ids)


def test_a_recorder_that_cannot_be_made_leaves_the_spool_free(tmp_path):
    with SpoolFile(tmp_path / "spool") as spool:
        Queue(spool, "media.open").put([b"7"])
    with pytest.raises(rtcp.SpoolError, match="no recorded session") as caught:
        Recorder(tmp_path / "spool")

    SpoolFile(tmp_path / "spool").close()
    assert caught.value.__traceback__ is not None


def test_a_recording_shows_no_person(recorder, clock):
    record(recorder, clock, identities=[rtcp.Identity("jane@example.com", "Email")])
    (waiting,) = recorder.waiting()

    assert "jane" not in repr(waiting)


def test_ads_are_recorded_with_all_they_need(recorder, client, emulator, clock):
    with recorder.start_session(FERRY) as session:
        for step in (
            lambda: session.ad_break_start(0, BREAK),
            lambda: session.ad_start(0, AD, metadata={"campaign": "spring"}),
            lambda: session.ad_complete(0),
            lambda: session.ad_break_complete(0),
            lambda: session.play(0),
        ):
            clock.advance(1)
            step()
        clock.advance(1)
    recorder.drain(client, **EDGE)

    assert emulator.media[0].flags == []
    assert emulator.media[0].events[2].body["mediaCollection"]["customMetadata"] == [
        {"name": "campaign", "value": "spring"}
    ]
