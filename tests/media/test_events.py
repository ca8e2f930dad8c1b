"""One event by itself: what it takes, and how each API writes it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.viewing import AD, ANALYTICS, CHAPTER, FERRY, START, event

from rtcp.errors import InvalidArgumentError, SessionRuleError
from rtcp.media import Ad, Chapter, MediaEvent, PlayerError, Qoe, read_event
from rtcp.media.encoding import to_collection, to_edge
from rtcp.media.events import EVENTS, check_states
from rtcp.media.fields import Api

SID = "5e" * 32


def rule_of(make, **parts):
    with pytest.raises(SessionRuleError) as caught:
        make(**parts)
    return caught.value.rule


WRONG = {
    "event": {"name": "resume"},
    "playhead": {"name": "play", "playhead": -1},
    "details-of-event": {"name": "play", "details": AD},
    "metadata-of-event": {"name": "play", "metadata": {"league": "north"}},
    "metadata-name": {"name": "adStart", "metadata": {"my league": "north"}},
    "metadata-reserved": {"name": "adStart", "metadata": {"media.name": "north"}},
    "metadata-text": {"name": "adStart", "metadata": {"round": 7}},
    "states-of-event": {"name": "play", "states_start": ("mute",)},
}


@pytest.mark.parametrize("rule", WRONG)
def test_an_event_in_a_wrong_form_names_the_rule(rule):
    assert rule_of(event, **WRONG[rule]) == rule


@pytest.mark.parametrize("name", ["a.media.name", "a.x", "media.", "media.length"])
def test_names_of_adobes_own_are_no_custom_metadata(name):
    assert rule_of(event, name="sessionStart", metadata={name: "x"}) == "metadata-reserved"


@pytest.mark.parametrize("playhead", [True, float("nan"), float("inf"), "3", None])
def test_a_playhead_is_a_number_of_seconds(playhead):
    assert rule_of(event, name="play", playhead=playhead) == "playhead"


def test_a_states_update_names_a_state():
    assert rule_of(MediaEvent, name="statesUpdate", at=START, playhead=0) == "states-of-event"


def test_a_text_is_no_list_of_states():
    with pytest.raises(InvalidArgumentError, match="a list of names"):
        event("statesUpdate", states_start="mute")


@pytest.mark.parametrize(
    "name", ["fullscreen", "fullScreen", "mute", "closedCaptioning", "pictureInPicture", "inFocus"]
)
def test_standard_states_are_taken_in_either_spelling(name):
    check_states([name], ())


def test_an_unknown_state_is_refused_until_it_is_announced():
    with pytest.raises(SessionRuleError, match=r"custom_states=\['subtitles'\]"):
        check_states(["subtitles"], ())
    check_states(["subtitles"], {"subtitles"})


@pytest.mark.parametrize("name", ["", "two words", "x" * 65, "émoi"])
def test_a_state_is_spelled_with_few_characters(name):
    assert rule_of(check_states, names=[name], custom=[name]) == "state-name"


def test_a_naive_time_is_refused():
    with pytest.raises(InvalidArgumentError, match="time zone"):
        MediaEvent(name="play", at=datetime(2026, 3, 2), playhead=0)  # noqa: DTZ001


def test_times_are_kept_to_the_millisecond_in_utc():
    given_at = datetime(2026, 3, 2, 1, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=1)))

    assert MediaEvent(name="play", at=given_at, playhead=0).at.isoformat() == "2026-03-02T00:00:00.123000+00:00"


def test_details_are_held_to_their_kinds():
    for wrong in ({"length": -1}, {"length": True}, {"pod_position": 1.5}, {"id": ""}, {"name": 7}):
        with pytest.raises(InvalidArgumentError, match=f"Ad.{next(iter(wrong))} must be"):
            Ad(**{"id": "a", "length": 8, "player_name": "web", "pod_position": 0, **wrong})


def test_details_have_no_other_fields():
    with pytest.raises(TypeError):
        Chapter(index=1, length=2, offset=3, title="x")
    with pytest.raises(FrozenInstanceError):
        CHAPTER.index = 2


def test_an_error_comes_from_the_player_or_from_outside():
    with pytest.raises(InvalidArgumentError, match="'player' or 'external'"):
        PlayerError(id="x", source="viewer")


def test_the_edge_takes_whole_seconds_and_the_collection_fractions():
    for wrong in (event("play", playhead=1.5), event("play", playhead=2.0)):
        with pytest.raises(SessionRuleError, match=r"whole seconds: playhead=") as caught:
            to_edge(wrong)
        assert caught.value.rule == "edge-whole-seconds"
    assert to_collection(event("play", playhead=1.5))["playerTime"]["playhead"] == 1.5


def test_the_edge_takes_whole_lengths():
    details = replace(FERRY, length=60.4)

    assert rule_of(to_edge, event=event("sessionStart", details=details)) == "edge-whole-seconds"


def test_the_edge_writes_a_start():
    start = event("sessionStart", metadata={"_harbour.league": "north"}, qoe=Qoe(bitrate=3200))

    assert to_edge(start) == {
        "eventType": "media.sessionStart",
        "timestamp": "2026-03-02T00:00:00Z",
        "mediaCollection": {
            "playhead": 0,
            "sessionDetails": {
                "name": "ferry-1",
                "length": 60,
                "contentType": "VOD",
                "playerName": "web",
                "channel": "harbour",
            },
            "qoeDataDetails": {"bitrate": 3200},
            "customMetadata": [{"name": "_harbour.league", "value": "north"}],
        },
    }


def test_the_collection_writes_a_start():
    start = event("sessionStart", 0.25, metadata={"league": "north"}, qoe=Qoe(bitrate=3200), analytics=ANALYTICS)

    assert to_collection(start, downloaded=True) == {
        "playerTime": {"playhead": 0, "ts": 1_772_409_600_250},
        "eventType": "sessionStart",
        "params": {
            "analytics.trackingServer": "harbour.example.net",
            "analytics.reportSuite": "harbour",
            "visitor.marketingCloudOrgId": "0A1B@AdobeOrg",
            "media.id": "ferry-1",
            "media.length": 60,
            "media.contentType": "VOD",
            "media.playerName": "web",
            "media.channel": "harbour",
            "media.downloaded": True,
        },
        "qoeData": {"media.qoe.bitrate": 3200},
        "customMetadata": {"league": "north"},
    }


def test_an_event_of_a_session_carries_its_id_on_the_edge():
    assert to_edge(event("ping", 10, 10), session_id=SID)["mediaCollection"] == {"sessionID": SID, "playhead": 10}


def test_player_states_are_written_in_both_forms():
    update = event("statesUpdate", states_start=("mute",), states_end=("fullscreen",))

    assert to_edge(update)["mediaCollection"] == {
        "playhead": 0,
        "statesStart": [{"name": "mute"}],
        "statesEnd": [{"name": "fullscreen"}],
    }
    assert to_collection(update)["params"] == {
        "statesStart": [{"media.state.name": "mute"}],
        "statesEnd": [{"media.state.name": "fullscreen"}],
    }


def test_single_states_exist_in_the_collection_alone():
    single = event("stateStart", states_start=("mute",))

    assert to_collection(single)["params"] == {"media.state.name": "mute"}
    assert rule_of(to_edge, event=single) == "event-of-api"
    assert rule_of(to_collection, event=event("stateEnd", states_start=("mute",))) == "states-of-event"


def test_what_an_api_requires_is_asked_for():
    assert rule_of(to_edge, event=event("error", details=None)) == "details-of-event"
    assert "params" not in to_collection(event("error", details=None))
    assert rule_of(to_edge, event=MediaEvent(name="bitrateChange", at=START, playhead=0)) == "qoe-of-event"


def all_details(kind):
    """Any value of a kind of details, some of its optional fields left out."""
    values = {
        "text": st.text(min_size=1, max_size=5),
        "whole": st.integers(0, 99),
        "number": st.integers(0, 99),
        "flag": st.booleans(),
    }
    fields = {
        name: values[field.metadata["kind"]]
        for name, field in kind.__dataclass_fields__.items()
        if name not in ("source", "break_name")
    }
    required = {name for name in fields if kind.__dataclass_fields__[name].default is not None}
    return st.fixed_dictionaries(
        {name: fields[name] for name in required},
        optional={name: strategy for name, strategy in fields.items() if name not in required},
    ).map(lambda given: kind(**given))


@st.composite
def events(draw):
    name = draw(st.sampled_from(sorted(set(EVENTS) - {"stateStart", "stateEnd"})))
    kind = EVENTS[name]
    texts = st.dictionaries(st.from_regex(r"_[a-z.]{1,8}", fullmatch=True), st.text(max_size=5), max_size=3)
    return event(
        name,
        draw(st.integers(0, 10**7)) / 1000,
        draw(st.integers(0, 86_400)),
        details=None if kind.details is None else draw(all_details(kind.details)),
        metadata=draw(texts) if kind.metadata else {},
        qoe=draw(st.one_of(st.none(), all_details(Qoe))) if name != "bitrateChange" else Qoe(bitrate=1),
    )


@given(events())
def test_an_event_reads_the_same_after_either_wire_and_the_spool(told):
    for written in (to_edge(told, session_id=SID), {"events": [{"xdm": to_edge(told)}]}, told.to_json()):
        assert read_event(written) == told
    if told.qoe is None or told.qoe.to_wire(Api.COLLECTION):
        assert read_event(to_collection(told)) == told


UNREADABLE = [
    {},
    {"event": "play"},
    {"event": "play", "at": "yesterday", "playhead": 0},
    {"event": "play", "at": 7, "playhead": 0},
    {"event": "play", "at": "2026-03-02T00:00:00Z", "playhead": 0, "speed": 2},
    {"event": "adStart", "at": "2026-03-02T00:00:00Z", "playhead": 0, "details": {"id": "x"}},
    {"event": "adStart", "at": "2026-03-02T00:00:00Z", "playhead": 0, "details": {"id": "x", "lenght": 3}},
    {"playerTime": {"ts": 1}, "eventType": "play"},
    {"playerTime": {"ts": 10**30, "playhead": 0}, "eventType": "play"},
    {"playerTime": {"ts": 1, "playhead": 0}, "eventType": "play", "params": {"media.ad.id": "x"}},
    {"mediaCollection": {"playhead": 0, "speed": 2}, "eventType": "media.play", "timestamp": "2026-03-02T00:00:00Z"},
    {"mediaCollection": 7, "eventType": "media.play", "timestamp": "2026-03-02T00:00:00Z"},
    {"events": []},
    {"events": [7]},
    7,
    None,
]


@pytest.mark.parametrize("data", UNREADABLE, ids=str)
def test_what_is_no_event_is_refused(data):
    with pytest.raises(InvalidArgumentError):
        read_event(data)


def test_unprefixed_quality_is_read():
    body = {"playerTime": {"playhead": 0, "ts": 1}, "eventType": "play", "qoeData": {"bitrate": 10_000}}

    assert read_event(body).qoe == Qoe(bitrate=10_000)


@pytest.mark.parametrize(
    "written",
    [
        {"qoeData": {"media.qoe.errorID": "stalled", "media.qoe.errorSource": "external", "media.qoe.bitrate": 3200}},
        {
            "qoeData": {"media.qoe.bitrate": 3200},
            "params": {"media.errorId": "stalled", "media.errorSource": "external"},
        },
    ],
    ids=["among the qualities", "among the params"],
)
def test_an_error_is_read_from_either_place_and_written_to_the_newer_one(written):
    body = {"playerTime": {"playhead": 9, "ts": 1_772_409_600_000}, "eventType": "error", **written}

    told = read_event(body)

    assert (told.details, told.qoe) == (PlayerError(id="stalled", source="external"), Qoe(bitrate=3200))
    assert to_collection(told) == {
        "playerTime": {"playhead": 9, "ts": 1_772_409_600_000},
        "eventType": "error",
        "qoeData": {"media.qoe.errorID": "stalled", "media.qoe.errorSource": "external", "media.qoe.bitrate": 3200},
    }


def test_the_version_of_a_library_is_written_and_read():
    start = event("sessionStart", analytics=replace(ANALYTICS, library_version="js-3.1.0"))

    written = to_collection(start)

    assert written["params"]["media.libraryVersion"] == "js-3.1.0"
    assert read_event(written) == start


def test_nulls_are_read_as_absent():
    edge = {
        "playhead": 0,
        "qoeDataDetails": None,
        "customMetadata": None,
        "statesStart": [{"name": "mute"}],
        "statesEnd": None,
    }
    collection = {"params": {"statesStart": [{"media.state.name": "mute"}], "statesEnd": None}, "qoeData": None}

    for read in (
        read_event({"eventType": "media.statesUpdate", "timestamp": "2026-03-02T00:00:00Z", "mediaCollection": edge}),
        read_event(
            {"eventType": "statesUpdate", "playerTime": {"playhead": 0, "ts": 1}, "customMetadata": None, **collection}
        ),
        read_event({"eventType": "ping", "playerTime": {"playhead": 0, "ts": 1}, "params": None}),
    ):
        assert (read.qoe, read.metadata, read.states_end) == (None, {}, ())
