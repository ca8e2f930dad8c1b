"""What may follow what, when pings are due, and when the service gives up; pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.viewing import FERRY, START, event

from rtcp.emulator.nouns.media_sessions.order import MediaEvent as Received
from rtcp.emulator.nouns.media_sessions.order import Order
from rtcp.errors import InvalidArgumentError, SessionRuleError
from rtcp.media.events import EVENTS
from rtcp.media.session_state import Break, Motion, SessionState, Timing, check_recorded


def after(*names, state=None):
    """The state after these events, a second apart; `name@playhead` moves the playhead."""
    state = state or SessionState()
    second = 0 if state.at is None else (state.at - START).total_seconds() + 1
    for position, spelled in enumerate(names):
        name, _, playhead = spelled.partition("@")
        told = event(name, second + position, int(playhead or state.playhead))
        state = state.after(told, now=told.at)
    return state


def refusal(*names, state=None):
    with pytest.raises(SessionRuleError) as caught:
        after(*names, state=state)
    return caught.value.rule


BROKEN = {
    "first-event": ["play"],
    "one-start": ["sessionStart", "sessionStart"],
    "after-end": ["sessionStart", "play", "sessionEnd", "ping"],
    "ad-outside-break": ["sessionStart", "play", "adStart"],
    "one-break": ["sessionStart", "adBreakStart", "adStart", "adComplete", "adBreakStart"],
    "one-ad": ["sessionStart", "adBreakStart", "adStart", "adStart"],
    "no-ad": ["sessionStart", "adBreakStart", "adStart", "adSkip", "adComplete"],
    "break-before-ad": ["sessionStart", "adBreakStart", "ping"],
    "one-chapter": ["sessionStart", "chapterStart", "chapterStart"],
    "no-chapter": ["sessionStart", "chapterSkip"],
    "playhead-held": ["sessionStart", "play", "pauseStart@5", "ping@6"],
}


@pytest.mark.parametrize("rule", BROKEN)
def test_an_event_out_of_place_names_the_rule_it_breaks(rule):
    assert refusal(*BROKEN[rule]) == rule


@pytest.mark.parametrize("name", ["adComplete", "adSkip", "adBreakComplete"])
def test_an_ad_cannot_end_outside_a_break(name):
    assert refusal("sessionStart", "play", name) == "ad-outside-break"


def test_a_break_ends_after_its_ads():
    assert refusal("sessionStart", "adBreakStart", "adStart", "adBreakComplete") == "one-ad"


def test_a_refused_event_leaves_the_state_as_it_was():
    before = after("sessionStart", "play")
    copy = before

    refusal("adStart", state=before)

    assert before == copy


def test_the_clock_does_not_go_backwards():
    state = after("sessionStart", "play")

    with pytest.raises(SessionRuleError, match=r"clock went backwards: ping is 0\.5 s") as caught:
        state.after(event("ping", 0.5), now=START)

    assert caught.value.rule == "time-order"


def test_two_events_have_different_times():
    with pytest.raises(SessionRuleError, match="1 ms apart"):
        after("sessionStart").after(event("play", 0), now=START)


@pytest.mark.parametrize("holder", ["pauseStart@5", "bufferStart@5"])
def test_play_ends_what_holds_the_playhead_wherever_the_viewer_sought_to(holder):
    state = after("sessionStart", "play", holder, "ping@5", "play@40", "ping@41")

    assert (state.motion, state.playhead, state.ceiling) == (Motion.PLAYING, 41, None)


@pytest.mark.parametrize("name", ["ping", "adComplete", "play", "pauseStart", "error"])
def test_an_ad_holds_the_playhead(name):
    assert refusal("sessionStart", "play", "adBreakStart@15", "adStart@15", f"{name}@16") == "playhead-held"


def test_a_held_playhead_may_go_back_to_where_it_was_held():
    # A documented session tells an ad at 0 in the midst of a break at 15.
    state = after("sessionStart", "play", "adBreakStart@15", "adStart@0", "ping@15", "adComplete@15")

    assert state.ceiling == 15


def test_a_session_may_be_closed_from_anywhere():
    assert after("sessionStart", "play", "pauseStart@5", "sessionEnd@9").is_ended
    assert after("sessionStart", "adBreakStart", "sessionEnd").is_ended
    assert after("sessionStart", "adBreakStart", "adStart", "sessionEnd").is_ended


def test_a_complete_session_is_open_until_its_end():
    state = after("sessionStart", "play", "sessionComplete@60", "ping@60")

    assert (state.is_complete, state.is_ended) == (True, False)


def test_live_content_has_a_playhead_within_the_day():
    live = replace(FERRY, content_type="Live", length=86_400)

    with pytest.raises(SessionRuleError, match="second of the day"):
        SessionState().after(event("sessionStart", 0, 90_000, details=live), now=START)


def test_states_are_on_until_they_end():
    state = after("sessionStart")
    for second, (start, end) in enumerate([(("mute", "fullscreen"), ()), (("inFocus",), ("fullScreen",))], start=1):
        told = event("statesUpdate", second, states_start=start, states_end=end)
        state = state.after(told, now=told.at)

    assert state.active == ("mute", "inFocus")


def test_an_eleventh_state_is_refused():
    state = after("sessionStart")
    ten = tuple(f"mine.{number}" for number in range(10))
    state = state.after(event("statesUpdate", 1, states_start=ten), now=START)

    with pytest.raises(SessionRuleError, match="at most 10") as caught:
        state.after(event("statesUpdate", 2, states_start=("one.more",)), now=START)

    assert caught.value.rule == "ten-states"


def due(state, since=START):
    return None if state.ping_due() is None else (state.ping_due() - since).total_seconds()


def test_pings_begin_with_playback_and_keep_their_beat():
    assert due(after("sessionStart")) is None
    state = after("sessionStart", "play")
    assert due(state) == 11
    late = event("ping", 11.4, 10)
    assert due(state.after(late, now=late.at)) == 21


def test_a_ping_that_is_early_or_very_late_sets_a_new_beat():
    state = after("sessionStart", "play")
    for second, expected in ((4, 14), (60, 70)):
        told = event("ping", second, 4)
        assert due(state.after(told, now=told.at)) == expected


def test_ads_are_pinged_every_second_and_content_every_ten_again():
    opened = after("sessionStart", "adBreakStart")
    assert due(opened) is None
    ad = after("adStart", state=opened)
    assert due(ad) == 3
    assert due(after("adComplete", state=ad)) == 13
    assert due(after("adComplete", "adBreakComplete", state=ad)) == 14


def test_other_events_do_not_put_a_ping_off():
    assert due(after("sessionStart", "play", "pauseStart", "error", "statesUpdate")) == 11


def test_nothing_is_due_after_the_content():
    assert due(after("sessionStart", "play", "sessionComplete")) is None
    assert due(after("sessionStart", "play", "sessionEnd")) is None


def test_the_beat_can_be_set():
    assert due(after("sessionStart", "play", state=SessionState(Timing(ping=3)))) == 4
    with pytest.raises(InvalidArgumentError, match="above 0"):
        Timing(ping=0)


def test_a_session_without_events_is_given_up_after_ten_minutes():
    state = after("sessionStart", "play")

    assert state.expiry(START + timedelta(seconds=600)) is None
    assert state.expiry(START + timedelta(seconds=601)) == "no event for 10 minutes"


def test_a_session_that_stands_still_is_given_up_after_half_an_hour():
    state = after("sessionStart", "play@1")
    for minute in range(5, 35, 5):
        told = event("ping", minute * 60, 1)
        state = state.after(told, now=told.at)

    assert state.expiry(START + timedelta(seconds=1800)) is None
    assert state.expiry(START + timedelta(seconds=1801)) == "no movement of the playhead for 30 minutes"


def test_a_session_is_given_up_after_a_day_where_the_api_says_so():
    state, endless = after("sessionStart"), after("sessionStart", state=SessionState(Timing(age=None)))
    for minute in range(5, 24 * 60, 5):
        told = event("ping", minute * 60, minute)
        state, endless = state.after(told, now=told.at), endless.after(told, now=told.at)

    assert state.expiry(START + timedelta(days=1)) == "it is older than 1440 minutes"
    assert endless.expiry(START + timedelta(days=1)) is None


def test_a_recorded_session_is_held_to_the_same_rules():
    check_recorded([event("sessionStart"), event("play", 4000), event("ping", 9000, 5)])
    for wrong in ([], [event("play")], [event("sessionStart"), event("adStart", 1)]):
        with pytest.raises(SessionRuleError):
            check_recorded(wrong)


NAMES = sorted(set(EVENTS) - {"stateStart", "stateEnd"})


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 3)), max_size=40))
def test_what_is_accepted_breaks_no_rule_that_the_emulator_knows(steps):
    """Of random events those that the state takes are a session in order, as somebody else's code sees it."""
    state, order = SessionState(), Order()
    told = [event("sessionStart"), *(event(name, second, 0) for second, (name, _) in enumerate(steps, start=1))]
    for position, each in enumerate(told):
        playhead = state.playhead if state.ceiling is not None else position
        each = event(each.name, position, playhead, states_start=each.states_start)
        try:
            state = state.after(each, now=each.at)
        except SessionRuleError:
            continue
        received = Received(each.name, playhead, position * 1000, position * 1000, None, each.states_start)
        assert order.broken_by(received) == []


@given(st.lists(st.sampled_from(NAMES), max_size=40))
def test_a_state_is_never_in_contradiction_with_itself(names):
    state = SessionState()
    for position, name in enumerate(["sessionStart", *names]):
        told = event(name, position, position)
        try:
            state = state.after(told, now=told.at)
        except SessionRuleError:
            continue
        held = state.ads is not Break.NONE or state.motion in (Motion.PAUSED, Motion.BUFFERING)
        assert (state.ceiling is not None) == held
        assert state.at == told.at
        if name == "ping" and state.ping_due() is not None:
            assert state.ping_due() > state.at
        if state.is_ended:
            assert state.ping_due() is None
