"""Stream rows into a dataset."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from rtcp.airflow import _compat
from rtcp.airflow.operators.base import RtcpOperator
from rtcp.airflow.rows import MakeRows, as_xdm, given_rows
from rtcp.airflow.values import blank_as_none
from rtcp.errors import SpoolError
from rtcp.models.stream import Reject


class RtcpStreamOperator(RtcpOperator):
    """Send rows through an inlet, some hundreds in a request; to XCom goes the count of each fate.

    A retry sends all rows again. That does no harm: a record is what it was, and an event has the same `_id` as
    before, which rtcp makes of its content, or of `id_from`, where the row has none.

    Args:
        inlet_id: 64 hexadecimal characters.
        dataset_id, schema_id: where the rows belong.
        path: a file of the worker: .jsonl, .json, .csv, .txt, .parquet.
        rows: a function that returns rows, called when the task runs, instead of `path`.
        rows_kwargs: its arguments.
        mapping: how rows become XDM, as of `client.batches.upsert`; None takes them as they are.
        kind, identity, id_from, authenticated: as of `client.streaming.writer`.
        max_rejected: how many rows may be rejected before the task fails.
        dead_letters: file for the rows that were rejected or got no answer.
        spool: file that keeps rows until they are received, so that a retry goes on with them.
        kwargs: as of `RtcpOperator` and `BaseOperator`.
    """

    template_fields: ClassVar[Sequence[str]] = (
        *RtcpOperator.template_fields,
        "inlet_id",
        "dataset_id",
        "schema_id",
        "path",
        "rows_kwargs",
        "dead_letters",
        "spool",
    )
    template_fields_renderers: ClassVar[Mapping[str, str]] = {"rows_kwargs": "json"}
    ui_color = "#f3eddc"

    def __init__(
        self,
        *,
        inlet_id: str,
        dataset_id: str,
        schema_id: str,
        path: str | None = None,
        rows: MakeRows | None = None,
        rows_kwargs: Mapping[str, Any] | None = None,
        mapping: Mapping[str, Any] | None = None,
        kind: Literal["record", "event"] | None = None,
        identity: str | None = None,
        id_from: Sequence[str] | None = None,
        authenticated: bool = False,
        max_rejected: int = 0,
        dead_letters: str | None = None,
        spool: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.inlet_id = inlet_id
        self.dataset_id = dataset_id
        self.schema_id = schema_id
        self.path = path
        self.rows = rows
        self.rows_kwargs = rows_kwargs
        self.mapping = mapping
        self.kind = kind
        self.identity = identity
        self.id_from = id_from
        self.authenticated = authenticated
        self.max_rejected = max_rejected
        self.dead_letters = dead_letters
        self.spool = spool

    def perform(self, context: Any) -> dict[str, Any]:
        """Send the rows, and say what became of them."""
        writer = self.client.streaming.writer(
            self.inlet_id,
            dataset_id=self.dataset_id,
            schema_id=self.schema_id,
            kind=self.kind,
            identity=self.identity,
            id_from=self.id_from,
            authenticated=self.authenticated,
            spool=blank_as_none(self.spool),
            dead_letters=blank_as_none(self.dead_letters),
        )
        with writer:
            writer.write_many(as_xdm(given_rows(self.path, self.rows, self.rows_kwargs), self.mapping))
        summary = writer.summary
        told = (
            f"of {summary.rows} rows {summary.sent} were received and {summary.rejected} rejected; "
            f"{summary.unknown} got no answer and {summary.waiting} wait in the spool"
        )
        self.log.info("%s", told)
        try:
            first = next((f"; the first: {_reason(reject)}" for reject in writer.rejects()), "")
        except SpoolError as exc:
            # What the rows came to is known all the same, and decides.
            first = f"; {exc}"
        if summary.unknown or summary.waiting:
            raise _compat.AirflowException(f"{told}{first}")
        if summary.rejected > self.max_rejected:
            # The same rows would be rejected again.
            raise _compat.AirflowFailException(f"{told}{first}")
        return dataclasses.asdict(summary)


def _reason(reject: Reject) -> str:
    # Where the mapping could not read a row, the reason stands in its place.
    return reject.row if isinstance(reject.row, str) else reject.message
