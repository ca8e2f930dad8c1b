"""The two shapes of errors that most operations share; a noun with shapes of its own has them in its folder."""

from __future__ import annotations

from rtcp.emulator.http.wire import PROBLEM_TYPE, Answer, Refusal

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


def problem(status: int, detail: str, *, title: str | None = None) -> Answer:
    """The problem shape, as the troubleshooting guide prints it for a missing content type."""
    body = {"type": "about:blank", "status": status, "title": title or TITLES.get(status, "Error"), "detail": detail}
    return Answer(status, body, content_type=PROBLEM_TYPE)


def refuse_missing(what: str) -> Refusal:
    """What the path names is not there."""
    return Refusal(problem(404, f"the {what} does not exist in this sandbox"))
