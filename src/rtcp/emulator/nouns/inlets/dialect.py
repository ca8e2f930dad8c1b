"""How inlets differ from dialect to dialect."""

from __future__ import annotations

from typing import Any

from rtcp.emulator.http.operations import Body, Change, without
from rtcp.emulator.http.wire import Request


def _hostile_connections(request: Request, body: Body) -> Body:
    return {"items": [_hostile_connection(each) for each in body["items"]], "notInAnySource": True}


def _hostile_connection(connection: dict[str, Any]) -> dict[str, Any]:
    parameters = dict(connection["auth"]["params"])
    if "authenticationRequired" in parameters:
        parameters["authenticationRequired"] = "true"
    return {
        **without(connection, "description", "sandboxId", "sandboxName", "version"),
        "createdAt": str(connection["createdAt"]),
        "auth": {"params": parameters},
    }


CHANGES: dict[str, dict[str, Change]] = {
    "hostile": {"inlets.list": _hostile_connections, "inlets.get": _hostile_connections},
}
