"""Batches: what the catalogue says of them, the states they go through, and the files that they leave."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rtcp.emulator.jobs import Document, Job, JobFailure, work
from rtcp.emulator.nouns.batches.loading import load
from rtcp.emulator.nouns.batches.row_reading import FORMATS
from rtcp.emulator.nouns.batches.uploads import Uploads
from rtcp.emulator.nouns.datasets import catalog
from rtcp.emulator.nouns.export_jobs.exports import BATCH
from rtcp.emulator.service import Service
from rtcp.emulator.store import Sandbox, Store

KIND, REVERT_KIND = "batches", "batches.delete"
LOADING, SUCCESS, FAILED, ABORTED = "loading", "success", "failed", "aborted"
INACTIVE, DELETED = "inactive", "deleted"
TIMELINE = ((0.0, "loaded"), (1.0, "staging"), (2.0, "staged"), (3.0, SUCCESS))
_REVERT_TIMELINE = ((0.0, INACTIVE), (2.0, DELETED))
_TAG_FLAGS = {
    "enableErrorDiagnostics": "acp_enableErrorDiagnostics",
    "partialIngestionPercent": "acp_partialIngestionPercent",
}

Batch = dict[str, Any]


class Refused(ValueError):  # noqa: N818 - what the service does
    """Something that a batch cannot do in its state, or a body that makes no batch."""


class Batches:
    """The batches of all sandboxes, those of exports and of streams included."""

    def __init__(self, service: Service) -> None:
        self.uploads = Uploads(service.store, service.files)
        self._store = service.store
        self._jobs = service.jobs
        self._files = service.files

    def clear(self) -> None:
        """Nothing is kept beside the store."""

    def create(self, sandbox: Sandbox, body: Mapping[str, Any], *, org_id: str, by: str) -> Batch:
        """Make an empty batch.

        Raises:
            Refused: the dataset is unknown, or the external id or the format is none that can be.
        """
        declared = catalog.find_declared(self._store, sandbox, body["datasetId"])
        if declared is None:
            raise Refused("the dataset does not exist in this sandbox, or takes no data")
        described = {**(body.get("inputFormat") or {})}
        described["format"] = str(described.get("format") or "parquet").lower()
        if described["format"] not in FORMATS:
            raise Refused(f"inputFormat.format must be one of {', '.join(FORMATS)}")
        batch_id = self._store.new_id()
        external_id = body.get("externalId") or batch_id
        if any(each.get("externalId") == external_id for each in self.all(sandbox.name)):
            raise Refused("the externalId is that of another batch")
        batch = {
            "id": batch_id,
            "datasetId": body["datasetId"],
            "createdMs": self._store.clock.now_ms(),
            "status": LOADING,
            "files": [],
            "org": org_id,
            "by": by,
            "externalId": external_id,
            "inputFormat": described,
            "tags": {
                **(body.get("tags") or {}),
                **{tag: body[name] for name, tag in _TAG_FLAGS.items() if name in body},
            },
            "replay": self._replay(sandbox.name, body.get("replay")),
        }
        self._keep(sandbox.name, batch)
        return batch

    def get(self, sandbox: str, batch_id: str) -> Batch | None:
        return self._store.documents.get(sandbox, BATCH, batch_id)

    def all(self, sandbox: str) -> list[Batch]:
        """The batches of a sandbox, the oldest first."""
        return self._store.documents.of_kind(sandbox, BATCH)

    def status(self, sandbox: str, batch: Batch) -> str:
        """The state that a batch is in; those of exports and streams are seen only when they are done."""
        revert = self._jobs.get(sandbox, REVERT_KIND, batch["id"])
        if revert is not None:
            return self._jobs.state(revert)
        status = str(batch.get("status", SUCCESS))
        job = self._jobs.get(sandbox, KIND, batch["id"]) if status == LOADING else None
        return status if job is None else self._jobs.state(job)

    def complete(self, sandbox: str, batch: Batch) -> None:
        """Begin to bring the files in; a batch that is complete already stays as it is.

        Raises:
            Refused: it was ended, or a file lacks parts.
        """
        status = self.status(sandbox, batch)
        if status in (ABORTED, FAILED, INACTIVE, DELETED):
            raise Refused(f"the batch is {status}")
        if status != LOADING:
            return
        if any(not upload.is_complete for upload in self.uploads.all(sandbox, batch["id"])):
            raise Refused("a large file was not completed")
        self._jobs.start(sandbox, KIND, {"batchId": batch["id"]}, job_id=batch["id"])

    def abort(self, sandbox: str, batch: Batch) -> None:
        """End a batch before it is in.

        Raises:
            Refused: it has come to its end.
        """
        self._end(sandbox, batch, ABORTED)

    def fail(self, sandbox: str, batch: Batch) -> None:
        """End a batch as failed.

        Raises:
            Refused: it has come to its end.
        """
        self._end(sandbox, batch, FAILED)

    def revert(self, sandbox: str, batch: Batch, *, at_ms: int | None = None) -> None:
        """Take the rows of a batch out again, some time after now or after an earlier time.

        Raises:
            Refused: it is not in, so there is nothing to take out.
        """
        status = self.status(sandbox, batch)
        if status in (INACTIVE, DELETED):
            return
        if status != SUCCESS:
            raise Refused(f"the batch is {status}")
        self._jobs.start(sandbox, REVERT_KIND, {"datasetId": batch["datasetId"]}, job_id=batch["id"], at_ms=at_ms)

    def describe(self, sandbox: str, batch: Batch, org_id: str) -> dict[str, Any]:
        """A batch as the catalogue shows it."""
        status = self.status(sandbox, batch)
        ended_ms = batch.get("completedMs", batch["createdMs"])
        described: dict[str, Any] = {
            "status": status,
            "tags": batch.get("tags", {}),
            "relatedObjects": [{"type": "dataSet", "id": batch["datasetId"]}],
            "id": batch["id"],
            "externalId": batch.get("externalId", batch["id"]),
            "inputFormat": batch.get("inputFormat", {"format": "parquet"}),
            "imsOrg": batch.get("org") or org_id,
            "metrics": batch.get("metrics", {}),
            "created": batch["createdMs"],
            "createdClient": batch.get("by", "emulator"),
            "createdUser": batch.get("by", "emulator"),
            "updatedUser": batch.get("by", "emulator"),
            "updated": ended_ms,
            "version": f"1.0.{_STEPS.get(status, 3)}",
            "errors": batch.get("errors", []),
        }
        if "startedMs" in batch:
            described |= {"started": batch["startedMs"], "completed": ended_ms}
        if batch.get("replay"):
            described["replay"] = batch["replay"]
        return described

    def _end(self, sandbox: str, batch: Batch, status: str) -> None:
        job = self._jobs.get(sandbox, KIND, batch["id"])
        present = self.status(sandbox, batch)
        if present == status:
            return
        if present == LOADING:
            self._keep(sandbox, {**batch, "status": status})
        elif job is None or not self._jobs.end(job, status):
            raise Refused(f"the batch is {present}")

    def load(self, job: Job) -> Document:
        """Bring the files of a batch in."""
        batch = self.get(job.sandbox, job.document["batchId"])
        assert batch is not None, "a batch stays as long as its job"
        sandbox = self._store.sandbox(job.sandbox)
        declared = catalog.find_declared(self._store, sandbox, batch["datasetId"])
        if declared is None:
            raise JobFailure("the dataset is gone")
        folder = self._files.folder(job.sandbox, batch["id"])
        outcome = load(
            sandbox, declared, batch, self.uploads.all(job.sandbox, batch["id"]), folder, on_part=self._jobs.end_part
        )
        done = {**batch, **outcome.document, "startedMs": job.created_ms, "completedMs": job.due_ms}
        self._keep(job.sandbox, done)
        if not outcome.is_success:
            raise JobFailure(done["errors"][0]["description"], code=done["errors"][0]["code"])
        for predecessor in (batch.get("replay") or {}).get("predecessors", ()):
            replaced = self.get(job.sandbox, predecessor)
            if replaced is not None and self.status(job.sandbox, replaced) == SUCCESS:
                self.revert(job.sandbox, replaced, at_ms=job.due_ms)
        return {}

    def _replay(self, sandbox: str, asked: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if asked is None:
            return None
        by_external = {each.get("externalId"): each["id"] for each in self.all(sandbox)}
        # The guides write "${batchIdA}", the answer has the bare id.
        named = [str(each).removeprefix("$").strip("{}") for each in asked.get("predecessors", ())]
        named += [by_external.get(each, each) for each in asked.get("predecessorsByExternalId", ())]
        return {"predecessors": named, "reason": asked.get("reason", "replace")}

    def _keep(self, sandbox: str, batch: Batch) -> None:
        self._store.documents.put(sandbox, BATCH, batch["id"], batch)


# Reading large files takes its time: the store must stay open to others meanwhile.
@work(KIND, TIMELINE, failed=FAILED, is_atomic=False)
def load_batch(job: Job, service: Service) -> Document:
    """Bring the files of a batch in."""
    return service.part(Batches).load(job)


@work(REVERT_KIND, _REVERT_TIMELINE, failed=INACTIVE)
def revert_batch(job: Job, service: Service) -> Document:
    """Take the rows of a batch out again."""
    sandbox, dataset_id = service.store.sandbox(job.sandbox), job.document["datasetId"]
    if sandbox.dataset(dataset_id) is None:
        return {}
    return {"recordsProcessed": sandbox.delete_batch(dataset_id, job.id, records=True)}


def record(
    store: Store,
    job: Job,
    batch_id: str,
    dataset_id: str,
    *,
    status: str,
    records: int,
    failed: Sequence[Mapping[str, Any]] = (),
    files: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Keep a batch that streaming made."""
    count = sum(each["records"] for each in failed)
    batch: Batch = {
        "id": batch_id,
        "datasetId": dataset_id,
        "createdMs": job.created_ms,
        "startedMs": job.created_ms,
        "completedMs": job.due_ms,
        "status": status,
        "files": list(files),
        "failed": list(failed),
        "inputFormat": {"format": "json"},
        "metrics": {
            "inputRecordCount": records + count,
            "outputRecordCount": records,
            "failedRecordCount": count,
            "outputFileCount": len(files),
            "outputByteSize": sum(each["length"] for each in files),
        },
        "errors": [],
    }
    store.documents.put(job.sandbox, BATCH, batch_id, batch)


def write_rows(
    folder: Path, rows: Iterable[Mapping[str, Any]], *, name: str = "part-00000.json"
) -> list[dict[str, Any]]:
    """Write rows as lines of JSON to a file of a batch, and say what it is; without rows there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    records = 0
    with (folder / name).open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, separators=(",", ":")) + "\n")
            records += 1
    return [{"name": name, "length": (folder / name).stat().st_size, "records": records, "stored": name}]


_STEPS = {LOADING: 0, "loaded": 1, "staging": 2, "staged": 3, SUCCESS: 5}
