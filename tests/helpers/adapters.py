"""A transport adapter that plays a script: answers and exceptions, one for each request."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse


@dataclass(frozen=True)
class Answer:
    """One scripted answer; a body that is no bytes is sent as JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class ScriptedAdapter(BaseAdapter):
    """Plays its script and repeats the last step for ever; keeps what it was sent in `requests`."""

    def __init__(self, *script: Answer | Exception) -> None:
        super().__init__()
        self.script = list(script)
        self.requests: list[requests.PreparedRequest] = []
        self.options: list[dict[str, Any]] = []

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        step = self.script[min(len(self.requests), len(self.script) - 1)]
        self.requests.append(request)
        self.options.append(options)
        if isinstance(step, Exception):
            raise step
        body = step.body if isinstance(step.body, bytes) else json.dumps(step.body).encode()
        response = requests.Response()
        response.status_code = step.status
        response.headers.update(step.headers)
        response.url = request.url or ""
        response.request = request
        response.raw = HTTPResponse(body=io.BytesIO(body), preload_content=False, status=step.status)
        return response

    def close(self) -> None:
        """Nothing is open."""


def mounted(http: requests.Session, script: Iterable[Answer | Exception]) -> ScriptedAdapter:
    """A scripted adapter in front of every address."""
    adapter = ScriptedAdapter(*script)
    http.mount("http://", adapter)
    http.mount("https://", adapter)
    return adapter
