"""A recorder whose process is killed at random points: what was finished is sent, in order, once."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

import rtcp
from rtcp.media import Recorder

CHILD = """
import sys
from rtcp.media import Recorder, SessionDetails

recorder = Recorder(sys.argv[1])
recorder.end_unfinished()
for number in range(int(sys.argv[2]), 10**9):
    details = SessionDetails(id=f"ferry-{number}", length=35, content_type="VOD", player_name="box", channel="harbour")
    session = recorder.start_session(details)
    session.play(0)
    session.ping(10)
    session.complete(35)
    session.end()
    print(number, flush=True)
"""


def killed_after(path, lines, first):
    """Run the child until it has told of so many sessions, kill it, and return the last number it told."""
    command = [sys.executable, "-c", CHILD, str(path), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        told = [int(run.stdout.readline()) for _ in range(lines)]
        run.kill()
        # Not by communicate(timeout=...), which passes over what readline() has read ahead.
        rest = run.stdout.read().split()
    return int(rest[-1]) if rest else told[-1]


def test_a_kill_loses_no_finished_session_and_doubles_none(tmp_path, client, emulator):
    chance = random.Random(7)
    path, finished, number = tmp_path / "offline.spool", [], 0
    for _ in range(6):
        last = killed_after(path, chance.randint(1, 30), number)
        finished += range(number, last + 1)
        number = last + 1000

    with Recorder(path) as recorder:
        recorder.end_unfinished()
        names = [each.content_id for each in recorder.waiting()]
        report = recorder.drain(client, config_id="stream-1")

    acknowledged = [f"ferry-{number}" for number in finished]
    assert len(names) == len(set(names))
    assert [name for name in names if name in set(acknowledged)] == acknowledged
    # At most one more for each kill: finished on disk, and not yet told.
    assert len(names) - len(acknowledged) <= 6
    assert (report.sent, len(emulator.media)) == (len(names), len(names))
    sent = [each.events[0].body["mediaCollection"]["sessionDetails"]["name"] for each in emulator.media]
    assert sent == names
    for each in emulator.media:
        kinds = each.kinds()
        assert kinds == ["sessionStart", "play", "ping", "sessionComplete", "sessionEnd"][: len(kinds) - 1] + kinds[-1:]
        assert kinds[-1] in ("sessionComplete", "sessionEnd")
        assert each.flags == []


def test_a_spool_belongs_to_one_process(tmp_path):
    path = tmp_path / "offline.spool"
    run = subprocess.Popen([sys.executable, "-c", CHILD, str(path), "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert run.stdout is not None
        run.stdout.readline()
        with pytest.raises(rtcp.SpoolError, match="in use by another process"):
            Recorder(path)
    finally:
        run.kill()
        run.communicate(timeout=30)
