"""The spool: what is put is on disk, is handed out once, and belongs to one process."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import rtcp
from rtcp.bulk.spool import Queue, SpoolFile


@pytest.fixture
def spool(tmp_path):
    with SpoolFile(tmp_path / "spool") as spool:
        yield spool


@pytest.fixture
def queue(spool):
    return Queue(spool, "a")


def data(entries):
    return [entry.data for entry in entries]


def test_what_is_put_comes_out_oldest_first(queue):
    queue.put([b"1", b"2"])
    queue.put([b"3"])

    assert data(queue.take(2)) == [b"1", b"2"]
    assert data(queue.take(2)) == [b"3"]
    assert queue.take(2) == []


def test_the_ids_of_a_put_are_those_of_its_entries(queue):
    ids = queue.put([b"1", b"2", b"3"])

    assert [entry.id for entry in queue.take(9)] == ids


def test_a_claimed_record_is_not_handed_out_twice_even_by_another_queue_of_the_name(spool, queue):
    queue.put([b"1", b"2"])
    queue.take(1)

    assert data(Queue(spool, "a").take(9)) == [b"2"]


def test_what_is_claimed_as_it_is_put_is_not_handed_out(queue):
    queue.put([b"1"], claim=True)
    queue.put([b"2"])

    assert data(queue.take(9)) == [b"2"]


def test_what_was_claimed_as_it_was_put_comes_once_when_it_is_given_back(queue):
    queue.release(queue.put([b"1", b"2"], claim=True))

    assert data(queue.take(9)) == [b"1", b"2"]


def test_what_is_given_back_does_not_hide_what_is_older_and_was_never_taken(queue):
    queue.put([b"1"])
    queue.release(queue.put([b"2"], claim=True))

    assert data([*queue.take(1), *queue.take(1)]) == [b"2", b"1"]


def test_queues_of_other_names_do_not_see_it(spool, queue):
    queue.put([b"1"])

    assert Queue(spool, "b").take(9) == []


def test_released_records_come_again_before_younger_ones(queue):
    ids = queue.put([b"1", b"2", b"3"])
    queue.take(2)
    queue.release(ids[:1])

    assert data(queue.take(9)) == [b"1", b"3"]


def test_what_is_done_is_gone(queue):
    queue.done(queue.put([b"1", b"2"])[:1])

    assert data(queue.take(9)) == [b"2"]
    assert len(queue) == 1


def test_doing_twice_counts_once(queue):
    ids = queue.put([b"1", b"2"])
    queue.done(ids[:1])
    queue.done([*ids[:1], 999])

    assert len(queue) == 1


def test_a_record_that_is_done_after_its_release_does_not_come_again(queue):
    ids = queue.put([b"1", b"2"])
    queue.take(1)
    queue.release(ids[:1])
    queue.done(ids[:1])

    assert data(queue.take(9)) == [b"2"]
    assert queue.take(9) == []


def test_taking_stops_at_the_given_bytes_but_hands_out_one(queue):
    queue.put([b"x" * 10, b"x" * 10, b"x" * 30])

    assert [len(data(queue.take(9, max_bytes=20))) for _ in range(3)] == [2, 1, 0]


def test_claims_end_with_the_file(tmp_path):
    with SpoolFile(tmp_path / "spool") as spool:
        Queue(spool, "a").put([b"1"])
        Queue(spool, "a").take(1)

    with SpoolFile(tmp_path / "spool") as spool:
        assert data(Queue(spool, "a").take(1)) == [b"1"]


def test_ids_are_not_used_again_after_a_restart(tmp_path):
    with SpoolFile(tmp_path / "spool") as spool:
        first = Queue(spool, "a").put([b"1"])
        Queue(spool, "a").done(first)

    with SpoolFile(tmp_path / "spool") as spool:
        assert Queue(spool, "a").put([b"2"]) > first


def test_the_file_and_its_log_are_for_the_owner_alone(tmp_path, spool, queue):
    queue.put([b"1"])

    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_file_that_others_may_read_is_closed_to_them(tmp_path):
    SpoolFile(tmp_path / "spool").close()
    (tmp_path / "spool").chmod(0o644)

    SpoolFile(tmp_path / "spool").close()

    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o600


def test_an_emptied_spool_keeps_no_remains(tmp_path):
    with SpoolFile(tmp_path / "spool") as spool:
        queue = Queue(spool, "a")
        queue.done(queue.put([b"jane@example.com" * 50]))

    assert [path.name for path in tmp_path.iterdir()] == ["spool"]
    assert b"jane@example.com" not in (tmp_path / "spool").read_bytes()


def test_a_second_opening_in_this_process_is_refused(tmp_path, spool):
    with pytest.raises(rtcp.SpoolError, match="in use by another process, or open a second time"):
        SpoolFile(tmp_path / "spool")


def test_a_refused_opening_does_not_open_the_file_to_others(tmp_path, spool):
    with pytest.raises(rtcp.SpoolError):
        SpoolFile(tmp_path / "spool")

    script = f"from rtcp.bulk.spool import SpoolFile\nSpoolFile({str(tmp_path / 'spool')!r})"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "in use by another process" in run.stderr


def test_closing_twice_is_fine_and_using_it_then_is_not(tmp_path):
    spool = SpoolFile(tmp_path / "spool")
    spool.close()
    spool.close()

    with pytest.raises(rtcp.SpoolError, match="is closed"):
        Queue(spool, "a").put([b"1"])


def test_a_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / "notes.txt").write_bytes(b"Buy milk. " * 200)

    with pytest.raises(rtcp.SpoolError, match=r"notes\.txt' is no spool"):
        SpoolFile(tmp_path / "notes.txt")

    assert (tmp_path / "notes.txt").read_bytes() == b"Buy milk. " * 200


def test_a_database_of_something_else_is_told(tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE songs (title)")
    other.close()

    with pytest.raises(rtcp.SpoolError, match="a database of something else"):
        SpoolFile(tmp_path / "other.db")


def test_a_spool_that_has_lost_a_page_is_not_taken_for_one_with_fewer_records(tmp_path):
    path = tmp_path / "spool"
    with SpoolFile(path) as spool:
        Queue(spool, "rows").put([b"%03d" % number + b"." * 300 for number in range(200)])
    whole = path.read_bytes()
    outcomes = set()
    for page in range(1, len(whole) // 4096):
        # As many records as before, by its own count, of which some are those of another page.
        start = page * 4096
        path.write_bytes(whole[:start] + whole[start - 4096 : start] + whole[start + 4096 :])
        try:
            with SpoolFile(path) as spool:
                queue = Queue(spool, "rows")
                outcomes.add((len(queue), len(queue.take(1000))))
        except rtcp.SpoolError as exc:
            outcomes.add("damaged" in str(exc))

    assert outcomes == {True}


def test_what_is_damaged_while_it_is_open_is_told_by_its_count_too(tmp_path, spool, queue):
    queue.put([b"." * 300] * 200)
    spool._connection.execute("PRAGMA writable_schema = ON")
    spool._connection.execute("UPDATE sqlite_master SET rootpage = 3 WHERE name = 'entries_by_queue'")
    spool._connection.execute("PRAGMA writable_schema = RESET")

    with pytest.raises(rtcp.SpoolError):
        len(Queue(spool, "others"))


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(rtcp.SpoolError, match="No such file or directory"):
        SpoolFile(tmp_path / "nowhere" / "spool")


def test_a_full_disk_is_told_and_loses_nothing(spool, queue):
    queue.put([b"1"])
    spool._connection.execute("PRAGMA max_page_count = 8")

    with pytest.raises(rtcp.SpoolError, match=r"disk of the spool .* is full"):
        queue.put([b"x" * 100_000])

    assert data(queue.take(9)) == [b"1"]
    assert len(queue) == 1


def test_a_forked_child_may_not_use_it(queue):
    child = os.fork()
    if child == 0:
        try:
            queue.put([b"1"])
        except rtcp.SpoolError:
            os._exit(7)
        os._exit(0)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_puts_of_many_threads_share_commits(spool, queue):
    commits = []
    spool._connection.set_trace_callback(lambda statement: commits.append(statement) if statement == "COMMIT" else None)
    spool._database.acquire()
    threads = [threading.Thread(target=queue.put, args=([b"%d" % number],)) for number in range(16)]
    for thread in threads:
        thread.start()
    while len(spool._waiting) < 16:
        pass
    spool._database.release()
    for thread in threads:
        thread.join()

    assert len(commits) == 1
    assert sorted(map(int, data(queue.take(99)))) == list(range(16))


class AnyOrderOfCalls(RuleBasedStateMachine):
    """A queue beside three plain lists: what waits, what is claimed, what is gone."""

    @initialize(folder=st.uuids())
    def open(self, folder):
        self.path = SpoolFolder.next()
        self.spool = SpoolFile(self.path)
        self.queue = Queue(self.spool, "a")
        self.waiting: list[int] = []
        self.claimed: list[int] = []

    @rule(count=st.integers(0, 5))
    def put(self, count):
        self.waiting += self.queue.put([b"x"] * count)

    @rule(limit=st.integers(1, 6))
    def take(self, limit):
        taken = [entry.id for entry in self.queue.take(limit)]
        assert taken == sorted(self.waiting)[:limit]
        self.waiting = [number for number in self.waiting if number not in taken]
        self.claimed += taken

    @rule(data=st.data())
    def done(self, data):
        chosen = data.draw(st.lists(st.sampled_from(self.claimed), unique=True)) if self.claimed else []
        self.queue.done(chosen)
        self.claimed = [number for number in self.claimed if number not in chosen]

    @rule(data=st.data())
    def release(self, data):
        chosen = data.draw(st.lists(st.sampled_from(self.claimed), unique=True)) if self.claimed else []
        self.queue.release(chosen)
        self.claimed = [number for number in self.claimed if number not in chosen]
        self.waiting += chosen

    @rule()
    def reopen(self):
        self.spool.close()
        self.spool = SpoolFile(self.path)
        self.queue = Queue(self.spool, "a")
        self.waiting += self.claimed
        self.claimed = []

    @invariant()
    def the_length_is_what_is_not_done(self):
        if hasattr(self, "queue"):
            assert len(self.queue) == len(self.waiting) + len(self.claimed)

    def teardown(self):
        if hasattr(self, "spool"):
            self.spool.close()


class SpoolFolder:
    """A new path for each run of the machine."""

    folder = None
    number = 0

    @classmethod
    def next(cls):
        cls.number += 1
        return cls.folder / str(cls.number)


class TestAnyOrderOfCalls(AnyOrderOfCalls.TestCase):
    # Every put waits for the disk.
    settings = settings(max_examples=15)

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path_factory):
        SpoolFolder.folder = tmp_path_factory.mktemp("spools")


def test_a_write_that_fails_in_its_midst_leaves_nothing_of_it_and_does_not_hold_up_the_next(spool, queue):
    spool._connection.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON entries WHEN NEW.data = x'62' BEGIN SELECT RAISE(ABORT, 'no'); END"
    )

    with pytest.raises(rtcp.SpoolError):
        queue.put([b"a", b"b"])
    queue.put([b"c"])

    assert data(queue.take(9)) == [b"c"]


def test_a_record_that_is_too_large_now_does_not_let_younger_ones_pass(queue):
    queue.put([b"x" * 10, b"x" * 30, b"x" * 5])

    assert [[len(each) for each in data(queue.take(9, max_bytes=20))] for _ in range(3)] == [[10], [30], [5]]


def test_an_entry_shows_nothing_of_whom_it_is_about(queue):
    queue.put([b"jane@example.com"])

    assert "jane" not in repr(queue.take(1))


@pytest.mark.parametrize("step", [-1, 1])
def test_a_spool_of_another_format_older_or_newer_is_told(tmp_path, step):
    path = tmp_path / "spool"
    SpoolFile(path).close()
    with sqlite3.connect(path) as raw:
        (version,) = raw.execute("PRAGMA user_version").fetchone()
        raw.execute(f"PRAGMA user_version = {version + step}")
    raw.close()

    with pytest.raises(rtcp.SpoolError, match="by another version of rtcp"):
        SpoolFile(path)
