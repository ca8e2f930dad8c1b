"""Delete requests in three forms: the unified one, that of organisations on Azure, and that of those on AWS."""

from __future__ import annotations

import json

from rtcp.emulator.http.gateway import request_id
from rtcp.emulator.http.operations import Body, Change, Refused, without
from rtcp.emulator.http.paging import offset_token
from rtcp.emulator.http.wire import Answer, Request

_AZURE_STATUS = {"IN-PROGRESS": "PROCESSING", "SUCCESS": "COMPLETED"}
# FAILED is documented beside ERROR; QUEUED is the word of tomorrow that a client must live with.
_AWS_STATUS = {"ERROR": "FAILED", "NEW": "QUEUED"}
_AZURE_ONLY = ("createEpoch", "updateEpoch", "metrics")


def _guide_job(request: Request, body: Body) -> Body:
    return without(body, *_AZURE_ONLY)


def _guide_list(request: Request, body: Body) -> Body:
    return {**body, "children": [_guide_job(request, job) for job in body["children"]]}


def _spec_job(request: Request, body: Body) -> Body:
    target = dict(body["properties"])
    # A dataset request names it dataSetId, a batch request datasetId.
    if "batchId" not in target:
        target = {"dataSetId": target["datasetId"]}
    changed = {"id": body["requestId"], "imsOrgId": body["imsOrgId"], **target, "jobType": "DELETE"}
    changed["status"] = _AZURE_STATUS.get(body["status"], body["status"])
    if "metrics" in body:
        changed["metrics"] = json.dumps(body["metrics"], separators=(",", ":"))
    return {**changed, "createEpoch": body["createEpoch"], "updateEpoch": body["updateEpoch"]}


def _spec_list(request: Request, body: Body) -> Body:
    paging: Body = {"count": len(body["children"])}
    if "next" in body["_page"]:
        paging["next"] = offset_token(body["_page"]["next"])
    return {"_page": paging, "children": [_spec_job(request, job) for job in body["children"]]}


def _spec_refused(request: Request, answer: Answer) -> Answer:
    """Errors under the status they belong to; a batch of a record dataset is a 400 with the code of an error within."""
    is_payload = answer.body["type"] != "about:blank"
    status = 400 if is_payload else answer.status
    entry = {"code": "500" if is_payload else str(status), "message": answer.body["detail"]}
    return Answer(status, {"requestId": request_id(request), "errors": {str(status): [entry]}})


def _hostile_job(request: Request, body: Body) -> Body:
    changed = without(_guide_job(request, body), "imsOrgId", "sandbox")
    return {**changed, "status": _AWS_STATUS.get(body["status"], body["status"]), "notInAnySource": []}


def _hostile_list(request: Request, body: Body) -> list[Body]:
    return [_hostile_job(request, job) for job in body["children"]]


CHANGES: dict[str, dict[str, Change]] = {
    "guide": {
        "system_jobs.list": _guide_list,
        "system_jobs.get": _guide_job,
        "system_jobs.create": _guide_job,
    },
    "spec": {
        "system_jobs.list": _spec_list,
        "system_jobs.get": _spec_job,
        "system_jobs.create": _spec_job,
    },
    "hostile": {
        "system_jobs.list": _hostile_list,
        "system_jobs.get": _hostile_job,
        "system_jobs.create": _hostile_job,
    },
}
REFUSED: dict[str, dict[str, Refused]] = {
    "spec": {"system_jobs.create": _spec_refused},
}
