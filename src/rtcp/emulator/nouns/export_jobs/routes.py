"""Export jobs: list, get, create and cancel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rtcp.emulator.http.operations import route
from rtcp.emulator.http.problems import problem, refuse_missing
from rtcp.emulator.http.wire import Answer, Query, Refusal, Request
from rtcp.emulator.jobs import Job
from rtcp.emulator.nouns.datasets import catalog
from rtcp.emulator.nouns.export_jobs.exports import CANCELLED, FAILED, NEW, PROCESSING, Exports
from rtcp.emulator.service import Service
from rtcp.emulator.store import PROFILE_CLASS, MergePolicy

DEFAULT_LIMIT = 10
_OFFSET = re.compile(r"(\d{1,15})_(\d{1,15})")
_SORTED_BY = {"createdtime": "creationTime", "creationtime": "creationTime", "updatetime": "updateTime"}


@route("export_jobs.list")
def list_(request: Request, service: Service) -> Answer:
    """Answer one page of jobs, the newest first unless told otherwise."""
    query = request.query
    shown = [_show(job, request, service) for job in service.part(Exports).all(request.sandbox.name)]
    status = query.first("status")
    chosen = [job for job in shown if status is None or job["status"] == status.upper()]
    field, direction = _order(query)
    chosen.sort(key=lambda job: (job[field], job["id"]), reverse=direction == "desc")
    limit = int(query.first("limit") or DEFAULT_LIMIT)
    start = _start(query, chosen, limit)
    records, rest = chosen[start : start + limit], start + limit
    last = f"{records[-1]['creationTime']}_{records[-1]['id']}" if records else ""
    link = ""
    if rest < len(chosen):
        # Only in its own order does a place have a name; in another one it has a number.
        is_plain = query.first("sort") is None
        link = f"/export/jobs/?limit={limit}&" + (
            f"offset={last}" if is_plain else f"start={rest}&sort={field}:{direction}"
        )
        link += f"&status={status}" if status else ""
    paging = {"sortField": (query.first("sort") and field) or "createdTime", "sort": direction, "pageOffset": last}
    return Answer(200, {"records": records, "page": {**paging, "pageSize": limit}, "link": {"next": link}})


@route("export_jobs.get")
def get(request: Request, service: Service) -> Answer:
    """Answer one job, or 404."""
    return Answer(200, _show(_find_job(request, service), request, service))


@route("export_jobs.create")
def create(request: Request, service: Service) -> Answer:
    """Start a job and answer it as new."""
    body, sandbox = request.content, request.sandbox
    target = body["destination"]
    dataset_id = target.get("datasetId") or target.get("dataSetId")
    described = catalog.entry(service.store, sandbox, dataset_id)
    if described is None:
        return problem(400, f"the destination dataset {dataset_id!r} does not exist in this sandbox")
    if not catalog.is_union(described):
        return problem(400, f"the destination dataset {dataset_id!r} is not of the union schema {catalog.UNION_SCHEMA}")
    kept = {**body, "destination": {**target, "datasetId": dataset_id}}
    try:
        job = service.part(Exports).start(sandbox, kept, _policy(request))
    except ValueError as error:
        return problem(400, str(error))
    answer = Answer(200, _show(job, request, service))
    answer.headers["X-Location"] = f"/data/core/ups/export/jobs/{job.id}"
    return answer


@route("export_jobs.cancel")
def cancel(request: Request, service: Service) -> Answer:
    """Cancel a job that is under way; one that is over stays as it is."""
    job = _find_job(request, service)
    service.jobs.end(job, CANCELLED)
    return Answer(200, {"status": True, "message": "Export job has been marked for cancelling"})


def _find_job(request: Request, service: Service) -> Job:
    job = service.part(Exports).get(request.sandbox.name, request.path_id or "")
    if job is None:
        raise refuse_missing("export job")
    return job


def _policy(request: Request) -> MergePolicy:
    asked = (request.content.get("mergePolicy") or {}).get("id")
    policy = request.sandbox.policy(asked) if asked else request.sandbox.default_policy(PROFILE_CLASS)
    if policy is None or policy.schema_name != PROFILE_CLASS:
        detail = (
            "no such merge policy for profiles" if asked else "mergePolicy is missing, and there is no default policy"
        )
        raise Refusal(problem(400, detail))
    return policy


def _order(query: Query) -> tuple[str, str]:
    name, _, direction = (query.first("sort") or "createdTime:desc").partition(":")
    return _SORTED_BY[name.lower()], direction.lower() or "asc"


def _start(query: Query, jobs: list[dict[str, Any]], limit: int) -> int:
    """Where the page begins: after the job that `offset` names, at record `start`, or at page `page`, both from 0."""
    offset = query.first("offset")
    if offset is None:
        return int(query.first("start") or int(query.first("page") or 0) * limit)
    named = _OFFSET.fullmatch(offset)
    if named is None:
        return int(offset)
    place = (int(named[1]), int(named[2]))
    return next((at for at, job in enumerate(jobs) if (job["creationTime"], job["id"]) < place), len(jobs))


def _show(job: Job, request: Request, service: Service) -> dict[str, Any]:
    """The job with all that some source shows."""
    document, state = job.document, service.jobs.state(job)
    body = document["body"]
    shown: dict[str, Any] = {"profileInstanceId": "ups", "jobType": "BATCH", "id": int(job.id)}
    shown |= {name: body[name] for name in ("schema", "fields", "filter", "additionalFields") if name in body}
    failure = document.get("failure")
    if failure is not None:
        shown["errors"] = [{"code": failure["code"] or "unknown", "msg": failure["message"], "callStack": ""}]
    return {
        **shown,
        "mergePolicy": document["policy"],
        "status": state,
        "requestId": document["requestId"],
        "computeGatewayJobId": {} if state == NEW else document["compute"],
        "metrics": _metrics(job, state),
        "destination": _destination(body, document["batchIds"], is_failed=state == FAILED),
        "imsOrgId": request.org_id,
        "creationTime": job.created_ms,
        "updateTime": service.jobs.changed_ms(job),
    }


def _destination(body: Mapping[str, Any], batch_ids: list[str], *, is_failed: bool) -> dict[str, Any]:
    shown = {
        "datasetId": body["destination"]["datasetId"],
        "segmentPerBatch": body["destination"].get("segmentPerBatch") in (True, "true"),
    }
    if not shown["segmentPerBatch"]:
        # The id is there from the beginning, as the guide's samples have it: it does not mean that files are.
        return {**shown, "batchId": "" if is_failed else batch_ids[0]}
    segments = (body.get("filter") or {}).get("segments") or []
    batches = [
        {**segment, "status": segment.get("status", ["realized"]), "batchId": "" if is_failed else batch_id}
        for segment, batch_id in zip(segments, batch_ids, strict=True)
    ]
    return {**shown, "batches": batches}


def _metrics(job: Job, state: str) -> dict[str, Any]:
    """Spans of time in milliseconds; the writing is taken as the last third of the work."""
    if state in (NEW, PROCESSING) or job.finished_ms is None:
        return {"totalTime": {"startTimeInMs": job.created_ms}}
    begin, end = job.created_ms, job.finished_ms
    export, write = begin + (end - begin) // 3, begin + (end - begin) * 2 // 3
    metrics: dict[str, Any] = {"totalTime": _span(begin, end), "profileExportTime": _span(export, write)}
    if "profiles" in job.document:
        metrics["aCPDatasetWriteTime"] = _span(write, end)
        metrics["totalExportedProfileCounter"] = job.document["profiles"]
        metrics["exportedProfileByNamespaceCounter"] = job.document["byNamespace"]
    return metrics


def _span(start_ms: int, end_ms: int) -> dict[str, int]:
    return {"startTimeInMs": start_ms, "endTimeInMs": end_ms, "totalTimeInMs": end_ms - start_ms}
