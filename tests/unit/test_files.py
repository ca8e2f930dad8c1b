"""Locks of files, in the form of this system and in that of the other one."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys

import pytest

from rtcp import _files
from rtcp._files import PosixLocks, WindowsLocks, held, leads_to


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
    form = PosixLocks(fcntl) if request.param == "posix" else WindowsLocks(Msvcrt())
    monkeypatch.setattr(_files, "locks", form)
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
        WindowsLocks(msvcrt).take(file.fileno())

        assert file.tell() == os.lseek(file.fileno(), 0, os.SEEK_CUR) == 3
    assert msvcrt.places == [WindowsLocks.PLACE]


def test_a_file_system_without_locks_is_no_lock_that_somebody_else_has(tmp_path):
    class NoLocks:
        LOCK_EX = LOCK_NB = 1

        def flock(self, *_: int) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

    with (tmp_path / "a").open("a+b") as file, pytest.raises(OSError, match="No locks available"):
        PosixLocks(NoLocks()).take(file.fileno())


def test_another_process_is_kept_out_until_the_holder_ends(tmp_path):
    code = """
import sys
from rtcp._files import locks

file = open(sys.argv[1], "a+b")
print(locks.take(file.fileno()), flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a")], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with (tmp_path / "a").open("a+b") as file:
            assert not _files.locks.take(file.fileno())
            holder.kill()
            holder.wait()
            assert _files.locks.take(file.fileno())


def test_a_child_that_leaves_the_with_does_not_give_its_parents_lock_back(tmp_path):
    with (tmp_path / "a").open("a+b") as file, (tmp_path / "a").open("a+b") as other:
        with held(file.fileno()):
            child = os.fork()
            if child != 0:
                os.waitpid(child, 0)
                assert not _files.locks.take(other.fileno())
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
        assert _files.locks.take(other.fileno())
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
