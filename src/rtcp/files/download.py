"""Files from the service to the disk: several at once, resumed after a cut, whole or not there at all."""

from __future__ import annotations

import io
import logging
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rtcp import _system
from rtcp._disk import name_in_errors
from rtcp._numbers import told_count
from rtcp._private import open_private, private_file, private_folder
from rtcp._workers import Workers
from rtcp.errors import DecodeError, NotFoundError, RequestTimeoutError, RtcpError
from rtcp.files.folder import PART, STATE
from rtcp.models.file import DownloadProgress, RemoteFile
from rtcp.transport.body_stream import Stream
from rtcp.transport.request import Response

logger = logging.getLogger(__name__)

_PARTIAL: Final = 206
_NO_SUCH_RANGE: Final = 416
_RANGE: Final = re.compile(r"bytes (\d{1,19})-\d{1,19}/(\d{1,19}|\*)", re.ASCII)
_MOST_CHANGES: Final = 3
_LONGEST_STATE: Final = 500


@dataclass(frozen=True, slots=True)
class Source:
    """How to get at the bytes of files.

    Attributes:
        open: the stream of a file from an offset on, if it is still in the state that a strong ETag names.
        wait_to_resume: returns when the file may be asked for again after so many failures in a row, or raises the
            failure.
    """

    open: Callable[[RemoteFile, int, str | None], AbstractContextManager[Stream]]
    wait_to_resume: Callable[[RemoteFile, RtcpError, int], None]


class Download:
    """One download of many files. `run` may be called once.

    Args:
        targets: each file with the path that it shall have.
        on_progress: called as bytes arrive, by one thread at a time.
    """

    def __init__(
        self,
        source: Source,
        targets: Sequence[tuple[RemoteFile, Path]],
        *,
        on_progress: Callable[[DownloadProgress], Any] | None = None,
    ) -> None:
        self._source = source
        self._targets = targets
        self._tell = on_progress
        self._lock = threading.Lock()
        self._gate = _Gate()
        lengths = [file.length for file, _ in targets]
        self._total = None if None in lengths else sum(length or 0 for length in lengths)
        self._bytes = 0
        self._files = 0

    def run(self, *, workers: int) -> list[Path]:
        """Bring all files and return their paths in the order of the targets. What is complete already is kept.

        Raises:
            NotFoundError: a file has vanished.
            DecodeError: a file has another length than was announced.
            OSError: the disk; the error names the file.
            RequestError, ResponseError: the service, after retries. What came so far is kept beside, as `.part`, and
                the next run goes on from there.
        """
        pool = Workers(workers, name="rtcp-download")
        try:
            for each in [pool.submit(self._bring, file, path) for file, path in self._targets]:
                each.result()
        except BaseException as exc:
            self._gate.shut()
            # Whoever waits for bytes would hold Ctrl-C back for a minute. It writes none any more when they come.
            pool.close(wait=isinstance(exc, Exception))
            raise
        pool.close(wait=True)
        return [path for _, path in self._targets]

    def _bring(self, file: RemoteFile, path: Path) -> None:
        try:
            if _is_complete(path, file.length):
                self._count(file, path.stat().st_size)
            else:
                self._fetch(file, path)
            self._count(file, 0, is_complete=True)
        except _StoppedError:
            return
        except BaseException:
            # Told to the others at once: the first to fail may not be the first to be asked for its result.
            self._gate.shut()
            raise

    def _fetch(self, file: RemoteFile, path: Path) -> None:
        part = path.with_name(path.name + PART)
        private_folder(path.parent)
        length = self._fill(file, part, _State(path.with_name(path.name + STATE)))
        size = part.stat().st_size
        if size != length:
            raise _wrong_length(file, size, length)
        with private_file(part, "r+b") as written, name_in_errors(part):
            os.fsync(written.fileno())
        with self._gate.passing():
            part.replace(path)
            path.with_name(path.name + STATE).unlink(missing_ok=True)
        _system.here.sync_folder(path.parent)
        logger.info("downloaded %s: %d bytes", path, size)

    def _fill(self, file: RemoteFile, part: Path, state: _State) -> int:
        """Ask for the rest of the file until there is none, and return the announced length."""
        with self._gate.passing():
            os.close(open_private(part, os.O_RDWR | os.O_CREAT))
            done = part.stat().st_size
            if file.length is not None and done > file.length:
                os.truncate(part, 0)
                done = 0
        self._count(file, done)
        failures = changes = 0
        while done != file.length:
            try:
                return self._read_on(file, part, done, state)
            except NotFoundError as exc:
                raise _vanished(file, exc) from None
            except _ChangedError:
                changes += 1
                if changes > _MOST_CHANGES:
                    raise _unsteady(file) from None
                done = self._begin_again(file, part, done)
                continue
            except RtcpError as exc:
                failure = exc
            if done and getattr(failure, "status", None) == _NO_SUCH_RANGE:
                # What came in an earlier run does not fit the file.
                done = self._begin_again(file, part, done)
                continue
            # Nobody waits for a file when another has failed meanwhile.
            self._count(file, 0)
            before, done = done, part.stat().st_size
            # A service that gives a few bytes each time, too slowly to wait for, would give them for ever.
            has_got_on = done > before and not isinstance(failure, RequestTimeoutError)
            failures = 1 if has_got_on else failures + 1
            self._source.wait_to_resume(file, failure, failures)
        return done

    def _begin_again(self, file: RemoteFile, part: Path, done: int) -> int:
        self._count(file, -done)
        with self._gate.passing():
            os.truncate(part, 0)
        return 0

    def _read_on(self, file: RemoteFile, part: Path, offset: int, state: _State) -> int:
        if not offset:
            with self._gate.passing():
                state.forget()
        with (
            self._source.open(file, offset, state.strong) as stream,
            os.fdopen(open_private(part, os.O_RDWR), "r+b", buffering=0) as output,
        ):
            length = _announced(file, stream, offset=offset)
            told = stream.headers.get("ETag", "").strip() or stream.headers.get("Last-Modified", "").strip()
            if stream.status == _PARTIAL and told != state.known:
                raise _ChangedError
            if stream.status != _PARTIAL:
                # The server sends the file from its start, whatever was asked for.
                self._count(file, -offset)
                offset = 0
            with self._gate.passing():
                state.keep(told)
                output.truncate(offset)
            output.seek(offset)
            for chunk in stream.chunks():
                offset += len(chunk)
                if length is not None and offset > length:
                    raise _wrong_length(file, offset, length)
                with self._gate.passing(), name_in_errors(part):
                    _write(output, chunk)
                self._count(file, len(chunk))
        return offset if length is None else length

    def _count(self, file: RemoteFile, more: int, *, is_complete: bool = False) -> None:
        if self._gate.is_shut:
            raise _StoppedError
        with self._lock:
            self._bytes += more
            self._files += is_complete
            if self._tell is not None and (more or is_complete):
                progress = DownloadProgress(file.name, self._bytes, self._total, self._files, len(self._targets))
                self._tell(progress)


class _Gate:
    """Lets changes to the disk through until it is shut; who has shut it knows that none is under way any more.

    Whoever takes the download up again has the files to itself, while threads of the earlier one still wait for bytes.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._passing = 0
        self.is_shut = False

    @contextmanager
    def passing(self) -> Iterator[None]:
        with self._changed:
            if self.is_shut:
                raise _StoppedError
            self._passing += 1
        try:
            yield
        finally:
            with self._changed:
                self._passing -= 1
                self._changed.notify_all()

    def shut(self) -> None:
        with self._changed:
            self.is_shut = True
            self._changed.wait_for(lambda: not self._passing)


class _State:
    """Which state of a file its unfinished bytes are of, by what the service calls that; kept beside them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with os.fdopen(open_private(path, os.O_RDONLY), encoding="utf-8") as file:
                self.known = file.read(_LONGEST_STATE)
        except (OSError, ValueError):
            self.known = ""

    @property
    def strong(self) -> str | None:
        """The ETag, where equal ones mean equal bytes."""
        return self.known if self.known.startswith('"') else None

    def keep(self, told: str) -> None:
        if told == self.known:
            return
        self.known = told[:_LONGEST_STATE]
        with private_file(self._path) as file:
            file.write(self.known)

    def forget(self) -> None:
        self.known = ""
        self._path.unlink(missing_ok=True)


class _ChangedError(Exception):
    """The file is not the one any more that the bytes so far are of."""


class _StoppedError(Exception):
    """Another file has failed: this one stops where it is."""


def _write(output: io.FileIO, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[output.write(rest) :]


def _is_complete(path: Path, length: int | None) -> bool:
    # A file gets its name when it is complete, so without a known length the name says enough.
    return path.is_file() and length in (None, path.stat().st_size)


def _announced(file: RemoteFile, stream: Stream, *, offset: int) -> int | None:
    """The length of the whole file, by the listing and by the answer, which must agree."""
    length = file.length
    if stream.status == _PARTIAL:
        found = _RANGE.fullmatch(stream.headers.get("Content-Range", "").strip())
        if found is None or int(found[1]) != offset:
            raise _broken(stream, f"file {file.name!r}: asked for what follows byte {offset}, but another range came")
        told = None if found[2] == "*" else int(found[2])
    else:
        told = told_count(stream.headers.get("Content-Length"))
    if length is not None and told is not None and told != length:
        raise _broken(stream, f"file {file.name!r}: listed with {length} bytes, but the answer announces {told}")
    return told if length is None else length


def _broken(response: Response, message: str) -> DecodeError:
    return DecodeError(message, method=response.method, url=response.url, request_id=response.request_id)


def _wrong_length(file: RemoteFile, came: int, length: int) -> DecodeError:
    return DecodeError(f"file {file.name!r} of batch {file.batch_id}: {came} bytes came where {length} were announced")


def _unsteady(file: RemoteFile) -> DecodeError:
    return DecodeError(f"file {file.name!r} of batch {file.batch_id} is another one each time that it is asked for")


def _vanished(file: RemoteFile, failure: NotFoundError) -> NotFoundError:
    return NotFoundError(
        f"file {file.name!r} of batch {file.batch_id} is not there any more",
        status=failure.status,
        code=failure.code,
        method=failure.method,
        url=failure.url,
        request_id=failure.request_id,
    )
