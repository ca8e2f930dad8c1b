"""Datasets of the catalogue: list, get and create."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtcp.emulator import catalog
from rtcp.emulator.problems import problem
from rtcp.emulator.service import Service
from rtcp.emulator.wire import Answer, Query, Request

DEFAULT_LIMIT = 20
# Parameters that do not name a property to filter by.
_CONTROLS = ("limit", "start", "orderby", "sort", "properties", "tags", "requestdatasource")


def list_(request: Request, service: Service) -> Answer:
    """Answer a map of datasets by id; nothing says how many there are in all."""
    query = request.query
    if "property" in query:
        return problem(501, "the emulator does not do the catalogue's filter parameter property")
    found = catalog.entries(service.store, request.sandbox)
    chosen = {name: each for name, each in found.items() if _is_wanted(each, query)}
    ordered = _ordered(list(chosen.items()), query.first("orderby", "sort") or "")
    start, limit = int(query.first("start") or 0), int(query.first("limit") or DEFAULT_LIMIT)
    named = [name for name in (query.first("properties") or "").split(",") if name]
    return Answer(
        200,
        {
            dataset_id: _limited({**each, "imsOrg": request.org_id}, named)
            for dataset_id, each in ordered[start : start + limit]
        },
    )


def get(request: Request, service: Service) -> Answer:
    """Answer one dataset under its id, or 404."""
    dataset_id = request.path_id or ""
    found = catalog.entry(service.store, request.sandbox, dataset_id)
    if found is None:
        return problem(404, "the dataset does not exist in this sandbox")
    return Answer(200, {dataset_id: {**found, "imsOrg": request.org_id}}, {"E-Tag": found["version"]})


def create(request: Request, service: Service) -> Answer:
    """Keep a dataset and answer a reference to it."""
    if request.headers.get("pragma", "").lower() == "validate-only":
        return Answer(200, [])
    body = request.content
    created_by = request.headers.get("x-api-key", "")
    dataset_id = catalog.create(service.store, request.sandbox.name, body, created_by=created_by)
    # The guide on exports prints the reference with a small s, the catalogue's own pages with a capital one.
    collection = "datasets" if catalog.is_union(body) else "dataSets"
    location = f"/data/foundation/catalog/dataSets/{dataset_id}"
    return Answer(201, [f"@/{collection}/{dataset_id}"], {"Location": location})


def _is_wanted(entry: Mapping[str, Any], query: Query) -> bool:
    for name, values in query.items():
        if name in _CONTROLS:
            continue
        for text in values:
            wanted = text.removeprefix("!").split(",")
            if (_property(entry, name) in wanted) is text.startswith("!"):
                return False
    return all(_has_tag(entry, each) for each in (query.first("tags") or "").split(",") if each)


def _property(entry: Mapping[str, Any], name: str) -> str | None:
    value: Any = entry
    for part in name.split("."):
        # Names of parameters come without case.
        value = next((v for k, v in value.items() if k.lower() == part), None) if isinstance(value, Mapping) else None
    return None if value is None or isinstance(value, (Mapping, list)) else str(value)


def _has_tag(entry: Mapping[str, Any], text: str) -> bool:
    name, _, wanted = text.partition(":")
    values = [str(value) for value in (entry.get("tags") or {}).get(name, ())]
    if wanted.endswith("*"):
        return any(value.startswith(wanted[:-1]) for value in values)
    return wanted in values


def _ordered(entries: list[tuple[str, Any]], text: str) -> list[tuple[str, Any]]:
    """By `name,desc:created`; the first property counts most, so it sorts last."""
    for part in reversed([part for part in text.split(",") if part]):
        direction, _, name = part.rpartition(":")
        entries.sort(key=lambda pair: str(_property(pair[1], name.lower()) or ""), reverse=direction == "desc")
    return entries


def _limited(entry: Mapping[str, Any], names: list[str]) -> Mapping[str, Any]:
    return {name: value for name, value in entry.items() if name in names} if names else entry
