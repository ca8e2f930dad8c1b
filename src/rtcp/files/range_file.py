"""A file of the service that is read where it is: by ranges of bytes, from any place, without bringing all of it."""

from __future__ import annotations

import io
import re
from typing import Any, Final

from rtcp.errors import DecodeError, NotFoundError
from rtcp.files.data_access import DataAccess
from rtcp.models.file import RemoteFile
from rtcp.transport.request import Response

_PARTIAL: Final = 206
_RANGE: Final = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)", re.ASCII)
# Of Parquet, the end tells what is where; so much of it holds the footer of most files.
_TAIL: Final = 64 * 1024


class RangeFile(io.RawIOBase):
    """Reads one file of a batch; each read that is not in the end of it is one request.

    Raises:
        NotFoundError: the file has vanished.
        DecodeError: other bytes came than were asked for.
    """

    def __init__(self, access: DataAccess, file: RemoteFile) -> None:
        super().__init__()
        self._access = access
        self._file = file
        self._position = 0
        self._tail, self._length = self._read_tail()

    @property
    def length(self) -> int:
        """Bytes of the whole file."""
        return self._length

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Let the next read begin elsewhere."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, as far as the file goes."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or all that are left."""
        left = self._length - self._position
        count = max(0, left if size is None or size < 0 else min(size, left))
        if count == 0:
            return b""
        start = self._position
        before_tail = start - (self._length - len(self._tail))
        data = self._tail[before_tail : before_tail + count] if before_tail >= 0 else self._ask(start, count)
        self._position += len(data)
        return data

    def _read_tail(self) -> tuple[bytes, int]:
        response = self._response(f"bytes=-{_TAIL}")
        if response.status != _PARTIAL:
            # Small files come whole, whatever is asked for.
            return response.body, len(response.body)
        first, last, length = self._span_of(response)
        if length is None or last + 1 != length or last - first + 1 != len(response.body):
            raise self._refuse("asked for its end, but something else came")
        self._check_length(length)
        return response.body, length

    def _ask(self, start: int, count: int) -> bytes:
        response = self._response(f"bytes={start}-{start + count - 1}")
        if response.status != _PARTIAL:
            raise self._refuse("asked for a part of it, but all of it came")
        first, last, length = self._span_of(response)
        self._check_length(length)
        if (first, last) != (start, start + count - 1) or len(response.body) != count:
            raise self._refuse("asked for a part of it, but another one came")
        return response.body

    def _response(self, span: str) -> Response:
        try:
            return self._access.read_span(self._file, span)
        except NotFoundError as exc:
            missing = exc
        raise NotFoundError(
            f"file {self._file.name!r} of batch {self._file.batch_id} is not there any more",
            status=missing.status,
            code=missing.code,
            method=missing.method,
            url=missing.url,
            request_id=missing.request_id,
        )

    def _span_of(self, response: Response) -> tuple[int, int, int | None]:
        found = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        if found is None:
            raise self._refuse("the answer does not tell which part of it came")
        return int(found[1]), int(found[2]), None if found[3] == "*" else int(found[3])

    def _check_length(self, length: int | None) -> None:
        # Before the first answer, only the list of files has told a length.
        known = getattr(self, "_length", self._file.length)
        if None not in (length, known) and length != known:
            raise self._refuse(f"it has {length} bytes, where {known} were announced")

    def _refuse(self, problem: str) -> DecodeError:
        return DecodeError(f"file {self._file.name!r} of batch {self._file.batch_id}: {problem}")
