"""Read a report of the preview: how many people there are, by dataset, namespace or combination."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Final, Literal

from rtcp._paths import local_path
from rtcp._private import private_file
from rtcp.airflow.operators.base import RtcpOperator
from rtcp.airflow.values import blank_as_none
from rtcp.errors import InvalidArgumentError

_REPORTS: Final = (
    "dataset_report",
    "namespace_report",
    "dataset_stats",
    "dataset_overlap",
    "namespace_overlap",
    "unstitched_profiles",
)
_UNDATED: Final = ("dataset_stats", "unstitched_profiles")
# XCom is for summaries: an overlap report of many datasets has thousands of rows.
_MOST_COUNTS: Final = 50


class RtcpPreviewReportOperator(RtcpOperator):
    """Read a report; to XCom go its time, its number of rows and the 50 largest counts of people.

    Args:
        report: `dataset_report`, `namespace_report`, `dataset_stats`, `dataset_overlap`, `namespace_overlap` or
            `unstitched_profiles`.
        date: a day such as `2026-11-20`; None takes the latest report.
        output_path: file for all rows, a JSON object in each line; None writes none.
        kwargs: as of `RtcpOperator` and `BaseOperator`.
    """

    template_fields: ClassVar[Sequence[str]] = (*RtcpOperator.template_fields, "report", "date", "output_path")
    ui_color = "#eef0e0"

    def __init__(
        self,
        *,
        report: Literal[
            "dataset_report",
            "namespace_report",
            "dataset_stats",
            "dataset_overlap",
            "namespace_overlap",
            "unstitched_profiles",
        ] = "dataset_report",
        date: str | None = None,
        output_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.report = report
        self.date = date
        self.output_path = output_path

    def perform(self, context: Any) -> dict[str, Any]:
        """Read the report, and write it if wanted."""
        if self.report not in _REPORTS:
            raise InvalidArgumentError(f"report is one of {', '.join(_REPORTS)}, not {self.report!r}")
        date = blank_as_none(self.date)
        if date is not None and self.report in _UNDATED:
            raise InvalidArgumentError(f"the report {self.report} has no date")
        verb = getattr(self.client.preview, self.report)
        report = verb() if self.report in _UNDATED else verb(date=date)
        rows = [row.model_dump(mode="json") for row in report.data]
        path = blank_as_none(self.output_path)
        if path is not None:
            text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
            with private_file(local_path(path, what="output_path")) as file:
                file.write(text)
        counts = sorted(((_label(row), row.profile_count or 0) for row in report.data), key=lambda pair: -pair[1])
        return {
            "report": self.report,
            "reported_at": None if report.reported_at is None else report.reported_at.isoformat(),
            "rows": len(rows),
            "profile_counts": dict(counts[:_MOST_COUNTS]),
            "output_path": path,
        }


def _label(row: Any) -> str:
    """What a row is about."""
    members = getattr(row, "members", None)
    if members is not None:
        return ",".join(members)
    if hasattr(row, "window_days"):
        return f"{row.window_days} days, {row.namespace or 'all'}"
    return str(getattr(row, "dataset_id", None) or getattr(row, "namespace", None))
