"""Stream rows into a dataset."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rtcp.airflow import _compat
from rtcp.airflow.operators.base import RtcpOperator
from rtcp.airflow.row_input import GivenForm, MakeRows, choose_rows, log_rejects, read_form, write_form
from rtcp.airflow.values import blank_as_none
from rtcp.errors import SpoolError


class RtcpStreamOperator(RtcpOperator):
    """Send rows through an inlet, some hundreds in a request; to XCom goes the count of each fate.

    A retry sends all rows again. That does no harm: a record is what it was, and an event has the same `_id` as
    before, which rtcp makes of its content, or of `id_from`, where the row has none.

    Args:
        inlet_id: 64 hexadecimal characters, or the whole address.
        form: an `rtcp.RowForm`, or its fields by name, which may be templates: where the rows belong, with dataset and
            schema, and how they become XDM. Its `mapping` may be the path of a file of the worker, or JSON.
        path: a file of the worker: .jsonl, .json, .csv, .tsv, .txt, .parquet, compressed as .gz or .zst.
        rows: a function that returns rows, called when the task runs, instead of `path`.
        rows_kwargs: its arguments.
        authenticated: as of `client.streaming.writer`.
        max_rejected: how many rows may be rejected before the task fails.
        rejects: file for the rows that were rejected or got no answer, with the reasons.
        spool: file that keeps rows until they are received, so that a retry goes on with them.
        kwargs: as of `RtcpOperator` and `BaseOperator`.
    """

    template_fields: ClassVar[Sequence[str]] = (
        *RtcpOperator.template_fields,
        "inlet_id",
        "form",
        "path",
        "rows_kwargs",
        "rejects",
        "spool",
    )
    template_fields_renderers: ClassVar[Mapping[str, str]] = {"rows_kwargs": "json", "form": "json"}
    ui_color = "#f3eddc"

    def __init__(
        self,
        *,
        inlet_id: str,
        form: GivenForm,
        path: str | None = None,
        rows: MakeRows | None = None,
        rows_kwargs: Mapping[str, Any] | None = None,
        authenticated: bool = False,
        max_rejected: int = 0,
        rejects: str | None = None,
        spool: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.inlet_id = inlet_id
        self.form = write_form(form)
        self.path = path
        self.rows = rows
        self.rows_kwargs = rows_kwargs
        self.authenticated = authenticated
        self.max_rejected = max_rejected
        self.rejects = rejects
        self.spool = spool

    def perform(self, context: Any) -> dict[str, Any]:
        """Send the rows, and say what became of them."""
        writer = self.client.streaming.writer(
            self.inlet_id,
            form=read_form(self.form),
            authenticated=self.authenticated,
            spool=blank_as_none(self.spool),
            rejects=blank_as_none(self.rejects),
        )
        with writer:
            writer.write_many(choose_rows(self.path, self.rows, self.rows_kwargs))
        summary = writer.summary
        told = (
            f"of {summary.rows} rows {summary.sent} were received and {summary.rejected} rejected; "
            f"{summary.unknown} got no answer and {summary.waiting} wait in the spool"
        )
        self.log.info("%s", told)
        try:
            first = log_rejects(self.log, writer.rejects())
        except SpoolError as exc:
            first = str(exc)
        said = "" if first is None else f"; the first: {first}"
        if summary.unknown or summary.waiting:
            raise _compat.AirflowException(f"{told}{said}")
        if summary.rejected > self.max_rejected:
            # The same rows would be rejected again.
            raise _compat.AirflowFailException(f"{told}{said}")
        return dataclasses.asdict(summary)
