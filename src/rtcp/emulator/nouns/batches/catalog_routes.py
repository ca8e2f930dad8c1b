"""Batches of the catalogue: their states, errors and counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rtcp.emulator.http import catalog_query
from rtcp.emulator.http.operations import route
from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.wire import Answer, Request
from rtcp.emulator.nouns.batches.lifecycle import Batches
from rtcp.emulator.service import Service


@route("batches.list")
def list_(request: Request, service: Service) -> Answer:
    """Answer a map of batches by id; nothing says how many there are in all."""
    sandbox = request.sandbox.name
    found = {
        batch["id"]: service.part(Batches).describe(sandbox, batch, request.org_id)
        for batch in service.part(Batches).all(sandbox)
    }
    return Answer(200, catalog_query.select(found, request.query, special=_FILTERS))


@route("batches.get")
def get(request: Request, service: Service) -> Answer:
    """Answer one batch under its id, or 404."""
    sandbox, batch_id, batches = request.sandbox.name, request.path_id or "", service.part(Batches)
    batch = batches.get(sandbox, batch_id)
    if batch is None:
        return problem(404, "the batch does not exist in this sandbox")
    return Answer(200, {batch_id: batches.describe(sandbox, batch, request.org_id)})


def _is_of_dataset(entry: Mapping[str, Any], dataset_id: str) -> bool:
    return any(each["type"] == "dataSet" and each["id"] == dataset_id for each in entry["relatedObjects"])


def _time(name: str, *, after: bool) -> Callable[[Mapping[str, Any], str], bool]:
    def holds(entry: Mapping[str, Any], text: str) -> bool:
        value = entry.get(name)
        if value is None or not text.isdecimal():
            return False
        return bool(value > int(text)) if after else bool(value < int(text))

    return holds


# Times are milliseconds; the bounds themselves are not in.
_FILTERS: dict[str, Callable[[Mapping[str, Any], str], bool]] = {
    "dataset": _is_of_dataset,
    "batch": lambda entry, text: bool(entry["id"] == text),
    "createdafter": _time("created", after=True),
    "createdbefore": _time("created", after=False),
    "failedrecordcount": lambda entry, text: str(entry["metrics"].get("failedRecordCount", 0)) == text,
    "recordcount": lambda entry, text: str(entry["metrics"].get("outputRecordCount", 0)) == text,
}
