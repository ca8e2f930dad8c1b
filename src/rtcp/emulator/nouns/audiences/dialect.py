"""How audiences differ from dialect to dialect."""

from __future__ import annotations

from rtcp.emulator.http.operations import Body, Change, without
from rtcp.emulator.http.wire import Request

_OPTIONAL = ("sandbox", "imsOrgId", "labels", "schema", "createEpoch", "updateEpoch", "expression")


def _hostile_audience(request: Request, body: Body) -> Body:
    changed = without(body, *_OPTIONAL)
    for name in ("creationTime", "updateTime"):
        changed[name] = str(changed[name])
    return {**changed, "type": "SomethingNew", "notInAnySource": {}}


def _hostile_list(request: Request, body: Body) -> Body:
    """Numbers as texts, and no links."""
    paging = {name: str(value) for name, value in body["_page"].items()}
    return {"_page": paging, "children": [_hostile_audience(request, child) for child in body["children"]]}


CHANGES: dict[str, dict[str, Change]] = {
    "hostile": {"audiences.list": _hostile_list, "audiences.get": _hostile_audience},
}
