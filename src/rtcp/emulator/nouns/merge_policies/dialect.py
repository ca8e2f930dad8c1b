"""How merge policies differ from dialect to dialect."""

from __future__ import annotations

from rtcp.emulator.http.operations import Body, Change, without
from rtcp.emulator.http.paging import href_of_policies, offset_token, read_offset
from rtcp.emulator.http.wire import Request

_READING = ("merge_policies.list", "merge_policies.get", "merge_policies.get_many")


def _spec_policies(request: Request, body: Body) -> Body:
    paging: Body = {"count": len(body["children"])}
    if body["_links"]["next"]["href"]:
        paging["next"] = offset_token(_offset_after(request, body))
    return {"_page": paging, "children": body["children"]}


def _hostile_policies(request: Request, body: Body) -> Body:
    """An empty page before the first one and another after the last."""
    children = [_hostile_policy(request, policy) for policy in body["children"]]
    paging = {name: str(value) for name, value in body["_page"].items()}
    limit = int(request.query.first("limit") or "20")
    if request.query.first("start") is None and children:
        return {"_page": {**paging, "pageSize": "0"}, "children": [], "_links": _policies_link(request, 0, limit)}
    if not children:
        return {"_page": paging, "children": []}
    return {
        "_page": paging,
        "children": children,
        "_links": _policies_link(request, _offset_after(request, body), limit),
    }


def _hostile_policy(request: Request, body: Body) -> Body:
    changed = without(body, "imsOrgId", "sandbox")
    for name in ("version", "updateEpoch", "isActiveOnEdge"):
        changed[name] = str(changed[name]).lower()
    # Very old organisations show graph types that cannot be created any more.
    if request.operation in _READING and body["identityGraph"]["type"] == "pdg" and not body["default"]:
        changed["identityGraph"] = {"type": "coop"}
    return {**changed, "notInAnySource": None}


def _hostile_many(request: Request, body: Body) -> Body:
    return {"results": {policy_id: _hostile_policy(request, policy) for policy_id, policy in body["results"].items()}}


def _offset_after(request: Request, body: Body) -> int:
    from_start = request.query.first("start")
    return (read_offset(from_start) if from_start else 0) + len(body["children"])


def _policies_link(request: Request, offset: int, limit: int) -> Body:
    return {"next": {"href": href_of_policies(request.query.pairs, offset_token(offset), limit)}}


CHANGES: dict[str, dict[str, Change]] = {
    "spec": {"merge_policies.list": _spec_policies},
    "hostile": {
        "merge_policies.list": _hostile_policies,
        "merge_policies.get": _hostile_policy,
        "merge_policies.create": _hostile_policy,
        "merge_policies.get_many": _hostile_many,
        "merge_policies.replace": _hostile_policy,
        "merge_policies.update": _hostile_policy,
    },
}
