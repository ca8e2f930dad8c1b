"""Delete requests of the Profile store: three wire dialects, one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field

from rtcp._instants import OptionalIsoInstant, parse_epoch_or_iso
from rtcp._json import read_json
from rtcp._notebook import Displayed
from rtcp.models.base import CleanedModel, Model, OpenEnum
from rtcp.models.merge_policy import Sandbox


class SystemJobStatus(OpenEnum):
    """The status as the service writes it; organisations on Azure and on AWS use different words."""

    NEW = "NEW"
    PROCESSING = "PROCESSING"
    IN_PROGRESS = "IN-PROGRESS"
    COMPLETED = "COMPLETED"
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    FAILED = "FAILED"


_SUCCEEDED: Final = (SystemJobStatus.COMPLETED, SystemJobStatus.SUCCESS)
_FAILED: Final = (SystemJobStatus.ERROR, SystemJobStatus.FAILED)


class JobMetrics(Model):
    """What a finished job did; the service sends it as JSON in a text.

    Attributes:
        records_processed: records or events that were deleted.
        seconds: how long it took.
    """

    records_processed: int | None = None
    seconds: float | None = Field(default=None, alias="timeTakenInSec")


class SystemJob(CleanedModel):
    """A request to delete a dataset or a batch from the Profile store.

    Attributes:
        id: of the request; some deployments call it `requestId`.
        kind: `DELETE`, `TRUNCATE_DATASET`, `DELETE_EE_BATCH`; other words occur.
        status: the service's own word; `is_final` and `is_success` read it for you.
        dataset_id, batch_id: what is deleted.
        metrics: what was done, once it is known; a text when the service's JSON in it cannot be read.
    """

    id: str
    kind: str | None = None
    status: SystemJobStatus
    ims_org_id: str | None = None
    sandbox: Sandbox | None = None
    dataset_id: str | None = None
    batch_id: str | None = None
    metrics: JobMetrics | str | None = None
    created_at: OptionalIsoInstant = None
    updated_at: OptionalIsoInstant = None

    @property
    def is_final(self) -> bool:
        """True when it will not change any more. A status that rtcp does not know counts as not final."""
        return self.status in _SUCCEEDED or self.status in _FAILED

    @property
    def is_success(self) -> bool:
        """True when everything was deleted."""
        return self.status in _SUCCEEDED

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        cleaned = dict(data)
        inner = cleaned.pop("properties", None)
        properties = inner if isinstance(inner, dict) else {}
        for name, spellings in _SPELLINGS.items():
            found = [cleaned.pop(spelling) for spelling in spellings if spelling in cleaned]
            found += [properties[spelling] for spelling in spellings if spelling in properties]
            given = next((value for value in found if value not in (None, "")), None)
            if given is not None:
                cleaned[name] = given
        for name, spelling in (("createdAt", "createEpoch"), ("updatedAt", "updateEpoch")):
            if spelling in cleaned:
                cleaned[name] = parse_epoch_or_iso(cleaned.pop(spelling))
        if isinstance(cleaned.get("metrics"), str):
            cleaned["metrics"] = _metrics(cleaned["metrics"])
        return cleaned

    def __repr__(self) -> str:
        target = f"batch {self.batch_id}" if self.batch_id else f"dataset {self.dataset_id}"
        return f"<SystemJob {self.id}: delete {target}, {self.status}>"

    __str__ = __repr__


# Azure writes id, jobType and dataSetId, AWS requestId, requestType and properties.datasetId.
_SPELLINGS: Final = {
    "id": ("id", "requestId"),
    "kind": ("kind", "jobType", "requestType"),
    "datasetId": ("datasetId", "dataSetId"),
    "batchId": ("batchId",),
}


@dataclass(frozen=True, slots=True)
class DeletePlan(Displayed):
    """What a delete request would take out of the Profile store. Made by reading; nothing has been deleted.

    Attributes:
        dataset_id, batch_id: the target.
        dataset_name: None when only a batch is named.
        dataset_kind: `Profiles` or `ExperienceEvents`, where a report knows it.
        sandbox: where it would happen.
        records: records or events in the dataset, as the last sample job counted them; None when no report knows.
        profiles: people with data in the dataset, likewise.
        counted_at: when that was, as the report says.
        notes: what could not be found out, and what to think of.
    """

    sandbox: str
    dataset_id: str | None = None
    batch_id: str | None = None
    dataset_name: str | None = None
    dataset_kind: str | None = None
    records: int | None = None
    profiles: int | None = None
    counted_at: str | None = None
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        target = (
            f"batch {self.batch_id} of dataset {self.dataset_id}" if self.batch_id else f"dataset {self.dataset_id}"
        )
        name = f" ({self.dataset_name})" if self.dataset_name else ""
        counts = ", ".join(
            f"{number:,} {what}"
            for number, what in (
                (self.records, self.dataset_kind or "records"),
                (self.profiles, "profiles with data in it"),
            )
            if number is not None
        )
        where = f"from the Profile store of sandbox {self.sandbox!r}"
        return "\n".join([f"would delete {target}{name} {where}: {counts or 'counts unknown'}", *self.notes])


def _metrics(text: str) -> Any:
    try:
        parsed = read_json(text)
    except ValueError:
        return text
    return parsed if isinstance(parsed, dict) else text
