"""Tables whole: a CSV file into a batch, and an export into rows and frames, beside what one writes by hand."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import requests

import rtcp
from benchmarks import clients, measure, memory, payloads
from benchmarks.measure import Result
from benchmarks.sizes import Sizes

_IMPORT: Final = "/data/foundation/import/batches"
_FILES: Final = "/data/foundation/export/files"
_COLUMNS: Final = ("crm_id", "email", "first", "last", "year", "points", "member", "since")
FORM: Final = rtcp.RowForm(
    dataset_id="people",
    identity="_harbour.crmId",
    mapping={
        "_harbour.crmId": "crm_id",
        "personalEmail.address": "email",
        "person.name.firstName": "first",
        "person.name.lastName": "last",
        "person.birthYear": {"column": "year", "type": "integer"},
        "loyalty.points": {"column": "points", "type": "number"},
        "loyalty.isMember": {"column": "member", "type": "boolean"},
        "loyalty.since": {"column": "since", "type": "date"},
    },
)


def upsert(url: str, sizes: Sizes) -> Iterator[Result]:
    """People of a CSV file, mapped and typed, beside csv.DictReader, json.dumps and three requests."""
    by_hand = "csv, json, requests"
    with TemporaryDirectory() as name, clients.rtcp_client(url) as client:
        path = write_csv(Path(name) / "people.csv", sizes.table)
        turns: dict[str, Callable[[], object]] = {
            by_hand: lambda: _by_hand(url, path),
            "batches.upsert, json": lambda: upserted(client, path, "json"),
            "batches.upsert, parquet": lambda: upserted(client, path, "parquet"),
        }
        turns |= {name: partial(convert, path) for name, convert in _others().items()}
        samples = measure.interleave(turns, rounds=sizes.few_rounds)
        case = f"CSV of {sizes.table:,} rows"
        for name in _others():
            yield measure.ratio(case, name, samples, to=by_hand, calls=sizes.table)
        yield Result(case, "rows written", "count", upserted(client, path, "json"), bound=sizes.table)
        grown = {kind: memory.in_child(f"upsert_{kind}", url, sizes.long_table) for kind in ("json", "parquet")}
    for kind, bound, aim in (("json", 1.3, 1.0), ("parquet", 1.2, 0.5)):
        what = f"batches.upsert, {kind}"
        yield measure.ratio(case, what, samples, to=by_hand, calls=sizes.table, bound=bound, aim=aim)
        growth = grown[kind]["peak"] - grown[kind]["before"]
        case_of_memory = f"CSV of {sizes.long_table:,} rows, memory"
        yield Result(case_of_memory, what, "memory", growth, bound=100.0, aim=50.0)
        yield Result(case_of_memory, f"{what}: rows written", "count", grown[kind]["items"], bound=sizes.long_table)


def export(url: str, sizes: Sizes) -> Iterator[Result]:
    """The Parquet files of an export as rows, and as tables, beside requests and pyarrow."""
    rows = "requests, read_table, to_pylist"
    table = "requests, read_table"
    frame = "requests, read_table, to_pandas"
    with TemporaryDirectory() as name, clients.rtcp_client(url) as client:
        folders = (Path(name) / str(number) for number in count())
        turns: dict[str, Callable[[], object]] = {
            rows: lambda: _read_by_hand(url, next(folders)).to_pylist(),
            table: lambda: _read_by_hand(url, next(folders)),
            frame: lambda: _read_by_hand(url, next(folders)).to_pandas(),
            "export_jobs.rows": lambda: sum(1 for _ in client.export_jobs.rows(payloads.ROWS_EXPORT)),
            "export_jobs.table": lambda: client.export_jobs.table(payloads.ROWS_EXPORT),
            "export_jobs.table, to_pandas": lambda: client.export_jobs.table(payloads.ROWS_EXPORT).to_pandas(),
        }
        samples = measure.interleave(turns, rounds=sizes.few_rounds)
        found = client.export_jobs.table(payloads.ROWS_EXPORT).num_rows
    expected = payloads.FILES * payloads.ROWS_IN_A_FILE
    case = f"export of {expected:,} rows"
    yield Result(case, "rows read", "count", found, bound=expected)
    for what, to, bound in (
        ("export_jobs.rows", rows, 1.5),
        ("export_jobs.table", table, 1.3),
        ("export_jobs.table, to_pandas", frame, 1.3),
    ):
        yield measure.ratio(case, what, samples, to=to, calls=expected, bound=bound, aim=1.1)


def write_csv(path: Path, rows: int) -> Path:
    """People of eight columns, a hundred bytes each."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for number in range(rows):
            points = f"{number % 1000}.{number % 100:02d}"
            since = f"20{10 + number % 15}-0{1 + number % 9}-1{number % 10}"
            person = ("Ada" if number % 3 else "Zoë", f"Quill{number % 977}", 1930 + number % 80)
            is_member = "true" if number % 2 else "false"
            writer.writerow([f"C-{number:07d}", f"person-{number}@bench.example", *person, points, is_member, since])
    return path


def upserted(client: rtcp.Client, path: Path, kind: str) -> int:
    """How many rows of the file went into a batch."""
    result = client.batches.upsert(
        "people", path, form=FORM, format="json" if kind == "json" else "parquet", check_dataset=False, interval=0.01
    )
    return result.rows - result.refused


def _others() -> dict[str, Callable[[Path], object]]:
    """What turns the file into another without looking at a row, and sends nothing: the floor."""
    found = {"pyarrow, CSV to Parquet": _by_pyarrow}
    if find_spec("duckdb") is not None:
        found |= {
            "DuckDB, CSV to JSON": partial(_by_duckdb, "JSON"),
            "DuckDB, CSV to Parquet": partial(_by_duckdb, "PARQUET"),
        }
    return found


def _by_pyarrow(path: Path) -> None:
    import pyarrow.csv
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.csv.read_csv(path), path.with_suffix(".parquet"))


def _by_duckdb(format: str, path: Path) -> None:
    duckdb = import_module("duckdb")
    out = path.with_suffix(f".duckdb.{format.lower()}")
    duckdb.sql(f"COPY (FROM read_csv('{path}')) TO '{out}' (FORMAT {format})")


def _by_hand(url: str, path: Path) -> None:
    lines = path.with_suffix(".json")
    with path.open(newline="", encoding="utf-8") as file, lines.open("w", encoding="utf-8") as out:
        for row in csv.DictReader(file):
            out.write(json.dumps(_shaped(row)) + "\n")
    with requests.Session() as session:
        session.headers.update(clients.HEADERS)
        batch_id = session.post(url + _IMPORT, json={"datasetId": "people"}).json()["id"]
        with lines.open("rb") as body:
            address = f"{url}{_IMPORT}/{batch_id}/datasets/people/files/{lines.name}"
            session.put(address, data=body).raise_for_status()
        session.post(f"{url}{_IMPORT}/{batch_id}?action=COMPLETE")
        session.get(f"{url}/data/foundation/catalog/batches/{batch_id}").json()


def _shaped(row: dict[str, str]) -> dict[str, Any]:
    name = {"firstName": row["first"], "lastName": row["last"]}
    member = row["member"] == "true"
    return {
        "_harbour": {"crmId": row["crm_id"]},
        "personalEmail": {"address": row["email"]},
        "person": {"name": name, "birthYear": int(row["year"])},
        "loyalty": {"points": float(row["points"]), "isMember": member, "since": row["since"]},
    }


def _read_by_hand(url: str, folder: Path) -> Any:
    import pyarrow
    import pyarrow.parquet

    folder.mkdir()
    tables = []
    with requests.Session() as session:
        session.headers.update(clients.HEADERS)
        for number in range(payloads.FILES):
            name = f"rows-{number}.parquet"
            path = folder / name
            path.write_bytes(session.get(f"{url}{_FILES}/rows-{number}", params={"path": name}).content)
            tables.append(pyarrow.parquet.read_table(path))
    return pyarrow.concat_tables(tables)
