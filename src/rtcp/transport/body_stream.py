"""An answer that is read in pieces, so that its size does not matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import requests
from urllib3.response import BaseHTTPResponse

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
        failure: RtcpError | None = None
        pieces = self._pieces(size)
        while failure is None:
            piece = b""
            self.attempt.begin_wait()
            try:
                piece = next(pieces, b"")
            except FOREIGN as exc:
                failure = to_failure(exc, self.request, url=self.url, request_id=self.request_id)
            finally:
                self.attempt.end_wait(len(piece))
            # Asked first: a socket that was shut down reads like the end of the body, or like some other failure.
            if self.attempt.is_over:
                failure = too_slow(self.request, url=self.url, request_id=self.request_id, is_file=True)
            elif piece:
                yield piece
            elif failure is None:
                return
        raise failure

    def _pieces(self, size: int) -> Iterator[bytes]:
        raw = self.answer.raw
        # An adapter or hook of the user's may have read it all, or bring it by something that is not urllib3's.
        if self.answer._content_consumed or not isinstance(raw, BaseHTTPResponse):  # type: ignore[attr-defined]
            return self.answer.iter_content(size)
        # What has come by now: a piece that has to be filled first would not tell whether anything comes.
        return iter(partial(raw.read1, size, decode_content=True), b"")

    def close(self) -> None:
        """Give the connection back, or drop it when the body was not read to its end."""
        self.attempt.end()
        self.answer.close()
