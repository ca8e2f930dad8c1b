"""An answer that is read in pieces, so that its size does not matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import requests

from rtcp.errors import RtcpError
from rtcp.transport.deadline import Attempt
from rtcp.transport.failures import FOREIGN, to_failure, too_slow
from rtcp.transport.request import Request, Response

CHUNK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Stream(Response):
    """The answer of a success whose body is still on its way: `body` is empty, `chunks` brings it."""

    request: Request = field(repr=False)
    answer: requests.Response = field(repr=False)
    attempt: Attempt = field(repr=False)

    def chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        """Yield the body in pieces of at most `size` bytes; once only.

        Raises:
            RequestError: the body broke off, also where fewer bytes came than were announced.
        """
        # An adapter or hook of the user's may have read it all, to keep it or to log it.
        if self.answer._content_consumed:  # type: ignore[attr-defined]
            yield from (self.answer.content[start : start + size] for start in range(0, len(self.answer.content), size))
            return
        failure: RtcpError | None = None
        while failure is None:
            piece = b""
            # What has come by now: a piece that has to be filled first would not tell whether anything comes.
            self.attempt.begin_wait()
            try:
                piece = self.answer.raw.read1(size, decode_content=True)
            except FOREIGN as exc:
                failure = to_failure(exc, self.request, url=self.url, request_id=self.request_id)
            finally:
                self.attempt.end_wait(len(piece))
            if self.attempt.is_over:
                failure = too_slow(self.request, url=self.url, request_id=self.request_id, is_file=True)
            elif piece:
                yield piece
            elif failure is None:
                return
        raise failure

    def close(self) -> None:
        """Give the connection back, or drop it when the body was not read to its end."""
        self.attempt.end()
        self.answer.close()
