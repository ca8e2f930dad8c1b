"""Batch ingestion: make a batch, bring its files up whole or in parts, and end it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from rtcp.emulator.http.operations import route
from rtcp.emulator.http.problems import problem, refuse_missing
from rtcp.emulator.http.wire import Answer, Refusal, Request
from rtcp.emulator.nouns.batches.lifecycle import LOADING, Batches, Refused
from rtcp.emulator.nouns.batches.uploads import MOST_BYTES, MOST_PART_BYTES, Upload, UploadError
from rtcp.emulator.service import Service


@route("batches.create")
def create(request: Request, service: Service) -> Answer:
    """Make an empty batch that waits for its files."""
    by = request.headers.get("x-api-key", "")
    try:
        batch = service.part(Batches).create(request.sandbox, request.content, org_id=request.org_id, by=by)
    except Refused as refused:
        return problem(400, str(refused))
    body: dict[str, Any] = {
        "id": batch["id"],
        "imsOrg": request.org_id,
        "updated": 0,
        "status": LOADING,
        "created": 0,
        "relatedObjects": [{"type": "dataSet", "id": batch["datasetId"]}],
        "version": "1.0.0",
        "tags": batch["tags"],
        "createdUser": by,
        "updatedUser": by,
    }
    if batch["replay"] is not None:
        body["replay"] = batch["replay"]
    return Answer(201, body)


@route("batches.complete")
def act(request: Request, service: Service) -> Answer:
    """Complete, abort, fail or revert a batch."""
    batch = _find_batch(request, service)
    action = (request.query.first("action") or "").upper()
    actions: dict[str, Callable[[str, dict[str, Any]], None]] = {
        "COMPLETE": service.part(Batches).complete,
        "ABORT": service.part(Batches).abort,
        "FAIL": service.part(Batches).fail,
        "REVERT": service.part(Batches).revert,
    }
    if action not in actions:
        return problem(400, f"query parameter action must be one of {', '.join(actions)}")
    try:
        actions[action](request.sandbox.name, batch)
    except Refused as refused:
        return problem(400, str(refused))
    batches, sandbox = service.part(Batches), request.sandbox.name
    return Answer(200, batches.describe(sandbox, batches.get(sandbox, batch["id"]) or batch, request.org_id))


@route("batches.upload")
def upload(request: Request, service: Service) -> Answer:
    """Take a whole file; the same name replaces."""
    batch, name = _find_open_file(request, service)
    if len(request.body) > MOST_BYTES:
        return problem(413, "a file of this size is brought up in parts", title="PayloadTooLargeError")
    service.part(Batches).uploads.put(request.sandbox.name, batch["id"], name, request.body)
    return Answer(200)


@route("batches.upload_action")
def act_on_upload(request: Request, service: Service) -> Answer:
    """Begin a file that comes in parts, or put its parts together."""
    batch, name = _find_open_file(request, service)
    sandbox, uploads = request.sandbox.name, service.part(Batches).uploads
    action = (request.query.first("action") or "").upper()
    if action == "INITIALIZE":
        uploads.begin(sandbox, batch["id"], name)
        return Answer(201)
    if action != "COMPLETE":
        return problem(400, "query parameter action must be INITIALIZE or COMPLETE")
    try:
        uploads.complete(sandbox, batch["id"], _find_upload(request, service, batch, name))
    except UploadError as error:
        return problem(400, str(error))
    return Answer(201)


@route("batches.upload_part")
def upload_part(request: Request, service: Service) -> Answer:
    """Take one part; whether the parts fit together is looked at in the end."""
    batch, name = _find_open_file(request, service)
    known = _find_upload(request, service, batch, name)
    if len(request.body) > MOST_PART_BYTES:
        return problem(413, "a part may have 512,000,000 bytes", title="PayloadTooLargeError")
    if known.is_complete:
        return problem(400, "the file is complete; initialize it to send it again")
    content_range = request.headers.get("content-range", "")
    try:
        service.part(Batches).uploads.add_part(request.sandbox.name, batch["id"], known, content_range, request.body)
    except UploadError as error:
        return problem(400, str(error))
    return Answer(200)


@route("batches.upload_status")
def upload_status(request: Request, service: Service) -> Answer:
    """Tell how much of a file is there, up to the first gap."""
    batch, name = _find_file(request, service)
    received = service.part(Batches).uploads.received(_find_upload(request, service, batch, name))
    return Answer(200, headers={"Range": f"bytes=0-{received - 1}"} if received else {})


def _find_batch(request: Request, service: Service) -> dict[str, Any]:
    batch = service.part(Batches).get(request.sandbox.name, request.path_id or "")
    # What exports and streams made is nobody's to end.
    if batch is None or "externalId" not in batch:
        raise refuse_missing("batch")
    return batch


def _find_file(request: Request, service: Service) -> tuple[dict[str, Any], str]:
    batch = _find_batch(request, service)
    rest = request.path.partition(f"/{batch['id']}/datasets/")[2]
    dataset_id, _, name = rest.partition("/files/")
    if unquote(dataset_id) != batch["datasetId"]:
        raise Refusal(problem(404, "the batch is not one of this dataset"))
    return batch, name


def _find_open_file(request: Request, service: Service) -> tuple[dict[str, Any], str]:
    batch, name = _find_file(request, service)
    status = service.part(Batches).status(request.sandbox.name, batch)
    if status != LOADING:
        raise Refusal(problem(400, f"the batch is {status}, and takes no more files"))
    return batch, name


def _find_upload(request: Request, service: Service, batch: dict[str, Any], name: str) -> Upload:
    found = service.part(Batches).uploads.get(request.sandbox.name, batch["id"], name)
    if found is None:
        raise Refusal(problem(404, "the file was neither sent nor initialized"))
    return found
