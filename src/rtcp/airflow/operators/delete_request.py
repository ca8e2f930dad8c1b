"""Delete a dataset or a batch from the Profile store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from rtcp.airflow.job_looks import DELETE_REQUEST
from rtcp.airflow.operators.submit_and_wait import RtcpJobOperator
from rtcp.airflow.values import blank_as_none
from rtcp.errors import UnprocessableError
from rtcp.models.system_job import SystemJob
from rtcp.waiting import DEFAULT_TIMEOUT


class RtcpDeleteRequestOperator(RtcpJobOperator):
    """Take a dataset or a batch out of the Profile store: IRREVERSIBLE there; the data lake keeps its copy.

    The service refuses a request that is under way already; the task then waits for that one.

    Args:
        dataset_id: alone, the whole dataset goes; beside `batch_id`, the dataset of the batch.
        batch_id: only batches of event datasets can go.
        poll_interval: seconds between looks at the request.
        timeout: seconds to wait in one attempt; None waits for ever.
        kwargs: as of `RtcpJobOperator` and `BaseOperator`.
    """

    template_fields: ClassVar[Sequence[str]] = (*RtcpJobOperator.template_fields, "dataset_id", "batch_id")
    ui_color = "#f3e1df"
    noun = DELETE_REQUEST

    def __init__(
        self,
        *,
        dataset_id: str | None = None,
        batch_id: str | None = None,
        poll_interval: float = 30.0,
        timeout: float | None = DEFAULT_TIMEOUT,
        **kwargs: Any,
    ) -> None:
        super().__init__(poll_interval=poll_interval, timeout=timeout, **kwargs)
        self.dataset_id = dataset_id
        self.batch_id = batch_id

    def start(self) -> str:
        """Ask for the deletion, or find the request that asks for it already."""
        dataset_id, batch_id = self._target()
        try:
            return self.client.system_jobs.create(dataset_id=dataset_id, batch_id=batch_id).id
        except UnprocessableError:
            # Also the answer to what cannot be deleted at all, and then nothing is under way.
            running = [job for job in self._equal() if not job.is_final]
            if len(running) != 1:
                raise
        self.log.info("delete request %s: under way already", running[0].id)
        return running[0].id

    def equal_jobs(self, since: datetime) -> list[str]:
        """The delete requests for the same target."""
        longest_ago = datetime.min.replace(tzinfo=UTC)
        return [
            job.id
            for job in self._equal()
            if (job.created_at or longest_ago) >= since and (not job.is_final or job.is_success)
        ]

    def _equal(self) -> list[SystemJob]:
        dataset_id, batch_id = self._target()
        return [
            job
            for job in self.client.system_jobs.list()
            if (job.batch_id or None) == batch_id and (batch_id is not None or job.dataset_id == dataset_id)
        ]

    def _target(self) -> tuple[str | None, str | None]:
        return blank_as_none(self.dataset_id), blank_as_none(self.batch_id)
