"""Media Collection: starts, events, downloaded content, and the schemas of the events."""

from __future__ import annotations

from rtcp.emulator.http.operations import route
from rtcp.emulator.http.wire import JSON_TYPE, NO_JSON, Answer, Request
from rtcp.emulator.nouns.media_collection import collection_events
from rtcp.emulator.nouns.media_collection.collection_events import LIVE_EVENTS, START, event_of, flag_of
from rtcp.emulator.nouns.media_collection.problems import CORS, error_of
from rtcp.emulator.nouns.media_sessions.sessions import Media
from rtcp.emulator.service import Service

_EMPTY_TYPE = "application/octet-stream"


@route("media_collection.start_session")
def start_session(request: Request, service: Service) -> Answer:
    """Start a live session; a list is downloaded content at its old address, where the flag decides."""
    service.part(Media).saw(request)
    settings = service.part(Media).settings
    unread = _unread(request)
    if unread is not None:
        return _answer_refused(400, unread)
    if isinstance(request.content, list):
        if not settings.arrays_on_sessions:
            return _answer_refused(400, "this address takes events that start a session only")
        return _take_download(request, service, needs_flag=True)
    found = collection_events.complaint(request.content, (START,), service.description, strict=settings.strict)
    if found is None and flag_of(request.content) is True:
        found = f"params.{collection_events.FLAG}: a live session must not be downloaded content"
    if found is not None:
        return _answer_refused(400, found)
    session = service.part(Media).open("collection")
    session.note(event_of(request.content, service.part(Media).now_ms))
    return _answer_created(session.id)


@route("media_collection.send_event")
def send_event(request: Request, service: Service) -> Answer:
    """Tell a session one event. Its place among the others is nobody's business here."""
    service.part(Media).saw(request)
    found = _unread(request) or collection_events.complaint(
        request.content, LIVE_EVENTS, service.description, strict=service.part(Media).settings.strict
    )
    if found is not None:
        return _answer_refused(400, found)
    session = service.part(Media).find("collection", request.path_id)
    if session is None:
        return _answer_refused(404, "no such session: start a new one")
    over = session.over_because(service.part(Media).now_ms)
    if over is not None:
        return _answer_refused(410, f"the session is closed, {over}: start a new one")
    session.note(event_of(request.content, service.part(Media).now_ms))
    return Answer(204, headers=dict(CORS))


@route("media_collection.send_downloaded")
def send_downloaded(request: Request, service: Service) -> Answer:
    """Take one finished session."""
    service.part(Media).saw(request)
    unread = _unread(request)
    return _take_download(request, service, needs_flag=False) if unread is None else _answer_refused(400, unread)


@route("media_collection.get_schema")
def get_schema(request: Request, service: Service) -> Answer:
    """Publish the schema of one type of event."""
    kind = request.path_id or ""
    if kind not in (START, *LIVE_EVENTS):
        return _answer_refused(404, "no such type of event")
    return Answer(200, collection_events.published_schema(kind, service.description), dict(CORS))


def _take_download(request: Request, service: Service, *, needs_flag: bool) -> Answer:
    settings, events = service.part(Media).settings, request.content
    found = collection_events.complaint_about_download(events, service.description, strict=settings.strict)
    if found is not None:
        return _answer_refused(400, found)
    flag = flag_of(events[0])
    if (needs_flag and flag is not True) or (settings.refuse_false_flag and flag is False):
        return _answer_refused(400, f"[0] params.{collection_events.FLAG}: must be true for downloaded content")
    now_ms = service.part(Media).now_ms
    session = service.part(Media).take_downloaded("collection", [event_of(event, now_ms) for event in events])
    return _answer_created(session.id if needs_flag else None)


def _answer_created(session_id: str | None) -> Answer:
    headers = dict(CORS) if session_id is None else {**CORS, "Location": f"/api/v1/sessions/{session_id}"}
    return Answer(201, headers=headers, content_type=_EMPTY_TYPE)


def _unread(request: Request) -> str | None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON_TYPE:
        return "the Content-Type is not application/json"
    return "the body is missing or is no JSON" if request.content is NO_JSON else None


def _answer_refused(status: int, message: str) -> Answer:
    answer = error_of(status, message)
    answer.headers.update(CORS)
    return answer
