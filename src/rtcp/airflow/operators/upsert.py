"""Change attributes of people, in one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Literal

from rtcp.airflow import _compat
from rtcp.airflow.job_looks import BATCH
from rtcp.airflow.operators.submit_and_wait import RtcpJobOperator
from rtcp.airflow.row_input import Counted, MakeRows, given_rows
from rtcp.errors import WaitTimeoutError

_ROWS: Final = "rtcp_rows"


class RtcpUpsertOperator(RtcpJobOperator):
    """Send rows as one batch and wait until it went in; to XCom go its id and the counts of its rows.

    Before Airflow 3.3 a retry sends the rows as a new batch, which leaves people as they are: the values are the same.

    Args:
        dataset_id: a dataset that takes upserts.
        path: a file of the worker: .parquet, .jsonl, .json, .csv, .txt.
        rows: a function that returns rows or a table, called when the task runs, instead of `path`.
        rows_kwargs: its arguments.
        mapping, format, identity: as of `client.batches.upsert`.
        max_failed: how many rows may stay out before the task fails.
        kwargs: as of `RtcpJobOperator` and `BaseOperator`.
    """

    template_fields: ClassVar[Sequence[str]] = (*RtcpJobOperator.template_fields, "dataset_id", "path", "rows_kwargs")
    template_fields_renderers: ClassVar[Mapping[str, str]] = {"rows_kwargs": "json"}
    ui_color = "#f3eddc"
    noun = BATCH

    def __init__(
        self,
        *,
        dataset_id: str,
        path: str | None = None,
        rows: MakeRows | None = None,
        rows_kwargs: Mapping[str, Any] | None = None,
        mapping: Mapping[str, Any] | None = None,
        format: Literal["parquet", "json"] = "parquet",
        identity: str | None = None,
        max_failed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset_id = dataset_id
        self.path = path
        self.rows = rows
        self.rows_kwargs = rows_kwargs
        self.mapping = mapping
        self.format = format
        self.identity = identity
        self.max_failed = max_failed
        self._given: int | None = None

    def start(self) -> str:
        """Send the rows, and return the batch without waiting for it."""
        counted = Counted(given_rows(self.path, self.rows, self.rows_kwargs))
        try:
            batch = self.client.batches.upsert(
                self.dataset_id,
                counted.rows,
                mapping=self.mapping,
                format=self.format,
                identity=self.identity,
                timeout=0.0,
            ).batch
        except WaitTimeoutError as exc:
            if exc.last is None:
                raise
            batch = exc.last
        self._given = counted.count
        return str(batch.id)

    def finish(self, job_id: str) -> dict[str, Any]:
        """Sum up; too many rows that stayed out fail the task."""
        summary = super().finish(job_id)
        read, failed = summary["records_read"], summary["records_failed"] or 0
        refused = None if self._given is None or read is None else max(0, self._given - read)
        summary |= {"rows": self._given, "refused": refused}
        out = failed + (refused or 0)
        if out > self.max_failed:
            # The same rows would stay out again.
            raise _compat.AirflowFailException(
                f"{out} of {self._given or read} rows did not go in with batch {job_id}: {refused or 0} were refused "
                f"before they were sent, {failed} by the service; client.batches.failed_records({job_id!r}) has those"
            )
        return summary

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Go on after the trigger."""
        self._given = context["ti"].xcom_pull(task_ids=self.task_id, key=_ROWS)
        return super().execute_complete(context, event)

    def _remember(self, context: Any, job_id: str) -> None:
        super()._remember(context, job_id)
        if self._given is not None:
            context["ti"].xcom_push(key=_ROWS, value=self._given)
