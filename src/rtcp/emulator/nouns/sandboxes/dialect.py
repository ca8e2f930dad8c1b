"""How sandboxes differ from dialect to dialect."""

from __future__ import annotations

from rtcp.emulator.http.operations import Body, Change, without
from rtcp.emulator.http.wire import Request


def _without_id(request: Request, body: Body) -> Body:
    # Only services see the id, says the published description.
    return without(body, "id")


CHANGES: dict[str, dict[str, Change]] = {"spec": {"sandboxes.get": _without_id}}
