"""Files and rows in bulk beside hand-written loops: an export's files, an import, and the spool."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

import rtcp
from benchmarks import clients, measure, payloads, streaming
from benchmarks.measure import Result
from benchmarks.sizes import Sizes
from rtcp.bulk.spool import Queue, SpoolFile

_CHUNK = 1 << 20
_IMPORT = "/data/foundation/import/batches"
_FILES = "/data/foundation/export/files"
_AT_ONCE = 100


def download(url: str, sizes: Sizes) -> Iterator[Result]:
    """The files of an export to the disk, one at a time."""
    case = f"export of {payloads.FILES} files, {payloads.FILES * payloads.FILE_BYTES // 10**6} MB"
    with TemporaryDirectory() as name, clients.rtcp_client(url) as client:
        folders = (Path(name) / str(number) for number in count())
        loop = "requests, stream=True"
        turns: dict[str, Callable[[], object]] = {
            loop: lambda: _download(url, next(folders)),
            "export_jobs.download": lambda: _emptied(client, next(folders)),
        }
        samples = measure.interleave(turns, rounds=sizes.few_rounds)
    yield measure.ratio(case, "export_jobs.download", samples, to=loop)


def importing(url: str, sizes: Sizes) -> Iterator[Result]:
    """Rows into a batch, as lines of JSON; and one large file."""
    rows = list(streaming.rows(2 * sizes.bulk))
    with TemporaryDirectory() as name, clients.rtcp_client(url) as client:
        file = Path(name) / "people.json"
        file.write_bytes(b"0" * 64_000_000)
        turns: dict[str, Callable[[], object]] = {
            "json.dumps, requests": lambda: _import_rows(url, rows, Path(name)),
            "batches.upsert": lambda: client.batches.upsert(
                "people", rows, format="json", check_dataset=False, interval=0.01
            ),
            "requests.put(file)": lambda: _put(requests.Session(), url, file),
            "batches.upload": lambda: client.batches.upload("b-1", file, dataset_id="people"),
        }
        samples = measure.interleave(turns, rounds=sizes.few_rounds)
    case = f"import of {len(rows):,} rows"
    yield measure.ratio(case, "batches.upsert", samples, to="json.dumps, requests", calls=len(rows))
    yield measure.ratio("import of 64 MB", "batches.upload", samples, to="requests.put(file)")


def spool(url: str, sizes: Sizes) -> Iterator[Result]:
    """Records through a queue on the disk, a hundred in a commit, beside a bare SQLite table with the same promises."""
    records = [json.dumps(row).encode() for row in streaming.rows(sizes.bulk)]
    parts = [records[start : start + _AT_ONCE] for start in range(0, len(records), _AT_ONCE)]
    with TemporaryDirectory() as name:
        paths = (Path(name) / f"{number}.spool" for number in count())
        turns: dict[str, Callable[[], object]] = {
            "bare SQLite": lambda: _through_sqlite(parts, next(paths)),
            "spool": lambda: _through_spool(parts, next(paths)),
        }
        samples = measure.interleave(turns, rounds=sizes.few_rounds)
    yield measure.ratio(f"spool of {len(records):,}", "spool", samples, to="bare SQLite", calls=len(records))


def _download(url: str, folder: Path) -> None:
    folder.mkdir()
    with requests.Session() as session:
        session.headers.update(clients.HEADERS)
        for number in range(payloads.FILES):
            name = f"file-{number}.parquet"
            with (
                session.get(f"{url}{_FILES}/file-{number}", params={"path": name}, stream=True) as answer,
                (folder / name).open("wb") as file,
            ):
                for piece in answer.iter_content(_CHUNK):
                    file.write(piece)
    shutil.rmtree(folder)


def _emptied(client: rtcp.Client, folder: Path) -> None:
    paths = client.export_jobs.download(1, folder, workers=1)
    assert len(paths) == payloads.FILES
    shutil.rmtree(folder)


def _import_rows(url: str, rows: list[dict[str, Any]], folder: Path) -> None:
    path = folder / "by-hand.json"
    with path.open("w") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")
    with requests.Session() as session:
        session.headers.update(clients.HEADERS)
        batch_id = session.post(url + _IMPORT, json={"datasetId": "people"}).json()["id"]
        _put(session, url, path)
        session.post(f"{url}{_IMPORT}/{batch_id}?action=COMPLETE")
        session.get(f"{url}/data/foundation/catalog/batches/{batch_id}").json()


def _put(session: requests.Session, url: str, path: Path) -> None:
    with path.open("rb") as file:
        session.put(f"{url}{_IMPORT}/b-1/datasets/people/files/{path.name}", data=file).raise_for_status()


def _through_spool(parts: list[list[bytes]], path: Path) -> None:
    with SpoolFile(path) as file:
        queue = Queue(file, "rows")
        for part in parts:
            queue.put(part)
        while entries := queue.take(_AT_ONCE):
            queue.done([entry.id for entry in entries])


def _through_sqlite(parts: list[list[bytes]], path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB NOT NULL)")
    for part in parts:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO entries (data) VALUES (?)", [(record,) for record in part])
        connection.execute("COMMIT")
    while entries := connection.execute("SELECT id, data FROM entries ORDER BY id LIMIT ?", (_AT_ONCE,)).fetchall():
        connection.execute("BEGIN")
        connection.executemany("DELETE FROM entries WHERE id = ?", [(number,) for number, _ in entries])
        connection.execute("COMMIT")
    connection.close()
