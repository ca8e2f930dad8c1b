"""Data access: the files of a batch, and their bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rtcp.emulator.http.operations import route
from rtcp.emulator.http.problems import problem, refuse_missing
from rtcp.emulator.http.wire import Answer, FilePart, Refusal, Request
from rtcp.emulator.nouns.export_jobs.exports import BATCH
from rtcp.emulator.service import Service

PAGE = 100
# In the place of a file's number: all files of the batch as a directory.
DIRECTORY = "0"
# An empty file that says that all others are there.
_MARKER = "_SUCCESS"
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
# Lines of JSON are no JSON.
_TYPES = {".parquet": "application/parquet"}


@route("batches.files")
def files(request: Request, service: Service) -> Answer:
    """List the files of a batch, a page at a time."""
    batch = _find_batch(request.path_id or "", request, service)
    return _answer_page(_show_files(batch, request, service), request)


@route("batches.failed_records")
def failed(request: Request, service: Service) -> Answer:
    """List what could not be brought in, or with `path` answer the rows: of an export there is nothing."""
    batch = _find_batch(request.path_id or "", request, service)
    kept = batch.get("failed") or []
    name = request.query.first("path")
    if name is not None:
        return Answer(200, b"") if name == _MARKER and kept else _answer_kept_file(kept, name, request, service)
    marker = [{"name": _MARKER, "length": 0}] if kept else []
    return _answer_page([_show_kept(each, each["name"], request) for each in [*marker, *kept]], request)


@route("batches.meta_files")
def meta(request: Request, service: Service) -> Answer:
    """List the diagnostics of a batch, those of one of its folders, or with the `path` of a file answer its lines."""
    batch = _find_batch(request.path_id or "", request, service)
    kept = batch.get("meta") or []
    path = (request.query.first("path") or "").rstrip("/")
    if any(each["name"] == path for each in kept):
        return _answer_kept_file(kept, path, request, service)
    inside = [each for each in kept if each["name"].startswith(f"{path}/")]
    if path and not inside:
        raise Refusal(_answer_no_file())
    if path:
        # The samples print the name without its folder, which the link has.
        return _answer_page([_show_kept(each, each["name"].rpartition("/")[2], request) for each in inside], request)
    tops = {each["name"].partition("/")[0]: each for each in reversed(kept)}
    return _answer_page(
        [_show_kept({**each, "name": name}, name, request) for name, each in sorted(tops.items())],
        request,
    )


@route("batches.file", "batches.file_head")
def file(request: Request, service: Service) -> Answer:
    """List what a file consists of, or with `path` answer its bytes."""
    batch_id, _, number = (request.path_id or "").rpartition("-")
    batch = _find_batch(batch_id, request, service)
    name = request.query.first("path")
    if number == DIRECTORY:
        return _answer_page(_show_files(batch, request, service), request)
    known = batch["files"][int(number) - 1] if number.isdecimal() and int(number) <= len(batch["files"]) else None
    if known is None or (name is not None and name != known["name"]):
        raise Refusal(_answer_no_file())
    if name is not None:
        stored = known.get("stored", known["name"])
        return _answer_bytes(request, service.files.folder(request.sandbox.name, batch_id) / stored, known["name"])
    if request.method == "HEAD":
        return problem(400, "query parameter path is missing")
    href = f"{_file_href(request, service, request.path_id or '')}?path={quote(known['name'])}"
    part = {"name": known["name"], "length": str(known["length"]), "_links": {"self": {"href": href}}}
    return _answer_page([part], request)


def _show_kept(kept: Mapping[str, Any], name: str, request: Request) -> dict[str, Any]:
    href = f"{_origin(request)}{request.path}?path={quote(kept['name'], safe='')}"
    return {"name": name, "length": str(kept["length"]), "_links": {"self": {"href": href}}}


def _answer_kept_file(kept: Sequence[Mapping[str, Any]], name: str, request: Request, service: Service) -> Answer:
    found = next((each for each in kept if each["name"] == name), None)
    if found is None:
        raise Refusal(_answer_no_file())
    return _answer_bytes(
        request, service.files.folder(request.sandbox.name, request.path_id or "") / found["stored"], name
    )


def _find_batch(batch_id: str, request: Request, service: Service) -> dict[str, Any]:
    batch = service.store.documents.get(request.sandbox.name, BATCH, batch_id)
    if batch is None:
        raise refuse_missing("batch or file")
    return batch


def _answer_no_file() -> Answer:
    return problem(404, "the file does not exist")


def _show_files(batch: dict[str, Any], request: Request, service: Service) -> list[dict[str, Any]]:
    """The files as data access describes them: every number is a text."""
    at_ms = str(batch["createdMs"])
    return [
        {
            "dataSetFileId": f"{batch['id']}-{number}",
            "dataSetViewId": f"{batch['datasetId']}-view",
            "version": "1.0.0",
            "created": at_ms,
            "updated": at_ms,
            "records": str(known["records"]),
            "size": str(known["length"]),
            "isValid": True,
            "_links": {"self": {"href": _file_href(request, service, f"{batch['id']}-{number}")}},
        }
        for number, known in enumerate(batch["files"], start=1)
    ]


def _answer_page(entries: Sequence[dict[str, Any]], request: Request) -> Answer:
    start, limit = int(request.query.first("start") or 0), int(request.query.first("limit") or PAGE)
    page = list(entries[start : start + limit])
    # A page of several counts all there are, and a list on one page counts itself: as the guide's samples do.
    body: dict[str, Any] = {"data": page, "_page": {"limit": limit, "count": len(entries)}}
    if start + limit < len(entries):
        here = f"{_origin(request)}{request.path}?"
        body["_links"] = {
            "next": {"href": f"{here}start={start + limit}&limit={limit}"},
            "page": {"href": f"{here}start={start}&limit={limit}", "templated": True},
        }
    return Answer(200, body)


def _file_href(request: Request, service: Service, file_id: str) -> str:
    return _origin(request) + service.description.path_of("batches.file", file_id)


def _origin(request: Request) -> str:
    return f"http://{request.headers.get('host', '')}"


def _answer_bytes(request: Request, path: Path, name: str) -> Answer:
    """The file, or the span of it that a Range header asks for."""
    try:
        size = path.stat().st_size
    except OSError:
        return _answer_no_file()
    headers = {"Accept-Ranges": "bytes"}
    content_type = _TYPES.get(Path(name).suffix, "application/octet-stream")
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    # What is no range of bytes is as if it were not there.
    if asked is None or asked[0] == "bytes=-":
        return Answer(200, FilePart(path, 0, size), headers, content_type)
    first, last = _read_bounds(asked[1], asked[2], size)
    if first > last:
        return Answer(416, None, {**headers, "Content-Range": f"bytes */{size}"}, content_type)
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Answer(206, FilePart(path, first, last - first + 1), headers, content_type)


def _read_bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """First and last byte; without a first one the last so many are meant."""
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
