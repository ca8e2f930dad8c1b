"""A stand-in for streaming ingestion behind a transport adapter: keeps what it receives, and plays a script first."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from typing import Any

import requests
from requests.adapters import BaseAdapter
from tests.helpers.adapters import Answer, ScriptedAdapter

INLET = "f6ca9706d61de3b78be69e2673ad68ab9fb2cece0c1e1afc071718a0033e6877"
SCHEMA = "https://ns.adobe.com/harbour/schemas/purchase"
DATASET = "harbour-purchases"
RECEIVED_MS = 1772409600000

Step = Answer | Exception | Callable[[Sequence[dict[str, Any]]], Answer]


def entity(message: dict[str, Any]) -> dict[str, Any]:
    return message["body"]["xdmEntity"]


def receipts(messages: Sequence[dict[str, Any]], *, failed: dict[int, int] | None = None) -> Answer:
    """A 207; `failed` gives the status of messages by position."""
    answers = [
        {"statusCode": failed[number], "message": "Message has unknown xdm format"}
        if number in (failed or {})
        else {"xactionId": f"{RECEIVED_MS}:1:1:{number}"}
        for number in range(len(messages))
    ]
    batch = {"inletId": INLET, "batchId": f"{RECEIVED_MS}:1:1", "receivedTimeMs": RECEIVED_MS, "responses": answers}
    return Answer(207, batch)


class InletAdapter(BaseAdapter):
    """Answers each request by the next step of its script, and once that is over, receives everything.

    `received` holds the messages that were accepted, `requests` everything that came.
    """

    def __init__(self, *script: Step) -> None:
        super().__init__()
        self._script = list(script)
        self._lock = threading.Lock()
        self.requests: list[requests.PreparedRequest] = []
        self.received: list[dict[str, Any]] = []

    @property
    def ids(self) -> list[str]:
        """The `_id` of all messages received, in order."""
        return [entity(message)["_id"] for message in self.received]

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
        body = json.loads(request.body or b"null")
        messages = body["messages"] if "/batch/" in (request.url or "") else [body]
        step = self._script[number] if number < len(self._script) else None
        if callable(step):
            step = step(messages)
        answer = step or self._receive(request, messages)
        if isinstance(answer, Answer) and answer.status == 207:
            with self._lock:
                self.received += [
                    message
                    for message, said in zip(messages, answer.body["responses"], strict=False)
                    if isinstance(said, dict) and said.get("xactionId")
                ]
        return ScriptedAdapter(answer).send(request, **options)

    def _receive(self, request: requests.PreparedRequest, messages: list[dict[str, Any]]) -> Answer:
        if "/batch/" in (request.url or ""):
            return receipts(messages)
        with self._lock:
            self.received += messages
        validation = {"status": "pass"} if "syncValidation=true" in (request.url or "") else {"skipped": True}
        body = {"inletId": INLET, "xactionId": "1:2:3", "receivedTimeMs": RECEIVED_MS, "syncValidation": validation}
        return Answer(200, body)

    def close(self) -> None:
        """Nothing is open."""


def mounted_inlet(http: requests.Session, *script: Step) -> InletAdapter:
    """The stand-in in front of every address."""
    adapter = InletAdapter(*script)
    http.mount("http://", adapter)
    http.mount("https://", adapter)
    return adapter
