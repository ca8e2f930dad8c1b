"""An export from the request to the frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtcp.client import Client
from rtcp.config import Config
from rtcp.spark.access import Access
from rtcp.spark.export_source import ExportSource
from rtcp.spark.job_budget import JobBudget
from rtcp.spark.registering import register
from rtcp.waiting import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def export(
    spark: SparkSession,
    config: Config | None = None,
    *,
    timeout: float | None = DEFAULT_TIMEOUT,
    interval: float | None = None,
    budget: JobBudget | None = None,
    **create: Any,
) -> DataFrame:
    """Make one export job, wait for it here, and return its rows as a frame.

    The job is made once, when this is called; every action on the frame reads its files, and asks for no other job.

    Args:
        config: settings; None takes those of this process. Secrets must be references.
        timeout, interval: of waiting for the job, in seconds; see `client.export_jobs.wait`.
        budget: of all tasks together; see `rtcp.spark.budget`.
        create: what `client.export_jobs.create` takes: `destination_dataset_id`, `fields`, `audiences`, `events` …

    Raises:
        InvalidArgumentError: an argument cannot be right.
        JobFailedError: the export failed, or was cancelled; `.job` holds it.
        WaitTimeoutError: it is still running; `.last` holds it. `spark.read.format("rtcp.export")` reads it later.
    """
    register(spark, config, budget=budget)
    with Client(Access.of(config).settle()) as client:
        job = client.export_jobs.create(**create)
        client.export_jobs.wait(job.id, timeout=timeout, interval=interval)
    return spark.read.format(ExportSource.format).option("jobId", str(job.id)).load()
