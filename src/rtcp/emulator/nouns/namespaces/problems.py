"""The errors of identity namespaces, as the published description prints them."""

from __future__ import annotations

from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.wire import Answer

_TYPE = "http://ns.adobe.com/adobecloud/problem/namespacevalidation"
_ERRORS = {
    404: ("Namespace Validation", "NAMESPACE_NOT_FOUND"),
    500: ("Internal Server Failure.", "INTERNAL_SERVER_ERROR"),
}


def answer_missing() -> Answer:
    """The organisation has no such namespace."""
    return error_of(404, "there is no namespace of this number")


def error_of(status: int, detail: str) -> Answer:
    """The error that a status stands for."""
    if status not in _ERRORS:
        return problem(status, detail)
    title, error = _ERRORS[status]
    return Answer(status, {"type": _TYPE, "status": status, "title": title, "error": error, "description": detail})
