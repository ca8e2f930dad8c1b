"""Writing rows to part files, as Parquet or as lines of JSON, with little memory whatever their number."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from rtcp.emulator.nouns.export_jobs.parquet_columns import Shape

PARQUET, JSON = "parquet", "json"
_ROWS_AT_ONCE = 1000
# Escapes, because half a surrogate pair has no other form.
_encode = json.JSONEncoder(separators=(",", ":")).encode


class MissingPyarrowError(ImportError):
    """Parquet files cannot be written."""

    def __init__(self) -> None:
        super().__init__("pyarrow is not installed; run: pip install 'rtcp[emulator]'")


@dataclass(frozen=True, slots=True)
class PartFile:
    """One file that was written."""

    name: str
    length: int
    records: int


def write_parts(
    rows: Iterable[Mapping[str, Any]], folder: Path, *, rows_per_file: int, file_format: str
) -> list[PartFile]:
    """Write all rows to files named part-00000… and say what they are; without rows there is one empty file.

    Raises:
        MissingPyarrowError: Parquet is asked for without the package that writes it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if file_format == JSON:
        return [_write_json(part, folder / f"part-{number:05}.json") for number, part in _parts(rows, rows_per_file)]
    return _write_parquet(rows, folder, rows_per_file)


def _parts(rows: Iterable[Any], size: int) -> Iterator[tuple[int, Iterator[Any]]]:
    """Runs of so many rows, numbered; one empty run when there is no row."""
    remaining = iter(rows)
    number = 0
    first = next(remaining, None)
    while first is not None or number == 0:
        yield number, _with_first(first, islice(remaining, size - 1))
        number, first = number + 1, next(remaining, None)


def _with_first(first: Any, others: Iterator[Any]) -> Iterator[Any]:
    if first is not None:
        yield first
    yield from others


def _write_json(rows: Iterator[Any], path: Path) -> PartFile:
    records = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            _write_line(file, row)
            records += 1
    return PartFile(path.name, path.stat().st_size, records)


def _write_line(file: IO[str], row: Mapping[str, Any]) -> None:
    file.write(_encode(row) + "\n")


def _write_parquet(rows: Iterable[Mapping[str, Any]], folder: Path, rows_per_file: int) -> list[PartFile]:
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise MissingPyarrowError from None
    shape = Shape()
    with tempfile.TemporaryFile("w+", encoding="utf-8", dir=folder) as spool:
        # The columns are known when all rows have been seen: they are laid aside until then.
        for row in rows:
            shape.observe(row)
            _write_line(spool, row)
        spool.seek(0)
        schema = pyarrow.schema(shape.arrow_fields())
        written = []
        for number, part in _parts((json.loads(line) for line in spool), rows_per_file):
            path = folder / f"part-{number:05}.snappy.parquet"
            records = 0
            with parquet.ParquetWriter(path, schema, compression="snappy") as writer:
                while chunk := list(islice(part, _ROWS_AT_ONCE)):
                    fitted = [shape.fit(row) for row in chunk]
                    writer.write_table(pyarrow.Table.from_pylist(fitted, schema=schema))
                    records += len(chunk)
            written.append(PartFile(path.name, path.stat().st_size, records))
    return written
