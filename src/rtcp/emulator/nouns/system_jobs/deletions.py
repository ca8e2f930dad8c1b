"""The job that takes the rows of a dataset, or of one of its batches, out of the Profile store."""

from __future__ import annotations

from rtcp.emulator.jobs import Document, Job, work
from rtcp.emulator.service import Service

SYSTEM_JOBS = "system_jobs"


@work(SYSTEM_JOBS, ((0.0, "NEW"), (1.0, "IN-PROGRESS"), (3.0, "SUCCESS")), failed="ERROR")
def delete_rows(job: Job, service: Service) -> Document:
    """Remove the rows that the request was about."""
    sandbox, asked = service.store.sandbox(job.sandbox), job.document
    if asked["batchId"] is None:
        return {"recordsProcessed": sandbox.delete_dataset_data(asked["datasetId"])}
    return {"recordsProcessed": sandbox.delete_batch(asked["datasetId"], asked["batchId"])}
