"""How the preview's answers differ from dialect to dialect."""

from __future__ import annotations

from typing import Any

from rtcp.emulator.http.operations import Body, Change, without
from rtcp.emulator.http.wire import Request

_REPORTS = ("dataset_report", "namespace_report", "dataset_stats")
_COUNTED_SETS = ("dataset_overlap", "namespace_overlap")


def _spec_status(request: Request, body: Body) -> Body:
    # The published description has a stray quotation mark in this key.
    return {'mergeStrategy"' if name == "mergeStrategy" else name: value for name, value in body.items()}


def _hostile_status(request: Request, body: Body) -> Body:
    changed = without(body, "docCount", "streamingDriven", "lastBatchId", "mergeStrategy")
    running = {**body["sampleJobRunning"], "status": str(body["sampleJobRunning"]["status"]).lower()}
    # The older name of docCount, and a number where others are texts.
    changed["cosmosDocCount"] = body["docCount"]
    return {**changed, "totalRows": int(body["totalRows"]), "sampleJobRunning": running, "notInAnySource": 0}


def _hostile_rows(request: Request, body: Body) -> Body:
    rows = [{**_texts(without(row, "reportTimestamp", "createdUser")), "notInAnySource": ""} for row in body["data"]]
    return {**body, "data": rows}


def _hostile_sets(request: Request, body: Body) -> Body:
    return {**body, "data": _texts(body["data"])}


def _texts(row: Body) -> Body:
    return {name: _text(value) for name, value in row.items()}


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) else value


CHANGES: dict[str, dict[str, Change]] = {
    "spec": {"preview.status": _spec_status},
    "hostile": {
        "preview.status": _hostile_status,
        **{f"preview.{report}": _hostile_rows for report in _REPORTS},
        **{f"preview.{report}": _hostile_sets for report in _COUNTED_SETS},
    },
}
