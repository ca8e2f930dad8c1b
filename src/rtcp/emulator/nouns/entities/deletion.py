"""The job that takes one person out of the Profile store."""

from __future__ import annotations

from rtcp.emulator.jobs import Document, Job, JobFailure, work
from rtcp.emulator.service import Service
from rtcp.emulator.store import Identity, StoreError

PERSON = "entities.delete"


@work(PERSON, ((0.0, "ACCEPTED"), (2.0, "DONE")), failed="FAILED")
def delete_person(job: Job, service: Service) -> Document:
    """Remove the person whom the request was about."""
    sandbox, asked = service.store.sandbox(job.sandbox), job.document
    try:
        policy = sandbox.policy_for(asked["schemaName"], asked["mergePolicyId"])
        removed = sandbox.delete_person(Identity(asked["namespace"], asked["id"]), policy=policy)
    except StoreError:
        # Policy and graph may have changed since the request was taken.
        raise JobFailure("the person can no longer be found under the merge policy") from None
    return {"recordsProcessed": removed}
