"""Recorded players at a prompt: replayed live, sent as downloaded content, looked after in a spool."""

from __future__ import annotations

import json

import pytest
from tests.helpers.viewing import ANALYTICS, FERRY, documented_session, event

from rtcp.media import Recorder
from rtcp.media.encoding import to_collection, to_edge

EDGE = ("--config-id", "harbour-media")
COLLECTION = ("--tracking-server", "harbour.example.net", "--report-suite", "harbour")


@pytest.fixture
def file(tmp_path):
    """Writes events into a file, one in a line."""

    def write(*lines, name="evening.jsonl"):
        path = tmp_path / name
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
        return str(path)

    return write


@pytest.fixture
def spool(tmp_path):
    """A spool with a finished and an unfinished recording."""
    path = tmp_path / "offline.spool"
    with Recorder(path) as recorder:
        for last in (True, False):
            session = recorder.start_session(FERRY)
            session.play(0)
            if last:
                session.end()
    return str(path)


FORMS = {
    "ours": lambda each: each.to_json(),
    "edge": lambda each: to_edge(each, session_id="0" * 64),
    "collection": lambda each: to_collection(each),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("where", [EDGE, COLLECTION], ids=["to edge", "to collection"])
def test_a_recorded_session_is_replayed_live_from_any_form(world, rows, file, form, where):
    (told,) = rows("media", "replay", file(*map(FORMS[form], documented_session())), *where)

    (seen,) = world.media
    assert told == {"session": seen.id, "content": "ferry-1", "events": 6, "as": "live"}
    assert [each.kind for each in seen.events][-2:] == ["ping", "sessionComplete"]
    assert seen.events[0].ts_ms == 1_772_409_600_000


def test_a_recorded_session_is_sent_as_downloaded_content(world, rows, file):
    (told,) = rows("media", "replay", "--downloaded", file(*[each.to_json() for each in documented_session()]), *EDGE)

    assert told["as"] == "downloaded"
    assert [each.is_downloaded for each in world.media] == [True]


def test_a_file_may_hold_many_sessions(world, rows, file):
    events = [each.to_json() for each in documented_session()]

    assert len(rows("media", "replay", file(*events, "", *events), *EDGE)) == 2
    assert len(world.media) == 2


def test_a_session_can_be_moved_to_now(world, rows, file):
    rows("media", "replay", "--now", file(*[each.to_json() for each in documented_session()]), *EDGE)

    last = world.media[0].events[-1]
    assert abs(last.ts_ms - last.received_ms) < 60_000


def test_states_of_the_players_own_are_replayed(world, rows, file):
    events = [event("sessionStart"), event("statesUpdate", 1, states_start=("subtitles",))]

    rows("media", "replay", file(*[each.to_json() for each in events]), *EDGE)
    assert world.media[0].kinds() == ["sessionStart", "statesUpdate"]


def test_a_report_suite_in_the_file_is_enough(world, rows, file):
    rows("media", "replay", file(to_collection(event("sessionStart", analytics=ANALYTICS))))

    assert len(world.media) == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["{"], "line 1: this is no JSON"),
        (["7"], "line 1: this is no JSON object"),
        (['{"event": "play"}'], "line 1: the event has no at, playhead"),
        ([event("play").to_json()], "line 1: play before any sessionStart"),
    ],
)
def test_a_bad_line_is_named(world, run, file, lines, message):
    result = run("media", "replay", file(*lines), *EDGE)

    assert (result.exit_code, message in result.stderr) == (2, True)


def test_a_file_in_another_encoding_is_refused(world, run, tmp_path):
    (tmp_path / "x").write_bytes(b"\xff\xfe{}")

    assert "not in UTF-8" in run("media", "replay", str(tmp_path / "x"), *EDGE).stderr


def test_a_broken_rule_says_which(world, run, file):
    result = run("media", "replay", file(event("sessionStart").to_json(), event("adStart", 1).to_json()), *EDGE)

    assert (result.exit_code, "adBreakStart comes first" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    "where", [(), ("--tracking-server", "x"), (*EDGE, *COLLECTION)], ids=["nowhere", "half", "both"]
)
def test_where_to_send_is_said_once(world, run, file, where):
    result = run("media", "replay", file(event("sessionStart").to_json()), *where)

    assert (result.exit_code, len(world.media)) == (2, 0)


def test_a_spool_shows_what_is_in_it(world, rows, spool):
    listed = rows("media", "spool", "list", spool)

    assert [(each["stands"], each["content"], each["events"]) for each in listed] == [
        ("waiting", "ferry-1", 3),
        ("unfinished", "ferry-1", 2),
    ]


def test_a_spool_is_drained(world, rows, spool):
    assert rows("media", "spool", "drain", spool, *EDGE) == [{"sent": 1, "refused": 0, "kept": 0}]
    assert rows("media", "spool", "drain", spool, "--end-unfinished", *COLLECTION) == [
        {"sent": 1, "refused": 0, "kept": 0}
    ]
    assert [each.api for each in world.media] == ["edge", "collection"]


def test_a_refused_recording_is_told_and_can_be_tried_again(world, run, rows, spool):
    world.faults.once("media_edge.send_downloaded", status=400, body={"title": "no", "status": 400})
    result = run("media", "spool", "drain", spool, *EDGE)

    assert result.exit_code == 6
    assert "was refused: 400: no" in result.stderr
    assert rows("media", "spool", "list", spool)[-1]["stands"] == "refused"
    assert rows("media", "spool", "drain", spool, "--revive", *EDGE)[0]["sent"] == 1


def test_trouble_ends_a_drain_with_an_error_and_keeps_the_rest(world, run, spool):
    world.faults.once("media_edge.send_downloaded", status=500)
    result = run("media", "spool", "drain", spool, *EDGE)

    assert (result.exit_code, json.loads(result.stdout)["kept"]) == (1, 1)
