"""How Media Collection's errors differ from dialect to dialect; its successes have no body."""

from __future__ import annotations

from rtcp.emulator.http.operations import Refused
from rtcp.emulator.http.wire import Answer, Request


def _plain_text(request: Request, answer: Answer) -> Answer:
    # "An error message" may as well be no JSON.
    if not isinstance(answer.body, dict):
        return answer
    return Answer(answer.status, str(answer.body.get("message", "")).encode(), answer.headers, "text/plain")


REFUSED: dict[str, dict[str, Refused]] = {
    "hostile": {f"media_collection.{verb}": _plain_text for verb in ("start_session", "send_event", "send_downloaded")}
}
