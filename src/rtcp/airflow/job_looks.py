"""Jobs as operators, sensors and triggers see them: what one look at a job tells, for every kind of job."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from rtcp._outlook import Outlook, judge
from rtcp.client import Client
from rtcp.errors import (
    ConfigError,
    DecodeError,
    InvalidArgumentError,
    ResponseError,
    RtcpError,
    TokenError,
)
from rtcp.transport.scrubbing import shortened

Outcome = Literal["running", "success", "failed", "cancelled"]

# Trying again cannot help.
HOPELESS: Final = (ConfigError, InvalidArgumentError, TokenError)


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a job.

    Attributes:
        state: the service's own word.
        reason: why it failed, as far as the service tells.
    """

    state: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of job.

    Attributes:
        what: how it is called in sentences.
        command: words of the command line that show one, before the id.
        look: reads one job.
        summary: what is worth handing to other tasks; never data of people.
        cancel: asks the service to stop it; None where the service cannot.
    """

    what: str
    command: str
    look: Callable[[Client, str], Seen]
    summary: Callable[[Client, str], dict[str, Any]]
    cancel: Callable[[Client, str], None] | None = None

    def name(self, job_id: str) -> str:
        """The job in a sentence."""
        return f"{self.what} {job_id}"

    def shown_by(self, job_id: str, *, sandbox: str) -> str:
        """What to type to see it."""
        return shlex.join(["rtcp", "--sandbox", sandbox, *self.command.split(), job_id])

    def verdict(self, job_id: str, seen: Seen) -> str:
        """How the job ended, in a sentence."""
        reason = f": {seen.reason}" if seen.reason and seen.outcome == "failed" else ""
        ends = {"success": "succeeded", "failed": "failed", "cancelled": "was cancelled", "running": "is running"}
        return f"{self.name(job_id)} {ends[seen.outcome]} (status {seen.state}){reason}"


def is_outage(exc: Exception) -> bool:
    """Whether an error says something about the service of this moment, and nothing about the job."""
    return isinstance(exc, RtcpError) and not isinstance(exc, DecodeError) and judge(exc) is Outlook.PASSING


def asked_pause(exc: Exception) -> float:
    """Seconds that the service asks to wait."""
    return (isinstance(exc, ResponseError) and exc.retry_after) or 0.0


def _outcome(job: Any, *, is_cancelled: bool = False) -> Outcome:
    if not job.is_final:
        return "running"
    return "cancelled" if is_cancelled else "success" if job.is_success else "failed"


def _look_at_export(client: Client, job_id: str) -> Seen:
    job = client.export_jobs.get(job_id)
    told = [f"{error.code or 'no code'}: {shortened(error.message or 'no text')}" for error in job.errors[:3]]
    return Seen(str(job.status), _outcome(job, is_cancelled=job.is_cancelled), "; ".join(told))


def _export_summary(client: Client, job_id: str) -> dict[str, Any]:
    job = client.export_jobs.get(job_id)
    return {
        "job_id": job_id,
        "status": str(job.status),
        "dataset_id": job.destination.dataset_id,
        "batch_ids": [batch.batch_id for batch in job.batches],
        "profiles": job.metrics.profiles,
    }


def _look_at_delete_request(client: Client, job_id: str) -> Seen:
    job = client.system_jobs.get(job_id)
    return Seen(str(job.status), _outcome(job))


def _delete_summary(client: Client, job_id: str) -> dict[str, Any]:
    job = client.system_jobs.get(job_id)
    return {
        "job_id": job_id,
        "status": str(job.status),
        "dataset_id": job.dataset_id,
        "batch_id": job.batch_id,
        "records": getattr(job.metrics, "records_processed", None),
    }


def _look_at_attribute(client: Client, attribute_id: str) -> Seen:
    attribute = client.computed_attributes.get(attribute_id)
    state = str(attribute.status)
    if state == "DRAFT":
        raise InvalidArgumentError(
            f"computed attribute {attribute_id} is a draft, and nothing will move it: publish it"
        )
    return Seen(state, _outcome(attribute))


def _attribute_summary(client: Client, attribute_id: str) -> dict[str, Any]:
    attribute = client.computed_attributes.get(attribute_id)
    return {"attribute_id": attribute_id, "name": attribute.name, "status": str(attribute.status)}


def _look_at_batch(client: Client, batch_id: str) -> Seen:
    batch = client.batches.get(batch_id)
    told = [f"{error.code or 'no code'}: {shortened(error.description or 'no text')}" for error in batch.errors[:3]]
    return Seen(str(batch.status), _outcome(batch, is_cancelled=batch.status == "aborted"), "; ".join(told))


def _batch_summary(client: Client, batch_id: str) -> dict[str, Any]:
    batch = client.batches.get(batch_id)
    return {
        "job_id": batch_id,
        "status": str(batch.status),
        "dataset_id": batch.dataset_id,
        "records_read": batch.records_read,
        "records_written": batch.records_written,
        "records_failed": batch.records_failed,
    }


def _look_at_sample(client: Client, sampled_after: str) -> Seen:
    sampled = client.preview.status().last_sampled_at
    is_fresh = sampled is not None and sampled >= datetime.fromisoformat(sampled_after)
    return Seen(f"last sampled {sampled}", "success" if is_fresh else "running")


def _sample_summary(client: Client, sampled_after: str) -> dict[str, Any]:
    status = client.preview.status()
    sampled = status.last_sampled_at
    return {
        "last_sampled_at": None if sampled is None else sampled.isoformat(),
        "profiles": status.profile_count,
        "fragments": status.fragment_count,
    }


EXPORT: Final = "export_jobs"
DELETE_REQUEST: Final = "system_jobs"
ATTRIBUTE: Final = "computed_attributes"
BATCH: Final = "batches"
SAMPLE: Final = "preview"

# By the name of the noun, which is what a trigger can carry.
KINDS: Final[Mapping[str, Kind]] = {
    EXPORT: Kind(
        "export job",
        "export-jobs get",
        _look_at_export,
        _export_summary,
        lambda client, job_id: client.export_jobs.cancel(job_id),
    ),
    DELETE_REQUEST: Kind(
        "delete request",
        "system-jobs get",
        _look_at_delete_request,
        _delete_summary,
        lambda client, job_id: client.system_jobs.cancel(job_id),
    ),
    ATTRIBUTE: Kind("computed attribute", "computed-attributes get", _look_at_attribute, _attribute_summary),
    BATCH: Kind(
        "batch",
        "batches get",
        _look_at_batch,
        _batch_summary,
        lambda client, batch_id: client.batches.abort(batch_id),
    ),
    SAMPLE: Kind("preview sample at or after", "preview status", _look_at_sample, _sample_summary),
}
