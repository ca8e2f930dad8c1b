"""How identity namespaces differ from dialect to dialect."""

from __future__ import annotations

from typing import Any

from rtcp.emulator.http.operations import Body, Change, ListChange, without
from rtcp.emulator.http.wire import Request


def _spec_namespace(request: Request, body: Body) -> Body:
    # The published description writes Cookie and Cross_device, programs in use find capital letters.
    return {**body, "idType": str(body["idType"]).capitalize()}


def _spec_namespaces(request: Request, body: list[Body]) -> list[Body]:
    return [_spec_namespace(request, each) for each in body]


def _hostile_namespace(request: Request, body: Body) -> dict[str, Any]:
    changed = without(body, "description", "status", "createTime", "updateTime")
    return {**changed, "id": str(body["id"]), "custom": str(body["custom"]).lower(), "notInAnySource": None}


def _hostile_namespaces(request: Request, body: list[Body]) -> list[Body]:
    return [_hostile_namespace(request, each) for each in body]


CHANGES: dict[str, dict[str, Change]] = {
    "spec": {"namespaces.get": _spec_namespace},
    "hostile": {"namespaces.get": _hostile_namespace},
}
LIST_CHANGES: dict[str, dict[str, ListChange]] = {
    "spec": {"namespaces.list": _spec_namespaces},
    "hostile": {"namespaces.list": _hostile_namespaces},
}
