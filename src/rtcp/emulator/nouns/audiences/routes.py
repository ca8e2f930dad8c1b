"""Audiences, as a manifest declares them; here to be read."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from rtcp.emulator.http.operations import route
from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.wire import Answer, Query, Request
from rtcp.emulator.service import Service

KIND = "audiences"
DEFAULT_LIMIT = 100
_SORT = "updateTime"
# Fields that `property` can be compared with.
_EXACT = ("audienceId", "id", "name", "namespace", "originName", "lifecycleState", "type")


@route("audiences.list")
def list_(request: Request, service: Service) -> Answer:
    """Answer one page of audiences; pages count from 0."""
    query = request.query
    number, limit = int(query.first("start") or 0), int(query.first("limit") or DEFAULT_LIMIT)
    unknown = [each for each in query.all("property") if each and each.partition("==")[0].strip() not in _EXACT]
    if unknown:
        return problem(400, f"property must read field==value, field one of {', '.join(_EXACT)}")
    documents = service.store.documents.of_kind(request.sandbox.name, KIND)
    audiences = [each for each in (_show(document, request) for document in documents) if _is_wanted(each, query)]
    field, _, direction = (query.first("sort") or f"{_SORT}:desc").partition(":")
    # Two sorts, so that the id keeps the order of equal values from page to page in either direction.
    audiences.sort(key=lambda audience: str(audience["id"]))
    audiences.sort(key=lambda audience: str(audience.get(field, "")), reverse=direction == "desc")
    page = audiences[number * limit : (number + 1) * limit]
    paging: dict[str, Any] = {
        "totalCount": len(audiences),
        "totalPages": -(-len(audiences) // limit),
        "sortField": field,
        "sort": direction or "asc",
        "pageSize": len(page),
        "limit": limit,
        "start": str(number),
    }
    href = ""
    if (number + 1) * limit < len(audiences):
        paging["next"] = number + 1
        href = _href(query, number + 1, limit, len(audiences))
    return Answer(200, {"children": page, "_page": paging, "_links": {"next": {"href": href}}})


@route("audiences.get")
def get(request: Request, service: Service) -> Answer:
    """Answer one audience, or 404."""
    document = service.store.documents.get(request.sandbox.name, KIND, request.path_id or "")
    if document is None:
        return problem(404, "the audience does not exist in this sandbox")
    return Answer(200, _show(document, request))


def _is_wanted(audience: dict[str, Any], query: Query) -> bool:
    for name in ("name", "description"):
        part = query.first(name)
        if part is not None and part.lower() not in audience[name].lower():
            return False
    for expression in filter(None, query.all("property")):
        field, _, value = expression.partition("==")
        if str(audience.get(field.strip(), "")) != value.strip().strip('"'):
            return False
    return True


def _href(query: Query, number: int, limit: int, total: int) -> str:
    fixed = ("start", "limit", "totalcount")
    kept = [(name, value) for name, value in query.pairs if name.lower() not in fixed]
    return f"@/audiences?{urlencode([('start', number), ('limit', limit), ('totalCount', total), *kept])}"


def _show(document: dict[str, Any], request: Request) -> dict[str, Any]:
    sandbox, made_ms = request.sandbox, document["madeMs"]
    shown = {
        "id": document["id"],
        "audienceId": document["id"],
        "name": document["name"],
        "description": document["description"],
        "type": "SegmentDefinition",
        "originName": "REAL_TIME_CUSTOMER_PROFILE",
        "namespace": document["namespace"],
        "imsOrgId": request.org_id,
        "sandbox": {
            "sandboxId": sandbox.id,
            "sandboxName": sandbox.name,
            "type": sandbox.type,
            "default": sandbox.is_default,
        },
        "schema": {"name": "_xdm.context.profile"},
        "lifecycleState": "published",
        "labels": [],
        "creationTime": made_ms,
        "updateTime": made_ms,
        "createEpoch": made_ms // 1000,
        "updateEpoch": made_ms // 1000,
        "createdBy": "emulator",
    }
    if document["expression"] is not None:
        shown["expression"] = {"type": "PQL", "format": "pql/text", "value": document["expression"]}
    return shown
