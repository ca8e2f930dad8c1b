"""A server for batches that is not our emulator: it keeps what it is sent, and can be told to misbehave."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.helpers.data_access import EXPORT, _QuietServer

IMPORT = "/data/foundation/import/batches"
CATALOG = "/data/foundation/catalog"
FILE = re.compile(rf"{IMPORT}/([^/]+)/datasets/([^/]+)/files/(.+)")
ON = {"unifiedIdentity": ["enabled:true"], "unifiedProfile": ["enabled:true", "isUpsert:true"]}


@dataclass
class Batch:
    """One batch: what created it, its files by name, and the states that it goes through once complete."""

    body: dict[str, Any]
    status: str = "loading"
    files: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    coming: list[str] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    row_errors: list[dict[str, Any]] = field(default_factory=list)


class ImportServer:
    """One dataset, `d1`, that takes upserts, and the batches that come into it.

    Attributes:
        asked: method, path and query of every request.
        fails: what is wrong with a row, as a code and a message, or None.
        breaks: method -> how many requests of it to break off in the middle of their body.
        statuses: method -> statuses to answer with, one for each request, then no more; None acts.
        states: what a complete batch goes through.
        gaps: HEAD claims as much as the last part reaches, gaps or not.
    """

    def __init__(self) -> None:
        self.tags: dict[str, Any] = dict(ON)
        self.batches: dict[str, Batch] = {}
        self.asked: list[tuple[str, str]] = []
        self.patches: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.fails: Callable[[dict[str, Any]], tuple[str, str] | None] = lambda row: None
        self.breaks: dict[str, int] = {}
        self.statuses: dict[str, list[int | None]] = {}
        self.states = ["loaded", "staging", "success"]
        self.gaps = False
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_GET(self) -> None:
                server.answer(self)

            def do_POST(self) -> None:
                server.answer(self)

            def do_PUT(self) -> None:
                server.answer(self)

            def do_PATCH(self) -> None:
                server.answer(self)

            def do_HEAD(self) -> None:
                server.answer(self)

            def log_message(self, *_: Any) -> None:
                """Silent."""

        self._http = _QuietServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    @property
    def batch(self) -> Batch:
        """The batch that was created last."""
        return list(self.batches.values())[-1]

    def of(self, method: str) -> list[str]:
        """The paths and queries asked with a method."""
        return [path for asked, path in self.asked if asked == method]

    def answer(self, handler: Any) -> None:
        method, parts = handler.command, urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = unquote(parts.path)
        with self._lock:
            self.asked.append((method, unquote(handler.path)))
            self.headers.append(dict(handler.headers))
            is_broken = self.breaks.get(method, 0) > 0
            if is_broken:
                self.breaks[method] -= 1
            status = self.statuses[method].pop(0) if self.statuses.get(method) else None
        length = int(handler.headers.get("Content-Length", 0))
        if is_broken:
            handler.rfile.read(length // 2)
            handler.close_connection = True
            return None
        body = handler.rfile.read(length)
        if len(body) < length:
            handler.close_connection = True
            return None
        if status is not None:
            return self._json(handler, {"title": "no"}, status)
        with self._lock:
            return self._route(handler, method, path, query, body)

    def _route(self, handler: Any, method: str, path: str, query: dict[str, str], body: bytes) -> None:
        found = FILE.fullmatch(path)
        if found:
            return self._file(handler, method, self.batches[found[1]], found[3], query, body)
        if path == IMPORT:
            batch_id = f"b{len(self.batches) + 1}"
            self.batches[batch_id] = Batch(json.loads(body))
            related = [{"type": "dataSet", "id": "d1"}]
            return self._json(
                handler,
                {
                    "id": batch_id,
                    "status": "loading",
                    "created": 0,
                    "updated": 0,
                    "relatedObjects": related,
                    "tags": {},
                },
                201,
            )
        if path.startswith(f"{IMPORT}/"):
            return self._act(handler, self.batches[path.rpartition("/")[2]], query["action"])
        if path == f"{CATALOG}/batches":
            known = {batch_id: self._seen(batch) for batch_id, batch in self.batches.items()}
            start = int(query.get("start", 0))
            return self._json(handler, dict(list(known.items())[start : start + int(query["limit"])]))
        if path.startswith(f"{CATALOG}/batches/"):
            return self._look(handler, path.rpartition("/")[2])
        if path.startswith(f"{CATALOG}/dataSets"):
            return self._dataset(handler, method, body)
        return self._data(handler, path.removeprefix(f"{EXPORT}/"), query)

    def _file(self, handler: Any, method: str, batch: Batch, name: str, query: dict[str, str], body: bytes) -> None:
        parts = batch.parts.get(name, {})
        if method == "PUT":
            batch.files[name] = body
        elif method == "PATCH":
            start = int(re.fullmatch(r"bytes (\d+)-\d+/\d+", handler.headers["Content-Range"])[1])
            parts[start] = body
        elif method == "HEAD":
            if name not in batch.parts:
                return self._send(handler, b"", 404)
            end = max((start + len(part) for start, part in parts.items()), default=0) if self.gaps else _whole(parts)
            return self._send(handler, b"", 200, {"Range": f"bytes=0-{end - 1}"} if end else {})
        elif query["action"] == "INITIALIZE":
            batch.parts[name] = {}
        elif _whole(parts) < max(start + len(part) for start, part in parts.items()):
            return self._json(handler, {"title": "parts are missing"}, 400)
        else:
            batch.files[name] = _joined(parts)
        return self._send(handler, b"", 200)

    def _act(self, handler: Any, batch: Batch, action: str) -> None:
        if action == "COMPLETE":
            batch.coming = list(self.states)
            rows = [row for name, data in batch.files.items() for row in _rows(name, data)]
            bad = [(row, self.fails(row)) for row in rows]
            batch.row_errors = [
                {**row, "_errors": [{"code": why[0], "message": why[1]}], "_filename": "conversion_errors_0.json"}
                for row, why in bad
                if why
            ]
            failed = len(batch.row_errors)
            counts = {"inputRecordCount": len(rows), "outputRecordCount": len(rows) - failed}
            batch.metrics = {**counts, "failedRecordCount": failed}
        else:
            batch.status = {"ABORT": "aborted", "REVERT": "inactive"}[action]
        return self._send(handler, b"", 200)

    def _look(self, handler: Any, batch_id: str) -> None:
        batch = self.batches.get(batch_id)
        if batch is None:
            return self._json(handler, {})
        if batch.coming:
            batch.status = batch.coming.pop(0)
        return self._json(handler, {batch_id: self._seen(batch)})

    def _seen(self, batch: Batch) -> dict[str, Any]:
        return {
            "status": batch.status,
            "metrics": batch.metrics,
            "errors": batch.errors,
            "tags": {"acp_partialIngestionPercent": 5, "acp_enableErrorDiagnostics": True},
            "relatedObjects": [{"type": "dataSet", "id": "d1"}],
            "created": 1767225600000,
            "version": "1.0.3",
        }

    def _dataset(self, handler: Any, method: str, body: bytes) -> None:
        if method == "PATCH":
            self.patches.append(json.loads(body))
            for change in self.patches[-1]:
                self.tags[change["path"].removeprefix("/tags/")] = change["value"]
            return self._json(handler, ["@/dataSets/d1"])
        return self._json(handler, {"d1": {"name": "People", "tags": self.tags}})

    def _data(self, handler: Any, path: str, query: dict[str, str]) -> None:
        _, batch_id, kind = path.split("/")
        batch = self.batches[batch_id]
        lines = "".join(json.dumps(row) + "\n" for row in batch.row_errors).encode()
        wanted = query.get("path", "")
        if wanted.endswith(".json"):
            return self._send(handler, lines, 200)
        has_diagnostics = bool(batch.body.get("enableErrorDiagnostics"))
        if kind == "meta" and not has_diagnostics:
            return self._json(handler, {"title": "no diagnostics"}, 404)
        entries = [] if kind == "meta" else [{"name": "_SUCCESS", "length": "0"}]
        if batch.row_errors:
            link = f"{self.url}{EXPORT}/batches/{batch_id}/{kind}?path="
            prefix = "row_errors%2F" if kind == "meta" else ""
            entries.append(
                {
                    "name": "errors_0.json",
                    "length": str(len(lines)),
                    "_links": {"self": {"href": f"{link}{prefix}errors_0.json"}},
                }
            )
        return self._json(handler, {"data": entries, "_page": {"limit": 100, "count": len(entries)}})

    def _json(self, handler: Any, body: Any, status: int = 200) -> None:
        self._send(handler, json.dumps(body).encode(), status)

    def _send(self, handler: Any, body: bytes, status: int, headers: dict[str, str] | None = None) -> None:
        handler.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def _whole(parts: dict[int, bytes]) -> int:
    end = 0
    while parts.get(end):
        end += len(parts[end])
    return end


def _joined(parts: dict[int, bytes]) -> bytes:
    content = bytearray()
    for start, part in sorted(parts.items()):
        content[start : start + len(part)] = part
    return bytes(content)


def _rows(name: str, content: bytes) -> list[dict[str, Any]]:
    if name.endswith(".parquet"):
        import pyarrow.parquet

        rows = pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist(maps_as_pydicts="strict")
        return [{key: value for key, value in row.items() if value is not None} for row in rows]
    return [json.loads(line) for line in content.splitlines() if line.strip()]
