"""Symbolic links, files of other users, and what killed processes leave: people and secrets stay their owner's."""

from __future__ import annotations

import os
import signal
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.data_access import FileServer, StoredFile

import rtcp
from rtcp._temporary import TemporaryFolder
from rtcp.auth.cache import TokenCache
from rtcp.auth.values import FetchedToken
from rtcp.bulk.reject_file import RejectFile, Replay
from rtcp.bulk.spool import SpoolFile
from rtcp.rows.keeping import KeptRows
from rtcp.rows.rejects import Reject

ROW = Reject({"crmId": "C-1"}, 0, 503, "busy", "no", can_retry=True)
SHARED_MEMORY = Path("/dev/shm")
KEYS = "ssh-ed25519 AAAA\n"


@pytest.fixture(autouse=True)
def _open_mask() -> Any:
    """Whatever the mask of the process lets others do."""
    before = os.umask(0)
    yield
    os.umask(before)


@contextmanager
def limit_of(seconds: int) -> Iterator[None]:
    """What hangs is interrupted."""

    def interrupt(*_: Any) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def cache_of(path: Path, clock: Any) -> TokenCache:
    return TokenCache(path, credential="c", now=clock.now)


def rejects_into(path: Path) -> None:
    with RejectFile(path) as file:
        file.add([ROW])


def spool_into(path: Path) -> None:
    SpoolFile(path).close()


def replay_of(path: Path) -> None:
    with Replay(path):
        pass


@pytest.fixture(params=["link", "dangling"])
def link(request: Any, tmp_path: Path) -> Path:
    """A symbolic link to the keys that let people in, or to where they might be."""
    keys = tmp_path / "authorized_keys"
    if request.param == "link":
        keys.write_text(KEYS)
    (tmp_path / "link").symlink_to(keys)
    return tmp_path / "link"


def untouched(link: Path) -> bool:
    target = link.readlink()
    return not target.exists() or (target.read_text() == KEYS and mode(target) == 0o666)


@pytest.mark.parametrize("write", [rejects_into, spool_into])
def test_a_link_is_not_followed(link: Path, write: Any) -> None:
    with pytest.raises(rtcp.SpoolError, match="symbolic link"):
        write(link)

    assert untouched(link)


def test_a_replay_follows_no_link_and_takes_no_foreign_guard(tmp_path: Path) -> None:
    path = tmp_path / "rejects"
    rejects_into(path)
    (tmp_path / "authorized_keys").write_text(KEYS)
    (tmp_path / "rejects.replay-lock").symlink_to(tmp_path / "authorized_keys")

    with pytest.raises(rtcp.SpoolError, match="symbolic link"):
        replay_of(path)

    assert untouched(tmp_path / "rejects.replay-lock")


def test_a_token_is_neither_read_nor_written_through_a_link(link: Path, clock: Any) -> None:
    cache = cache_of(link, clock)
    assert cache.read() is None

    target = link.readlink()
    cache.write(FetchedToken("hush", 3600))

    assert not link.is_symlink()
    assert mode(link) == 0o600
    assert not target.exists() or target.read_text() == KEYS


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("write", [rejects_into, spool_into])
def test_a_file_of_another_user_is_refused(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "theirs"
    write(path)
    before = path.read_bytes()
    os.chown(path, 4242, 4242)

    with pytest.raises(rtcp.SpoolError, match="belongs to another user"):
        write(path)

    assert path.read_bytes() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_token_of_another_user_is_not_sent(tmp_path: Path, clock: Any, caplog: Any) -> None:
    path = tmp_path / "token"
    cache = cache_of(path, clock)
    cache.write(FetchedToken("theirs", 3600))
    os.chown(path, 4242, 4242)

    assert cache.read() is None
    assert "belongs to another user" in caplog.text


def test_all_that_holds_people_or_secrets_is_its_owners_alone(tmp_path: Path, clock: Any) -> None:
    spool, rejects, token = tmp_path / "spool", tmp_path / "rejects", tmp_path / "deep" / "er" / "token"
    with SpoolFile(spool):
        assert {mode(path) for path in tmp_path.glob("spool*")} == {0o600}
    rejects_into(rejects)
    cache_of(token, clock).write(FetchedToken("hush", 3600))

    assert [mode(path) for path in (spool, rejects, token)] == [0o600] * 3
    assert [mode(path) for path in (token.parent, token.parent.parent)] == [0o700] * 2


@pytest.mark.parametrize("make", [rejects_into, spool_into])
def test_a_file_that_others_may_read_is_closed_to_them(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "file"
    make(path)
    path.chmod(0o666)

    make(path)

    assert mode(path) == 0o600


def test_downloads_are_their_owners_alone_and_follow_no_link(tmp_path: Path, clock: Any) -> None:
    with FileServer({"b1": {"a/part.json": StoredFile(b"{}")}}) as server, _client(server.url, clock) as client:
        (path,) = client.export_jobs.download(7, tmp_path / "out")
        other = tmp_path / "other"
        other.mkdir()
        keys = tmp_path / "authorized_keys"
        keys.write_text(KEYS)
        (other / "export-7").mkdir()
        (other / "export-7" / f"{path.name}.part").symlink_to(keys)
        with pytest.raises(OSError, match="symbolic link"):
            client.export_jobs.download(7, other)

    assert keys.read_text() == KEYS
    made = [found for found in (tmp_path / "out").rglob("*") if found.is_file()]
    assert {mode(found) for found in made} == {0o600}
    assert {mode(folder) for folder in (tmp_path / "out", path.parent)} == {0o700}


def _client(url: str, clock: Any) -> rtcp.Client:
    return rtcp.Client(base_url=url, token="t", client_id="key", org_id="ORG@AdobeOrg", clock=clock, retries=0)


KILLED = """
from rtcp.rows.sources import read_rows
from rtcp._temporary import TemporaryFolder
kept = read_rows(iter([{"email": "mara@example.com"}]))
folder = TemporaryFolder(prefix="rtcp-upsert-")
(folder.path / "rows.json").write_text("mara@example.com")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_gone_with_the_next_start(program: Any, tmp_path: Path) -> None:
    (tmp_path / "rtcp-mine-of-old").mkdir()
    (tmp_path / "rtcp-file").touch()
    program(KILLED, environment={"TMPDIR": str(tmp_path)})
    left = [path.read_text() for path in tmp_path.rglob("rows.*")]
    assert len(left) == 2

    with_folder = "from rtcp._temporary import TemporaryFolder\nwith TemporaryFolder(prefix='rtcp-x-'): pass"
    run = program(with_folder, environment={"TMPDIR": str(tmp_path)})

    assert run.stderr == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rtcp-file", "rtcp-mine-of-old"]


def test_what_a_living_process_has_stays(program: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kept = KeptRows(iter([1]))
    with TemporaryFolder(prefix="rtcp-upsert-") as folder:
        with_folder = "from rtcp._temporary import TemporaryFolder\nwith TemporaryFolder(prefix='rtcp-x-'): pass"
        assert program(with_folder, environment={"TMPDIR": str(tmp_path)}).stderr == ""

        assert folder.exists()
        assert list(kept.read()) == [1]
        assert {mode(path) for path in tmp_path.iterdir()} == {0o700}


def test_half_a_token_that_a_killed_process_left_goes_with_the_next_one(
    program: Any, tmp_path: Path, clock: Any
) -> None:
    code = """
from rtcp._private import replacing
with replacing(Path(sys.argv[1])) as file:
    file.write("hush"); file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "token"
    program(code, str(path))
    assert len(list(tmp_path.iterdir())) == 1

    cache_of(path, clock).write(FetchedToken("new", 3600))

    assert [found.name for found in tmp_path.iterdir()] == ["token"]


@pytest.mark.parametrize("write", [rejects_into, spool_into])
def test_a_file_with_a_second_name_is_left_alone(tmp_path: Path, write: Any) -> None:
    keys = tmp_path / "authorized_keys"
    keys.write_text(KEYS)
    (tmp_path / "rows").hardlink_to(keys)

    with pytest.raises(rtcp.SpoolError, match="hard link"):
        write(tmp_path / "rows")

    assert (keys.read_text(), mode(keys)) == (KEYS, 0o666)


@pytest.mark.parametrize("write", [rejects_into, spool_into])
def test_a_pipe_keeps_no_rows_and_is_refused(tmp_path: Path, write: Any) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(rtcp.SpoolError, match="pipe"):
        write(tmp_path / "pipe")


def test_a_pipe_in_the_place_of_a_token_holds_nobody_up(tmp_path: Path, clock: Any, caplog: Any) -> None:
    os.mkfifo(tmp_path / "token")

    with limit_of(5):
        assert cache_of(tmp_path / "token", clock).read() is None

    assert "pipe" in caplog.text


@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="no folder in shared memory")
def test_a_folder_of_everybodys_below_dev_is_no_device(clock: Any, caplog: Any) -> None:
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as folder:
        keys, link = Path(folder, "authorized_keys"), Path(folder, "link")
        keys.write_text(KEYS)
        link.symlink_to(keys)
        with pytest.raises(rtcp.SpoolError, match="symbolic link"):
            rejects_into(link)
        assert cache_of(link, clock).read() is None

        assert "symbolic link" in caplog.text
        assert untouched(link)


def test_dev_null_and_the_like_are_still_good_for_rejects() -> None:
    rejects_into(Path(os.devnull))
