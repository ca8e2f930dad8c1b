"""The Media Edge: starts, events and downloaded content, behind the checks of the Edge gateway."""

from __future__ import annotations

from typing import Any

from rtcp.emulator.http.description import load_description
from rtcp.emulator.http.operations import route
from rtcp.emulator.http.wire import JSON_TYPE, NO_JSON, Answer, Refusal, Request
from rtcp.emulator.nouns.media_edge import edge_answers
from rtcp.emulator.nouns.media_edge.edge_events import details_of, downloaded_events, event_of
from rtcp.emulator.nouns.media_edge.problems import Details, bad_request, gateway_problem, gone
from rtcp.emulator.nouns.media_sessions.sessions import Media
from rtcp.emulator.options import Datastream
from rtcp.emulator.service import Service

# The guardrail of the Edge; it is held only when the emulator is asked to hold limits.
MOST_BYTES = 64 * 1024
_WHOLE = ("media_edge.start_session", "media_edge.send_downloaded")
_EVENTS = [each for each in load_description().operation_ids() if each.startswith("media_edge.") and each not in _WHOLE]
_KNOWN_TYPES = (JSON_TYPE, "application/x-jackson-smile", "text/plain", "text/javascript")


@route("media_edge.start_session")
def start_session(request: Request, service: Service) -> Answer:
    """Open a session for each event that is right."""
    config_id, datastream, events = _admit(request, service)
    handles, failures = [], []
    for index, xdm in enumerate(events):
        strict = service.part(Media).settings.strict
        details = details_of(xdm, "sessionStart", service.description, prefix="$.xdm", strict=strict)
        if details:
            failures.append((index, details))
        elif datastream.has_media:
            session = service.part(Media).open("edge", config_id=config_id, identities=xdm.get("identityMap"))
            session.note(event_of(xdm, service.part(Media).now_ms))
            handles.append(edge_answers.session_handle(session.id, index))
    handles += edge_answers.state_handles(service.part(Media).settings, service.part(Media).cookie())
    return edge_answers.answer_accepted(handles, failures)


@route("media_edge.send_downloaded")
def send_downloaded(request: Request, service: Service) -> Answer:
    """Take each finished session that is right as a whole."""
    config_id, datastream, events = _admit(request, service)
    failures = []
    for index, xdm in enumerate(events):
        details = details_of(xdm, "downloaded", service.description, prefix="$.xdm")
        if details:
            failures.append((index, details))
        elif datastream.has_media:
            told = downloaded_events(xdm, service.part(Media).now_ms)
            service.part(Media).take_downloaded("edge", told, config_id=config_id, identities=xdm.get("identityMap"))
    handles = edge_answers.state_handles(service.part(Media).settings, service.part(Media).cookie())
    return edge_answers.answer_accepted(handles, failures)


@route(*_EVENTS)
def send_event(request: Request, service: Service) -> Answer:
    """Tell a session the events of one call, all of them or none."""
    _, _, events = _admit(request, service)
    kind = request.path.rstrip("/").rpartition("/")[2]
    details: Details = []
    for index, xdm in enumerate(events):
        details += details_of(xdm, kind, service.description, prefix=f"$.events[{index}].xdm")
    if details:
        return bad_request(details)
    now_ms = service.part(Media).now_ms
    sessions = [service.part(Media).find("edge", xdm["mediaCollection"]["sessionID"]) for xdm in events]
    told = []
    for session, xdm in zip(sessions, events, strict=True):
        if session is None or session.over_because(now_ms) is not None:
            return gone()
        told.append((session, event_of(xdm, now_ms)))
    # Told only now: one session that is gone keeps the others from hearing anything.
    for session, event in told:
        session.note(event)
    return Answer(204)


def _admit(request: Request, service: Service) -> tuple[str, Datastream, list[dict[str, Any]]]:
    """The datastream and the XDM of the events, or Refusal in the gateway's words."""
    service.part(Media).saw(request)
    config_id = request.query.first("configid")
    if config_id is None:
        raise Refusal(gateway_problem("EXEG-0002-400", "The query parameter configId is missing."))
    known = service.part(Media).settings.datastreams
    datastream = Datastream() if known is None else known.get(config_id)
    if datastream is None:
        raise Refusal(gateway_problem("EXEG-0003-400", "The datastream of the request does not exist."))
    if not datastream.is_enabled:
        raise Refusal(gateway_problem("EXEG-0004-422", "The datastream of the request is disabled."))
    if datastream.needs_token:
        raise Refusal(gateway_problem("EXEG-0500-401", "The datastream takes authenticated requests only."))
    return config_id, datastream, _events(request, service)


def _events(request: Request, service: Service) -> list[dict[str, Any]]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not media_type:
        raise Refusal(gateway_problem("EXEG-0106-400", "The header Content-Type is missing."))
    if media_type not in _KNOWN_TYPES:
        raise Refusal(gateway_problem("EXEG-0111-415", f"Content must be one of {', '.join(_KNOWN_TYPES)}."))
    if not request.body:
        raise Refusal(gateway_problem("EXEG-0109-408", "The body is empty."))
    if service.options.limits and len(request.body) > MOST_BYTES:
        raise Refusal(gateway_problem("EXEG-0112-413", f"The body is larger than {MOST_BYTES} bytes."))
    if request.content is NO_JSON:
        raise Refusal(gateway_problem("EXEG-0101-400", "The body is no JSON."))
    events = request.content.get("events") if isinstance(request.content, dict) else None
    if not events:
        raise Refusal(gateway_problem("EXEG-0103-400", "The field $.events has no value."))
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise Refusal(gateway_problem("EXEG-0102-400", "The field $.events is no list of objects."))
    found = [event.get("xdm") for event in events]
    if not all(isinstance(xdm, dict) for xdm in found):
        raise Refusal(gateway_problem("EXEG-0103-400", "A field $.events[].xdm has no value."))
    return found
