"""The link from a task to its job."""

from __future__ import annotations

from typing import Any, Final

from rtcp.airflow import _compat

JOB_URL: Final = "rtcp_job_url"


class RtcpJobLink(_compat.BaseOperatorLink):
    """The address of the job in the API; reading it takes a token, as with `rtcp export-jobs get`."""

    name = "Profile job"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address that the operator told right after it had submitted the job; empty before."""
        return _compat.XCom.get_value(key=JOB_URL, ti_key=ti_key) or ""
