"""Batches: files into datasets, what became of them, and updates of attributes from rows to counts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from rtcp._temporary import TemporaryFolder
from rtcp.bulk.mapping import compile_mapping
from rtcp.bulk.row_file import RowFile, RowFormat
from rtcp.bulk.row_source import row_source
from rtcp.bulk.upload import LARGEST_PART, Upload, opened
from rtcp.config import Config
from rtcp.errors import InvalidArgumentError, RtcpError
from rtcp.models.batch import Batch, CsvOptions
from rtcp.models.dataset import Dataset
from rtcp.models.file import UploadProgress
from rtcp.models.stream import Reject
from rtcp.resources._batch_bodies import BatchFormat, batch_body
from rtcp.resources._batch_reads import BatchReads
from rtcp.resources._batch_target import name_of, target_of
from rtcp.resources._upsert import UpsertResult, file_name
from rtcp.transport.request import Request
from rtcp.transport.session import Session
from rtcp.transport.wire import POOL_SIZE
from rtcp.waiting import DEFAULT_TIMEOUT

logger = logging.getLogger(__name__)

_IMPORT: Final = "/data/foundation/import/batches"
# What the user interface suggests.
_PARTIAL_PERCENT: Final = 5
_MOST_UPSERTS: Final = 2_000_000


class Batches(BatchReads):
    """The batches of a sandbox.

    Service pages: https://developer.adobe.com/experience-platform-apis/references/batch-ingestion/ and
    https://developer.adobe.com/experience-platform-apis/references/catalog/
    """

    def __init__(self, session: Session, config: Config, *, dataset: Callable[[str], Dataset]) -> None:
        super().__init__(session, config)
        self._dataset = dataset

    def create(
        self,
        dataset_id: str,
        *,
        format: BatchFormat = "json",
        csv: CsvOptions | None = None,
        replay: Sequence[str] | None = None,
        diagnostics: bool | None = None,
        partial_ingestion_percent: int | None = None,
        external_id: str | None = None,
    ) -> Batch:
        """Open a batch and return it; `upload` puts files into it, `complete` hands it over.

        Args:
            format: of all its files: "json" is an object a line, "json_array" one array a file.
            csv: how CSV is written.
            replay: ids of batches that this one shall stand for.
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
        batch_id: str,
        content: str | Path | bytes | BinaryIO,
        *,
        dataset_id: str | None = None,
        name: str | None = None,
        workers: int = 4,
        part_size: int | None = None,
        resume: bool = False,
        on_progress: Callable[[UploadProgress], Any] | None = None,
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

        Raises:
            InvalidArgumentError: an argument cannot be right, or the file became shorter meanwhile.
            NotFoundError: there is no such batch or dataset.
            OSError: the file cannot be read.

        Example:
            >>> batch = client.batches.create("harbour-crm")
            >>> client.batches.upload(batch.id, b'{"_harbour": {"crmId": "C-1001"}}', name="people.json")
        """
        if not 1 <= workers <= POOL_SIZE:
            raise InvalidArgumentError(f"workers must be 1 to {POOL_SIZE}, not {workers}")
        if part_size is not None and not 1 <= part_size <= LARGEST_PART:
            raise InvalidArgumentError(f"part_size must be 1 to {LARGEST_PART}, not {part_size}")
        known_as = name if name is not None else name_of(content)
        with opened(content) as source:
            batch_path = {"batch_id": batch_id, "dataset_id": dataset_id or self._dataset_of(batch_id)}
            target = target_of(self._do, batch_path, known_as, source.size)
            upload = Upload(source, target, name=known_as, part_size=part_size, on_progress=on_progress)
            upload.run(workers=workers, resume=resume)

    def complete(self, batch_id: str) -> None:
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

    def abort(self, batch_id: str) -> None:
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

    def delete(self, batch_id: str) -> None:
        """IRREVERSIBLE: take a batch, and what came with it, out of its dataset.

        It is inactive at once, and deleted later. The guides speak of the dataset only; to be sure that Profile
        forgets it as well, ask for that with `client.system_jobs`.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> rows = [{"_harbour": {"crmId": "C-1001"}}]
            >>> result = client.batches.upsert("harbour-crm", rows, check_dataset=False, interval=1)
            >>> client.batches.delete(result.batch_id)
            >>> client.batches.get(result.batch_id).is_success
            False
        """
        self._act(batch_id, "REVERT")

    def upsert(
        self,
        dataset_id: str,
        rows: Any,
        *,
        mapping: Mapping[str, Any] | None = None,
        format: RowFormat = "parquet",
        identity: str | None = None,
        partial_ingestion_percent: int | None = _PARTIAL_PERCENT,
        check_dataset: bool = True,
        timeout: float | None = DEFAULT_TIMEOUT,
        interval: float | None = None,
        on_progress: Callable[[Batch], Any] | None = None,
    ) -> UpsertResult:
        """Change attributes of people, wait until that is done, and return what became of the rows.

        A row holds the identity and the fields to change; the others keep their values, and so do those that are
        None, as a field cannot be cleared this way. All rows go in one batch, which for the service should have no
        more than 2,000,000.

        Args:
            rows: objects of XDM, in a list or any iterable; a pandas, Polars or Arrow table, whose columns are dot
                paths; or the path of a file: .csv, .txt (words), .jsonl, .json, .parquet. A Parquet file without
                `mapping` and `identity` goes as it is.
            mapping: how rows become XDM; see `docs/resources/batches.md`.
            format: "parquet", which the service documents and which takes `rtcp[arrow]`, or "json".
            identity: dot path of the primary identity, to refuse rows without it, and to find those that failed.
            partial_ingestion_percent: how many rows of a hundred may fail before all do; None leaves it to the service.
            check_dataset: False skips reading the dataset to see whether it takes upserts.
            timeout, interval, on_progress: of waiting for the batch; see `wait`.

        A row that cannot be right is not sent and does not stop the others. Failed rows, and a failed batch, are in
        the result; call its `raise_for_failures()` where nobody reads it.

        Raises:
            InvalidArgumentError: the dataset does not take upserts, or there is no row to send.
            WaitTimeoutError: the batch is still running; `.last` holds it. It goes on.

        Example:
            >>> dataset = client.datasets.enable_profile("harbour-crm", upsert=True)
            >>> rows = [{"_harbour": {"crmId": "C-1001"}, "homeAddress": {"city": "Oslo"}}, {"homeAddress": {}}]
            >>> result = client.batches.upsert(dataset.id, rows, interval=1)
            >>> result.written, [(reject.position, reject.message) for reject in result.rejects()]
            (1, [(1, 'the row is empty')])
        """
        if format not in ("parquet", "json"):
            raise InvalidArgumentError(f"format must be 'parquet' or 'json', not {format!r}")
        if check_dataset:
            self._check(dataset_id)
        source = row_source(rows)
        mapper = None if mapping is None else compile_mapping(mapping, columns=source.columns)
        file = RowFile(source, format, mapper, identity)
        return self._upsert(dataset_id, file, partial_ingestion_percent, timeout, interval, on_progress)

    def resend(
        self,
        result: UpsertResult,
        rejects: Iterable[Reject],
        *,
        partial_ingestion_percent: int | None = _PARTIAL_PERCENT,
        timeout: float | None = DEFAULT_TIMEOUT,
        interval: float | None = None,
        on_progress: Callable[[Batch], Any] | None = None,
    ) -> UpsertResult:
        """Send exactly these rows of an upsert again, wait, and return what became of them.

        They go as they went before, mapping included, and keep their positions. What was put right is a reject with
        another row: `dataclasses.replace(reject, row=...)`.

        Args:
            result: of the upsert that rejected them.
            timeout, interval, on_progress: of waiting for the batch; see `wait`.

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
        return self._upsert(result.dataset_id, file, partial_ingestion_percent, timeout, interval, on_progress)

    def _upsert(
        self,
        dataset_id: str,
        file: RowFile,
        percent: int | None,
        timeout: float | None,
        interval: float | None,
        on_progress: Callable[[Batch], Any] | None,
    ) -> UpsertResult:
        with TemporaryFolder(prefix="rtcp-upsert-") as folder:
            path = file.ready or folder / file_name(file)
            sent = file.count() if file.ready else file.write(path)
            if sent > _MOST_UPSERTS:
                logger.warning("an upsert of %d rows: the service recommends at most %d a batch", sent, _MOST_UPSERTS)
            batch = self.create(dataset_id, format=file.format, diagnostics=True, partial_ingestion_percent=percent)
            with self._abandoned_on_failure(batch.id):
                self.upload(batch.id, path, dataset_id=dataset_id)
                self.complete(batch.id)
        last = self._wait(batch.id, timeout, interval, on_progress)
        refused = len(file.refused)
        return UpsertResult(last, dataset_id, sent + refused, refused, file, self.failed_records)

    def _check(self, dataset_id: str) -> None:
        dataset = self._dataset(dataset_id)
        if not dataset.is_upsert_enabled:
            raise InvalidArgumentError(
                f"dataset {dataset_id!r} does not take upserts, so a row would replace all of its record; "
                f"client.datasets.enable_profile({dataset_id!r}, upsert=True) changes that"
            )

    @contextmanager
    def _abandoned_on_failure(self, batch_id: str) -> Iterator[None]:
        """A batch that is not complete is given up, so that it does not stay open for ever."""
        try:
            yield
        except BaseException as exc:
            try:
                self.abort(batch_id)
            except RtcpError:
                exc.add_note(f"batch {batch_id} may still be open; client.batches.abort({batch_id!r}) gives it up")
            raise

    def _dataset_of(self, batch_id: str) -> str:
        dataset_id = self.get(batch_id).dataset_id
        if dataset_id is None:
            raise InvalidArgumentError(f"the service does not tell the dataset of batch {batch_id!r}: pass dataset_id=")
        return dataset_id

    def _act(self, batch_id: str, action: str, *, idempotent: bool = False) -> None:
        self._do(
            Request.platform(
                "POST", _IMPORT + "/{id}", path={"id": batch_id}, query={"action": action}, idempotent=idempotent
            )
        )
