"""Flow Service: streaming connections with their inlets, and what makes a flow of them."""

from __future__ import annotations

from typing import Any

from rtcp.emulator.http.operations import route
from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.wire import Answer, Request
from rtcp.emulator.nouns.inlets import flow_objects as inlets
from rtcp.emulator.service import Service


@route("inlets.list")
def list_(request: Request, service: Service) -> Answer:
    """Answer all streaming connections of the sandbox."""
    limit = int(request.query.first("limit") or 0) or None
    found = service.store.documents.of_kind(request.sandbox.name, inlets.INLET)
    return Answer(200, {"items": [_connection(each, request) for each in found[:limit]]})


@route("inlets.get")
def get(request: Request, service: Service) -> Answer:
    """Answer one connection in a list of its own, or 404."""
    found = service.store.documents.of_kind(request.sandbox.name, inlets.INLET)
    items = [_connection(each, request) for each in found if each["connectionId"] == request.path_id]
    return Answer(200, {"items": items}) if items else problem(404, "the connection does not exist in this sandbox")


@route("inlets.create")
def create(request: Request, service: Service) -> Answer:
    """Make a streaming connection and its inlet."""
    if request.content["connectionSpec"]["id"] != inlets.CONNECTION_SPEC:
        return problem(501, "the emulator does streaming connections only")
    by = request.headers.get("x-api-key", "")
    made = inlets.create(service.store, request.sandbox, request.content, org_id=request.org_id, by=by)
    return Answer(201, made, {"Location": f"{request.path}/{made['id']}"})


@route("inlets.delete")
def delete(request: Request, service: Service) -> Answer:
    """Remove a connection and its inlet, or 404."""
    sandbox = request.sandbox.name
    found = service.store.documents.of_kind(sandbox, inlets.INLET)
    ids = [each["id"] for each in found if each["connectionId"] == request.path_id]
    for inlet_id in ids:
        service.store.documents.remove(sandbox, inlets.INLET, inlet_id)
    return Answer(204) if ids else problem(404, "the connection does not exist in this sandbox")


@route("inlets.create_source_connection")
def create_source_connection(request: Request, service: Service) -> Answer:
    """Keep where a flow comes from."""
    return _keep(request, service, inlets.SOURCE_CONNECTION)


@route("inlets.create_target_connection")
def create_target_connection(request: Request, service: Service) -> Answer:
    """Keep where a flow leads to."""
    return _keep(request, service, inlets.TARGET_CONNECTION)


@route("inlets.create_flow")
def create_flow(request: Request, service: Service) -> Answer:
    """Keep a flow; its mapping is not applied, so that what comes in has to be XDM."""
    return _keep(request, service, inlets.FLOW)


def _keep(request: Request, service: Service, kind: str) -> Answer:
    made_id = service.store.new_id()
    service.store.documents.put(request.sandbox.name, kind, made_id, {**request.content, "id": made_id})
    return Answer(201, {"id": made_id, "etag": inlets.etag_of(made_id)}, {"Location": f"{request.path}/{made_id}"})


def _connection(document: dict[str, Any], request: Request) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "sourceId": document["source"],
        # The service names its collection host; whoever follows this one stays here.
        "inletUrl": f"http://{request.headers.get('host', '')}/collection/{document['id']}",
        "inletId": document["id"],
        "dataType": document["dataType"],
        "name": document["name"],
    }
    if document["needsToken"]:
        parameters["authenticationRequired"] = True
    return {
        "createdAt": document["atMs"],
        "updatedAt": document["atMs"],
        "createdBy": document["by"],
        "updatedBy": document["by"],
        "createdClient": document["by"],
        "updatedClient": document["by"],
        "sandboxId": request.sandbox.id,
        "sandboxName": request.sandbox.name,
        "imsOrgId": document["orgId"] or request.org_id,
        "id": document["connectionId"],
        "name": document["name"],
        "description": document["description"],
        "connectionSpec": {"id": inlets.CONNECTION_SPEC, "version": "1.0"},
        "state": "enabled",
        "auth": {"specName": "Streaming Connection", "params": parameters},
        "version": document["etag"],
        "etag": document["etag"],
    }
