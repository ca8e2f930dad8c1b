"""An adapter for `requests` that keeps what a sandbox answered, never what was sent to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import HTTPAdapter

NO_JSON: Final = object()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One answer, with as much of its request as is needed to judge it.

    Attributes:
        step: what was being tried.
        query: names of the query's parameters, without their values.
        body: the parsed answer, or `NO_JSON`.
        echoes_request_id: True when the answer carries the request id that was sent.
    """

    step: str
    method: str
    path: str
    query: frozenset[str]
    status: int
    content_type: str
    body: Any = field(repr=False)
    size: int
    echoes_request_id: bool


class Recorder(HTTPAdapter):
    """Sends like any adapter and keeps the answers; mounted on the client's `http`."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)
        self.exchanges: list[Exchange] = []
        self.step = ""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        response = super().send(request, stream, timeout, verify, cert, proxies)
        # Read here, and kept by requests for whoever asked.
        content = response.content
        sent_id = request.headers.get("x-request-id")
        address = urlsplit(request.url or "")
        exchange = Exchange(
            self.step,
            request.method or "",
            address.path,
            frozenset(name for name, _ in parse_qsl(address.query, keep_blank_values=True)),
            response.status_code,
            response.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
            _parse(content),
            len(content),
            sent_id is not None and response.headers.get("X-Request-Id") == sent_id,
        )
        self.exchanges.append(exchange)
        return response


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return NO_JSON
