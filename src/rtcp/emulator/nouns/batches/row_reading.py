"""Reading the files of a batch row by row; a row that cannot be read is told, and the others go on."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from rtcp.emulator.http.wire import is_too_deep

JSON, PARQUET, CSV = "json", "parquet", "csv"
FORMATS = (JSON, PARQUET, CSV)
# Errors of single rows, as the diagnostics number them.
CORRUPT = "1401"
_CORRUPT_MESSAGE = "Row is corrupted and cannot be read, please fix and resend."
_NO_NUMBER: Final = "a number that is none: NaN or infinite"
_UNHELD: Final = "a date or time that cannot be held"
_ROWS_AT_ONCE = 1000
# Four times the largest file that comes whole.
MOST_UNPACKED_BYTES = 1024 * 1024 * 1024
# A row in some of these takes a machine as long as anybody waits.
MOST_ROWS = 10_000_000
_MOST_BYTES_AT_ONCE = 512 * 1024 * 1024
_TOO_LARGE = "The file is larger than 1 GB when it is unpacked, or has more than 10,000,000 rows."


class UnreadableError(ValueError):
    """A file that is none of its format at all; `code` is that of the batch's error."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class _NoNumberError(ValueError):
    """A row has NaN or an infinity."""


@dataclass(frozen=True, slots=True)
class Read:
    """One row, or the text that is none, with the reason."""

    row: Any = None
    corrupt: str | None = None

    @property
    def error(self) -> dict[str, str] | None:
        return None if self.corrupt is None else {"code": CORRUPT, "message": _CORRUPT_MESSAGE}


def read_rows(path: Path, described: Mapping[str, Any]) -> Iterator[Read]:
    """The rows of a file in the format that its batch was created with.

    Raises:
        UnreadableError: raised when the file, or its header, is reached.
    """
    if path.stat().st_size == 0:
        raise UnreadableError("Dataset file is empty. Please upload file with data.", code="106")
    if described["format"] == PARQUET:
        return _read_parquet(path)
    if described["format"] == CSV:
        return _read_csv(path, described)
    return _read_json_array(path) if described.get("isMultiLineJson") else _read_json_lines(path)


def _read_json_lines(path: Path) -> Iterator[Read]:
    with path.open("rb") as file:
        for line in file:
            if line.strip():
                yield _parse(line)


def _parse(line: bytes) -> Read:
    try:
        row = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError):
        row = None
    is_row = isinstance(row, dict) and not is_too_deep(row, line)
    return Read(row) if is_row else Read(corrupt=line.decode("utf-8", "replace").strip())


def _read_json_array(path: Path) -> Iterator[Read]:
    text = path.read_bytes()
    try:
        rows = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list) or is_too_deep(rows, text):
        yield Read(corrupt=path.read_text("utf-8", "replace"))
        return
    for row in rows:
        yield Read(row) if isinstance(row, dict) else Read(corrupt=json.dumps(row))


def _refuse(name: str) -> None:
    raise ValueError(name)


def _read_csv(path: Path, described: Mapping[str, Any]) -> Iterator[Read]:
    """Flat rows of texts; an empty cell, or the marker for null, is a value that is not there."""
    null = described.get("nullMarker", "")
    with path.open(encoding=described.get("charset", "utf-8"), errors="replace", newline="") as file:
        reader = csv.reader(
            file,
            delimiter=described.get("delimiter", ","),
            quotechar=described.get("quote", '"'),
            escapechar=described.get("escape"),
        )
        columns = next(reader, [])
        if not any(name.strip() for name in columns):
            raise UnreadableError("CSV file contains empty header row.", code="118")
        for cells in reader:
            if len(cells) != len(columns):
                yield Read(corrupt=",".join(cells))
            elif cells:
                pairs = zip(columns, cells, strict=True)
                yield Read({name: value for name, value in pairs if value not in ("", null)})


def _read_parquet(path: Path) -> Iterator[Read]:
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise UnreadableError("pyarrow is not installed; run: pip install 'rtcp[emulator]'", code="") from None
    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if len(set(names)) < len(names):
                raise UnreadableError("The file names a column twice.", code="INGEST-1401-400")
            # A few kilobytes of a repeated value may stand for gigabytes.
            sizes = list(_unpacked_bytes(file.metadata))
            if sum(sizes) > MOST_UNPACKED_BYTES or file.metadata.num_rows > MOST_ROWS:
                raise UnreadableError(_TOO_LARGE, code="INGEST-1401-400")
            # What a file says of its size need not be true, so it is counted as well.
            unpacked = 0
            # A value that is written once, and is in each row, may be all of its column.
            at_once = max(1, min(_ROWS_AT_ONCE, _MOST_BYTES_AT_ONCE // max([1, *sizes])))
            for packed in file.iter_batches(at_once):
                batch = _spelled_out(packed)
                unpacked += batch.nbytes
                if unpacked > MOST_UNPACKED_BYTES:
                    raise UnreadableError(_TOO_LARGE, code="INGEST-1401-400")
                yield from _read_batch(batch)
    except pyarrow.ArrowException:
        raise UnreadableError("The file is no Parquet file.", code="INGEST-1401-400") from None


def _unpacked_bytes(metadata: Any) -> Iterator[int]:
    """What the columns of a file say of their size."""
    for group in range(metadata.num_row_groups):
        columns = metadata.row_group(group)
        for column in range(columns.num_columns):
            yield columns.column(column).total_uncompressed_size


def _spelled_out(batch: Any) -> Any:
    """The same rows with each value as large as it is: a column of categories has each of them once."""
    columns = [
        column.dictionary_decode() if hasattr(column, "dictionary_decode") else column for column in batch.columns
    ]
    return type(batch).from_arrays(columns, names=batch.schema.names)


def _read_batch(batch: Any) -> Iterator[Read]:
    try:
        # One after the other: a column of lists of maps knows no other way.
        rows = batch.to_pylist(maps_as_pydicts="lossy")
    except (ArithmeticError, ValueError):
        if batch.num_rows == 1:
            yield Read(corrupt=_UNHELD)
            return
        # Which row it was, the error does not say: each is read alone.
        for number in range(batch.num_rows):
            yield from _read_batch(batch.slice(number, 1))
        return
    for row in rows:
        try:
            yield Read(_make_plain(row))
        except _NoNumberError:
            yield Read(corrupt=_NO_NUMBER)


def _make_plain(value: Any) -> Any:
    """JSON values in the place of Arrow's: times, bytes and decimals as texts."""
    if isinstance(value, dict):
        return {name: _make_plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_make_plain(item) for item in value]
    if isinstance(value, datetime):
        instant = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        # A text whose column does not say that it is one.
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and not math.isfinite(value):
        # No answer in JSON could hold it.
        raise _NoNumberError
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
