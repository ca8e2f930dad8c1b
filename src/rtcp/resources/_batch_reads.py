"""What is known of batches: their states, their files, and the records that failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rtcp._instants import require_aware, to_millis
from rtcp._temporary import TemporaryFolder
from rtcp.bulk.download import Download
from rtcp.bulk.folder import claimed, local_names, safe_name
from rtcp.config import Config
from rtcp.errors import DecodeError, InvalidArgumentError, NotFoundError, PartialFailureError
from rtcp.models.batch import Batch, FailedRecord
from rtcp.models.file import DownloadProgress, RemoteFile
from rtcp.paging import Page, Paged
from rtcp.resources._base import Resource, parse, unreadable
from rtcp.resources._data_access import DataAccess
from rtcp.resources._upsert import check_success
from rtcp.transport.request import Request, Response
from rtcp.transport.session import Session
from rtcp.transport.wire import POOL_SIZE
from rtcp.waiting import DEFAULT_TIMEOUT, poll

_CATALOG: Final = "/data/foundation/catalog/batches"
_LARGEST_PAGE: Final = 100
_NEWEST: Final = "desc:created"

# In the class, "list" is the verb.
Paths = list[Path]


class BatchReads(Resource):
    """The verbs of batches that only read."""

    def __init__(self, session: Session, config: Config) -> None:
        super().__init__(session, config)
        self._access = DataAccess(session, config)

    def list(
        self,
        *,
        dataset_id: str | None = None,
        status: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        limit: int | None = None,
        page_size: int = 100,
    ) -> Paged[Batch]:
        """Return the batches, newest first.

        Args:
            dataset_id, status: only those of this dataset, or in this status.
            created_after, created_before: only those created in this time.
            limit: batches to yield at most; None yields all.
            page_size: batches in a request, 1 to 100.

        Example:
            >>> [batch.status == "success" for batch in client.batches.list(status="success", limit=2)]
            [...]
        """
        if not 1 <= page_size <= _LARGEST_PAGE:
            raise InvalidArgumentError(f"page_size must be 1 to {_LARGEST_PAGE}, not {page_size}")
        asked = {
            "dataSet": dataset_id,
            "status": status,
            "createdAfter": _millis(created_after, "created_after"),
            "createdBefore": _millis(created_before, "created_before"),
            "orderBy": _NEWEST,
        }

        def fetch(token: str | None) -> Page[Batch]:
            start = int(token or 0)
            request = Request.platform("GET", _CATALOG, query={**asked, "limit": page_size, "start": start or None})
            batches = self._send_for(request, batches_of)
            # Catalog tells neither a total nor a next page: the first page that is not full is the last.
            following = str(start + len(batches)) if len(batches) >= page_size else None
            return Page(batches, following, is_counted=True)

        return Paged(fetch, limit=limit)

    def get(self, batch_id: str) -> Batch:
        """Return one batch.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> batch = client.batches.create("harbour-crm")
            >>> client.batches.get(batch.id).is_final
            False
        """
        request = Request.platform("GET", _CATALOG + "/{id}", path={"id": batch_id})
        for batch in self._send_for(request, batches_of):
            if batch.id == batch_id:
                return batch
        raise NotFoundError(f"there is no batch {batch_id!r} in this sandbox", status=404)

    def wait(
        self,
        batch_id: str,
        *,
        allow_failed_records: bool = False,
        timeout: float | None = DEFAULT_TIMEOUT,
        interval: float | None = None,
        on_progress: Callable[[Batch], Any] | None = None,
    ) -> Batch:
        """Poll until a batch is final and return its last state.

        The service calls a batch a success though some of its records did not go in. That is an error here, unless
        allowed.

        Args:
            allow_failed_records: True returns such a batch; `.has_failed_records` tells.
            timeout: seconds in total; None waits for ever.
            interval: seconds between looks; None grows from 5 to 60.
            on_progress: called after every look, the last one included.

        Raises:
            JobFailedError: it failed, was aborted, or stalled, which only Adobe can mend; `.job` holds it.
            PartialFailureError: it succeeded, but not with all of its records.
            WaitTimeoutError: still running; `.last` holds the last state seen. The batch goes on.

        Example:
            >>> batch = client.batches.create("harbour-crm")
            >>> client.batches.upload(batch.id, b'{"_harbour": {"crmId": "C-1002"}}', name="people.json")
            >>> client.batches.complete(batch.id)
            >>> client.batches.wait(batch.id, interval=1).has_failed_records
            False
        """
        last = self._wait(batch_id, timeout, interval, on_progress)
        check_success(last)
        if last.has_failed_records and not allow_failed_records:
            raise PartialFailureError(
                f"batch {batch_id} went in without {last.records_failed} of its records; "
                f"client.batches.failed_records({batch_id!r}) tells which and why"
            )
        return last

    def failed_records(self, batch_id: str) -> Iterator[FailedRecord]:
        """Yield the records of a batch that did not go in, with what is wrong with them.

        By its diagnostics, which the service keeps for 30 days, if the batch was created with them; else from its
        failed files, where messages of streaming ingestion end that were found wrong later.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> batch = client.batches.create("harbour-crm", diagnostics=True, partial_ingestion_percent=100)
            >>> client.batches.upload(batch.id, b'{"_harbour": {"crmId": "C-1003"}}\\n{oops}', name="people.json")
            >>> client.batches.complete(batch.id)
            >>> client.batches.wait(batch.id, interval=1, allow_failed_records=True).records_failed
            1
            >>> [record.text for record in client.batches.failed_records(batch.id)]
            ['{oops}']
        """
        files, source = self._access.diagnostics(batch_id), self._access.diagnostics_source()
        if not files:
            files, source = self._access.failed(batch_id), self._access.failed_source()
        for file in files:
            with TemporaryFolder(prefix="rtcp-failed-") as folder:
                path = folder / safe_name(file.name)
                Download(source, [(file, path)]).run(workers=1)
                yield from _records(path, file.name)

    def files(self, batch_id: str) -> Iterator[RemoteFile]:
        """Yield the files of a batch, as data access has them.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> rows = [{"_harbour": {"crmId": "C-1001"}}]
            >>> result = client.batches.upsert("harbour-crm", rows, check_dataset=False, interval=1)
            >>> len(list(client.batches.files(result.batch_id)))
            1
        """
        return self._access.files(batch_id)

    def download(
        self,
        batch_id: str,
        directory: str | Path,
        *,
        workers: int = 4,
        on_progress: Callable[[DownloadProgress], Any] | None = None,
    ) -> Paths:
        """Bring the files of a batch into `directory/batch-<id>/` and return their paths, in the service's order.

        A file has its name only when it is complete; calling again keeps complete files and goes on with the others.

        Args:
            workers: files under way at once, 1 to 64.
            on_progress: called as bytes arrive, by one thread at a time.

        Raises:
            NotFoundError: no such batch, or a file has vanished.
            DecodeError: a file has another length than was announced; the text names it.
            RtcpError: another download is writing to this folder.

        Example:
            >>> rows = [{"_harbour": {"crmId": "C-1001"}}]
            >>> result = client.batches.upsert("harbour-crm", rows, check_dataset=False, interval=1)
            >>> [path.is_file() for path in client.batches.download(result.batch_id, folder)]
            [True]
        """
        if not 1 <= workers <= POOL_SIZE:
            raise InvalidArgumentError(f"workers must be 1 to {POOL_SIZE}, not {workers}")
        folder = Path(directory) / safe_name(f"batch-{batch_id}")
        with claimed(folder, {"batch": batch_id}):
            files = [*self._access.files(batch_id)]
            targets = [(file, folder / name) for file, name in zip(files, local_names(files), strict=True)]
            return Download(self._access.source(), targets, on_progress=on_progress).run(workers=workers)

    def _wait(
        self,
        batch_id: str,
        timeout: float | None,
        interval: float | None,
        on_progress: Callable[[Batch], Any] | None,
    ) -> Batch:
        return poll(
            lambda: self.get(batch_id),
            what=f"batch {batch_id}",
            is_final=lambda batch: batch.is_final,
            is_success=lambda batch: True,
            clock=self._session.clock,
            timeout=timeout,
            interval=interval,
            on_progress=on_progress,
        )


def batches_of(body: Any, response: Response) -> list[Batch]:
    """The batches of the Catalog's map by id."""
    if not isinstance(body, dict):
        raise unreadable(response, "the answer is no map of batches")
    # The id is the key, and not always repeated inside.
    return [parse(Batch, {**value, "id": key}, response) for key, value in body.items() if isinstance(value, dict)]


def _records(path: Path, file: str) -> Iterator[FailedRecord]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError:
                record = None
            if not isinstance(record, dict):
                # The line itself is somebody's data and stays out of the message.
                raise DecodeError(f"{file}, line {number}: no JSON object")
            yield FailedRecord.from_wire(record, file=file)


def _millis(instant: datetime | None, name: str) -> int | None:
    try:
        return None if instant is None else to_millis(require_aware(instant, name=name))
    except ValueError as exc:
        problem = str(exc)
    raise InvalidArgumentError(problem)
