"""Batches: files into datasets, what became of them, and updates of attributes from rows to counts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

from rtcp._arguments import check_number, check_page_size
from rtcp._instants import millis_bound
from rtcp._paths import local_path
from rtcp._progress import transfer_bar
from rtcp._temporary import TemporaryFolder
from rtcp.config import Config
from rtcp.errors import (
    InvalidArgumentError,
    JobFailedError,
    NotFoundError,
    PartialFailureError,
    RtcpError,
    WaitTimeoutError,
)
from rtcp.files.data_access import DataAccess
from rtcp.files.download import Download
from rtcp.files.folder import claimed, local_names, safe_name
from rtcp.files.upload import LARGEST_PART, Upload, opened
from rtcp.models.batch import Batch, CsvOptions, FailedRecord, Replay
from rtcp.models.dataset import Dataset
from rtcp.models.file import DownloadProgress, RemoteFile, UploadProgress
from rtcp.paging import Paged
from rtcp.resources._base import Resource
from rtcp.resources.batches.answers import batch_of, batches_of, read_failed_records
from rtcp.resources.batches.bodies import BatchFormat, batch_body
from rtcp.resources.batches.upload_target import name_of, target_of
from rtcp.resources.batches.upsert import UpsertResult, check_success, file_name, row_file
from rtcp.rows.batch_file import RowFile, RowFormat
from rtcp.rows.form import RowForm
from rtcp.rows.rejects import Reject
from rtcp.rows.shaping import warn_of_unseen
from rtcp.transport.pages import Offset
from rtcp.transport.request import Request
from rtcp.transport.session import Session
from rtcp.transport.wire import POOL_SIZE
from rtcp.waiting import DEFAULT_TIMEOUT, poll

logger = logging.getLogger(__name__)

_CATALOG: Final = "/data/foundation/catalog/batches"
_LARGEST_PAGE: Final = 100
_NEWEST: Final = "desc:created"
_IMPORT: Final = "/data/foundation/import/batches"
# What the user interface suggests.
_PARTIAL_PERCENT: Final = 5
_MOST_UPSERTS: Final = 2_000_000

# In the class, "list" is the verb.
Paths = list[Path]


class Batches(Resource):
    """The batches of a sandbox.

    Service pages: https://developer.adobe.com/experience-platform-apis/references/batch-ingestion/ and
    https://developer.adobe.com/experience-platform-apis/references/catalog/
    """

    def __init__(self, session: Session, config: Config, *, dataset: Callable[[str], Dataset]) -> None:
        super().__init__(session, config)
        self._dataset = dataset
        self._access = DataAccess(session, config)

    def list(
        self,
        *,
        dataset_id: str | None = None,
        status: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Paged[Batch]:
        """Return the batches, newest first.

        Args:
            dataset_id, status: only those of this dataset, or in this status.
            created_after, created_before: only those created in this time, the start included, the end not.
            limit: batches to yield at most; None yields all.
            page_size: batches in a request, 1 to 100; None takes 100.

        Example:
            >>> [batch.status == "success" for batch in client.batches.list(status="success", limit=2)]
            [...]
        """
        check_page_size(page_size, most=_LARGEST_PAGE)
        size = page_size or _LARGEST_PAGE
        asked = {
            "dataSet": dataset_id,
            "status": status,
            # The service excludes the start itself.
            "createdAfter": millis_bound(created_after, name="created_after", earlier=True),
            "createdBefore": millis_bound(created_before, name="created_before"),
            "orderBy": _NEWEST,
        }

        first = Request.platform("GET", _CATALOG, query={**asked, "limit": size})
        # Catalog tells neither a total nor a next page: the first page that is not full is the last.
        return self._list(first, batches_of, of=Batch, by=Offset("start", size), limit=limit)

    def get(self, batch_id: int | str) -> Batch:
        """Return one batch.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> batch = client.batches.create("harbour-crm")
            >>> client.batches.get(batch.id).is_final
            False
        """
        request = Request.platform("GET", _CATALOG + "/{id}", path={"id": batch_id})
        batch = self._send_for(request, lambda body, response: batch_of(body, response, str(batch_id)))
        if batch is not None:
            return batch
        raise NotFoundError(f"there is no batch {batch_id!r} in this sandbox", status=404)

    def create(
        self,
        dataset_id: str,
        *,
        format: BatchFormat = "json",
        csv: CsvOptions | None = None,
        replay: Sequence[str] | Replay | None = None,
        diagnostics: bool | None = None,
        partial_ingestion_percent: int | None = None,
        external_id: str | None = None,
    ) -> Batch:
        """Open a batch and return it; `upload` puts files into it, `complete` hands it over.

        Args:
            format: of all its files: "json" is an object a line, "json_array" one array a file.
            csv: how CSV is written.
            replay: ids of batches that this one shall stand for, or another batch's `replay`.
            diagnostics: True keeps what is wrong with single records, for `failed_records`.
            partial_ingestion_percent: how many records of a hundred may fail before the whole batch does.
            external_id: a name of the caller's own, unique in the organisation.

        Never sent twice by itself. A batch that is not completed does nothing.

        Raises:
            InvalidArgumentError: an argument cannot be right.

        Example:
            >>> client.batches.create("harbour-crm", format="parquet").status == "loading"
            True
        """
        body = batch_body(
            dataset_id,
            format=format,
            csv=csv,
            replay=replay,
            diagnostics=diagnostics,
            partial_ingestion_percent=partial_ingestion_percent,
            external_id=external_id,
        )
        request = Request.platform(
            "POST",
            _IMPORT,
            json=body,
            creates="the batch may have been created: it does nothing unless completed, so create another",
        )
        return self._send(request, Batch)

    def upload(
        self,
        batch_id: int | str,
        content: str | Path | bytes | BinaryIO,
        *,
        dataset_id: str | None = None,
        name: str | None = None,
        workers: int = 4,
        part_size: int | None = None,
        resume: bool = False,
        on_progress: Callable[[UploadProgress], Any] | None = None,
        progress: bool = False,
    ) -> None:
        """Put a file into an open batch; one of the same name is replaced. Memory does not grow with the file.

        Args:
            content: a path, the bytes, or a binary stream, which is copied to the disk first.
            dataset_id: that of the batch; None asks the service for it.
            name: of the file in the batch, folders included; None takes that of the path.
            workers: parts under way at once, 1 to 64.
            part_size: bytes of a part, at most 512 MB; None sends up to 256 MB in one request, and more in parts of
                32 MiB.
            resume: True goes on behind what the service has of this file, after an upload in parts that broke off.
            on_progress: called as bytes leave, by one thread at a time.
            progress: True shows a bar of the bytes; takes `rtcp[notebook]`.

        Raises:
            InvalidArgumentError: an argument cannot be right, or the file became shorter meanwhile.
            NotFoundError: there is no such batch or dataset.
            BadRequestError: the batch takes no more files, or the service misses parts of this one.
            OSError: the file cannot be read.

        Example:
            >>> batch = client.batches.create("harbour-crm")
            >>> client.batches.upload(batch.id, b'{"_harbour": {"crmId": "C-1001"}}', name="people.json")
        """
        check_number("workers", workers, least=1, most=POOL_SIZE)
        if part_size is not None:
            check_number("part_size", part_size, least=1, most=LARGEST_PART)
        known_as = name if name is not None else name_of(content)
        with opened(content) as source:
            batch_path = {"batch_id": str(batch_id), "dataset_id": dataset_id or self._dataset_of(batch_id)}
            target = target_of(self._do, batch_path, known_as, source.size)
            with transfer_bar(progress, f"upload of {known_as}", on_progress) as tell:
                upload = Upload(source, target, name=known_as, part_size=part_size, on_progress=tell)
                upload.run(workers=workers, resume=resume)

    def complete(self, batch_id: int | str) -> None:
        """Hand a batch over, with all its files; `wait` waits until it went in. Completing twice is fine.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> batch = client.batches.create("harbour-crm")
            >>> client.batches.upload(batch.id, b'{"_harbour": {"crmId": "C-1001"}}', name="people.json")
            >>> client.batches.complete(batch.id)
            >>> client.batches.wait(batch.id, interval=1).is_success
            True
        """
        self._act(batch_id, "COMPLETE", idempotent=True)

    def abort(self, batch_id: int | str) -> None:
        """Give up a batch that did not go in yet.

        Raises:
            BadRequestError: it went in, or failed, already.
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> batch = client.batches.create("harbour-crm")
            >>> client.batches.abort(batch.id)
            >>> client.batches.get(batch.id).status == "aborted"
            True
        """
        self._act(batch_id, "ABORT")

    def delete(self, batch_id: int | str) -> None:
        """IRREVERSIBLE: take a batch, and what came with it, out of its dataset.

        It is inactive at once, and deleted later. The guides speak of the dataset only; to be sure that Profile
        forgets it as well, ask for that with `client.system_jobs`.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> rows = [{"_harbour": {"crmId": "C-1001"}}]
            >>> result = client.batches.upsert("harbour-crm", rows, check_dataset=False, interval=1)
            >>> assert result.batch_id is not None
            >>> client.batches.delete(result.batch_id)
            >>> client.batches.get(result.batch_id).is_success
            False
        """
        self._act(batch_id, "REVERT")

    def wait(
        self,
        batch_id: int | str,
        *,
        allow_failed_records: bool = False,
        timeout: float | None = DEFAULT_TIMEOUT,
        interval: float | None = None,
        on_progress: Callable[[Batch], Any] | None = None,
        progress: bool = False,
    ) -> Batch:
        """Poll until a batch is final and return its last state.

        The service calls a batch a success though some of its records did not go in. That is an error here, unless
        allowed.

        Args:
            allow_failed_records: True returns such a batch; `.has_failed_records` tells.
            timeout: seconds in total; None waits for ever.
            interval: seconds between looks; None grows from 5 to 60.
            on_progress: called after every look, the last one included.
            progress: True shows a bar with the time and the status; takes `rtcp[notebook]`.

        Raises:
            NotFoundError: the id is unknown in this sandbox.
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
        last = self._wait(batch_id, timeout=timeout, interval=interval, on_progress=on_progress, progress=progress)
        check_success(last)
        if last.has_failed_records and not allow_failed_records:
            raise PartialFailureError(
                f"batch {batch_id} went in without {last.records_failed} of its records; "
                f"client.batches.failed_records({batch_id!r}) tells which and why"
            )
        return last

    def upsert(
        self,
        dataset_id: str,
        rows: Any,
        *,
        form: RowForm | None = None,
        format: RowFormat = "parquet",
        partial_ingestion_percent: int | None = _PARTIAL_PERCENT,
        check_dataset: bool = True,
        wait: bool = True,
        timeout: float | None = DEFAULT_TIMEOUT,
        interval: float | None = None,
        on_progress: Callable[[Batch], Any] | None = None,
        progress: bool = False,
    ) -> UpsertResult:
        """Change attributes of people, wait until that is done, and return what became of the rows.

        A row holds the identity and the fields to change; the others keep their values, and so do those that are
        None, as a field cannot be cleared this way. All rows go in one batch, which for the service should have no
        more than 2,000,000.

        Args:
            rows: objects of XDM, in a list or any iterable; a pandas, Polars or Arrow table, whose columns are dot
                paths; the path of a file: .csv, .tsv, .txt (words), .jsonl, .json, .parquet, compressed as .gz or
                .zst; or what `rtcp.read_rows` has made of one. A Parquet file whose form has neither mapping nor
                identity goes as it is. A file of rejects is read as well: what can go in goes again.
            form: how rows become XDM and what they must have; None takes them as they are.
            format: "parquet", which the service documents and which takes `rtcp[arrow]`, or "json".
            partial_ingestion_percent: how many rows of a hundred may fail before all do; None leaves it to the service.
            check_dataset: False skips reading the dataset to see whether it takes upserts.
            wait: False returns when the batch is handed over; its counts are those of the moment.
            timeout, interval, on_progress, progress: of waiting for the batch; see `wait`.

        A row that cannot be right is not sent and does not stop the others. In Parquet, a column is of the type that
        most rows have there, and the odd ones are refused. Failed rows, and a failed batch, are in the result; call its
        `raise_for_failures()` where nobody reads it.

        Raises:
            InvalidArgumentError: the dataset does not take upserts, or there are no rows.
            NotFoundError: there is no such dataset in this sandbox.
            MissingExtraError: Parquet takes pyarrow (`rtcp[arrow]`).
            OSError: the disk is full, say; the error names the file.
            WaitTimeoutError: the batch is still running; `.last` holds it. It goes on.

        Example:
            >>> dataset = client.datasets.enable_profile("harbour-crm", upsert=True)
            >>> result = client.batches.upsert(
            ...     dataset.id,
            ...     [{"_harbour": {"crmId": "C-1001"}, "homeAddress": {"city": "Oslo"}}, {"homeAddress": {}}],
            ...     interval=1,
            ... )
            >>> result.written, [(reject.position, reject.message) for reject in result.rejects()]
            (1, [(1, 'the row is empty')])
        """
        file = row_file(rows, (form or RowForm()).for_dataset(dataset_id), format)
        if check_dataset:
            self._check(dataset_id)
        settle = partial(self._wait, timeout=timeout, interval=interval, on_progress=on_progress, progress=progress)
        return self._upsert(dataset_id, file, partial_ingestion_percent, settle if wait else self.get)

    def resend(
        self,
        result: UpsertResult,
        rejects: Iterable[Reject],
        *,
        partial_ingestion_percent: int | None = _PARTIAL_PERCENT,
        timeout: float | None = DEFAULT_TIMEOUT,
        interval: float | None = None,
        on_progress: Callable[[Batch], Any] | None = None,
        progress: bool = False,
    ) -> UpsertResult:
        """Send exactly these rows of an upsert again, wait, and return what became of them.

        They go as they went before, mapping included, and keep their positions. What was put right is a reject with
        another row: `dataclasses.replace(reject, row=...)`.

        Args:
            result: of the upsert that rejected them.
            timeout, interval, on_progress, progress: of waiting for the batch; see `wait`.

        Raises:
            InvalidArgumentError: there is no row to send.
            WaitTimeoutError: the batch is still running; `.last` holds it. It goes on.

        Example:
            >>> import dataclasses
            >>> dataset = client.datasets.enable_profile("harbour-crm", upsert=True)
            >>> result = client.batches.upsert(dataset.id, [{"_harbour": {"crmId": "C-1001"}}, {}], interval=1)
            >>> row = {"_harbour": {"crmId": "C-1002"}}
            >>> fixed = [dataclasses.replace(reject, row=row) for reject in result.rejects()]
            >>> client.batches.resend(result, fixed, interval=1).written
            1
        """
        file = result.file_of(rejects)
        settle = partial(self._wait, timeout=timeout, interval=interval, on_progress=on_progress, progress=progress)
        return self._upsert(result.dataset_id, file, partial_ingestion_percent, settle)

    def failed_records(self, batch_id: int | str) -> Iterator[FailedRecord]:
        """Yield the records of a batch that did not go in, with what is wrong with them.

        By its diagnostics, which the service keeps for 30 days, if the batch was created with them; else from its
        failed files, where messages of streaming ingestion end that were found wrong later.

        Raises:
            WaitTimeoutError: none did, but the batch is still running: `wait` for it first.
            NotFoundError: the id is unknown in this sandbox.
            DecodeError: a line of these files is no JSON object.

        Example:
            >>> batch = client.batches.create("harbour-crm", diagnostics=True, partial_ingestion_percent=100)
            >>> client.batches.upload(batch.id, b'{"_harbour": {"crmId": "C-1003"}}\\n{oops}', name="people.json")
            >>> client.batches.complete(batch.id)
            >>> client.batches.wait(batch.id, interval=1, allow_failed_records=True).records_failed
            1
            >>> [record.text for record in client.batches.failed_records(batch.id)]
            ['{oops}']
        """
        files, source = self._access.diagnostics(str(batch_id)), self._access.diagnostics_source()
        if not files:
            files, source = self._access.failed(str(batch_id)), self._access.failed_source()
        if not files:
            # Of a batch that is on its way, none says nothing yet.
            self._ended(batch_id)
        for file in files:
            with TemporaryFolder(prefix="rtcp-failed-") as folder:
                path = folder / safe_name(file.name)
                Download(source, [(file, path)]).run(workers=1)
                yield from read_failed_records(path, file.name)

    def files(self, batch_id: int | str) -> Iterator[RemoteFile]:
        """Yield the files of a batch, as data access has them.

        Raises:
            WaitTimeoutError: there is none, as the batch is still running: `wait` for it first.
            JobFailedError: there is none, as it failed or was aborted.
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> rows = [{"_harbour": {"crmId": "C-1001"}}]
            >>> result = client.batches.upsert("harbour-crm", rows, check_dataset=False, interval=1)
            >>> assert result.batch_id is not None
            >>> len(list(client.batches.files(result.batch_id)))
            1
        """
        found = False
        for file in self._access.files(str(batch_id)):
            found = True
            yield file
        if not found:
            check_success(self._ended(batch_id))

    def download(
        self,
        batch_id: int | str,
        directory: str | Path,
        *,
        workers: int = 4,
        on_progress: Callable[[DownloadProgress], Any] | None = None,
        progress: bool = False,
    ) -> Paths:
        """Bring the files of a batch into `directory/batch-<id>/` and return their paths, in the service's order.

        A file has its name only when it is complete; calling again keeps complete files and goes on with the others.

        Args:
            workers: files under way at once, 1 to 64.
            on_progress: called as bytes arrive, by one thread at a time.
            progress: True shows a bar of the bytes; takes `rtcp[notebook]`.

        Raises:
            WaitTimeoutError: there is no file, as the batch is still running: `wait` for it first.
            JobFailedError: there is none, as it failed or was aborted.
            NotFoundError: no such batch, or a file has vanished.
            DecodeError: a file has another length than was announced; the text names it.
            OSError: the disk is full, say; the error names the file.
            RtcpError: another download is writing to this folder, or it holds the files of another batch.

        Example:
            >>> rows = [{"_harbour": {"crmId": "C-1001"}}]
            >>> result = client.batches.upsert("harbour-crm", rows, check_dataset=False, interval=1)
            >>> assert result.batch_id is not None
            >>> [path.is_file() for path in client.batches.download(result.batch_id, folder)]
            [True]
        """
        check_number("workers", workers, least=1, most=POOL_SIZE)
        folder = local_path(directory, what="directory") / safe_name(f"batch-{batch_id}")
        with claimed(folder, {"batch": str(batch_id)}):
            files = [*self.files(batch_id)]
            targets = [(file, folder / name) for file, name in zip(files, local_names(files), strict=True)]
            with transfer_bar(progress, "download", on_progress) as tell:
                return Download(self._access.source(), targets, on_progress=tell).run(workers=workers)

    def _ended(self, batch_id: int | str) -> Batch:
        batch = self.get(batch_id)
        if not batch.is_final:
            raise WaitTimeoutError(
                f"batch {batch_id} is still {batch.status}; client.batches.wait({batch_id!r}) waits for it", last=batch
            )
        return batch

    def _wait(
        self,
        batch_id: int | str,
        *,
        timeout: float | None,
        interval: float | None,
        on_progress: Callable[[Batch], Any] | None,
        progress: bool,
    ) -> Batch:
        return poll(
            lambda: self.get(batch_id),
            what=f"batch {batch_id}",
            is_final=lambda batch: batch.is_final,
            clock=self._session.clock,
            timeout=timeout,
            interval=interval,
            on_progress=on_progress,
            progress=progress,
        )

    def _upsert(
        self,
        dataset_id: str,
        file: RowFile,
        percent: int | None,
        settle: Callable[[str], Batch],
    ) -> UpsertResult:
        with TemporaryFolder(prefix="rtcp-upsert-") as folder:
            path = file.ready or folder / file_name(file)
            sent = file.count() if file.ready else file.write(path)
            refused = len(file.refused)
            warn_of_unseen(file.shaper)
            if sent == 0:
                if refused == 0:
                    raise InvalidArgumentError("there is no row to send")
                return UpsertResult(None, dataset_id, refused, refused, file, self.failed_records)
            if sent > _MOST_UPSERTS:
                logger.warning("an upsert of %d rows: the service recommends at most %d a batch", sent, _MOST_UPSERTS)
            batch = self.create(dataset_id, format=file.format, diagnostics=True, partial_ingestion_percent=percent)
            with self._abandoned_on_failure(batch.id):
                self.upload(batch.id, path, dataset_id=dataset_id)
                self.complete(batch.id)
        with _told_that_it_goes_on(batch.id):
            last = settle(batch.id)
        return UpsertResult(last, dataset_id, sent + refused, refused, file, self.failed_records)

    def _check(self, dataset_id: str) -> None:
        dataset = self._dataset(dataset_id)
        if not dataset.is_upsert_enabled:
            raise InvalidArgumentError(
                f"dataset {dataset_id!r} does not take upserts, so a row would replace all of its record; "
                f"client.datasets.enable_profile({dataset_id!r}, upsert=True) changes that"
            )

    @contextmanager
    def _abandoned_on_failure(self, batch_id: int | str) -> Iterator[None]:
        """A batch that is not complete is given up, so that it does not stay open for ever; a note says what of it."""
        try:
            yield
        except BaseException as exc:
            try:
                self.abort(batch_id)
            except (RtcpError, KeyboardInterrupt):
                exc.add_note(
                    f"batch {batch_id} may have gone in, or still be open: client.batches.get({batch_id!r}) tells, and "
                    f"client.batches.abort({batch_id!r}) gives an open one up"
                )
            else:
                exc.add_note(f"batch {batch_id} was given up: nothing of it goes in")
            raise

    def _dataset_of(self, batch_id: int | str) -> str:
        dataset_id = self.get(batch_id).dataset_id
        if dataset_id is None:
            raise InvalidArgumentError(f"the service does not tell the dataset of batch {batch_id!r}: pass dataset_id=")
        return dataset_id

    def _act(self, batch_id: int | str, action: str, *, idempotent: bool = False) -> None:
        self._do(
            Request.platform(
                "POST", _IMPORT + "/{id}", path={"id": batch_id}, query={"action": action}, idempotent=idempotent
            )
        )


@contextmanager
def _told_that_it_goes_on(batch_id: str) -> Iterator[None]:
    """Whoever stops waiting learns that all rows are handed over: they go in whether somebody waits or not."""
    try:
        yield
    except JobFailedError:
        raise
    except BaseException as exc:
        exc.add_note(f"batch {batch_id} has all rows and goes on: client.batches.wait({batch_id!r}) waits for it")
        raise
