"""The preview sample: how many people the Profile store holds, by dataset, namespace and overlap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from rtcp._instants import require_aware
from rtcp.errors import InvalidArgumentError
from rtcp.models.preview import (
    DatasetReport,
    DatasetStats,
    NamespaceReport,
    OverlapReport,
    PreviewStatus,
    UnstitchedReport,
)
from rtcp.resources._base import Resource
from rtcp.transport.answers import M
from rtcp.transport.request import Request
from rtcp.waiting import DEFAULT_TIMEOUT, poll

_ROUTE: Final = "/data/core/ups/previewsamplestatus"
_NO_REPORT: Final = {404: "there is no report for this date; client.preview.status() says when the last sample job ran"}
_WITHDRAWN: Final = {
    404: "there is no report for this date, or the service has withdrawn it: its newest guide does not have it any more"
}


class Preview(Resource):
    """The last sample job and its reports. A job runs by itself when the number of profiles has changed by some 3 %.

    Service page: https://experienceleague.adobe.com/en/docs/experience-platform/profile/api/preview-sample-status
    """

    def status(self) -> PreviewStatus:
        """Return how many profiles there are, and when they were last counted.

        Example:
            >>> client.preview.status().profile_count
            1213
        """
        return self._send(Request.platform("GET", _ROUTE), PreviewStatus)

    def wait(
        self,
        *,
        sampled_after: dt.datetime,
        timeout: float | None = DEFAULT_TIMEOUT,
        interval: float | None = None,
        on_progress: Callable[[PreviewStatus], Any] | None = None,
        progress: bool = False,
    ) -> PreviewStatus:
        """Poll until a sample job has run at an instant or after it, and return its status.

        Args:
            sampled_after: usually the moment at which data was sent; a sample of that very moment counts.
            timeout: seconds in total; None waits for ever. Nothing starts a sample job but a change of some 3 %.
            interval: seconds between looks; None grows from 5 to 60.
            on_progress: called after every look, the last one included.
            progress: True shows a bar with the time and the status; takes `rtcp[notebook]`.

        Raises:
            WaitTimeoutError: no newer sample yet; `.last` holds the last status seen.

        Example:
            >>> from datetime import UTC, datetime
            >>> client.preview.wait(sampled_after=datetime(2020, 1, 1, tzinfo=UTC)).status
            'TASK_FINISHED'
        """
        after = require_aware(sampled_after, name="sampled_after")
        return poll(
            self.status,
            what="the preview sample job",
            is_final=lambda status: status.last_sampled_at is not None and status.last_sampled_at >= after,
            clock=self._session.clock,
            timeout=timeout,
            interval=interval,
            on_progress=on_progress,
            progress=progress,
            unfinished=lambda status: _unsampled(after, status),
        )

    def dataset_report(self, *, date: dt.date | str | None = None) -> DatasetReport:
        """Return the number of people by dataset, as of the last report of a day.

        Args:
            date: a date, or a text such as `2026-11-20`; None takes the latest report.

        Raises:
            InvalidArgumentError: the date is no day.
            NotFoundError: there is no report for this date.

        Example:
            >>> {row.name: row.profile_count for row in client.preview.dataset_report().data}["Harbour CRM"]
            12
        """
        return self._report("dataset", DatasetReport, date=date)

    def namespace_report(self, *, date: dt.date | str | None = None) -> NamespaceReport:
        """Return the number of people by identity namespace, as of the last report of a day.

        Raises:
            InvalidArgumentError: the date is no day.
            NotFoundError: there is no report for this date.

        Example:
            >>> {row.namespace: row.profile_count for row in client.preview.namespace_report().data}["loyaltyId"]
            9
        """
        return self._report("namespace", NamespaceReport, date=date)

    def dataset_stats(self) -> DatasetStats:
        """Return the size of each dataset in the Profile store, and what event expirations would leave of it.

        Raises:
            NotFoundError: there is no report.

        Example:
            >>> {row.dataset_id: row.records for row in client.preview.dataset_stats().data}["harbour-purchases"]
            53
        """
        return self._report("dataset_stats", DatasetStats)

    def dataset_overlap(self, *, date: dt.date | str | None = None) -> OverlapReport:
        """Return the number of people by exact combination of datasets, the largest first.

        The newest guide of the service does not have this report any more.

        Raises:
            InvalidArgumentError: the date is no day.
            NotFoundError: there is no report for this date, or the service has withdrawn it.

        Example:
            >>> sum(row.profile_count for row in client.preview.dataset_overlap().data)
            1213
        """
        return self._report(
            "dataset/overlap", OverlapReport, date=date, help=_WITHDRAWN, model_name="_xdm.context.profile"
        )

    def namespace_overlap(self, *, date: dt.date | str | None = None) -> OverlapReport:
        """Return the number of people by exact combination of identity namespaces, the largest first.

        The newest guide of the service does not have this report any more.

        Raises:
            InvalidArgumentError: the date is no day.
            NotFoundError: there is no report for this date, or the service has withdrawn it.

        Example:
            >>> client.preview.namespace_overlap().data[0].members
            ['Email']
        """
        return self._report("namespace/overlap", OverlapReport, date=date, help=_WITHDRAWN)

    def unstitched_profiles(self) -> UnstitchedReport:
        """Return how many people have one fragment only and no new events, by window and namespace.

        The newest guide of the service does not have this report any more.

        Raises:
            NotFoundError: there is no report, or the service has withdrawn it.

        Example:
            >>> client.preview.unstitched_profiles().profile_count
            1213
        """
        return self._report("unstitchedProfiles", UnstitchedReport, help=_WITHDRAWN)

    def _report(
        self,
        name: str,
        model: type[M],
        *,
        date: dt.date | str | None = None,
        help: dict[int, str] = _NO_REPORT,
        model_name: str | None = None,
    ) -> M:
        headers = None if model_name is None else {"x-model-name": model_name}
        request = Request.platform(
            "GET", f"{_ROUTE}/report/{name}", query={"date": _day(date)}, headers=headers, help=help
        )
        return self._send(request, model)


def _unsampled(after: dt.datetime, status: PreviewStatus | None) -> str:
    text = f"no sample job has run since {after.isoformat()}"
    if status is None:
        return text
    last = "never" if status.last_sampled_at is None else f"at {status.last_sampled_at.isoformat()}"
    is_running = status.running is not None and status.running.status
    now = "one is running now" if is_running else "none is running, and none can be started"
    return f"{text}: the last one ran {last}, and {now}"


def _day(date: dt.date | str | None) -> str | None:
    if date is None:
        return None
    if isinstance(date, dt.datetime):
        return date.date().isoformat()
    if isinstance(date, dt.date):
        return date.isoformat()
    try:
        return dt.datetime.strptime(date, "%Y-%m-%d").date().isoformat()  # noqa: DTZ007 - a day, no instant
    except ValueError:
        raise InvalidArgumentError(f"date must be a date, or a text such as '2026-11-20', not {date!r}") from None
