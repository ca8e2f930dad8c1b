"""What systems do each in their own way, in the form of this one and in that of the other."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from rtcp import _system
from rtcp._private import open_private, replacing
from rtcp._system import Posix, Windows, held, leads_to, uninterrupted
from rtcp._temporary import TemporaryFolder
from rtcp.bulk.reject_file import RejectFile
from rtcp.bulk.spool import Queue, SpoolFile
from rtcp.rows.rejects import Reject


class Msvcrt:
    """What Windows has: locks of bytes from where the file stands, of the opening, that nobody waits for."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self) -> None:
        self.owners: dict[tuple[int, int, int], int] = {}
        self.places: list[int] = []

    def locking(self, descriptor: int, how: int, count: int) -> None:
        state = os.fstat(descriptor)
        self.places.append(os.lseek(descriptor, 0, os.SEEK_CUR))
        key = (state.st_dev, state.st_ino, self.places[-1])
        if how == self.LK_UNLCK:
            if self.owners.pop(key, None) != descriptor:
                raise PermissionError(errno.EACCES, "not locked")
        elif self.owners.setdefault(key, descriptor) != descriptor:
            raise PermissionError(errno.EACCES, "locked")


@pytest.fixture(params=["posix", "windows"])
def locks(request, monkeypatch):
    form = Posix(fcntl) if request.param == "posix" else Windows(Msvcrt())
    monkeypatch.setattr(_system, "here", form)
    return form


@pytest.fixture
def windows(monkeypatch):
    """The form of Windows, on a system that would let one do what Windows does not."""
    form = Windows(Msvcrt())
    monkeypatch.setattr(_system, "here", form)
    return form


def test_of_two_openings_one_has_the_lock(locks, tmp_path):
    with (tmp_path / "a").open("a+b") as one, (tmp_path / "a").open("a+b") as other:
        assert locks.take(one.fileno())
        assert not locks.take(other.fileno())
        locks.give_back(one.fileno())
        assert locks.take(other.fileno())
        locks.give_back(other.fileno())


def test_a_lock_is_held_for_a_while_and_given_back_whatever_happens(locks, tmp_path):
    with (tmp_path / "a").open("a+b") as one, (tmp_path / "a").open("a+b") as other:
        with pytest.raises(RuntimeError), held(one.fileno()) as is_ours:  # noqa: PT012
            assert is_ours
            with held(other.fileno()) as is_others:
                assert not is_others
            raise RuntimeError
        with held(other.fileno()) as is_others:
            assert is_others


def test_on_windows_no_byte_that_is_read_or_written_is_locked_and_the_file_stands_where_it_stood(tmp_path):
    msvcrt = Msvcrt()
    with (tmp_path / "a").open("w+b") as file:
        file.write(b"abc")
        file.flush()
        Windows(msvcrt).take(file.fileno())

        assert file.tell() == os.lseek(file.fileno(), 0, os.SEEK_CUR) == 3
    assert msvcrt.places == [Windows.PLACE]


def test_a_file_system_without_locks_is_no_lock_that_somebody_else_has(tmp_path):
    class NoLocks:
        LOCK_EX = LOCK_NB = 1

        def flock(self, *_: int) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

    with (tmp_path / "a").open("a+b") as file, pytest.raises(OSError, match="No locks available"):
        Posix(NoLocks()).take(file.fileno())


def test_another_process_is_kept_out_until_the_holder_ends(tmp_path):
    code = """
import sys
import threading
from rtcp._system import here

file = open(sys.argv[1], "a+b")
print(here.take(file.fileno()), flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a")], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with (tmp_path / "a").open("a+b") as file:
            assert not _system.here.take(file.fileno())
            holder.kill()
            holder.wait()
            assert _system.here.take(file.fileno())


def test_a_child_that_leaves_the_with_does_not_give_its_parents_lock_back(tmp_path):
    with (tmp_path / "a").open("a+b") as file, (tmp_path / "a").open("a+b") as other:
        with held(file.fileno()):
            child = os.fork()
            if child != 0:
                os.waitpid(child, 0)
                assert not _system.here.take(other.fileno())
        if child == 0:
            os._exit(0)


def test_a_lock_that_was_given_back_is_free_though_a_child_has_the_file_open(tmp_path):
    with (tmp_path / "a").open("a+b") as file, (tmp_path / "a").open("a+b") as other:
        reading, writing = os.pipe()
        with held(file.fileno()):
            child = os.fork()
            if child == 0:
                os.close(writing)
                os.read(reading, 1)
                os._exit(0)
        assert _system.here.take(other.fileno())
        os.close(writing)
        os.close(reading)
        os.waitpid(child, 0)


def test_a_name_leads_to_its_file_until_that_is_moved_or_replaced(tmp_path):
    path = tmp_path / "a"
    with path.open("a+b") as file:
        assert leads_to(path, file.fileno())
        path.rename(tmp_path / "b")
        assert not leads_to(path, file.fileno())
        path.touch()
        assert not leads_to(path, file.fileno())


def test_a_file_is_replaced_whole_in_either_form_and_closed_first_where_it_must_be(locks, tmp_path, monkeypatch):
    path = tmp_path / "settings.toml"
    path.write_text("old")
    open_while_replaced: list[bool] = []
    replace = Path.replace

    def watched(self: Path, target: Path) -> Path:
        open_while_replaced.append(not file.closed)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    with replacing(path) as file:
        file.write("new")
    monkeypatch.undo()

    assert path.read_text() == "new"
    assert open_while_replaced == [locks.replaces_open]
    assert list(tmp_path.iterdir()) == [path]


def test_a_replacement_that_fails_leaves_the_old_file_in_either_form(locks, tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("old")

    with pytest.raises(RuntimeError), replacing(path) as file:  # noqa: PT012
        file.write("half")
        raise RuntimeError

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_has_left_of_a_replacement_goes_in_either_form(locks, tmp_path):
    left = tmp_path / ".settings.toml.abc.tmp"
    left.write_text("half")

    with replacing(tmp_path / "settings.toml") as file:
        file.write("new")

    assert not left.exists()


def test_rejects_spools_and_folders_go_the_whole_way_in_either_form(locks, tmp_path):
    reject = Reject({"a": 1}, 0, None, "unknown", "no answer came", can_retry=True)
    with RejectFile(tmp_path / "dead.jsonl") as file:
        file.add([reject, reject])
        assert [each.row for each in file.rejects()] == [{"a": 1}, {"a": 1}]
    with SpoolFile(tmp_path / "rows.spool") as spool:
        queue = Queue(spool, "streaming x")
        queue.done(queue.put([b"1"]))
        assert len(queue) == 0
    with TemporaryFolder(prefix="rtcp-test-") as folder:
        (folder / "a").touch()
    assert not folder.exists()


def test_where_modes_say_nothing_no_mode_is_set(windows, tmp_path):
    path = tmp_path / "a"
    path.touch(mode=0o644)
    path.chmod(0o644)

    os.close(open_private(path, os.O_RDWR))

    assert path.stat().st_mode & 0o777 == 0o644


def test_where_modes_count_a_file_is_closed_to_others_before_it_is_used(tmp_path):
    path = tmp_path / "a"
    path.touch()
    path.chmod(0o644)

    os.close(open_private(path, os.O_RDWR))

    assert path.stat().st_mode & 0o777 == 0o600


def test_where_files_tell_no_owner_none_is_foreign(windows):
    assert windows.is_ours(os.stat_result((0o100600, 1, 1, 1, 4711, 4711, 0, 0, 0, 0)))
    assert not Posix(fcntl).is_ours(os.stat_result((0o100600, 1, 1, 1, os.geteuid() + 1, 0, 0, 0, 0, 0)))


def test_a_name_that_is_a_device_elsewhere_is_a_name_like_others_on_windows(windows):
    assert not windows.is_device(Path("/dev/stdout"))
    assert Posix(fcntl).is_device(Path("/dev/stdout"))


def test_folders_are_not_opened_where_that_is_an_error(windows, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("a folder was opened"))

    windows.sync_folder(tmp_path)


def test_nothing_is_registered_where_there_are_no_forks(windows, monkeypatch):
    monkeypatch.delattr(os, "register_at_fork")

    windows.call_in_children(lambda: None)


def test_each_form_has_a_clock_that_goes_forward():
    for form in (Posix(fcntl), Windows(Msvcrt())):
        before = form.monotonic()
        assert 0 <= form.monotonic() - before < 5


@pytest.fixture
def ctrl_c():
    """As a program finds it that has asked for nothing else."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_each_form_is_told_to_end_by_signals_that_it_has(monkeypatch):
    asked: list[int] = []
    monkeypatch.setattr(signal, "signal", lambda number, _: asked.append(number))
    for form in (Posix(fcntl), Windows(Msvcrt())):
        monkeypatch.setattr(_system, "here", form)
        with _system.called_when_stopped(lambda: None):
            pass

    # Where these tests are run there is no SIGBREAK. Each is asked for, and given back.
    assert asked == [signal.SIGINT, signal.SIGTERM] * 4


def test_who_goes_on_after_a_program_that_could_be_stopped_gets_the_signals_back():
    def handlers():
        return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    before, heard = handlers(), []
    with _system.called_when_stopped(lambda: heard.append("stop")):
        signal.raise_signal(signal.SIGTERM)
    with suppress(ZeroDivisionError), _system.called_when_stopped(lambda: None):
        raise ZeroDivisionError

    assert heard == ["stop"]
    assert handlers() == before


def test_no_other_module_asks_which_system_it_runs_on():
    words = re.compile(
        r"sys\.platform|os\.name|platform\.system|\bfcntl\b|\bmsvcrt\b|hasattr\((os|signal|time),|register_at_fork|geteuid"
        r"|signal\.signal|fchmod|\.chmod\(|O_NOFOLLOW|CLOCK_BOOTTIME|[\"']/dev/"
    )
    package = Path(_system.__file__).parent
    # What it runs on is part of the report.
    allowed = {"doctor/versions.py": {"platform.system"}}

    found = {
        path.relative_to(package).as_posix(): {match[0] for match in words.finditer(path.read_text(encoding="utf-8"))}
        for path in package.rglob("*.py")
    }

    strangers = {name: asked - allowed.get(name, set()) for name, asked in found.items() if name != "_system.py"}
    assert {name: asked for name, asked in strangers.items() if asked} == {}


def test_what_ctrl_c_must_not_break_off_is_done_to_its_end(ctrl_c):
    done = []

    def work():
        done.append("begun")
        signal.raise_signal(signal.SIGINT)
        done.append("ended")

    with pytest.raises(KeyboardInterrupt):
        uninterrupted(work)

    assert done == ["begun", "ended"]


def test_ctrl_c_that_was_held_back_goes_to_whom_it_always_goes(ctrl_c):
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append("ours"))
    try:
        uninterrupted(lambda: signal.raise_signal(signal.SIGINT))
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)

    assert heard == ["ours", "ours"]


def test_an_error_passes_and_ctrl_c_is_no_longer_held_back(ctrl_c):
    with pytest.raises(ZeroDivisionError):
        uninterrupted(lambda: 1 / 0)

    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_outside_the_main_thread_it_is_simply_done():
    done = []
    thread = threading.Thread(target=lambda: uninterrupted(lambda: done.append(threading.current_thread())))
    thread.start()
    thread.join()

    assert done == [thread]
