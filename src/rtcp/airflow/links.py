"""The link from a task to what became of its job."""

from __future__ import annotations

from typing import Any

from rtcp.airflow import _compat


class RtcpJobLink(_compat.BaseOperatorLink):
    """The page of Airflow with the job's id, the command that shows the job, and its counts once it is done.

    The service documents no address of a page of its own for a job, and its API wants a token.
    """

    name = "Profile job"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The XComs of the task of this run."""
        return _compat.result_page(ti_key)
