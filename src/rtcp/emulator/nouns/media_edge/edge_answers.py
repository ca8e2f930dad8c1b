"""What the Media Edge answers when it took something: handles, and the events that were wrong beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rtcp.emulator.http.wire import Answer
from rtcp.emulator.nouns.media_edge.problems import ERRORS, Details, request_id
from rtcp.emulator.options import MediaSettings


def answer_accepted(handles: Sequence[dict[str, Any]], failures: Sequence[tuple[int, Details]]) -> Answer:
    """200, or 207 when some event is wrong: these two operations have no 400 for that."""
    body: dict[str, Any] = {"requestId": request_id(), "handle": list(handles)}
    if failures:
        body["errors"] = [
            {
                "type": f"{ERRORS}va-edge-0400-400",
                "status": 400,
                "title": "Invalid request",
                "report": {"eventIndex": index, "details": details},
            }
            for index, details in failures
        ]
    return Answer(207 if failures else 200, body)


def session_handle(session_id: str, index: int) -> dict[str, Any]:
    return {"type": "media-analytics:new-session", "eventIndex": index, "payload": [{"sessionId": session_id}]}


def state_handles(settings: MediaSettings, cookie: str) -> list[dict[str, Any]]:
    """Where to go from now on, and what a browser would keep."""
    hints = [("Target", "35"), ("AAM", "9"), ("EdgeNetwork", settings.hint)]
    prefix = f"kndctr_{settings.org_id.replace('@', '_')}"
    return [
        {
            "type": "locationHint:result",
            "payload": [{"scope": scope, "hint": hint, "ttlSeconds": 1800} for scope, hint in hints],
        },
        {
            "type": "state:store",
            "payload": [
                {"key": f"{prefix}_identity", "value": cookie, "maxAge": 34_128_000},
                {"key": f"{prefix}_cluster", "value": settings.hint, "maxAge": 1800},
            ],
        },
    ]
