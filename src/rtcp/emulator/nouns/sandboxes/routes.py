"""One sandbox by its name: a neighbour that delete requests need the id of."""

from __future__ import annotations

from rtcp.emulator.http.operations import route
from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.wire import Answer, Request
from rtcp.emulator.service import Service


@route("sandboxes.get")
def get(request: Request, service: Service) -> Answer:
    """Answer the sandbox of a name, whichever sandbox the headers are about; or 404."""
    sandbox = service.store.sandboxes.get(request.path_id or "")
    if sandbox is None:
        return problem(404, "there is no sandbox of this name")
    return Answer(
        200,
        {
            "id": sandbox.id,
            "name": sandbox.name,
            "title": sandbox.name.capitalize(),
            "state": "active",
            "type": sandbox.type,
            "region": "VA7",
            "isDefault": sandbox.is_default,
        },
    )
