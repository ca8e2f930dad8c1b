"""Delete requests of the Profile store, in the unified form and with what the other forms need; dialects choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtcp.emulator.clock import write_instant
from rtcp.emulator.http.gateway import request_id
from rtcp.emulator.http.operations import route
from rtcp.emulator.http.problems import problem, refuse_missing
from rtcp.emulator.http.wire import PROBLEM_TYPE, Answer, Refusal, Request
from rtcp.emulator.jobs import Job
from rtcp.emulator.nouns.system_jobs.deletions import SYSTEM_JOBS
from rtcp.emulator.service import Service
from rtcp.emulator.store import Dataset

# Both the default and the most that a page holds.
PAGE_SIZE = 100
BAD_PAYLOAD = "https://ns.adobe.com/aep/errors/UPAPI-036002-422"


@route("system_jobs.list")
def list_(request: Request, service: Service) -> Answer:
    """Answer one page of requests, the newest first unless told otherwise; pages count from 0."""
    query = request.query
    # Organisations on AWS get everything in one list.
    limit = 2**31 if service.dialect.name == "hostile" else min(int(query.first("limit") or PAGE_SIZE), PAGE_SIZE)
    number = int(query.first("page", "start") or 0)
    jobs = [_show(job, request, service) for job in reversed(service.jobs.of_kind(request.sandbox.name, SYSTEM_JOBS))]
    field, _, direction = (query.first("sort") or "").partition(":")
    if field:
        jobs.sort(key=lambda job: str(job["properties"].get(field, job.get(field, ""))), reverse=direction == "desc")
    page = jobs[number * limit : (number + 1) * limit]
    paging: dict[str, Any] = {"pageSize": len(page), "start": str(number), "totalCount": len(jobs)}
    if (number + 1) * limit < len(jobs):
        paging["next"] = number + 1
    return Answer(200, {"_page": paging, "children": page})


@route("system_jobs.get")
def get(request: Request, service: Service) -> Answer:
    """Answer one request, or 404."""
    return Answer(200, _show(_find_job(request, service), request, service))


@route("system_jobs.create")
def create(request: Request, service: Service) -> Answer:
    """Take a request to delete a dataset, or a batch of an event dataset."""
    dataset, batch_id = _target(request)
    if batch_id is not None and not dataset.is_event:
        return _refuse(
            request,
            BAD_PAYLOAD,
            "Invalid system job payload.",
            f"Batch can only be specified for EE type '{dataset.id}'",
        )
    asked = {"datasetId": dataset.id, "batchId": batch_id}
    known = service.jobs.of_kind(request.sandbox.name, SYSTEM_JOBS)
    if any(not job.is_over and {name: job.document[name] for name in asked} == asked for job in known):
        return _refuse(request, "about:blank", "Definition already exists", "the same request is under way")
    job = service.jobs.start(request.sandbox.name, SYSTEM_JOBS, {**asked, "orgId": request.org_id})
    return Answer(200, _show(job, request, service))


@route("system_jobs.cancel")
def cancel(request: Request, service: Service) -> Answer:
    """Forget a request; data that it has deleted does not come back."""
    # The published description says of organisations on AWS that they cannot.
    if service.dialect.name == "hostile":
        return problem(405, "delete requests cannot be removed in this organisation")
    service.jobs.remove(_find_job(request, service))
    return Answer(200)


def _target(request: Request) -> tuple[Dataset, str | None]:
    body: Mapping[str, Any] = request.content
    batch_id = body.get("batchId")
    dataset_id = body.get("dataSetId") or body.get("datasetId")
    holders = [] if batch_id is None else request.sandbox.datasets_of_batch(batch_id)
    if dataset_id is not None:
        dataset = request.sandbox.dataset(dataset_id)
        if dataset is None:
            raise Refusal(problem(400, "the dataset does not exist in this sandbox"))
        holders = [holder for holder in holders if holder.id == dataset.id]
    else:
        dataset = holders[0] if holders else None
    if dataset is None or (batch_id is not None and not holders):
        raise Refusal(problem(400, "no row of this batch is in the Profile store"))
    return dataset, batch_id


def _find_job(request: Request, service: Service) -> Job:
    job = service.jobs.get(request.sandbox.name, SYSTEM_JOBS, request.path_id or "")
    if job is None:
        raise refuse_missing("system job")
    return job


def _refuse(request: Request, kind: str, title: str, detail: str) -> Answer:
    body = {"type": kind, "title": title, "status": 422, "detail": detail, "requestId": request_id(request)}
    return Answer(422, body, content_type=PROBLEM_TYPE)


def _show(job: Job, request: Request, service: Service) -> dict[str, Any]:
    asked, changed_ms = job.document, service.jobs.changed_ms(job)
    shown: dict[str, Any] = {
        "requestId": job.id,
        "requestType": "TRUNCATE_DATASET" if asked["batchId"] is None else "DELETE_EE_BATCH",
        "imsOrgId": asked["orgId"],
        "sandbox": {"sandboxName": request.sandbox.name, "sandboxId": request.sandbox.id},
        "status": service.jobs.state(job),
        "properties": {name: asked[name] for name in ("batchId", "datasetId") if asked[name] is not None},
        "createdAt": write_instant(job.created_ms, digits=6),
        "updatedAt": write_instant(changed_ms, digits=6),
        "createEpoch": job.created_ms // 1000,
        "updateEpoch": changed_ms // 1000,
    }
    if shown["status"] != "NEW":
        seconds = (changed_ms - job.created_ms) // 1000
        shown["metrics"] = {"recordsProcessed": asked.get("recordsProcessed", 0), "timeTakenInSec": seconds}
    return shown
