"""How long media sessions live, and what can be seen of them."""

from __future__ import annotations

import pytest
from tests.helpers.media import DETAILS, Player

from rtcp.emulator import Emulator, MediaSettings
from rtcp.emulator.nouns.media_sessions import sessions
from rtcp.emulator.nouns.media_sessions.order import MediaEvent, Order

MINUTE = 60


@pytest.fixture
def player(emulator):
    emulator.clock.freeze(1_772_452_800_000)
    player = Player(emulator)
    with player.http:
        yield player


@pytest.fixture(params=["edge", "collection"])
def told(request, player):
    """A session of one of the services, and the way to tell it an event."""
    if request.param == "edge":
        player.edge_start()
        return player.tell
    player.start()
    return player.send


def closed(answer):
    return answer.status_code in (404, 410)


def test_a_session_dies_of_ten_minutes_without_an_event(told, emulator):
    emulator.clock.advance(10 * MINUTE - 1)
    assert not closed(told("ping", 1))

    emulator.clock.advance(10 * MINUTE)

    assert closed(told("ping", 2))


def test_a_session_dies_of_thirty_minutes_at_one_place(told, emulator):
    for _ in range(5):
        emulator.clock.advance(5 * MINUTE)
        assert not closed(told("ping", 0))

    emulator.clock.advance(5 * MINUTE)

    assert closed(told("ping", 0))


def test_a_moving_playhead_keeps_a_session_alive(told, emulator):
    for minute in range(0, 65, 5):
        emulator.clock.advance(5 * MINUTE)
        assert not closed(told("ping", minute))


@pytest.mark.parametrize(("api", "is_closed"), [("edge", True), ("collection", False)])
def test_only_the_edge_closes_a_session_after_a_day(player, emulator, api, is_closed):
    tell = player.tell if api == "edge" else player.send
    player.edge_start() if api == "edge" else player.start()
    for hour in range(24 * 7):
        emulator.clock.advance(9 * MINUTE)
        if closed(tell("ping", hour)):
            break

    assert closed(tell("ping", 1)) is is_closed


def test_the_end_closes_a_session_and_completion_does_not(told):
    told("sessionComplete", 60)
    assert not closed(told("ping", 60))

    told("sessionEnd", 60)

    assert closed(told("ping", 60))


def test_the_reason_why_a_session_is_over_can_be_seen(player, emulator):
    player.edge_start()
    assert emulator.media[0].over_because(emulator.media.now_ms) is None

    emulator.clock.advance(10 * MINUTE)

    assert emulator.media[0].over_because(emulator.media.now_ms) == "it had no event for 10 minutes"


def test_sessions_are_found_by_id_and_by_position(player, emulator):
    player.edge_start()
    player.start()

    assert emulator.media[player.sid] is emulator.media[1]
    assert [session.api for session in emulator.media] == ["edge", "collection"]


def test_a_reset_forgets_sessions_and_switches(player, emulator):
    emulator.media.settings = MediaSettings(strict=False)
    player.start()

    emulator.reset()

    assert (len(emulator.media), emulator.media.settings) == (0, MediaSettings())


def test_the_oldest_session_makes_room(player, emulator, monkeypatch):
    monkeypatch.setattr(sessions, "KEPT_SESSIONS", 2)
    for _ in range(3):
        player.start()

    assert len(emulator.media) == 2


def test_ids_are_the_same_in_every_run_with_a_seed():
    ids = []
    for _ in range(2):
        with Emulator(seed=7) as emulator, Player(emulator).http:
            player = Player(emulator)
            player.start()
            player.http.close()
            ids.append(player.sid)

    assert ids[0] == ids[1]


def test_switches_are_given_at_the_start():
    assert Emulator(media=MediaSettings(hint="or2")).media.settings.hint == "or2"


def test_credentials_on_a_call_are_seen_but_not_kept(player, emulator):
    player.http.headers["Authorization"] = "Bearer very-secret"
    player.http.headers["x-api-key"] = "also-secret"

    player.start()
    player.edge_start()

    assert [(leak.operation, leak.headers) for leak in emulator.media.leaks] == [
        ("media_collection.start_session", ("authorization", "x-api-key")),
        ("media_edge.start_session", ("authorization", "x-api-key")),
    ]
    shown = player.http.get(f"{player.url}/_emulator/media", timeout=60).text
    assert "secret" not in shown
    assert "authorization" in shown


def test_a_call_without_credentials_leaves_no_trace_of_any(player, emulator):
    player.start()

    assert emulator.media.leaks == []


def test_sessions_are_shown_over_http(player):
    player.edge_start()
    player.tell("adStart")
    player.start()

    shown = player.http.get(f"{player.url}/_emulator/media", params={"api": "edge"}, timeout=60).json()

    (session,) = shown["sessions"]
    assert [event["type"] for event in session["events"]] == ["sessionStart", "adStart"]
    assert [flag["rule"] for flag in session["flags"]] == ["ad-outside-break"]
    assert (session["configId"], session["overBecause"]) == ("stream-1", None)


def test_one_session_is_shown_by_its_id(player):
    player.start()
    player.start()

    shown = player.http.get(f"{player.url}/_emulator/media", params={"id": player.sid}, timeout=60).json()

    assert [session["id"] for session in shown["sessions"]] == [player.sid]


def test_sessions_can_be_forgotten_over_http(player, emulator):
    player.start()

    player.http.delete(f"{player.url}/_emulator/media", timeout=60)

    assert len(emulator.media) == 0


def test_switches_can_be_turned_over_http(player, emulator):
    answer = player.post("/_emulator/media", {"strict": False, "datastreams": {"s": {"has_media": False}}})

    assert answer.status_code == 200
    assert emulator.media.settings.strict is False
    assert emulator.media.settings.datastreams["s"].has_media is False


@pytest.mark.parametrize("body", [{"unknown": 1}, {"datastreams": {"s": {"unknown": 1}}}])
def test_an_unknown_switch_is_refused(player, body):
    assert player.post("/_emulator/media", body).status_code == 400


def test_identities_of_a_start_are_kept(player, emulator):
    identities = {"FPID": [{"id": "device-1", "authenticatedState": "ambiguous", "primary": True}]}
    start = {
        **player.xdm("sessionStart", {"playhead": 0, "sessionDetails": DETAILS}),
        "identityMap": identities,
    }

    player.edge("sessionStart", start)

    assert emulator.media[0].identities == identities


def broken(*told):
    """The rules that a timeline breaks, each event a second after the one before; "kind@7" is at the playhead 7."""
    order = Order()
    found = []
    for second, each in enumerate(told):
        kind, _, playhead = each.partition("@")
        event = MediaEvent(kind, float(playhead or 0), second * 1000, 0, {})
        found += [f"{rule}: {kind}" for rule in order.broken_by(event)]
    return found


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("sessionStart play adBreakStart adStart adComplete adStart adSkip adBreakComplete sessionEnd", []),
        ("sessionStart play@1 pauseStart@5 ping@5 play@20 bufferStart@22 play@22", []),
        ("sessionStart chapterStart chapterComplete chapterStart chapterSkip", []),
        ("sessionStart adStart adComplete", ["ad-outside-break: adStart", "ad-outside-break: adComplete"]),
        ("adBreakStart adStart adStart", ["ad-still-open: adStart"]),
        ("adBreakStart adStart adBreakComplete", ["ad-still-open: adBreakComplete"]),
        ("adBreakStart adComplete", ["no-open-ad: adComplete"]),
        ("adBreakStart adBreakStart", ["break-still-open: adBreakStart"]),
        ("play adBreakComplete", ["no-open-break: adBreakComplete"]),
        ("adBreakStart ping adStart ping", ["nothing-before-ad: ping"]),
        ("adBreakStart sessionEnd", []),
        ("chapterStart chapterStart", ["chapter-still-open: chapterStart"]),
        ("chapterSkip", ["no-open-chapter: chapterSkip"]),
        ("pauseStart@5 ping@6", ["playhead-moved: ping"]),
        ("bufferStart@5 sessionEnd@6", ["playhead-moved: sessionEnd"]),
        ("adBreakStart@5 adStart@5 ping@6", ["playhead-moved: ping"]),
    ],
)
def test_order_is_judged_by_the_rules(told, expected):
    assert broken(*told.split()) == expected


def judged(*events):
    order = Order()
    return [rule for event in events for rule in order.broken_by(event)]


def test_events_need_times_that_grow():
    same = [MediaEvent("ping", 0, 5, 0, {}), MediaEvent("ping", 0, 5, 0, {})]

    assert judged(*same) == ["time-not-later"]


def test_custom_metadata_belongs_to_a_start():
    events = [MediaEvent("chapterStart", 0, 1, 0, {}, (), True), MediaEvent("ping", 0, 2, 0, {}, (), True)]

    assert judged(*events) == ["metadata-ignored"]


def test_an_eleventh_state_is_one_too_many():
    events = [MediaEvent("statesUpdate", 0, n, 0, {}, (f"state{n}",)) for n in range(11)]
    again = MediaEvent("statesUpdate", 0, 99, 0, {}, ("state0",))

    assert judged(*events, again) == ["too-many-states"]


def test_sessions_that_are_over_are_let_go_a_day_later(player, emulator):
    player.start()
    ended = player.sid
    player.send("sessionEnd")
    player.edge_start()
    player.edge_download(player.item("sessionStart", {"playhead": 0, "sessionDetails": DETAILS}))
    player.start()
    living = player.sid
    for minute in range(0, 24 * 60 + 5, 9):
        player.send("ping", minute)
        emulator.clock.advance(9 * 60)
    player.edge_start()

    assert [session.id for session in emulator.media] == [living, player.sid]
    player.sid = ended
    assert player.send("ping").status_code == 404


def test_a_session_that_has_just_ended_is_still_shown_and_410(player, emulator):
    player.start()
    player.send("sessionEnd")
    emulator.clock.advance(23 * 3600)
    player.edge_start()

    assert len(emulator.media) == 2
    player.sid = emulator.media[0].id
    assert player.send("ping").status_code == 410
