"""The files of a batch: which there are, and their bytes; used by every noun whose results lie in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from rtcp._numbers import told_count
from rtcp.config import Config
from rtcp.errors import DecodeError, NotFoundError
from rtcp.files.download import Source
from rtcp.models.file import RemoteFile
from rtcp.paging import Paged
from rtcp.transport.answers import mapping, unreadable
from rtcp.transport.pages import NextLink, paged
from rtcp.transport.request import Request, Response
from rtcp.transport.session import Session

_BATCH_ROUTE: Final = "/data/foundation/export/batches/{id}/files"
_FILE_ROUTE: Final = "/data/foundation/export/files/{id}"
_FAILED_ROUTE: Final = "/data/foundation/export/batches/{id}/failed"
_META_ROUTE: Final = "/data/foundation/export/batches/{id}/meta"
_DIAGNOSTICS: Final = "row_errors"
# Written beside the data by the service's own writers; empty.
_MARKER: Final = "_SUCCESS"
_DEEPEST: Final = 50
# Compressed on the way, neither the length nor the offset would be that of the file.
_AS_IT_IS: Final[Mapping[str, str]] = {"Accept": "*/*", "Accept-Encoding": "identity"}


class DataAccess:
    """Reads what batches hold. Service page: https://developer.adobe.com/experience-platform-apis/references/data-access/"""

    def __init__(self, session: Session, config: Config) -> None:
        self._session = session
        self._base_url = config.base_url

    def files(self, batch_id: str) -> Iterator[RemoteFile]:
        """Yield every file of a batch, directories opened, in the order of the service."""
        # A directory that holds itself would never end.
        opened: set[str] = set()
        for entry in self._entries(Request.platform("GET", _BATCH_ROUTE, path={"id": batch_id})):
            yield from self._within(entry, batch_id, opened, 0)

    def diagnostics(self, batch_id: str) -> list[RemoteFile]:
        """The files that say what is wrong with single records; none when the batch came without diagnostics."""
        request = Request.platform("GET", _META_ROUTE, path={"id": batch_id}, query={"path": _DIAGNOSTICS})
        try:
            return [*self._listed(request, batch_id, folder=f"{_DIAGNOSTICS}/")]
        except NotFoundError:
            return []

    def failed(self, batch_id: str) -> list[RemoteFile]:
        """The files that hold the records of a batch that failed."""
        return [*self._listed(Request.platform("GET", _FAILED_ROUTE, path={"id": batch_id}), batch_id)]

    def source(self) -> Source:
        """How downloads get at the bytes of `files`, with this client's patience."""
        return self._source_of(_FILE_ROUTE, lambda file: file.file_id)

    def read_span(self, file: RemoteFile, span: str) -> Response:
        """The bytes of one of `files` that a Range header asks for, as one answer; a service may send all of them."""
        return self._session.send(_span_of(file, span))

    def diagnostics_source(self) -> Source:
        """How downloads get at the bytes of `diagnostics`."""
        return self._source_of(_META_ROUTE, lambda file: file.batch_id)

    def failed_source(self) -> Source:
        """How downloads get at the bytes of `failed`."""
        return self._source_of(_FAILED_ROUTE, lambda file: file.batch_id)

    def _source_of(self, route: str, id_of: Callable[[RemoteFile], str]) -> Source:
        return Source(
            open=lambda file, offset, state: self._session.stream(
                _bytes_of(route, id_of(file), file.name, offset, state)
            ),
            wait_to_resume=lambda file, failure, attempt: self._session.wait_to_resume(
                _bytes_of(route, id_of(file), file.name, 0), failure, attempt=attempt
            ),
        )

    def _listed(self, request: Request, batch_id: str, *, folder: str = "") -> Iterator[RemoteFile]:
        for entry in self._entries(request):
            name = entry.get("name")
            if not isinstance(name, str) or not name:
                raise DecodeError(f"a file of batch {batch_id} is listed without its name")
            if name != _MARKER:
                full = _full_name(entry, name)
                full = full if full.startswith(folder) else folder + full
                yield RemoteFile(batch_id, "", full, told_count(entry.get("length")))

    def _within(self, entry: dict[str, Any], batch_id: str, opened: set[str], depth: int) -> Iterator[RemoteFile]:
        file_id = _told_id(entry.get("dataSetFileId"))
        if file_id is None:
            if entry.get("name") == _MARKER:
                return
            # Left out, it would be missing from an export without a word.
            raise DecodeError(f"a file of batch {batch_id} is listed without its id")
        if file_id in opened:
            return
        if depth > _DEEPEST:
            raise DecodeError(f"the directories of batch {batch_id} lie more than {_DEEPEST} deep in one another")
        opened.add(file_id)
        for inner in self._entries(Request.platform("GET", _FILE_ROUTE, path={"id": file_id})):
            name = inner.get("name")
            if not isinstance(name, str) or not name:
                yield from self._within(inner, batch_id, opened, depth + 1)
            elif name != _MARKER:
                yield RemoteFile(batch_id, file_id, _full_name(inner, name), told_count(inner.get("length")))

    def _entries(self, request: Request) -> Paged[dict[str, Any]]:
        return paged(request, _entries_of, by=NextLink(self._base_url), send=self._session.send)


def _entries_of(body: Any, response: Response) -> list[dict[str, Any]]:
    entries = mapping(body).get("data")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise unreadable(response, "the answer holds no list of files")
    return entries


def _told_id(value: Any) -> str | None:
    """An id as the service tells it, as a text or a number; None for what is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value.strip() else None


def _bytes_of(route: str, id: str, name: str, offset: int, state: str | None = None) -> Request:
    headers = dict(_AS_IT_IS)
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if state is not None:
            # Of a file that has changed, all of it comes: two states of it must not become one.
            headers["If-Range"] = state
    return Request.platform("GET", route, path={"id": id}, query={"path": name}, headers=headers)


def _span_of(file: RemoteFile, span: str) -> Request:
    headers = {**_AS_IT_IS, "Range": span}
    return Request.platform("GET", _FILE_ROUTE, path={"id": file.file_id}, query={"path": file.name}, headers=headers)


def _full_name(entry: dict[str, Any], name: str) -> str:
    """The name with its folders, which only the link has. Of the link just this is taken: the request goes to our own
    address.
    """
    link = mapping(mapping(entry.get("_links")).get("self")).get("href")
    linked = parse_qs(urlsplit(link).query).get("path", [""])[0] if isinstance(link, str) else ""
    return linked if linked.endswith(f"/{name}") else name
