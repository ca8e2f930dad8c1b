"""Media Collection: starts, events, downloaded content, and the schemas of the events."""

from __future__ import annotations

from rtcp.emulator.http.problems import collection_error
from rtcp.emulator.http.wire import JSON_TYPE, NO_JSON, Answer, Request
from rtcp.emulator.nouns.media_collection import collection_events
from rtcp.emulator.nouns.media_collection.collection_events import LIVE_EVENTS, START, event_of, flag_of
from rtcp.emulator.service import Service

PREFIX = "/api/v1/"
# So that a player in a web page may call, and read the Location.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "OPTIONS,POST,PUT",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Expose-Headers": "Location",
}
_EMPTY_TYPE = "application/octet-stream"


def start_session(request: Request, service: Service) -> Answer:
    """Start a live session; a list is downloaded content at its old address, where the flag decides."""
    service.media.saw(request)
    settings = service.media.settings
    unread = _unread(request)
    if unread is not None:
        return _refused(400, unread)
    if isinstance(request.content, list):
        if not settings.arrays_on_sessions:
            return _refused(400, "this address takes events that start a session only")
        return _take_download(request, service, needs_flag=True)
    found = collection_events.complaint(request.content, (START,), service.validator, strict=settings.strict)
    if found is None and flag_of(request.content) is True:
        found = f"params.{collection_events.FLAG}: a live session must not be downloaded content"
    if found is not None:
        return _refused(400, found)
    session = service.media.open("collection")
    session.note(event_of(request.content, service.media.now_ms))
    return _created(session.id)


def send_event(request: Request, service: Service) -> Answer:
    """Tell a session one event. Its place among the others is nobody's business here."""
    service.media.saw(request)
    found = _unread(request) or collection_events.complaint(
        request.content, LIVE_EVENTS, service.validator, strict=service.media.settings.strict
    )
    if found is not None:
        return _refused(400, found)
    session = service.media.find("collection", request.path_id)
    if session is None:
        return _refused(404, "no such session: start a new one")
    over = session.over_because(service.media.now_ms)
    if over is not None:
        return _refused(410, f"the session is closed, {over}: start a new one")
    session.note(event_of(request.content, service.media.now_ms))
    return Answer(204, headers=dict(CORS))


def send_downloaded(request: Request, service: Service) -> Answer:
    """Take one finished session."""
    service.media.saw(request)
    unread = _unread(request)
    return _take_download(request, service, needs_flag=False) if unread is None else _refused(400, unread)


def get_schema(request: Request, service: Service) -> Answer:
    """Publish the schema of one type of event."""
    kind = request.path_id or ""
    if kind not in (START, *LIVE_EVENTS):
        return _refused(404, "no such type of event")
    return Answer(200, collection_events.published_schema(kind, service.validator), dict(CORS))


def preflight(request: Request) -> Answer | None:
    """What a browser asks before it lets a page call; None for every other request."""
    is_asked = request.method == "OPTIONS" and request.path.startswith(PREFIX)
    return Answer(204, headers=dict(CORS)) if is_asked else None


def _take_download(request: Request, service: Service, *, needs_flag: bool) -> Answer:
    settings, events = service.media.settings, request.content
    found = collection_events.complaint_about_download(events, service.validator, strict=settings.strict)
    if found is not None:
        return _refused(400, found)
    flag = flag_of(events[0])
    if (needs_flag and flag is not True) or (settings.refuse_false_flag and flag is False):
        return _refused(400, f"[0] params.{collection_events.FLAG}: must be true for downloaded content")
    now_ms = service.media.now_ms
    session = service.media.take_downloaded("collection", [event_of(event, now_ms) for event in events])
    return _created(session.id if needs_flag else None)


def _created(session_id: str | None) -> Answer:
    headers = dict(CORS) if session_id is None else {**CORS, "Location": f"/api/v1/sessions/{session_id}"}
    return Answer(201, headers=headers, content_type=_EMPTY_TYPE)


def _unread(request: Request) -> str | None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON_TYPE:
        return "the Content-Type is not application/json"
    return "the body is missing or is no JSON" if request.content is NO_JSON else None


def _refused(status: int, message: str) -> Answer:
    answer = collection_error(status, message)
    answer.headers.update(CORS)
    return answer
