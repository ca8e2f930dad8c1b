"""How batches differ from dialect to dialect."""

from __future__ import annotations

from typing import Any

from rtcp.emulator.http.operations import Body, Change, without
from rtcp.emulator.http.wire import Request

# The other words of the catalogue's list, as old pages and other services use them.
_STATES = {
    "loaded": "queued",
    "staging": "processing",
    "staged": "retrying",
    "success": "active",
    "failed": "failure",
}
_METRICS = {
    "inputRecordCount": "recordsRead",
    "outputRecordCount": "recordsWritten",
    "failedRecordCount": "recordsFailed",
}
_TIMES = ("created", "updated", "started", "completed")


def _hostile_batches(request: Request, body: Body) -> Body:
    return {batch_id: _hostile_batch(batch) for batch_id, batch in body.items()}


def _hostile_batch(batch: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = {
        # The id is the key, and not repeated inside.
        **without(batch, "id", "imsOrg", "inputFormat", *([] if batch.get("errors") else ["errors"])),
        **{name: str(batch[name]) for name in _TIMES if name in batch},
        "notInAnySource": {"deep": None},
    }
    if "status" in batch:
        changed["status"] = _STATES.get(batch["status"], batch["status"])
    if "metrics" in batch:
        changed["metrics"] = {_METRICS.get(name, name): value for name, value in batch["metrics"].items()}
    return changed


def _hostile_created(request: Request, body: Body) -> Body:
    return without(body, "imsOrg", "tags", "version", "createdUser", "updatedUser") | {"notInAnySource": 0}


def _hostile_listing(request: Request, body: Body) -> Body:
    return {**body, "_page": {name: str(value) for name, value in body["_page"].items()}, "notInAnySource": True}


def _nothing(request: Request, body: Body) -> None:
    """The published description shows the batch that was acted on, the guides an empty body."""


CHANGES: dict[str, dict[str, Change]] = {
    "guide": {"batches.complete": _nothing},
    "hostile": {
        "batches.complete": _nothing,
        "batches.list": _hostile_batches,
        "batches.get": _hostile_batches,
        "batches.create": _hostile_created,
        "batches.failed_records": _hostile_listing,
        "batches.meta_files": _hostile_listing,
    },
}
