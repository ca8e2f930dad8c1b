"""What is sent about batches, checked before it is sent; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from rtcp.errors import InvalidArgumentError
from rtcp.models.batch import CsvOptions

BatchFormat = Literal["json", "json_array", "parquet", "csv"]
_FORMATS: Final = ("json", "json_array", "parquet", "csv")
_REPLACE: Final = "replace"


def batch_body(
    dataset_id: str,
    *,
    format: str,
    csv: CsvOptions | None,
    replay: Sequence[str] | None,
    diagnostics: bool | None,
    partial_ingestion_percent: int | None,
    external_id: str | None,
) -> dict[str, Any]:
    """The body that creates a batch.

    Raises:
        InvalidArgumentError: an argument cannot be right.
    """
    if format not in _FORMATS:
        raise InvalidArgumentError(f"format must be one of {', '.join(_FORMATS)}, not {format!r}")
    if csv is not None and format != "csv":
        raise InvalidArgumentError(f"csv= goes with format='csv', not with {format!r}")
    if isinstance(replay, str) or (replay is not None and not replay):
        raise InvalidArgumentError("replay is a sequence of batch ids")
    if partial_ingestion_percent is not None and not 0 <= partial_ingestion_percent <= 100:
        raise InvalidArgumentError(f"partial_ingestion_percent must be 0 to 100, not {partial_ingestion_percent}")
    input_format: dict[str, Any] = {"format": "json" if format == "json_array" else format}
    if format == "json_array":
        input_format["isMultiLineJson"] = True
    if csv is not None:
        input_format |= csv.to_wire()
    body: dict[str, Any] = {"datasetId": dataset_id, "inputFormat": input_format}
    if external_id is not None:
        body["externalId"] = external_id
    if replay is not None:
        body["replay"] = {"predecessors": list(replay), "reason": _REPLACE}
    if diagnostics is not None:
        body["enableErrorDiagnostics"] = diagnostics
    if partial_ingestion_percent is not None:
        body["partialIngestionPercent"] = partial_ingestion_percent
    return body
