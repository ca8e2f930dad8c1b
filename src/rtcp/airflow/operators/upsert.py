"""Change attributes of people, in one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Literal

from rtcp.airflow import _compat
from rtcp.airflow.job_looks import BATCH
from rtcp.airflow.operators.submit_and_wait import RtcpJobOperator
from rtcp.airflow.row_input import GivenForm, MakeRows, choose_rows, log_rejects, read_form, write_form
from rtcp.airflow.values import blank_as_none
from rtcp.bulk.reject_file import RejectFile
from rtcp.resources.batches.upsert import UpsertResult, rejects_of
from rtcp.waiting import DEFAULT_TIMEOUT

_ROWS: Final = "rtcp_rows"


class RtcpUpsertOperator(RtcpJobOperator):
    """Send rows as one batch and wait until it went in; to XCom go its id and the counts of its rows.

    Before Airflow 3.3 a retry without `receipts` sends the rows as a new batch, which leaves people as they are: the
    values are the same.

    Args:
        dataset_id: a dataset that takes upserts.
        path: a file of the worker: .parquet, .jsonl, .json, .csv, .tsv, .txt, compressed as .gz or .zst.
        rows: a function that returns rows or a table, called when the task runs, instead of `path`.
        rows_kwargs: its arguments.
        form: an `rtcp.RowForm`, or its fields by name, which may be templates: how rows become XDM.
            Its `mapping` may be the path of a file of the worker, or JSON.
        format: as of `client.batches.upsert`.
        max_failed: how many rows may stay out before the task fails.
        rejects: file for the rows that did not go in, with the reasons.
        poll_interval: seconds between looks at the batch.
        timeout: seconds to wait in one attempt; None waits for ever.
        kwargs: as of `RtcpJobOperator` and `BaseOperator`.
    """

    template_fields: ClassVar[Sequence[str]] = (
        *RtcpJobOperator.template_fields,
        "dataset_id",
        "form",
        "path",
        "rows_kwargs",
        "rejects",
    )
    template_fields_renderers: ClassVar[Mapping[str, str]] = {"rows_kwargs": "json", "form": "json"}
    ui_color = "#f3eddc"
    noun = BATCH

    def __init__(
        self,
        *,
        dataset_id: str,
        path: str | None = None,
        rows: MakeRows | None = None,
        rows_kwargs: Mapping[str, Any] | None = None,
        form: GivenForm | None = None,
        format: Literal["parquet", "json"] = "parquet",
        max_failed: int = 0,
        rejects: str | None = None,
        poll_interval: float = 30.0,
        timeout: float | None = DEFAULT_TIMEOUT,
        **kwargs: Any,
    ) -> None:
        super().__init__(poll_interval=poll_interval, timeout=timeout, **kwargs)
        self.dataset_id = dataset_id
        self.path = path
        self.rows = rows
        self.rows_kwargs = rows_kwargs
        self.form = write_form(form)
        self.format: Literal["parquet", "json"] = format
        self.max_failed = max_failed
        self.rejects = rejects
        self._counts: Mapping[str, int] | None = None

    def start(self) -> str:
        """Send the rows, and return the batch without waiting for it."""
        result = self.client.batches.upsert(
            self.dataset_id,
            choose_rows(self.path, self.rows, self.rows_kwargs),
            form=read_form(self.form, dataset_id=self.dataset_id),
            format=self.format,
            wait=False,
        )
        self._counts = {"rows": result.rows, "refused": result.refused}
        first = self._keep(result)
        if result.batch is None:
            raise _compat.AirflowFailException(f"none of {result.rows} rows can be sent; the first: {first}")
        return result.batch.id

    def receipt(self) -> dict[str, Any]:
        """The counts of the rows."""
        return {"counts": self._counts}

    def recall(self, receipt: Mapping[str, Any]) -> None:
        """Take over the counts, as nobody reads the rows again."""
        self._counts = receipt.get("counts")

    def finish(self, job_id: str) -> dict[str, Any]:
        """Sum up; too many rows that stayed out fail the task."""
        summary = super().finish(job_id)
        failed = summary["records_failed"] or 0
        # A task that has found its batch again has not read the rows.
        counts = self._counts or {}
        summary |= {"rows": counts.get("rows"), "refused": counts.get("refused")}
        refused = counts.get("refused", 0)
        if failed:
            rejects = list(rejects_of(self.client.batches.failed_records(job_id)))
            log_rejects(self.log, rejects)
            path = blank_as_none(self.rejects)
            if path is not None:
                with RejectFile(path) as file:
                    file.add(rejects)
        if failed + refused > self.max_failed:
            # The same rows would stay out again.
            raise _compat.AirflowFailException(
                f"{failed + refused} of {summary['rows'] or summary['records_read']} rows did not go in with batch "
                f"{job_id}: {refused} were refused before they were sent, {failed} by the service; "
                f"{self._where(job_id)}"
            )
        return summary

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Go on after the trigger."""
        self._counts = context["ti"].xcom_pull(task_ids=self.task_id, key=_ROWS)
        return super().execute_complete(context, event)

    def _remember(self, context: Any, job_id: str) -> None:
        super()._remember(context, job_id)
        if self._counts is not None:
            context["ti"].xcom_push(key=_ROWS, value=dict(self._counts))

    def _keep(self, result: UpsertResult) -> str | None:
        """Log and write down the rows that were refused before anything was sent; return the first reason."""
        path = blank_as_none(self.rejects)
        if path is not None and result.refused:
            with RejectFile(path) as file:
                for reject in result.refusals():
                    file.add([reject])
        return log_rejects(self.log, result.refusals())

    def _where(self, job_id: str) -> str:
        path = blank_as_none(self.rejects)
        if path is not None:
            return f"they are in {path}"
        return f"client.batches.failed_records({job_id!r}) has those that were sent, rejects= keeps all"
