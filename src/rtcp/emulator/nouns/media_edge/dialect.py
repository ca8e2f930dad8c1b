"""How the Media Edge's answers differ from dialect to dialect."""

from __future__ import annotations

import random
import zlib

from rtcp.emulator.http.operations import Body, Change
from rtcp.emulator.http.wire import Request
from rtcp.emulator.nouns.media_edge.edge_answers import session_handle


def _spec_downloaded(request: Request, body: Body) -> Body:
    # The published description shows a session's id here too, which nobody can use.
    if "errors" in body:
        return body
    return {**body, "handle": [session_handle("0" * 64, 0), *body["handle"]]}


def _hostile_handles(request: Request, body: Body) -> Body:
    """Handles in any order, one that no source has, and no number of an event that stands alone."""
    chance = random.Random(zlib.crc32(request.body))  # noqa: S311 - chaos, not secrets
    handles = [
        dict(handle, payload=chance.sample(handle["payload"], len(handle["payload"]))) for handle in body["handle"]
    ]
    if len(request.content["events"]) == 1:
        for handle in handles:
            handle.pop("eventIndex", None)
    handles.append({"type": "not-in-any-source:result"})
    chance.shuffle(handles)
    return {**body, "handle": handles}


CHANGES: dict[str, dict[str, Change]] = {
    "spec": {"media_edge.send_downloaded": _spec_downloaded},
    "hostile": {"media_edge.start_session": _hostile_handles, "media_edge.send_downloaded": _hostile_handles},
}
