"""The bodies in which the service says no, one function for each documented shape."""

from __future__ import annotations

from typing import Any

from rtcp.emulator.http.wire import PROBLEM_TYPE, Answer, Refusal
from rtcp.emulator.nouns.media_edge import edge_answers

TITLES = {
    400: "BadRequestError",
    403: "ForbiddenError",
    404: "NotFoundError",
    405: "MethodNotAllowedError",
    429: "TooManyRequestsError",
    500: "InternalServerError",
    501: "NotImplementedError",
    503: "ServiceUnavailableError",
}


def gateway_error(code: str, message: str) -> Answer:
    """The gateway's shape; the first three digits of the code are the status."""
    return Answer(int(code[:3]), {"error_code": code, "message": message})


def ims_error(error: str, description: str, *, status: int = 400) -> Answer:
    return Answer(status, {"error": error, "error_description": description})


def problem(status: int, detail: str, *, title: str | None = None) -> Answer:
    """The problem shape, as the troubleshooting guide prints it for a missing content type."""
    body = {"type": "about:blank", "status": status, "title": title or TITLES.get(status, "Error"), "detail": detail}
    return Answer(status, body, content_type=PROBLEM_TYPE)


def entity_error_body(status: int, message: str, cause: str = "") -> dict[str, str]:
    """The entities shape: every value is a string, the status too."""
    return {"message": message, "cause": cause, "statusCode": str(status)}


def entity_error(status: int, message: str, cause: str = "") -> Answer:
    return Answer(status, entity_error_body(status, message, cause))


def entity_not_found() -> Answer:
    return Answer(404, {"statusCode": "404"})


def too_many_requests() -> Answer:
    """The entities' 429: a list, unlike every other error of theirs."""
    entry = {**entity_error_body(429, "Too many requests"), "retryAfterMs": "500"}
    return Answer(429, [entry])


def error_of(operation: str | None, status: int, detail: str) -> Answer:
    """An error in the shape that the operation's family uses."""
    family = (operation or "").partition(".")[0]
    if family == "entities":
        if status == 404:
            return entity_not_found()
        return too_many_requests() if status == 429 else entity_error(status, detail)
    if family == "auth":
        return ims_error("invalid_request" if status < 500 else "server_error", detail, status=status)
    if family == "streaming":
        return inlet_unauthorized() if status == 401 else inlet_problem(status, detail)
    if family == "media_edge":
        return edge_answers.error_of(status, detail)
    if family == "media_collection":
        return collection_error(status, detail)
    return problem(status, detail)


def collection_error(status: int, message: str) -> Answer:
    """Media Collection is said to answer an error message; no source shows one."""
    return Answer(status, {"message": message})


def inlet_problem(status: int, message: str, *, cause: dict[str, Any] | None = None) -> Answer:
    """What an inlet answers; only that of 400 is documented."""
    report: dict[str, Any] = {"message": message}
    if cause is not None:
        report["cause"] = cause
    kind = "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet"
    title = "Invalid XDM Message Format" if status == 400 else TITLES.get(status, "Error")
    return Answer(status, {"type": kind, "status": status, "title": title, "report": report})


def inlet_unauthorized(message: str = "[id] Ims service token is empty") -> Answer:
    """An inlet that wants a token: the status is a text here, and the type begins with https."""
    kind = "https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization"
    return Answer(401, {"type": kind, "status": "401", "title": "Authorization", "report": {"message": message}})


def refuse(operation: str | None, status: int, detail: str) -> Refusal:
    return Refusal(error_of(operation, status, detail))


def partial_failure(failures: list[tuple[str, dict[str, str]]]) -> Answer:
    """207: a list of failures; the documented shape has no place for what succeeded."""
    entries: list[dict[str, Any]] = [{"xid": xid, "error": error} for xid, error in failures]
    return Answer(207, entries)
