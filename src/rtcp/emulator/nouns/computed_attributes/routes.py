"""Computed attributes: list, get, create, update and delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtcp.emulator.http.operations import route
from rtcp.emulator.http.problems import problem, refuse_missing
from rtcp.emulator.http.wire import Answer, Refusal, Request
from rtcp.emulator.nouns.computed_attributes.evaluation import (
    DISABLED,
    DRAFT,
    FIELD_GROUP,
    NEW,
    PUBLISHED,
    ComputedAttributes,
)
from rtcp.emulator.nouns.computed_attributes.filters import attribute_filter
from rtcp.emulator.pql import PqlError, Unsupported, compile_expression
from rtcp.emulator.service import Service
from rtcp.emulator.store import PROFILE_CLASS

DEFAULT_LIMIT = 20
# Soft in the service, which then warns of unpredictable audiences.
MAX_ATTRIBUTES = 25
_EDITABLE = ("name", "displayName", "description", "keepCurrent", "expression", "duration")
_SORTED_BY = {"name": "name", "status": "status", "updateepoch": "updateEpoch", "createepoch": "createEpoch"}


@route("computed_attributes.list")
def list_(request: Request, service: Service) -> Answer:
    """Answer one page of the attributes that pass all filters, the one changed last first."""
    query = request.query
    try:
        wanted = attribute_filter(query.all("property"), status=query.first("status"))
    except ValueError as error:
        return problem(400, str(error))
    shown = [
        _show(document, request, service) for document in service.part(ComputedAttributes).all(request.sandbox.name)
    ]
    chosen = [attribute for attribute in shown if wanted(attribute)]
    order = query.first("sortby") or "-updateEpoch"
    name = _SORTED_BY[order.removeprefix("-").lower()]
    # The one made last comes first among equals, whichever way the rest is ordered.
    chosen.reverse()
    chosen.sort(key=lambda attribute: attribute[name], reverse=order.startswith("-"))
    offset, limit = int(query.first("offset") or 0), int(query.first("limit") or DEFAULT_LIMIT)
    page = chosen[offset : offset + limit]
    # Lists say default, single answers isDefault.
    for attribute in page:
        attribute["sandbox"]["default"] = attribute["sandbox"].pop("isDefault")
    return Answer(
        200,
        {
            "_links": _links(offset, limit, len(chosen)),
            "computedAttributes": page,
            "_page": {"offset": offset, "limit": limit, "count": len(page), "totalCount": len(chosen)},
        },
    )


@route("computed_attributes.get")
def get(request: Request, service: Service) -> Answer:
    """Answer one attribute, or 404."""
    return Answer(200, _show(_find_attribute(request, service), request, service))


@route("computed_attributes.create")
def create(request: Request, service: Service) -> Answer:
    """Keep a draft, or publish at once when the body says NEW."""
    body, sandbox = request.content, request.sandbox.name
    _refuse_expression(body)
    present = service.part(ComputedAttributes).all(sandbox)
    _refuse_name(body["name"], present)
    if service.options.limits and len(present) >= MAX_ATTRIBUTES:
        return problem(400, f"a sandbox has {MAX_ATTRIBUTES} computed attributes at most")
    now_ms = service.clock.now_ms()
    document = {
        **{name: body[name] for name in _EDITABLE if name in body},
        "id": service.store.new_id(),
        "keepCurrent": body.get("keepCurrent") in (True, "true"),
        "status": PUBLISHED if body.get("status") == NEW else DRAFT,
        "tenant": service.tenant_of(sandbox),
        "createEpoch": now_ms,
        "updateEpoch": now_ms,
        "createdBy": request.headers.get("x-api-key", ""),
    }
    service.part(ComputedAttributes).put(sandbox, document)
    return Answer(200, _show(document, request, service))


@route("computed_attributes.update")
def update(request: Request, service: Service) -> Answer:
    """Change a draft, publish it, or disable what was published."""
    document, body = _find_attribute(request, service), request.content
    system = sorted(set(body) - {*_EDITABLE, "status"})
    if system:
        return problem(400, f"{', '.join(system)} cannot be changed")
    refusal = _refuse_step(document["status"], body)
    if refusal is not None:
        return problem(400, refusal)
    _refuse_expression(body)
    others = [
        each for each in service.part(ComputedAttributes).all(request.sandbox.name) if each["id"] != document["id"]
    ]
    _refuse_name(body.get("name"), others)
    changed = {**document, **{name: body[name] for name in _EDITABLE if name in body}}
    changed["keepCurrent"] = changed["keepCurrent"] in (True, "true")
    changed["status"] = {NEW: PUBLISHED, DISABLED: DISABLED}.get(body.get("status", ""), document["status"])
    changed["updateEpoch"] = service.clock.now_ms()
    service.part(ComputedAttributes).put(request.sandbox.name, changed)
    return Answer(200, _show(changed, request, service))


@route("computed_attributes.delete")
def delete(request: Request, service: Service) -> Answer:
    """Remove a draft and answer what it was."""
    document = _find_attribute(request, service)
    if document["status"] != DRAFT:
        return problem(422, "only a draft can be deleted", title="UnprocessableEntityError")
    service.part(ComputedAttributes).remove(request.sandbox.name, document["id"])
    return Answer(202, _show(document, request, service))


def _find_attribute(request: Request, service: Service) -> dict[str, Any]:
    document = service.part(ComputedAttributes).get(request.sandbox.name, request.path_id or "")
    if document is None:
        raise refuse_missing("computed attribute")
    return document


def _refuse_step(status: str, body: Mapping[str, Any]) -> str | None:
    """Why a change is not allowed in a state, or None."""
    wanted = body.get("status")
    if status == DRAFT:
        return "a draft can only be published: status NEW" if wanted not in (None, DRAFT, NEW) else None
    if status == DISABLED:
        return "a disabled computed attribute cannot be changed any more"
    return None if set(body) == {"status"} and wanted == DISABLED else "once published, it can only be disabled"


def _refuse_expression(body: Mapping[str, Any]) -> None:
    if "expression" not in body:
        return
    try:
        compile_expression(body["expression"]["value"])
    except Unsupported as error:
        raise Refusal(problem(501, f"expression.value: {error}")) from None
    except PqlError as error:
        raise Refusal(problem(400, f"expression.value: {error}")) from None


def _refuse_name(name: str | None, others: list[dict[str, Any]]) -> None:
    if any(other["name"] == name for other in others):
        # The message is one of the few that the guide documents.
        detail = "Function with the same name already exists for the specified schema or definedOn"
        raise Refusal(problem(400, detail))


def _show(document: Mapping[str, Any], request: Request, service: Service) -> dict[str, Any]:
    """The attribute with all that some source shows; the dialects leave out what they do not speak of."""
    sandbox = request.sandbox
    evaluated = service.part(ComputedAttributes).evaluated_at(sandbox.name, document)
    return {
        "id": document["id"],
        "type": "ComputedAttribute",
        "name": document["name"],
        "displayName": document["displayName"],
        "description": document["description"],
        "imsOrgId": request.org_id,
        "sandbox": {
            "sandboxId": sandbox.id,
            "sandboxName": sandbox.name,
            "type": sandbox.type,
            "isDefault": sandbox.is_default,
        },
        "path": f"{document['tenant']}/{FIELD_GROUP}",
        "keepCurrent": document["keepCurrent"],
        "expression": document["expression"],
        "mergeFunction": {"value": compile_expression(document["expression"]["value"]).function},
        "status": service.part(ComputedAttributes).state(sandbox.name, document),
        "schema": {"name": PROFILE_CLASS},
        "duration": document["duration"],
        "lastEvaluationTs": "" if evaluated is None else evaluated.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3],
        "createEpoch": document["createEpoch"],
        "updateEpoch": document["updateEpoch"],
        "createdBy": document["createdBy"],
    }


def _links(offset: int, limit: int, total: int) -> dict[str, Any]:
    """The links as the guide prints them: there is a next one even after the last page."""

    def link(at: int, size: int = limit) -> dict[str, str]:
        return {"href": f"/attributes?offset={at}&limit={size}"}

    return {
        "last": link(total, 1),
        "next": link(offset + limit),
        "prev": link(max(offset - limit, 0)),
        "self": link(offset),
    }
