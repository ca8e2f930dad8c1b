"""Requests to delete a dataset or a batch from the Profile store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from rtcp._arguments import check_page_size
from rtcp._numbers import told_count
from rtcp.config import Config
from rtcp.errors import InvalidArgumentError, JobFailedError, NotFoundError, PagingError, ResponseError
from rtcp.models.preview import DatasetReport, DatasetStats
from rtcp.models.system_job import DeletePlan, SystemJob
from rtcp.paging import Page, Paged
from rtcp.resources._base import Resource, items_of
from rtcp.transport.answers import mapping, parse_all
from rtcp.transport.pages import T, tells_end
from rtcp.transport.request import Request, Response
from rtcp.transport.session import Session
from rtcp.waiting import DEFAULT_TIMEOUT, poll

_ROUTE: Final = "/data/core/ups/system/jobs"
_HELP: Final = {
    403: "delete requests need the permissions to manage profiles in this sandbox",
    422: "either the same delete request exists already (client.system_jobs.list() shows it), or this target cannot be "
    "deleted: of record datasets only the whole dataset can, not a batch",
}
# In the class, "list" is the verb.
Notes = list[str]


class SystemJobs(Resource):
    """Delete requests: they take data out of the Profile store, never out of the data lake.

    Service page: https://experienceleague.adobe.com/en/docs/experience-platform/profile/api/profile-system-jobs
    """

    def __init__(
        self,
        session: Session,
        config: Config,
        *,
        dataset_name: Callable[[str], str | None],
        dataset_report: Callable[[], DatasetReport],
        dataset_stats: Callable[[], DatasetStats],
        sandbox_id: Callable[[], str | None],
    ) -> None:
        super().__init__(session, config)
        self._dataset_name = dataset_name
        self._dataset_report = dataset_report
        self._dataset_stats = dataset_stats
        self._sandbox_id = sandbox_id

    def list(self, *, limit: int | None = None, page_size: int | None = None) -> Paged[SystemJob]:
        """Return the delete requests; the service does not promise an order.

        Args:
            limit: requests to yield at most; None yields all.
            page_size: requests in a page; None leaves it to the service (100).

        Example:
            >>> list(client.system_jobs.list())
            []
        """
        check_page_size(page_size)

        # `start` is the number of a page, from 0: openapi/README.md, oddity 25.
        first = self._request("GET", _ROUTE, query={"start": 0, "limit": page_size})
        return self._list(first, _jobs, of=SystemJob, by=_PageNumber(page_size), limit=limit)

    def get(self, job_id: int | str) -> SystemJob:
        """Return one delete request.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> job = client.system_jobs.create(dataset_id="harbour-purchases")
            >>> client.system_jobs.get(job.id).dataset_id
            'harbour-purchases'
        """
        return self._send(self._request("GET", _ROUTE + "/{id}", path={"id": job_id}), SystemJob)

    def plan(self, *, dataset_id: str | None = None, batch_id: str | None = None) -> DeletePlan:
        """Return what a delete request for this dataset or batch would take. Reads only; nothing is deleted.

        The counts are those of the last preview sample job; what no report knows is said in `notes`.

        Raises:
            InvalidArgumentError: neither a dataset nor a batch is named.
            NotFoundError: there is no such dataset in this sandbox.

        Example:
            >>> plan = client.system_jobs.plan(dataset_id="harbour-purchases")
            >>> plan.dataset_name, plan.sandbox
            ('Harbour purchases', 'prod')
        """
        _check_target(dataset_id, batch_id)
        notes = ["this is IRREVERSIBLE in the Profile store; the data lake keeps its copy"]
        name = None if dataset_id is None else self._dataset_name(dataset_id)
        if batch_id is not None:
            notes.append("no report counts by batch; batches of record datasets are refused by the service")
        stats = None if dataset_id is None or batch_id is not None else self._count(dataset_id, notes)
        return DeletePlan(
            sandbox=self._config.sandbox_name,
            dataset_id=dataset_id,
            batch_id=batch_id,
            dataset_name=name,
            **(stats or {}),
            notes=tuple(notes),
        )

    def create(self, *, dataset_id: str | None = None, batch_id: str | None = None) -> SystemJob:
        """Ask for a dataset or a batch to be deleted: IRREVERSIBLE. Returns the accepted request.

        Args:
            dataset_id: alone, the whole dataset goes; beside `batch_id`, the dataset that the batch belongs to.
            batch_id: only batches of event datasets can go.

        Never sent twice by itself. `plan` shows beforehand what would go, `wait` waits for the end.

        Raises:
            InvalidArgumentError: neither a dataset nor a batch is named.
            UnprocessableError: the same request exists already, or the target cannot be deleted.
            BadRequestError: the batch belongs to a record dataset.

        Example:
            >>> job = client.system_jobs.create(dataset_id="harbour-newsletter")
            >>> job.is_final
            False
        """
        _check_target(dataset_id, batch_id)
        # The newest guide writes dataSetId when a dataset is deleted and datasetId beside a batch.
        if batch_id is None:
            body = {"dataSetId": dataset_id}
        else:
            body = {"batchId": batch_id} if dataset_id is None else {"datasetId": dataset_id, "batchId": batch_id}
        request = self._request(
            "POST",
            _ROUTE,
            json=body,
            creates="the delete request may have been created: look for its dataset or batch in "
            "client.system_jobs.list() before trying again",
        )
        return self._send(request, SystemJob)

    def cancel(self, job_id: int | str) -> None:
        """Take back a delete request. Organisations on AWS do not support it.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> job = client.system_jobs.create(dataset_id="harbour-loyalty")
            >>> client.system_jobs.cancel(job.id)
        """
        self._do(self._request("DELETE", _ROUTE + "/{id}", path={"id": job_id}))

    def wait(
        self,
        job_id: int | str,
        *,
        timeout: float | None = DEFAULT_TIMEOUT,
        interval: float | None = None,
        on_progress: Callable[[SystemJob], Any] | None = None,
        progress: bool = False,
    ) -> SystemJob:
        """Poll until a delete request is final and return its last state.

        Args:
            timeout: seconds in total; None waits for ever.
            interval: seconds between looks; None grows from 5 to 60.
            on_progress: called after every look, the last one included.
            progress: True shows a bar with the time and the status; takes `rtcp[notebook]`.

        Stateless: another process can wait for the same id.

        Raises:
            NotFoundError: the id is unknown in this sandbox.
            JobFailedError: final, but not successful; `.job` holds it.
            WaitTimeoutError: still running; `.last` holds the last state seen. The request goes on.

        Example:
            >>> job = client.system_jobs.create(dataset_id="harbour-purchases")
            >>> client.system_jobs.wait(job.id, interval=1).is_success
            True
        """
        last = poll(
            lambda: self.get(job_id),
            what=f"delete request {job_id}",
            is_final=lambda job: job.is_final,
            clock=self._session.clock,
            timeout=timeout,
            interval=interval,
            on_progress=on_progress,
            progress=progress,
        )
        if not last.is_success:
            raise JobFailedError(f"delete request {job_id} ended as {last.status}", job=last)
        return last

    def _request(self, method: str, route: str, **parts: Any) -> Request:
        sandbox_id = self._sandbox_id()
        headers = {} if sandbox_id is None else {"x-sandbox-id": sandbox_id}
        return Request.platform(method, route, headers=headers, help=_HELP, **parts)

    def _count(self, dataset_id: str, notes: Notes) -> dict[str, Any] | None:
        for read, pick in ((self._dataset_stats, _from_stats), (self._dataset_report, _from_report)):
            try:
                found = pick(read(), dataset_id)  # type: ignore[arg-type]
            except NotFoundError:
                continue
            except ResponseError as exc:
                notes.append(f"a preview report could not be read: {exc}")
                continue
            if found is not None:
                return found
        notes.append("no preview report counts this dataset yet; client.preview.status() says when the last sample ran")
        return None


def _from_stats(report: DatasetStats, dataset_id: str) -> dict[str, Any] | None:
    row = next((row for row in report.data if row.dataset_id == dataset_id), None)
    if row is None:
        return None
    counts = {"dataset_kind": row.kind, "records": row.records, "profiles": row.profile_count}
    return {**counts, "counted_at": _said(report.reported_at)}


def _from_report(report: DatasetReport, dataset_id: str) -> dict[str, Any] | None:
    row = next((row for row in report.data if row.dataset_id == dataset_id), None)
    return None if row is None else {"profiles": row.profile_count, "counted_at": _said(row.reported_at)}


def _said(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _check_target(dataset_id: str | None, batch_id: str | None) -> None:
    if not dataset_id and not batch_id:
        raise InvalidArgumentError("name what to delete: dataset_id=, or batch_id= with the dataset_id= it belongs to")


def _jobs(body: Any, response: Response) -> list[SystemJob]:
    """The requests of a page, which may be no more than a list."""
    listed = body if isinstance(body, list) else items_of(body, response, "children", what="delete requests")
    return parse_all(SystemJob, listed, response)


@dataclass(frozen=True, slots=True)
class _PageNumber:
    """The service counts pages, and says in several ways when there is no more."""

    page_size: int | None

    def ask(self, first: Request, token: str | None) -> Request:
        return replace(first, query={"start": _read_token(token)[0], "limit": self.page_size})

    def page(self, items: Sequence[T], body: Any, first: Request, token: str | None) -> Page[T]:
        number, seen, first_id = _read_token(token)
        if isinstance(body, list):
            # Organisations on AWS get all of them in one list.
            return Page(items)
        ids = [getattr(item, "id", "") for item in items]
        # A deployment that overlooks `start` would give its first page for ever.
        if ids and ids[0] == first_id:
            raise PagingError(f"the service repeated page {number - 1} of the delete requests")
        paging = mapping(mapping(body).get("_page"))
        total = told_count(paging.get("totalCount"))
        seen += len(items)
        # A short page is no sign of the end: the service may cut pages smaller than asked.
        is_last = not items or tells_end(paging.get("next")) or (total is not None and seen >= total)
        return Page(items, None if is_last else f"{number + 1}:{seen}:{ids[0]}")


def _read_token(token: str | None) -> tuple[int, int, str]:
    if token is None:
        return 0, 0, ""
    number, seen, first_id = token.split(":", 2)
    return int(number), int(seen), first_id
