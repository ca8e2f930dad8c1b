"""An adapter that passes requests on to the emulator, and spoils one of the answers on their way back."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import requests
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from tests.fuzz.mutation import CHANGES, Change, changed
from urllib3 import HTTPResponse

# A verb that asks so often goes round in a circle.
MOST_REQUESTS = 4_000
_ODD_TIMES = ["-1", "0", "1e400", "nan", "9" * 400, "soon", "Mon, 31 Feb 2026 25:61:61 GMT",
    "Mon, 02 Mar 10000 00:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 +9999", "\xff", ""]  # fmt: skip
_ODD_HEADERS = {
    "Retry-After": _ODD_TIMES,
    "Date": _ODD_TIMES,
    "Content-Type": ["text/html", "application/json; charset=utf-16", "application/json; charset=nothing", ";", ""],
    "Content-Range": ["bytes 5-1/2", "bytes */*", "x"],
    "Content-Length": ["-1", "x", "0"],
    "Range": ["bytes=0-99999999999999999999", "bytes=0-x", "x"],
    "ETag": ["", "\xff"],
    "Location": ["", "http://[", "//elsewhere.example/x", "%"],
    "X-Request-Id": ["", "x" * 9000, "\x1b[31m"],
}
_ODD_BODIES = [b"", b"null", b"[]", b"{}", b"0", b'""', b"true", b"NaN", b"[null]", b"<html>", b"\xff\xfe", b"{",
    b"[" * 9000, b'{"a":' * 9000, b'"\\ud800"', b"\x00", b"1" * 6000, b"\x1f\x8b\x08\x00",
    b'{"_links":{"next":{"href":"http://["}}}']  # fmt: skip
_STATUSES = [200, 201, 202, 203, 204, 206, 207, 226, 299, 300, 302, 304, 400, 401, 403, 404, 405, 408, 409, 410, 412,
    413, 416, 422, 429, 451, 499, 500, 501, 502, 503, 504, 520, 599]  # fmt: skip


class EndlessError(AssertionError):
    """A verb sends and sends."""


@dataclass(frozen=True)
class Recipe:
    """How to spoil an answer; drawn beforehand, as answers come in several threads."""

    how: str
    changes: list[Change]
    body: bytes | None
    cut: float
    header: tuple[str, str]
    status: int

    def apply(self, response: requests.Response) -> requests.Response:
        """The answer with another body, header or status, mostly a body of JSON that is almost right."""
        status, headers, body = response.status_code, dict(response.headers), response.content
        if self.how == "document":
            body = _changed_document(body, self.changes)
        if self.how in ("body", "failure"):
            body = body[: int(self.cut * len(body))] if self.body is None else self.body
        if self.how in ("header", "failure"):
            headers[self.header[0]] = self.header[1]
        if self.how in ("status", "failure"):
            status = self.status
        return remade(response, status, headers, body)


RECIPES = st.builds(
    Recipe,
    how=st.sampled_from(["document", "document", "document", "body", "header", "status", "failure"]),
    changes=CHANGES,
    body=st.none() | st.sampled_from(_ODD_BODIES) | st.binary(max_size=20),
    cut=st.floats(0, 1),
    header=st.sampled_from([(name, value) for name, values in _ODD_HEADERS.items() for value in values]),
    status=st.sampled_from(_STATUSES),
)


class Spoiler(HTTPAdapter):
    """Spoils the answer number `position` of all that come."""

    def __init__(self, recipe: Recipe, *, position: int) -> None:
        super().__init__(pool_maxsize=64)
        self.count = 0
        self._recipe = recipe
        self._position = position

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(request, *args, **kwargs)
        number, self.count = self.count, self.count + 1
        if self.count > MOST_REQUESTS:
            raise EndlessError(request.url)
        return self._recipe.apply(response) if number == self._position else response


def remade(response: requests.Response, status: int, headers: dict[str, str], body: bytes) -> requests.Response:
    """An answer to the same request with other contents."""
    made = requests.Response()
    made.status_code = status
    made.headers.update({name: value for name, value in headers.items() if name.lower() != "content-encoding"})
    assert response.url is not None
    made.url, made.request = response.url, response.request
    made.raw = HTTPResponse(body=io.BytesIO(body), headers=made.headers, preload_content=False, status=status)
    return made


def _changed_document(body: bytes, changes: list[Change]) -> bytes:
    try:
        document = json.loads(body)
    except ValueError:
        document = {}
    return json.dumps(changed(document, changes)).encode()
