"""How computed attributes differ from dialect to dialect."""

from __future__ import annotations

from rtcp.emulator.http.operations import Body, Change, without
from rtcp.emulator.http.wire import Request

# The older form of a state has two words.
_OLDER_JOBS = {"DRAFT": "NOT_STARTED", "PROCESSED": "ENABLED"}
_UNION = "https://ns.adobe.com/xdm/context/profile__union"


def _spec_attribute(request: Request, body: Body) -> Body:
    """The further fields of the published description, and times in seconds, as its examples have them."""
    tenant = body["path"].partition("/")[0]
    return {
        **body,
        "positionPath": [tenant, "ComputedAttributes"],
        "returnSchema": {"meta:xdmType": "number"},
        "definedOn": [{"meta:resourceType": "unions", "meta:containerId": "tenant", "$ref": _UNION}],
        "createEpoch": body["createEpoch"] // 1000,
        "updateEpoch": body["updateEpoch"] // 1000,
    }


def _spec_list(request: Request, body: Body) -> Body:
    paging = body["_page"]
    return {
        "_page": {"totalCount": paging["totalCount"], "pageSize": paging["count"]},
        "children": [_spec_attribute(request, attribute) for attribute in body["computedAttributes"]],
        "_links": {"next": {}},
    }


def _hostile_attribute(request: Request, body: Body) -> Body:
    kept = without(body, "duration", "keepCurrent", "imsOrgId", "schema")
    state = body["status"]
    kind = "DRAFT" if state == "DRAFT" else "PUBLISHED"
    for name in ("createEpoch", "updateEpoch"):
        kept[name] = str(body[name])
    expression = {**body["expression"], "meta": " "}
    return {
        **kept,
        "status": {"type": kind, "job": _OLDER_JOBS.get(state, state)},
        "expression": expression,
        "notInAnySource": [1],
    }


def _hostile_list(request: Request, body: Body) -> Body:
    return {
        "computedAttributes": [_hostile_attribute(request, attribute) for attribute in body["computedAttributes"]],
        "_page": {name: str(value) for name, value in body["_page"].items()},
    }


_ONE = tuple(f"computed_attributes.{verb}" for verb in ("get", "create", "update", "delete"))
CHANGES: dict[str, dict[str, Change]] = {
    "spec": {"computed_attributes.list": _spec_list, **dict.fromkeys(_ONE, _spec_attribute)},
    "hostile": {
        "computed_attributes.list": _hostile_list,
        **dict.fromkeys(_ONE, _hostile_attribute),
    },
}
