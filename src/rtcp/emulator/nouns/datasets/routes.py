"""Datasets of the catalogue: list, get, create and change."""

from __future__ import annotations

from typing import Any

from rtcp.emulator.http import catalog_query
from rtcp.emulator.http.operations import route
from rtcp.emulator.http.problems import problem, refuse_missing
from rtcp.emulator.http.wire import JSON_PATCH_TYPE, NO_JSON, Answer, Refusal, Request
from rtcp.emulator.nouns.datasets import catalog
from rtcp.emulator.nouns.datasets.json_patch import PatchError, apply_patch
from rtcp.emulator.service import Service
from rtcp.emulator.store import StoreError

# What the service keeps for itself.
_FIXED = ("imsOrg", "created", "updated", "version", "viewId", "files", "createdUser", "updatedUser")


@route("datasets.list")
def list_(request: Request, service: Service) -> Answer:
    """Answer a map of datasets by id; nothing says how many there are in all."""
    found = catalog.entries(service.store, request.sandbox)
    owned = {name: _show(each, name, request) for name, each in found.items()}
    return Answer(200, catalog_query.select(owned, request.query))


@route("datasets.get")
def get(request: Request, service: Service) -> Answer:
    """Answer one dataset under its id, or 404."""
    dataset_id = request.path_id or ""
    found = _find_dataset(request, service)
    shown = catalog_query.limit_fields(_show(found, dataset_id, request), request.query)
    return Answer(200, {dataset_id: shown}, {"E-Tag": found["version"]})


@route("datasets.create")
def create(request: Request, service: Service) -> Answer:
    """Keep a dataset and answer a reference to it."""
    if request.headers.get("pragma", "").lower() == "validate-only":
        return Answer(200, [])
    body = request.content
    dataset_id = catalog.create(service.store, request.sandbox, body, created_by=_caller(request))
    # The guide on exports prints the reference with a small s, the catalogue's own pages with a capital one.
    collection = "datasets" if catalog.is_union(body) else "dataSets"
    location = f"/data/foundation/catalog/dataSets/{dataset_id}"
    return Answer(201, [f"@/{collection}/{dataset_id}"], {"Location": location})


@route("datasets.enable_profile")
def update(request: Request, service: Service) -> Answer:
    """Change a dataset by a JSON Patch, or by an object whose fields and tags replace those of the same name."""
    before = _find_dataset(request, service)
    expected = request.headers.get("if-match")
    if expected is not None and expected.strip('"') != before["version"]:
        return problem(412, "If-Match is not the version of the dataset", title="PreconditionFailedError")
    changed = _apply_change(request, before)
    # Sent back as they were read, these are no error, and change nothing.
    changed = {**changed, **{name: before[name] for name in _FIXED if name in before}}
    if catalog.is_enabled(before) and not catalog.is_upsert(before) and catalog.is_upsert(changed):
        return problem(400, "disable the dataset for Profile before enabling it for upsert")
    dataset_id = request.path_id or ""
    try:
        catalog.change(service.store, request.sandbox, dataset_id, changed, changed_by=_caller(request))
    except StoreError as error:
        return problem(400, str(error))
    return Answer(200, [f"@/dataSets/{dataset_id}"])


@route("datasets.delete")
def delete(request: Request, service: Service) -> Answer:
    """Remove a dataset that Profile does not know."""
    dataset_id = request.path_id or ""
    _find_dataset(request, service)
    if request.sandbox.dataset(dataset_id) is not None:
        return problem(501, "the emulator keeps datasets that Profile knows; delete requests take their people out")
    service.store.documents.remove(request.sandbox.name, catalog.KIND, dataset_id)
    return Answer(200)


def _apply_change(request: Request, before: dict[str, Any]) -> dict[str, Any]:
    content, kind = request.content, request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content is NO_JSON:
        raise Refusal(problem(400, "the body is missing or is no JSON"))
    if kind == JSON_PATCH_TYPE:
        if not isinstance(content, list):
            raise Refusal(problem(400, "a JSON Patch is a list"))
        try:
            changed = apply_patch(before, content)
        except PatchError as error:
            raise Refusal(problem(400, str(error))) from None
    else:
        if not isinstance(content, dict):
            raise Refusal(problem(400, "the body is no object"))
        tags = content.get("tags", {})
        merged = {**(before.get("tags") or {}), **tags} if isinstance(tags, dict) else tags
        changed = {**before, **content, "tags": merged}
    if not _are_tags(changed.get("tags", {})) or not isinstance(changed.get("name"), str):
        raise Refusal(problem(400, "a dataset has a name, and tags: lists of texts by name"))
    if not isinstance(changed.get("schemaRef"), dict) or not changed["schemaRef"].get("id"):
        raise Refusal(problem(400, "a dataset has a schemaRef with an id"))
    return changed


def _are_tags(tags: Any) -> bool:
    return isinstance(tags, dict) and all(
        isinstance(values, list) and all(isinstance(value, str) for value in values) for values in tags.values()
    )


def _show(entry: dict[str, Any], dataset_id: str, request: Request) -> dict[str, Any]:
    """An entry with what is not kept with it."""
    behavior = catalog.behavior_of(request.sandbox, dataset_id, entry)
    classification = {"dataBehavior": behavior, "managedBy": "CUSTOMER"}
    return {"classification": classification, **entry, "imsOrg": request.org_id}


def _find_dataset(request: Request, service: Service) -> dict[str, Any]:
    found = catalog.entry(service.store, request.sandbox, request.path_id or "")
    if found is None:
        raise refuse_missing("dataset")
    return found


def _caller(request: Request) -> str:
    return request.headers.get("x-api-key", "")
