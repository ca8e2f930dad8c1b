"""Identity namespaces: all of them, or one by its number."""

from __future__ import annotations

from typing import Any

from rtcp.emulator.http.operations import route
from rtcp.emulator.http.wire import Answer, Request
from rtcp.emulator.nouns.namespaces.problems import answer_missing
from rtcp.emulator.service import Service
from rtcp.emulator.store.definitions import Namespace

# When a namespace was first seen is not kept: the store's first day serves as well as any other.
_FIRST_DAY_MS = 1_767_225_600_000


@route("namespaces.list")
def list_(request: Request, service: Service) -> Answer:
    """Answer all namespaces as one list."""
    return Answer(200, [_show(each) for each in request.sandbox.namespaces()])


@route("namespaces.get")
def get(request: Request, service: Service) -> Answer:
    """Answer one namespace, or 404."""
    found = next((each for each in request.sandbox.namespaces() if str(each.number) == request.path_id), None)
    return answer_missing() if found is None else Answer(200, _show(found))


def _show(namespace: Namespace) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": namespace.number,
        "code": namespace.code,
        "name": namespace.name,
        "idType": namespace.kind,
        "custom": namespace.is_custom,
        "status": "ACTIVE",
    }
    if namespace.is_custom:
        shown |= {"description": "", "createTime": _FIRST_DAY_MS, "updateTime": _FIRST_DAY_MS}
    return shown
