"""The preview sample: its status, and six reports on the last sample or on the last one of a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from rtcp.emulator.clock import write_instant
from rtcp.emulator.http.operations import route
from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.wire import Answer, Refusal, Request
from rtcp.emulator.jobs import Job
from rtcp.emulator.nouns.preview.sample_job import Preview
from rtcp.emulator.service import Service

# What a text field says when there is nothing to say: a quoted word inside the quoted text.
_NULL = '"null"'
Counts = dict[str, Any]


@route("preview.status")
def status(request: Request, service: Service) -> Answer:
    """Answer how many people the last sample saw, and whether one is running; most numbers are texts."""
    ended = service.part(Preview).list_ended(request.sandbox.name)
    counted = [job for job in ended if "profiles" in job.document]
    running = service.part(Preview).find_running(request.sandbox.name)
    last = counted[-1] if counted else None
    counts: Counts = dict(last.document) if last else {"profiles": 0, "fragments": 0, "records": 0, "events": 0}
    asked = running or (ended[-1] if ended else None)
    body = {
        "numRowsToRead": str(counts["profiles"]),
        "sampleJobRunning": {
            "status": running is not None,
            "submissionTimestamp": write_instant(asked.created_ms, digits=1, zone="", between=" ") if asked else _NULL,
        },
        # A text with quotation marks inside: openapi/README.md, oddity 23.
        "docCount": f'"{counts["records"] + counts["events"]}"',
        "totalFragmentCount": counts["fragments"],
        "lastSuccessfulBatchTimestamp": _NULL,
        "streamingDriven": '"false"',
        "totalRows": str(counts["profiles"]),
        "lastBatchId": _NULL,
        "status": service.jobs.state(ended[-1]) if ended else "TASK_PENDING",
        # Every profile is in the sample.
        "samplingRatio": 1.0 if last else 0.0,
        "lastSampledTimestamp": write_instant(last.due_ms, digits=1, zone="", between=" ") if last else _NULL,
    }
    return Answer(200, {**body, "mergeStrategy": counts["mergeStrategy"]} if last else body)


@route("preview.dataset_report")
def dataset_report(request: Request, service: Service) -> Answer:
    """Answer how many people have data from each dataset."""
    return _answer_report(request, service, _show_datasets)


@route("preview.namespace_report")
def namespace_report(request: Request, service: Service) -> Answer:
    """Answer how many people have an identity in each namespace."""
    return _answer_report(request, service, _show_namespaces)


@route("preview.dataset_stats")
def dataset_stats(request: Request, service: Service) -> Answer:
    """Answer how large each dataset is, and how large it would be if events expired."""
    return _answer_report(request, service, _show_sizes)


@route("preview.dataset_overlap")
def dataset_overlap(request: Request, service: Service) -> Answer:
    """Answer how many people have data from exactly which datasets."""
    return _answer_withdrawn(request, service, lambda counts, reported: counts["datasetSets"])


@route("preview.namespace_overlap")
def namespace_overlap(request: Request, service: Service) -> Answer:
    """Answer how many people have identities in exactly which namespaces."""
    return _answer_withdrawn(request, service, lambda counts, reported: counts["namespaceSets"])


@route("preview.unstitched_profiles")
def unstitched_profiles(request: Request, service: Service) -> Answer:
    """Answer how many people are a single fragment without new events."""
    return _answer_withdrawn(request, service, _show_unstitched)


def _answer_withdrawn(request: Request, service: Service, rows: Callable[[Counts, str], Any]) -> Answer:
    if not service.options.withdrawn_reports:
        return problem(404, "this report is not served any more")
    return _answer_report(request, service, rows)


def _answer_report(request: Request, service: Service, rows: Callable[[Counts, str], Any]) -> Answer:
    sample = _find_sample(request, service)
    reported = write_instant(sample.due_ms, digits=3, zone="")
    return Answer(200, {"data": rows(dict(sample.document), reported), "reportTimestamp": reported})


def _find_sample(request: Request, service: Service) -> Job:
    found = [job for job in service.part(Preview).list_ended(request.sandbox.name) if "profiles" in job.document]
    day = request.query.first("date")
    if day is not None:
        wanted = _read_day(day)
        found = [job for job in found if datetime.fromtimestamp(job.due_ms / 1000, UTC).date() == wanted]
    if not found:
        raise Refusal(problem(404, "there is no report yet" if day is None else "there is no report of this day"))
    return found[-1]


def _read_day(text: str) -> date:
    # A sample of the guide leaves zeros out: 2025-6-20.
    try:
        year, month, day = (int(part) for part in text.split("-"))
        return date(year, month, day)
    except (ValueError, OverflowError):
        raise Refusal(problem(400, "query parameter date is no day of the calendar")) from None


def _show_datasets(counts: Counts, reported: str) -> list[dict[str, Any]]:
    return [
        {
            **_show_shares(row["profiles"], counts["profiles"]),
            "name": row["name"],
            "description": "",
            "value": row["id"],
            "streamingIngestionEnabled": "",
            "createdUser": "emulator",
            "reportTimestamp": reported,
        }
        for row in counts["datasets"]
    ]


def _show_namespaces(counts: Counts, reported: str) -> list[dict[str, Any]]:
    return [
        {
            **_show_shares(row["profiles"], counts["profiles"]),
            "reportTimestamp": reported,
            "fullIDsFragmentCount": row["fragments"],
            "code": row["code"],
            "value": str(row["number"]),
        }
        for row in counts["namespaces"]
    ]


def _show_sizes(counts: Counts, reported: str) -> list[dict[str, Any]]:
    return [
        {
            **{f"{days}days": left for days, left in row["left"].items()},
            "datasetId": row["id"],
            "datasetType": "ExperienceEvents" if row["isEvent"] else "Profiles",
            # These two are percentages, while the other reports have fractions.
            "percentEvents": _share(row["rows"], counts["events"], 100) if row["isEvent"] else 0.0,
            "percentProfiles": 0.0 if row["isEvent"] else _share(row["rows"], counts["records"], 100),
            "profileFragments": row["fragments"],
            "records": row["rows"],
            "totalProfiles": row["profiles"],
        }
        for row in counts["datasets"]
    ]


def _show_unstitched(counts: Counts, reported: str) -> dict[str, Any]:
    return {
        "totalNumberOfProfiles": counts["profiles"],
        "totalNumberOfEvents": counts["events"],
        "unstitchedProfiles": {
            f"{days}days": {
                **_sum_counts(namespaces.values()),
                "nsDistribution": {code: _sum_counts([entry]) for code, entry in namespaces.items()},
            }
            for days, namespaces in counts["unstitched"].items()
        },
    }


def _sum_counts(entries: Any) -> dict[str, int]:
    listed = list(entries)
    return {
        "countOfProfiles": sum(entry["profiles"] for entry in listed),
        "eventsAssociated": sum(entry["events"] for entry in listed),
    }


def _show_shares(count: int, total: int) -> dict[str, Any]:
    share = _share(count, total, 1)
    return {
        "sampleCount": count,
        "samplePercentage": share,
        "fullIDsCount": count,
        "fullIDsPercentage": share,
    }


def _share(count: int, total: int, whole: int) -> float:
    return round(whole * count / total, 6) if total else 0.0
