"""An answer that is read in pieces, so that its size does not matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import requests

from rtcp.transport.failures import FOREIGN, to_failure
from rtcp.transport.request import Request, Response

CHUNK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Stream(Response):
    """The answer of a success whose body is still on its way: `body` is empty, `chunks` brings it."""

    request: Request = field(repr=False)
    answer: requests.Response = field(repr=False)

    def chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        """Yield the body in pieces of at most `size` bytes; once only.

        Raises:
            RequestError: the body broke off, also where fewer bytes came than were announced.
        """
        pieces = self.answer.iter_content(size)
        while True:
            try:
                piece = next(pieces, b"")
            except FOREIGN as exc:
                failure = to_failure(exc, self.request, url=self.url, request_id=self.request_id)
                break
            if not piece:
                return
            yield piece
        raise failure

    def close(self) -> None:
        """Give the connection back, or drop it when the body was not read to its end."""
        self.answer.close()
