"""Files of rejects: each is in one place, whoever appends, replays, fails or dies beside it."""

from __future__ import annotations

import collections
import json
import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.helpers.adapters import Answer
from tests.helpers.inlet import DATASET, INLET, SCHEMA, mounted_inlet, receipts
from tests.unit.test_system import Msvcrt

import rtcp
from rtcp import _system
from rtcp._system import Windows
from rtcp.bulk import shared_file
from rtcp.bulk.reject_file import RejectFile, Replay
from rtcp.rows.rejects import Reject

OPTIONS = {"form": rtcp.RowForm(dataset_id=DATASET, schema_id=SCHEMA)}


def reject(number):
    return Reject({"crmId": str(number)}, number, 400, None, "refused", can_retry=True)


def positions(path: Path) -> list[int]:
    return [json.loads(line)["position"] for line in path.read_text().splitlines()]


def replayed(path: Path, *, keep=lambda position: False, amid=lambda: None) -> list[int]:
    """Replay a file, and return the positions that were sent; what is to be kept goes back into it."""
    sent = []
    with Replay(path) as replay:
        with RejectFile(replay.left) as kept:
            for each in replay.rejects(kept):
                position = each.position
                amid()
                if keep(position):
                    kept.add([reject(position)])
                else:
                    sent.append(position)
        replay.finish()
    return sent


def own(letters) -> list[int]:
    return [each.position for each in letters.rejects()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rejects.jsonl"


@pytest.fixture
def client(clock):
    config = rtcp.Config(token="t", client_id="c", org_id="o@AdobeOrg", streaming_url="https://dcs.example.com")
    with rtcp.Client(config, clock=clock) as client:
        yield client


def test_a_replay_beside_an_open_writer_loses_no_reject(client, path):
    busy = [Answer(503)] * 6
    mounted_inlet(client.http, *busy, receipts, *busy)
    writer = client.streaming.writer(INLET, **OPTIONS, rejects=path)
    writer.write_many({"crmId": str(number)} for number in range(3))
    writer.flush()

    assert client.streaming.replay(INLET, path).sent == 3
    assert not path.exists()
    writer.write_many({"crmId": str(number)} for number in range(3, 6))
    writer.flush()

    assert positions(path) == [3, 4, 5]
    assert own(writer) == list(range(6))
    writer.close()
    with pytest.raises(rtcp.SpoolError, match="a replay has taken them up") as told:  # noqa: PT012
        for each, expected in zip(writer.rejects(), (3, 4, 5, None), strict=True):
            assert each.position == expected
    assert str(path) in str(told.value)


def test_failures_are_raised_though_a_replay_has_taken_the_letters(client, path):
    mounted_inlet(client.http, lambda messages: receipts(messages, failed={0: 400}))
    with client.streaming.writer(INLET, **OPTIONS, rejects=path) as writer:
        writer.write({"crmId": "1"})
    path.unlink()

    with pytest.raises(rtcp.SpoolError):
        list(writer.rejects())
    with pytest.raises(rtcp.PartialFailureError, match=r"1 were rejected.*a replay has taken them up"):
        writer.raise_for_failures()


def test_what_is_added_while_a_replay_runs_stays_in_the_file(path):
    with RejectFile(path) as letters:
        letters.add([reject(0), reject(1), reject(2)])
        numbers = iter(range(10, 20))

        sent = replayed(path, keep=lambda position: position == 1, amid=lambda: letters.add([reject(next(numbers))]))

        assert sent == [0, 2]
        assert positions(path) == [1, 10, 11, 12]
        letters.add([reject(13)])
        assert positions(path) == [1, 10, 11, 12, 13]
        assert own(letters) == [0, 1, 2, 10, 11, 12, 13]


def test_a_writer_reads_its_own_letters_only(path):
    with RejectFile(path) as one, RejectFile(path) as other:
        for number in range(6):
            (one, other)[number % 2].add([reject(number)])

        assert (own(one), own(other)) == ([0, 2, 4], [1, 3, 5])
    assert (own(one), own(other)) == ([0, 2, 4], [1, 3, 5])


@pytest.mark.parametrize(
    "fate", [Path.unlink, lambda path: path.rename(path.with_name("old")), lambda path: path.write_text("")]
)
def test_a_file_that_is_taken_away_is_made_anew_and_missed_in_words(path, fate):
    with RejectFile(path) as letters:
        letters.add([reject(0)])
        fate(path)
        letters.add([reject(1)])
    assert positions(path) == [1]
    path.unlink()
    with pytest.raises(rtcp.SpoolError, match="are not where this writer has put them"):
        own(letters)


def test_a_file_of_others_under_the_old_name_is_not_taken_for_ours(path):
    with RejectFile(path) as letters:
        letters.add([reject(0)])
    path.unlink()
    with RejectFile(path) as other:
        other.add([reject(7)])

    with pytest.raises(rtcp.SpoolError, match="a replay has taken them up"):
        own(letters)


def test_two_replays_do_not_run_at_once(path):
    with RejectFile(path) as letters:
        letters.add([reject(0)])
    with Replay(path), pytest.raises(rtcp.InvalidArgumentError, match=r"another replay of .* is under way"):
        Replay(path)

    assert replayed(path) == [0]
    assert list(path.parent.iterdir()) == []


def test_a_replay_that_fails_leaves_the_file_whole(path):
    with RejectFile(path) as letters:
        letters.add([reject(0), reject(1)])
        with pytest.raises(RuntimeError), Replay(path) as replay, RejectFile(replay.left) as kept:  # noqa: PT012
            next(replay.rejects(kept))
            letters.add([reject(2)])
            raise RuntimeError

    assert positions(path) == [0, 1, 2]
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_link_is_refused_as_it_may_lead_anywhere(path):
    link = path.with_name("link")
    link.symlink_to(path)
    with RejectFile(path) as letters:
        letters.add([reject(0)])

    with pytest.raises(rtcp.SpoolError, match="symbolic link"):
        RejectFile(link)
    with pytest.raises(rtcp.SpoolError, match="symbolic link"):
        Replay(link)

    assert positions(path) == [0]


def test_a_file_that_is_moved_while_a_replay_runs_gets_what_is_left_under_its_name(path):
    with RejectFile(path) as letters:
        letters.add([reject(0), reject(1)])

        def move():
            if path.exists() and len(positions(path)) == 2:
                path.rename(path.with_name("moved"))
                letters.add([reject(2)])

        replayed(path, keep=bool, amid=move)

    assert positions(path) == [2, 1]


def test_a_lock_that_nobody_gives_back_is_told(path, monkeypatch):
    monkeypatch.setattr(shared_file, "_PATIENCE", 0.05)
    locked = pytest.raises(rtcp.SpoolError, match="another process has locked it")
    with RejectFile(path) as letters, path.open("a+b") as other, _system.held(other.fileno()), locked:
        letters.add([reject(0)])

    assert path.read_bytes() == b""


def test_with_the_locks_of_windows_letters_of_threads_are_each_in_one_place(path, monkeypatch):
    monkeypatch.setattr(_system, "here", Windows(Msvcrt()))
    with ExitStack() as stack:
        writers = [stack.enter_context(RejectFile(path)) for _ in range(3)]
        threads = [
            threading.Thread(target=lambda own=letters, first=at: [own.add([reject(first + n)]) for n in range(50)])
            for at, letters in zip((0, 100, 200), writers, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(positions(path)) == [first + number for first in (0, 100, 200) for number in range(50)]
    assert sorted(replayed(path, keep=lambda position: position < 100)) == sorted(
        first + number for first in (100, 200) for number in range(50)
    )
    assert len(positions(path)) == 50


PROGRAM = """
import json, os, resource, signal, sys
import rtcp
from rtcp.bulk.reject_file import RejectFile, Replay
from rtcp.rows.rejects import Reject

path, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def reject(number, size=10):
    return Reject({"crmId": str(number), "x": "y" * size}, number, 400, None, "refused", can_retry=True)
"""


def started(stack: ExitStack, code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM + code, *map(str, arguments)]
    return stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))


def test_a_line_that_another_process_left_half_written_spoils_none_of_ours(path):
    code = """
letters = RejectFile(path)
letters.add([reject(0)])
os.write(letters._file._opened[-1].descriptor, b'{"row": {"crmId"')
os.kill(os.getpid(), signal.SIGKILL)
"""
    with RejectFile(path) as letters, ExitStack() as stack:
        letters.add([reject(1)])
        started(stack, code, path, 0, 0).wait()
        letters.add([reject(2)])

        assert own(letters) == [1, 2]
    first, second, half, third = path.read_text().splitlines()
    assert [json.loads(line)["position"] for line in (first, second, third)] == [1, 0, 2]
    assert half == '{"row": {"crmId"'


@pytest.mark.parametrize("moment", range(6))
def test_a_replay_that_is_killed_leaves_each_letter_to_the_next_one(path, moment):
    code = f"""
with Replay(path) as replay, RejectFile(replay.left) as kept:
    for number, each in enumerate(replay.rejects(kept)):
        if number == {moment}:
            os.kill(os.getpid(), signal.SIGKILL)
        kept.add([reject(each.position)])
    os.kill(os.getpid(), signal.SIGKILL)
"""
    with RejectFile(path) as letters, ExitStack() as stack:
        letters.add([reject(number) for number in range(5)])
        started(stack, code, path, 0, 0).wait()
        letters.add([reject(5)])
        assert positions(path) == list(range(6))

        assert replayed(path, keep=lambda position: position == 5) == list(range(5))
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert positions(path) == [5]


def test_a_forked_child_ends_no_replay_of_its_parent(path):
    with RejectFile(path) as letters:
        letters.add([reject(0), reject(1)])
    with Replay(path) as replay:
        child = os.fork()
        if child == 0:
            replay.__exit__(None, None, None)
            os._exit(0)
        os.waitpid(child, 0)
        with pytest.raises(rtcp.InvalidArgumentError, match="under way"):
            Replay(path)
        with RejectFile(replay.left) as kept:
            assert [each.position for each in replay.rejects(kept)] == [0, 1]
        replay.finish()
    assert list(path.parent.iterdir()) == []


def test_a_writer_beside_many_replays_keeps_few_files_open(path):
    def count() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    before = count()
    with RejectFile(path) as letters:
        for number in range(60):
            letters.add([reject(number)])
            assert replayed(path) == [number]
        assert count() - before < 25
        letters.add([reject(60)])
        taken: collections.deque[Reject] = collections.deque()
        with pytest.raises(rtcp.SpoolError):
            taken.extend(letters.rejects())
        assert taken[-1].position == 60
    assert count() == before
