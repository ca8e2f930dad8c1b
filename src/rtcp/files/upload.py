"""Files from the disk to the service: small ones in one request, large ones in parts, several at a time."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from rtcp._disk import name_in_errors
from rtcp._numbers import told_count
from rtcp._paths import local_path
from rtcp._private import private_file
from rtcp._temporary import TemporaryFolder
from rtcp._workers import Workers
from rtcp.errors import BadRequestError, InvalidArgumentError
from rtcp.models.file import UploadProgress
from rtcp.transport.request import Content

# "256 MB" in the documentation, which does not say whose megabyte: the smaller one.
SMALL: Final = 256_000_000
LARGEST_PART: Final = 512_000_000
PART: Final = 32 << 20
_BLOCK: Final = 1 << 18
_RECEIVED: Final = re.compile(r"(?:bytes[= ])?\s*0-([0-9]{1,18})(?:/.*)?")


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes that can be read from any place, by several threads.

    Attributes:
        open: a new reader that stands at the first byte.
    """

    open: Callable[[], BinaryIO]
    size: int


@dataclass(frozen=True, slots=True)
class Target:
    """How one file gets to the service.

    Attributes:
        put: sends all of it in one request.
        initialize, patch, complete: begin, send a part that starts at a byte, and end a file that comes in parts.
        received: how many bytes from the start on the service has.
    """

    put: Callable[[Content], None]
    initialize: Callable[[], None]
    patch: Callable[[Content, int], None]
    complete: Callable[[], None]
    received: Callable[[], int]


@contextmanager
def opened(content: str | Path | bytes | BinaryIO) -> Iterator[Source]:
    """The content as a source; a stream is copied to the disk first, as it can be read only once.

    Raises:
        OSError: the file cannot be read.
    """
    if isinstance(content, bytes):
        yield Source(lambda: io.BytesIO(content), len(content))
    elif isinstance(content, str | Path):
        path = local_path(content, what="content")
        if path.is_file():
            yield Source(lambda: path.open("rb"), path.stat().st_size)
            return
        # A pipe, which tells no size, and can be read only once.
        with path.open("rb") as stream, opened(stream) as source:
            yield source
    else:
        with TemporaryFolder(prefix="rtcp-upload-") as folder:
            copy = folder / "content"
            with private_file(copy, "wb") as file:
                while block := content.read(_BLOCK):
                    with name_in_errors(copy):
                        file.write(block)
                with name_in_errors(copy):
                    file.flush()
            yield Source(lambda: copy.open("rb"), copy.stat().st_size)


class Upload:
    """One upload of one file. `run` may be called once.

    Args:
        part_size: bytes of a part; None sends what is small in one request.
        on_progress: called as bytes leave, by one thread at a time.
    """

    def __init__(
        self,
        source: Source,
        target: Target,
        *,
        name: str,
        part_size: int | None = None,
        on_progress: Callable[[UploadProgress], Any] | None = None,
    ) -> None:
        self._source = source
        self._target = target
        self._name = name
        self._part_size = part_size or PART
        self._is_small = source.size <= (part_size or SMALL)
        self._tell = on_progress
        self._done: dict[int, int] = {}
        self._total = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def run(self, *, workers: int, resume: bool = False) -> None:
        """Send the file.

        Args:
            resume: True goes on behind what the service has of an earlier run.

        Raises:
            BadRequestError: the service misses parts.
            InvalidArgumentError: the file became shorter meanwhile, or cannot be read any more.
            RequestError, ResponseError: the service, after retries.
        """
        if self._is_small:
            self._target.put(self._slice(0, self._source.size))
            return
        received = min(self._target.received(), self._source.size) if resume else 0
        if not received:
            self._target.initialize()
        self._send_from(received, workers)
        try:
            self._target.complete()
        except BadRequestError:
            if not received:
                raise
            # What it had was not without gaps, whatever it said: parts may come twice, so all of them come again.
            self._send_from(0, workers)
            self._target.complete()

    def _send_from(self, first: int, workers: int) -> None:
        self._done, self._total = {}, first
        pool = Workers(workers, name="rtcp-upload")
        try:
            # All at once: until its turn comes, a part is no more than a place in the file.
            for each in [pool.submit(self._send_part, at) for at in range(first, self._source.size, self._part_size)]:
                each.result()
        except BaseException as exc:
            self._stopped.set()
            # A part that waits to be sent again would hold Ctrl-C back for a minute. It ends when it wakes.
            pool.close(wait=isinstance(exc, Exception))
            raise
        pool.close(wait=True)

    def _send_part(self, start: int) -> None:
        if self._stopped.is_set():
            return
        try:
            self._target.patch(self._slice(start, min(self._part_size, self._source.size - start)), start)
        except _StoppedError:
            return
        except BaseException:
            self._stopped.set()
            raise

    def _slice(self, start: int, length: int) -> _Slice:
        return _Slice(self._source.open, start, length, lambda done: self._count(start, done))

    def _count(self, start: int, done: int) -> None:
        if self._stopped.is_set():
            raise _StoppedError
        with self._lock:
            # A part that is sent again tells 0 first, which takes back what it had told before.
            self._total += done - self._done.get(start, 0)
            self._done[start] = done
            if self._tell is not None and done:
                self._tell(UploadProgress(self._name, self._total, self._source.size))


def received_of(header: str | None) -> int:
    """How many bytes from the start on a `Range` header says are there; 0 when it says nothing of the start."""
    text = (header or "").strip()
    found = _RECEIVED.fullmatch(text)
    return int(found[1]) + 1 if found else told_count(text) or 0


@dataclass(frozen=True, slots=True)
class _Slice:
    """A piece of a source as a body: read as it is sent, and anew when it is sent again."""

    open: Callable[[], BinaryIO]
    start: int
    length: int
    # Not "tell": urllib3 takes what has that for a file.
    on_read: Callable[[int], None]

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[bytes]:
        left = self.length
        self.on_read(0)
        for block in self.blocks():
            left -= len(block)
            yield block
            self.on_read(self.length - left)
        if left:
            raise InvalidArgumentError("the file became shorter while it was sent")

    def blocks(self) -> Iterator[bytes]:
        """The bytes, without a word of how far they are."""
        try:
            with self.open() as file:
                file.seek(self.start)
                left = self.length
                while left and (block := file.read(min(_BLOCK, left))):
                    left -= len(block)
                    yield block
        except OSError as exc:
            # To the libraries below, an OSError is the connection's, and worth another try.
            problem = exc.strerror or type(exc).__name__
        else:
            return
        raise InvalidArgumentError(f"the file cannot be read any more: {problem}")


class _StoppedError(Exception):
    """Another part has failed: this one stops where it is."""
