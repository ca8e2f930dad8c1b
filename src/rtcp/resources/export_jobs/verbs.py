"""Export jobs: profiles, and their events, out of the Profile store into files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rtcp._arguments import check_number, check_page_size, checked_paths
from rtcp._optional import require
from rtcp._paths import local_path
from rtcp._progress import transfer_bar
from rtcp._temporary import TemporaryFolder
from rtcp.config import Config
from rtcp.errors import InvalidArgumentError, JobFailedError, WaitTimeoutError
from rtcp.files.data_access import DataAccess
from rtcp.files.download import Download
from rtcp.files.folder import claimed, local_names, safe_name
from rtcp.models.dataset import Dataset
from rtcp.models.export_job import AudienceBatch, AudienceFilter, ExportEvents, ExportJob
from rtcp.models.file import DownloadProgress, RemoteFile
from rtcp.paging import Paged
from rtcp.resources._base import Resource, items_of
from rtcp.resources.export_jobs.body import export_body
from rtcp.rows.export_files import read_file_rows, read_file_table
from rtcp.transport.answers import mapping, parse_all, unreadable
from rtcp.transport.pages import NextLink, next_href
from rtcp.transport.request import Request, Response
from rtcp.transport.scrubbing import shortened
from rtcp.transport.session import Session
from rtcp.transport.wire import POOL_SIZE
from rtcp.waiting import DEFAULT_TIMEOUT, poll

_ROUTE: Final = "/data/core/ups/export/jobs"
_WRITE_HEADERS: Final = {"x-profile-instance-id": "ups"}
_OWN_NAMESPACE: Final = "ups"
_MOST_ERRORS: Final = 3
# Stands for the next link in the segmentation guide's sample.
_PLACEHOLDER: Final = "string"

# In the class, "list" is the verb.
Paths = list[Path]


class ExportJobs(Resource):
    """The exports of a sandbox.

    Service page: https://experienceleague.adobe.com/en/docs/experience-platform/profile/api/export-jobs
    """

    def __init__(self, session: Session, config: Config, *, dataset: Callable[[str], Dataset]) -> None:
        super().__init__(session, config)
        self._dataset = dataset
        self._files = DataAccess(session, config)

    def list(
        self, *, status: str | None = None, limit: int | None = None, page_size: int | None = None
    ) -> Paged[ExportJob]:
        """Return the export jobs, newest first.

        Args:
            status: only those in this one: `NEW`, `SUCCEEDED`, `FAILED`.
            limit: jobs to yield at most; None yields all.
            page_size: jobs in a request; None leaves it to the service.

        Example:
            >>> list(client.export_jobs.list(status="FAILED"))
            []
        """
        check_page_size(page_size)
        first = Request.platform("GET", _ROUTE, query={"limit": page_size, "status": status})
        by = NextLink(self._config.base_url, link_of=_next_link, completes=True)
        return self._list(first, _export_jobs, of=ExportJob, by=by, limit=limit)

    def get(self, job_id: int | str) -> ExportJob:
        """Return one export job.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> destination = client.datasets.create_for_export(name="Profiles of March")
            >>> job = client.export_jobs.create(destination_dataset_id=destination.id)
            >>> client.export_jobs.get(job.id).destination.dataset_id == destination.id
            True
        """
        return self._send(Request.platform("GET", _ROUTE + "/{id}", path={"id": job_id}), ExportJob)

    def create(
        self,
        *,
        destination_dataset_id: str,
        fields: Sequence[str] | None = None,
        audiences: Sequence[str | AudienceFilter] | None = None,
        qualified_after: datetime | None = None,
        qualified_before: datetime | None = None,
        ingested_after: datetime | None = None,
        empty_profiles: bool | None = None,
        events: ExportEvents | None = None,
        merge_policy_id: str | None = None,
        merge_policy_version: int | None = None,
        audience_per_batch: bool | None = None,
        evaluate_audiences: bool | None = None,
        check_destination: bool = True,
    ) -> ExportJob:
        """Start an export and return the accepted job; `wait` waits for it, `download` and `rows` bring its files.

        Args:
            destination_dataset_id: a dataset with the union schema; `client.datasets.create_for_export` makes one.
            fields: dot paths of the profiles; None exports all. `["identityMap"]` beside `events` exports events only.
            audiences: audience ids, or `AudienceFilter` values; None exports everybody.
            qualified_after, qualified_before: when people entered the audiences, the start included, the end not.
            ingested_after: only profiles whose data changed then or later.
            empty_profiles: True includes people of whom only events are known.
            events: which events to export beside; None exports none.
            merge_policy_id, merge_policy_version: None takes that of the audiences or the default; its latest version.
            audience_per_batch: True writes one batch for each audience.
            evaluate_audiences: True evaluates the audiences first.
            check_destination: False skips reading the dataset to see whether it can take an export.

        Never sent twice by itself: when no answer comes, the error says how to find out whether it was made.

        Raises:
            InvalidArgumentError: the destination does not hold the union schema.
            NotFoundError: there is no such dataset.
            BadRequestError: the service finds it incomplete or contradictory.

        Example:
            >>> destination = client.datasets.create_for_export(name="Names")
            >>> job = client.export_jobs.create(
            ...     destination_dataset_id=destination.id, fields=["person.name"], events=rtcp.ExportEvents(),
            ... )
            >>> job.fields
            ['person.name']
        """
        body = export_body(
            destination_dataset_id=destination_dataset_id,
            fields=fields,
            audiences=audiences,
            qualified_after=qualified_after,
            qualified_before=qualified_before,
            ingested_after=ingested_after,
            empty_profiles=empty_profiles,
            events=events,
            merge_policy_id=merge_policy_id,
            merge_policy_version=merge_policy_version,
            audience_per_batch=audience_per_batch,
            evaluate_audiences=evaluate_audiences,
        )
        if check_destination:
            self._check(destination_dataset_id)
        request = Request.platform(
            "POST",
            _ROUTE,
            json=body,
            headers=_WRITE_HEADERS,
            creates="the export job may have been created: look for it in client.export_jobs.list(limit=10), newest "
            "first, before trying again",
        )
        return self._send(request, ExportJob)

    def cancel(self, job_id: int | str) -> None:
        """Ask the service to stop an export. It stops when it can; `wait` then raises, as the job did not succeed.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> destination = client.datasets.create_for_export(name="Regretted")
            >>> job = client.export_jobs.create(destination_dataset_id=destination.id)
            >>> client.export_jobs.cancel(job.id)
            >>> client.export_jobs.get(job.id).is_cancelled
            True
        """
        response = self._do(Request.platform("DELETE", _ROUTE + "/{id}", path={"id": job_id}))
        if _says_no(response):
            raise unreadable(response, "the service answered that the export is not marked for cancelling")

    def wait(
        self,
        job_id: int | str,
        *,
        timeout: float | None = DEFAULT_TIMEOUT,
        interval: float | None = None,
        on_progress: Callable[[ExportJob], Any] | None = None,
        progress: bool = False,
    ) -> ExportJob:
        """Poll until an export is final and return its last state.

        Args:
            timeout: seconds in total; None waits for ever.
            interval: seconds between looks; None grows from 5 to 60.
            on_progress: called after every look, the last one included.
            progress: True shows a bar with the time and the status; takes `rtcp[notebook]`.

        Raises:
            NotFoundError: the id is unknown in this sandbox.
            JobFailedError: it failed, and the text has the service's errors; or it was cancelled. `.job` holds it.
            WaitTimeoutError: still running; `.last` holds the last state seen. The job goes on.

        Example:
            >>> destination = client.datasets.create_for_export(name="Everybody")
            >>> job = client.export_jobs.create(destination_dataset_id=destination.id)
            >>> client.export_jobs.wait(job.id, interval=1).is_success
            True
        """
        last = poll(
            lambda: self.get(job_id),
            what=f"export job {job_id}",
            is_final=lambda job: job.is_final,
            clock=self._session.clock,
            timeout=timeout,
            interval=interval,
            on_progress=on_progress,
            progress=progress,
        )
        _check_success(last)
        return last

    def download(
        self,
        job_id: int | str,
        directory: str | Path,
        *,
        workers: int = 4,
        on_progress: Callable[[DownloadProgress], Any] | None = None,
        progress: bool = False,
    ) -> Paths:
        """Bring the files of an export into `directory/export-<id>/` and return their paths, in the service's order.

        An export with a batch for each audience gets a folder for each audience. A file has its name only when it is
        complete; calling again keeps complete files and goes on with the others.

        Args:
            workers: files under way at once, 1 to 64.
            on_progress: called as bytes arrive, by one thread at a time.
            progress: True shows a bar of the bytes; takes `rtcp[notebook]`.

        Raises:
            WaitTimeoutError: the job is still running: `wait` for it first.
            JobFailedError: it failed, or was cancelled.
            NotFoundError: the id is unknown in this sandbox, or a file has vanished; the text names it.
            DecodeError: a file has another length than was announced; the text names it.
            OSError: the disk is full, say; the error names the file.
            RtcpError: another download is writing to this folder, or it holds the files of another job.

        Example:
            >>> destination = client.datasets.create_for_export(name="To the disk")
            >>> job = client.export_jobs.create(destination_dataset_id=destination.id)
            >>> job = client.export_jobs.wait(job.id, interval=1)
            >>> [path.parent.name == f"export-{job.id}" for path in client.export_jobs.download(job.id, folder)]
            [True]
        """
        check_number("workers", workers, least=1, most=POOL_SIZE)
        home = local_path(directory, what="directory")
        job = self._finished(job_id)
        batches = job.batches
        folder = home / safe_name(f"export-{job.id}")
        with claimed(folder, {"export_job": str(job.id), "batches": [batch.batch_id for batch in batches]}):
            targets: list[tuple[RemoteFile, Path]] = []
            for batch in batches:
                files = [*self._files.files(str(batch.batch_id))]
                names = local_names(files)
                targets += [(file, folder / _sub_folder(batch) / name) for file, name in zip(files, names, strict=True)]
            with transfer_bar(progress, "download", on_progress) as tell:
                return Download(self._files.source(), targets, on_progress=tell).run(workers=workers)

    def rows(self, job_id: int | str, *, fields: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows of an export, file after file; memory does not grow with the export.

        A row is a profile as nested XDM. Each file is on the disk, as a temporary file, only while it is read.

        Args:
            fields: dot paths to return; None returns all that was exported.

        Raises:
            WaitTimeoutError: the job is still running: `wait` for it first.
            JobFailedError: it failed, or was cancelled.
            MissingExtraError: the files are Parquet, and pyarrow is not installed (`rtcp[arrow]`).
            NotFoundError: the id is unknown in this sandbox, or a file has vanished; the text names it.
            DecodeError: a file has another length than was announced, or cannot be read; the text names it.

        Example:
            >>> destination = client.datasets.create_for_export(name="To be read")
            >>> job = client.export_jobs.create(destination_dataset_id=destination.id)
            >>> job = client.export_jobs.wait(job.id, interval=1)
            >>> "Jane" in [rtcp.xdm_get(row, "person.name.firstName") for row in client.export_jobs.rows(job.id)]
            True
        """
        wanted = None if fields is None else checked_paths(fields)
        # Before the first row is asked for: whoever calls hears at once that there are none to be had.
        job = self._finished(job_id)

        def stream() -> Iterator[dict[str, Any]]:
            for path in self._paths_of(job):
                yield from read_file_rows(path, fields=wanted)

        return stream()

    def table(self, job_id: int | str, *, fields: Sequence[str] | None = None) -> Any:
        """Return the rows of an export as one Arrow table, file after file, without making a dict of any.

        Nested objects are struct columns, as in the files. Several times as fast as `rows`, and the way to go from an
        export to pandas, polars or DuckDB; memory holds the whole table.

        Args:
            fields: dot paths to return; None returns all that was exported.

        Raises:
            WaitTimeoutError: the job is still running: `wait` for it first.
            JobFailedError: it failed, or was cancelled.
            MissingExtraError: pyarrow is not installed (`rtcp[arrow]`).
            NotFoundError: the id is unknown in this sandbox, or a file has vanished; the text names it.
            DecodeError: a file has another length than was announced, or cannot be read; the text names it.

        Example:
            >>> destination = client.datasets.create_for_export(name="For a table")
            >>> job = client.export_jobs.create(destination_dataset_id=destination.id)
            >>> job = client.export_jobs.wait(job.id, interval=1)
            >>> client.export_jobs.table(job.id, fields=["person.name"]).num_rows > 1000
            True
        """
        pyarrow = require("pyarrow", extra="arrow")
        wanted = None if fields is None else checked_paths(fields)
        job = self._finished(job_id)
        tables = [read_file_table(path, fields=wanted) for path in self._paths_of(job)]
        # A field that no row of a file has is no column of that file.
        return pyarrow.concat_tables(tables, promote_options="permissive") if tables else pyarrow.table({})

    def _paths_of(self, job: ExportJob) -> Iterator[Path]:
        """Yield the files of an export one after the other, each on the disk until the next one is asked for."""
        source = self._files.source()
        for batch in job.batches:
            for file in self._files.files(str(batch.batch_id)):
                with TemporaryFolder(prefix="rtcp-rows-") as folder:
                    path = folder / safe_name(file.name)
                    Download(source, [(file, path)]).run(workers=1)
                    yield path

    def _finished(self, job_id: int | str) -> ExportJob:
        job = self.get(job_id)
        # A job that runs may name its batch already, so only the status tells.
        if not job.is_final:
            raise WaitTimeoutError(
                f"export job {job_id} is still {job.status}; client.export_jobs.wait({job_id!r}) waits for it", last=job
            )
        _check_success(job)
        return job

    def _check(self, dataset_id: str) -> None:
        dataset = self._dataset(dataset_id)
        if not dataset.is_union:
            raise InvalidArgumentError(
                f"dataset {dataset_id!r} does not hold the union schema, so no export can be written to it; "
                "client.datasets.create_for_export(...) makes one that does"
            )


def _export_jobs(body: Any, response: Response) -> list[ExportJob]:
    return parse_all(ExportJob, items_of(body, response, "records", "children", what="export jobs"), response)


def _says_no(response: Response) -> bool:
    try:
        return mapping(response.json()).get("status") is False
    except ValueError:
        # Not all deployments say anything.
        return False


def _next_link(body: Any) -> Any:
    told = mapping(body).get("link")
    link = told.get("next") if isinstance(told, dict) else told
    if not link and not isinstance(link, str):
        return next_href(body)
    return "" if link == _PLACEHOLDER else link


def _check_success(job: ExportJob) -> None:
    if job.is_cancelled:
        raise JobFailedError(f"export job {job.id} was cancelled", job=job)
    if not job.is_success:
        told = [f"{error.code or 'no code'}: {shortened(error.message or 'no text')}" for error in job.errors]
        reasons = "; ".join(told[:_MOST_ERRORS]) or "the service gives no reason"
        raise JobFailedError(f"export job {job.id} failed: {reasons}", job=job)


def _sub_folder(batch: AudienceBatch) -> str:
    if batch.audience_id is None:
        return ""
    own = batch.namespace in (None, _OWN_NAMESPACE)
    return safe_name(batch.audience_id if own else f"{batch.namespace}-{batch.audience_id}")
