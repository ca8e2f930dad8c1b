"""Pings from a thread."""

from __future__ import annotations

import threading

import pytest
from tests.helpers.viewing import FERRY

import rtcp
from rtcp._clock import SystemClock


@pytest.fixture
def session(client, clock):
    session = client.media_edge.start_session("stream-1", FERRY)
    session.play(0)
    return session


def test_a_beat_pings_only_when_it_is_due(session, clock, emulator):
    pings = session.pinging(lambda: 7)
    assert pings.beat()
    clock.advance(10)
    assert pings.beat()
    assert pings.beat()

    assert emulator.media[0].kinds() == ["sessionStart", "play", "ping"]


def test_a_ping_that_fails_is_tried_again(session, clock, emulator, caplog):
    emulator.faults.once("media_edge.ping", status=500)
    pings = session.pinging(lambda: 7)
    clock.advance(10)

    assert not pings.beat()
    assert pings.beat()
    assert "a ping failed" in caplog.text


def test_a_session_that_is_gone_ends_the_pings(session, clock, emulator):
    pings = session.pinging(lambda: 7)
    emulator.clock.advance(601)
    clock.advance(10)

    assert not pings.beat()
    assert isinstance(pings.failure, rtcp.SessionGoneError)


def test_what_the_player_raises_comes_out_of_the_with_statement(session, clock):
    clock.advance(10)

    with pytest.raises(ZeroDivisionError), session.pinging(lambda: 1 // 0) as pings:
        pings._thread.join(60)


def test_the_thread_keeps_the_beat_until_it_is_stopped(emulator):
    third = threading.Event()
    playheads = iter(range(1, 1000))

    def playhead():
        position = next(playheads)
        if position > 3:
            third.set()
        return position

    with rtcp.Client.for_emulator(emulator.url, clock=SystemClock()) as client:
        session = client.media_edge.start_session("stream-1", FERRY, ping_interval=0.01)
        with session.pinging(playhead):
            session.play(0)
            assert third.wait(60)
        session.end()

    kinds = emulator.media[0].kinds()
    assert kinds[:4] == ["sessionStart", "play", "ping", "ping"]
    assert kinds[-1] == "sessionEnd"
    assert emulator.media[0].flags == []
    assert not [thread for thread in threading.enumerate() if thread.name == "rtcp-media-pings"]


def test_the_thread_ends_with_the_session(client, clock):
    session = client.media_edge.start_session("stream-1", FERRY)
    session.play(0)
    with session.pinging(lambda: 1):
        session.end()
    assert session.is_over
