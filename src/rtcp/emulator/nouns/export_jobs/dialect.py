"""How export jobs differ from dialect to dialect."""

from __future__ import annotations

from typing import Any

from rtcp.emulator.http.operations import Body, Change, without
from rtcp.emulator.http.wire import Request

# Later than any job, and read as a place in the list all the same.
_BEFORE_ALL = "999999999999999_0"
# Words that no source has for states before the end, and the other spelling of one that is the end.
_OTHER_STATES = {"NEW": "SUBMITTED", "CANCELLED": "CANCELED"}


def _guide_job(request: Request, body: Body) -> Body:
    """A single job spells the destination's id with a capital S, the list does not."""
    target = body["destination"]
    renamed = {("dataSetId" if name == "datasetId" else name): value for name, value in target.items()}
    return {**body, "destination": renamed}


def _spec_job(request: Request, body: Body) -> Body:
    """The published description types the batches of segments as one object."""
    batches = body["destination"].get("batches")
    if batches is None or len(batches) != 1:
        return body
    return {**body, "destination": {**body["destination"], "batches": batches[0]}}


def _spec_list(request: Request, body: Body) -> Body:
    return {**body, "records": [_spec_job(request, job) for job in body["records"]]}


def _hostile_job(request: Request, body: Body) -> Body:
    kept = without(
        _spec_job(request, _guide_job(request, body)), "requestId", "jobType", "imsOrgId", "profileInstanceId"
    )
    state = body["status"]
    kept["status"] = _OTHER_STATES.get(state, state)
    if state == "SUCCEEDED":
        # A sample shows an error on a job that succeeded: errors alone mean nothing.
        kept["errors"] = [{"code": "0100000003", "msg": "Error in Export Job", "callStack": "-"}]
    if state == "NEW":
        kept["computeGatewayJobId"] = {"exportJob": ""}
    for name in ("id", "creationTime", "updateTime"):
        kept[name] = str(body[name])
    return {**kept, "metrics": _texts(body["metrics"]), "notInAnySource": {}}


def _hostile_list(request: Request, body: Body) -> Body:
    """An empty page before the first one, and no link after the last."""
    if not any(name in request.query for name in ("offset", "start", "page", "sort")) and body["records"]:
        limit, status = body["page"]["pageSize"], request.query.first("status")
        link = f"/export/jobs/?limit={limit}&offset={_BEFORE_ALL}" + (f"&status={status}" if status else "")
        return {"records": [], "page": {}, "link": {"next": link}}
    changed: Body = {"records": [_hostile_job(request, job) for job in body["records"]], "page": _texts(body["page"])}
    return {**changed, "link": body["link"]} if body["link"]["next"] else changed


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _texts(inner) for name, inner in value.items()}
    return str(value) if isinstance(value, int) else value


CHANGES: dict[str, dict[str, Change]] = {
    "guide": {"export_jobs.get": _guide_job, "export_jobs.create": _guide_job},
    "spec": {"export_jobs.get": _spec_job, "export_jobs.create": _spec_job, "export_jobs.list": _spec_list},
    "hostile": {
        "export_jobs.get": _hostile_job,
        "export_jobs.create": _hostile_job,
        "export_jobs.list": _hostile_list,
    },
}
