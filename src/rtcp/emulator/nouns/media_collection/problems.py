"""What Media Collection answers in the place of a success, and to a browser that asks whether a page may call."""

from __future__ import annotations

from rtcp.emulator.http.wire import Answer, Request

# So that a player in a web page may call, and read the Location.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "OPTIONS,POST,PUT",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Expose-Headers": "Location",
}


def error_of(status: int, detail: str) -> Answer:
    """Media Collection is said to answer an error message; no source shows one."""
    return Answer(status, {"message": detail})


def headers_for_pages(request: Request) -> dict[str, str]:
    """The same on every answer, whatever became of the request."""
    return dict(CORS)


def answer_unbuilt(request: Request) -> Answer | None:
    """What a browser asks before it lets a page call; None for every other request."""
    return Answer(204, headers=dict(CORS)) if request.method == "OPTIONS" else None
