"""Several processes at one file of rejects, which append, replay and fail: each reject is in one place."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack

import pytest
from tests.resources.test_reject_file import positions, started

WRITES = """
with RejectFile(path) as letters:
    for number in range(first, first + count):
        letters.add([reject(number, number % 50)])
    try:
        mine = {each.position for each in letters.rejects()}
    except rtcp.SpoolError:
        mine = set()
    assert mine <= set(range(first, first + count)), mine
"""
# Every write beyond this size fails with a part of it done.
FAILS = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
with RejectFile(path) as letters:
    for number in range(first, first + count):
        try:
            letters.add([reject(number, 3000)])
        except rtcp.SpoolError:
            continue
        print(number, flush=True)
"""
# Until told to stop, and then once more: on a busy machine the writers may begin long after the replays.
REPLAYS = """
is_last = False
while not is_last:
    is_last = os.path.exists(sys.argv[4])
    try:
        replay = Replay(path)
    except rtcp.InvalidArgumentError:
        continue
    with replay:
        with RejectFile(replay.left) as kept:
            for each in replay.rejects(kept):
                position = each.position
                if position % 3 == 0:
                    kept.add([reject(position)])
                else:
                    print(position, flush=True)
        replay.finish()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rejects.jsonl"


def said(process: subprocess.Popen[str]) -> list[int]:
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    return [int(line) for line in out.split()]


def test_letters_of_several_processes_are_each_in_one_place_while_replays_run(path, tmp_path_factory):
    path.touch()
    stop = tmp_path_factory.mktemp("told") / "stop"
    with ExitStack() as stack:
        writers = [started(stack, WRITES, path, first, 400) for first in (0, 1000, 2000)]
        replays = [started(stack, REPLAYS, path, 0, 0, stop) for _ in range(2)]
        for process in writers:
            said(process)
        stop.touch()
        sent = [number for process in replays for number in said(process)]
    left = positions(path) if path.exists() else []

    written = [first + number for first in (0, 1000, 2000) for number in range(400)]
    assert sent, "the replays had nothing to do"
    assert sorted([*sent, *left]) == written
    assert [each.name for each in path.parent.iterdir()] in ([path.name], [])


def test_a_write_that_fails_cuts_no_line_of_another_process(path):
    with ExitStack() as stack:
        writers = [started(stack, WRITES, path, first, 300) for first in (0, 1000)]
        failing = started(stack, FAILS, path, 2000, 300)
        for process in writers:
            said(process)
        written = said(failing)

    assert len(written) < 300
    assert sorted(positions(path)) == [*range(300), *range(1000, 1300), *written]
