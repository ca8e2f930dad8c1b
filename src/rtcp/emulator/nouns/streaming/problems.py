"""The errors of inlets."""

from __future__ import annotations

from typing import Any

from rtcp.emulator.http.problems import TITLES
from rtcp.emulator.http.wire import Answer


def error_of(status: int, detail: str) -> Answer:
    """The error that a status stands for."""
    return inlet_unauthorized() if status == 401 else inlet_problem(status, detail)


def refuse_expired_token() -> Answer:
    return inlet_unauthorized("[id] Ims service token is expired")


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
