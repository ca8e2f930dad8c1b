"""What is sent about batches, checked before it is sent; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from rtcp._arguments import check_number
from rtcp.errors import InvalidArgumentError
from rtcp.models.batch import CsvOptions, Replay

BatchFormat = Literal["json", "json_array", "parquet", "csv"]
_REPLACE: Final = "replace"


def batch_body(
    dataset_id: str,
    *,
    format: str,
    csv: CsvOptions | None,
    replay: Sequence[str] | Replay | None,
    diagnostics: bool | None,
    partial_ingestion_percent: int | None,
    external_id: str | None,
) -> dict[str, Any]:
    """The body that creates a batch.

    Raises:
        InvalidArgumentError: an argument cannot be right.
    """
    if csv is not None and format != "csv":
        raise InvalidArgumentError(f"csv= goes with format='csv', not with {format!r}")
    predecessors = replay.predecessors if isinstance(replay, Replay) else replay
    if predecessors is not None and not predecessors:
        raise InvalidArgumentError("replay is a list of batch ids, and it is empty")
    if partial_ingestion_percent is not None:
        check_number("partial_ingestion_percent", partial_ingestion_percent, least=0, most=100)
    input_format: dict[str, Any] = {"format": "json" if format == "json_array" else format}
    if format == "json_array":
        input_format["isMultiLineJson"] = True
    if csv is not None:
        input_format |= csv.to_wire()
    body: dict[str, Any] = {"datasetId": dataset_id, "inputFormat": input_format}
    if external_id is not None:
        body["externalId"] = external_id
    if predecessors is not None:
        body["replay"] = {"predecessors": list(predecessors), "reason": _REPLACE}
    if diagnostics is not None:
        body["enableErrorDiagnostics"] = diagnostics
    if partial_ingestion_percent is not None:
        body["partialIngestionPercent"] = partial_ingestion_percent
    return body
