"""The errors of the Media Edge, of two families: the media service's own and the Edge gateway's."""

from __future__ import annotations

import uuid

from rtcp.emulator.http.wire import PROBLEM_TYPE, Answer, Request

ERRORS = "https://ns.adobe.com/aep/errors/"
# Of the gateway's table only the codes are published, and a few titles; the other words are ours.
GATEWAY = {
    "EXEG-0000-503": "Service unavailable",
    "EXEG-0001-500": "Internal server error",
    "EXEG-0002-400": "Missing datastream ID",
    "EXEG-0003-400": "Invalid datastream ID",
    "EXEG-0004-422": "Datastream disabled",
    "EXEG-0101-400": "Invalid JSON",
    "EXEG-0102-400": "Field does not match",
    "EXEG-0103-400": "Missing value",
    "EXEG-0104-422": "Unprocessable entity",
    "EXEG-0106-400": "Bad header",
    "EXEG-0109-408": "Empty body",
    "EXEG-0111-415": "Unsupported media type",
    "EXEG-0112-413": "Payload too large",
    "EXEG-0200-504": "Gateway timeout",
    "EXEG-0201-503": "Service unavailable",
    "EXEG-0202-502": "Bad gateway",
    "EXEG-0400-403": "Location blocked",
    "EXEG-0500-401": "Unauthorized",
}
_BY_STATUS = {int(code[-3:]): code for code in reversed(GATEWAY)}
_GONE = "Error processing request. If the session is longer than 24h, please start a new one. Returning Not Found"

Details = list[dict[str, str]]


def gateway_problem(code: str, detail: str) -> Answer:
    """A refusal by the gateway, before the media service saw anything."""
    status = int(code[-3:])
    report = {"requestId": request_id()}
    body = {"type": f"{ERRORS}{code}", "status": status, "title": GATEWAY[code], "detail": detail, "report": report}
    return Answer(status, body, content_type=PROBLEM_TYPE)


def bad_request(details: Details) -> Answer:
    """Every bad field of an event inside a session."""
    return _problem(400, "Bad Request", "Invalid request. Please check your input and try again.", details)


def gone() -> Answer:
    """The one answer for a session that has ended, has run out, or never was."""
    detail = "The requested resource could not be found but may be available again in the future."
    return _problem(404, "Not Found", detail, _GONE)


def error_of(status: int, detail: str) -> Answer:
    """The error that a status stands for."""
    if status == 400:
        return bad_request([{"name": "$", "reason": detail}])
    if status == 404:
        return gone()
    code = _BY_STATUS.get(status)
    if code is not None:
        return gateway_problem(code, detail)
    # 429 has no code in the table.
    return Answer(status, {"type": "about:blank", "status": status, "title": detail}, content_type=PROBLEM_TYPE)


def headers_for_pages(request: Request) -> dict[str, str]:
    """The Web SDK sends cookies along, so the page's own origin has to be named."""
    origin = request.headers.get("origin", "")
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true", "Vary": "Origin"}


def answer_unbuilt(request: Request) -> Answer | None:
    """What a browser asks before it lets a page call; None for every other request."""
    if request.method != "OPTIONS":
        return None
    wanted = request.headers.get("access-control-request-headers", "Content-Type")
    allowed = {"Access-Control-Allow-Methods": "OPTIONS,POST", "Access-Control-Allow-Headers": wanted}
    return Answer(204, headers={**headers_for_pages(request), **allowed})


def request_id() -> str:
    return str(uuid.uuid4())


def _problem(status: int, title: str, detail: str, details: Details | str) -> Answer:
    body = {
        "type": f"{ERRORS}va-edge-0{status}-{status}",
        "status": status,
        "title": title,
        "detail": detail,
        "report": {"details": details, "requestId": request_id()},
    }
    return Answer(status, body, content_type=PROBLEM_TYPE)
