"""A server for the files of exports that is not our emulator, and can be told to misbehave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

EXPORT = "/data/foundation/export"


@dataclass
class StoredFile:
    """One file; what it does wrong is said by its fields.

    Attributes:
        id: of the dataset file; several names may share one.
        listed: the length that the listing tells; None leaves it out, the default is the truth.
        cuts: after how many bytes of an answer the connection breaks, one for each answer, then no more.
        statuses: instead of the bytes, one for each answer, then no more.
        announced: the Content-Length of whole answers, if not the truth; 0 sends none and closes the connection.
        ranges: False ignores Range; "wrong" answers with another range.
        etag: the state that it is in.
        drip: so many bytes at a time, and the seconds between.
    """

    content: bytes
    id: str = "f1"
    listed: Any = True
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    announced: int | None = None
    ranges: bool | str = True
    gate: threading.Event | None = None
    etag: str | None = None
    heeds_if_range: bool = True
    drip: tuple[int, float] | None = None


class FileServer:
    """Serves one finished export job, number 7, whose batches hold the given files by name.

    `asked` lists the method, path and Range of every request in order.
    """

    def __init__(
        self, batches: Mapping[str, Mapping[str, StoredFile]], *, job: Mapping[str, Any] | None = None
    ) -> None:
        self.batches = batches
        only = next(iter(batches), "")
        self.job = {"id": 7, "status": "SUCCEEDED", "destination": {"datasetId": "d1", "batchId": only}, **(job or {})}
        self.page_size = 100
        # Ids that are directories: their listing holds these ids.
        self.directories: dict[str, list[str]] = {}
        self.asked: list[tuple[str, str, str | None]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body in one packet, else each answer waits for the client's kernel.
            wbufsize = -1

            def do_GET(self) -> None:
                server.asked.append(("GET", unquote(self.path), self.headers.get("Range")))
                server.answer(self)

            def log_message(self, *_: Any) -> None:
                """Silent."""

        self._http = _QuietServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def ranges_of(self, name: str) -> list[str | None]:
        """The Range of each request for the bytes of a file."""
        return [asked for _, path, asked in self.asked if path.endswith(f"?path={name}")]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        query = parse_qs(parts.query)
        if parts.path.startswith("/data/core/ups/export/jobs/"):
            return self._json(handler, self.job)
        kind, _, rest = parts.path.removeprefix(f"{EXPORT}/").partition("/")
        start = int(query.get("start", ["0"])[0])
        if kind == "batches":
            batch_id = rest.removesuffix("/files")
            files = self.batches.get(batch_id, {})
            nested = {inner for ids in self.directories.values() for inner in ids} - set(self.directories)
            ids = list(dict.fromkeys([*self.directories, *(each.id for each in files.values())]))
            entries = [{"dataSetFileId": each, "isValid": True} for each in ids if each not in nested]
            return self._listing(handler, parts.path, entries, start)
        named = {name: each for files in self.batches.values() for name, each in files.items() if each.id == rest}
        if "path" in query:
            return self._bytes(handler, named.get(query["path"][0]))
        if rest in self.directories:
            return self._listing(
                handler, parts.path, [{"dataSetFileId": each} for each in self.directories[rest]], start
            )
        entries = [_entry(name, each) for name, each in named.items()]
        return self._listing(handler, parts.path, entries, start)

    def _listing(self, handler: BaseHTTPRequestHandler, path: str, entries: list[Any], start: int) -> None:
        shown = entries[start : start + self.page_size]
        answer: dict[str, Any] = {"data": shown, "_page": {"limit": self.page_size, "count": len(entries)}}
        if start + self.page_size < len(entries):
            href = f"{self.url}{path}?start={start + self.page_size}&limit={self.page_size}"
            answer["_links"] = {"next": {"href": href}}
        self._json(handler, answer)

    def _json(self, handler: BaseHTTPRequestHandler, answer: Any, status: int = 200) -> None:
        content = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _bytes(self, handler: BaseHTTPRequestHandler, file: StoredFile | None) -> None:
        if file is not None and file.gate is not None:
            file.gate.wait(60)
        status = 404 if file is None else file.statuses.pop(0) if file.statuses else 200
        if file is None or status != 200:
            return self._json(handler, {"message": "no"}, status)
        asked = handler.headers.get("Range")
        if file.heeds_if_range and handler.headers.get("If-Range") not in (None, file.etag):
            asked = None
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and file.ranges else 0
        if asked and start >= len(file.content):
            return self._json(handler, {"message": "no such range"}, 416)
        content = file.content[start:]
        handler.send_response(206 if asked and file.ranges else 200)
        if asked and file.ranges:
            shown = start + 1 if file.ranges == "wrong" else start
            handler.send_header("Content-Range", f"bytes {shown}-{len(file.content) - 1}/{len(file.content)}")
            handler.send_header("Content-Length", str(len(content)))
        elif file.announced != 0:
            handler.send_header("Content-Length", str(len(content) if file.announced is None else file.announced))
        cut = file.cuts.pop(0) if file.cuts else None
        if cut is not None or file.announced == 0:
            handler.send_header("Connection", "close")
            handler.close_connection = True
        if file.etag is not None:
            handler.send_header("ETag", file.etag)
        handler.end_headers()
        if file.drip is None:
            handler.wfile.write(content[:cut])
            return None
        size, pause = file.drip
        with suppress(OSError):
            for at in range(0, len(content), size):
                handler.wfile.write(content[at : at + size])
                handler.wfile.flush()
                time.sleep(pause)
        handler.close_connection = True
        return None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(60)


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is the point of some tests."""


def _entry(name: str, file: StoredFile) -> dict[str, Any]:
    """As data access lists it: numbers in quotes, and the folders of the name in the link only."""
    href = f"https://platform.adobe.io:443{EXPORT}/files/{file.id}?path={name.replace('/', '%2F')}"
    entry: dict[str, Any] = {"name": name.rpartition("/")[2], "_links": {"self": {"href": href}}}
    if file.listed is not None:
        entry["length"] = str(len(file.content) if file.listed is True else file.listed)
    return entry
