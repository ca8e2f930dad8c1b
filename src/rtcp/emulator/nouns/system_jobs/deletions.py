"""The jobs that take data out of the Profile store: delete requests for datasets and batches, and for one person."""

from __future__ import annotations

from rtcp.emulator.http.wire import Refusal
from rtcp.emulator.jobs import Document, JobFailure, Kind
from rtcp.emulator.nouns.entities.lookups import policy_for
from rtcp.emulator.store import Identity, Job, Store, TooManyIdentities

SYSTEM_JOBS = "system_jobs"
PERSON = "entities.delete"


def _delete_rows(job: Job, store: Store) -> Document:
    sandbox, asked = store.sandbox(job.sandbox), job.document
    if asked["batchId"] is None:
        return {"recordsProcessed": sandbox.delete_dataset_data(asked["datasetId"])}
    return {"recordsProcessed": sandbox.delete_batch(asked["datasetId"], asked["batchId"])}


def _delete_person(job: Job, store: Store) -> Document:
    sandbox, asked = store.sandbox(job.sandbox), job.document
    try:
        policy = policy_for(sandbox, asked["schemaName"], asked["mergePolicyId"])
        removed = sandbox.delete_person(Identity(asked["namespace"], asked["id"]), policy=policy)
    except (Refusal, TooManyIdentities):
        # Policy and graph may have changed since the request was taken.
        raise JobFailure("the person can no longer be found under the merge policy") from None
    return {"recordsProcessed": removed}


KINDS = (
    Kind(SYSTEM_JOBS, ((0.0, "NEW"), (1.0, "IN-PROGRESS"), (3.0, "SUCCESS")), "ERROR", _delete_rows),
    Kind(PERSON, ((0.0, "ACCEPTED"), (2.0, "DONE")), "FAILED", _delete_person),
)
