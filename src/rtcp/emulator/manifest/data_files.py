"""Reading data files row by row: JSON lines, CSV and whitespace-separated text, each row with its line number."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NoReturn

from rtcp.emulator.http.wire import MOST_LEVELS, is_too_deep
from rtcp.rows.distinct_json import distinct

FORMATS = ("jsonl", "csv", "whitespace")
_SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".txt": "whitespace"}


class DataFileError(ValueError):
    """A file that cannot be read, or a line in it that cannot; `line` is None when no line is to blame."""

    def __init__(self, reason: str, *, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


def format_of(path: Path) -> str | None:
    """The format that a file's suffix stands for, or None."""
    return _SUFFIXES.get(path.suffix.lower())


def read_columns(path: Path, format_name: str) -> tuple[str, ...] | None:
    """The names in the header line; None for JSON lines, which have none.

    Raises:
        DataFileError: the file cannot be read, has no header or names a column twice.
    """
    if format_name == "jsonl":
        return None
    first = next(_read_cells(path, format_name), None)
    if first is None:
        raise DataFileError("has no header line")
    columns = tuple(first[1])
    repeated = next((column for column in columns if columns.count(column) > 1), None)
    if repeated is not None:
        raise DataFileError(f"names the column {repeated!r} twice", line=first[0])
    return columns


def read_rows(path: Path, format_name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row with the number of its line, the first line of the file being 1; blank lines are passed over.

    Raises:
        DataFileError: the file cannot be read, or a line is malformed; raised when the line is reached.
    """
    if format_name == "jsonl":
        yield from _read_json_lines(path)
        return
    columns = read_columns(path, format_name) or ()
    cells = _read_cells(path, format_name)
    next(cells)
    for line, values in cells:
        if len(values) != len(columns):
            raise DataFileError(f"has {len(values)} values, the header names {len(columns)} columns", line=line)
        yield line, dict(zip(columns, values, strict=True))


def _read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, raw in _read_lines(path):
        text = raw.strip()
        if not text:
            continue
        try:
            row = _DECODER.decode(text)
        except json.JSONDecodeError as exc:
            raise DataFileError(f"is not valid JSON: {exc.msg} at column {exc.colno}", line=line) from None
        except (ValueError, RecursionError) as exc:
            raise DataFileError(f"is not valid JSON: {exc}", line=line) from None
        if not isinstance(row, dict):
            raise DataFileError("is not a JSON object", line=line)
        # Asked first of the text itself, which nearly every row passes without being encoded again.
        if text.count("{") + text.count("[") > MOST_LEVELS and is_too_deep(row, text.encode()):
            raise DataFileError(f"has more than {MOST_LEVELS} levels", line=line)
        yield line, row


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


# One for all lines: making one costs as much as reading a short line.
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=distinct)


def _read_cells(path: Path, format_name: str) -> Iterator[tuple[int, list[str]]]:
    if format_name == "whitespace":
        for line, text in _read_lines(path):
            if values := text.split():
                yield line, values
        return
    lines = (text for _, text in _read_lines(path))
    reader = csv.reader(lines, strict=True)
    try:
        for values in reader:
            if values:
                yield reader.line_num, values
    except csv.Error as exc:
        raise DataFileError(f"is not valid CSV: {exc}", line=reader.line_num) from None


def _read_lines(path: Path) -> Iterator[tuple[int, str]]:
    line = 0
    try:
        # Decoded line by line: a text file would be decoded in blocks, and could not say which line is wrong.
        with path.open("rb") as file:
            for line, raw in enumerate(file, start=1):
                # A file may begin with a byte order mark, which is no part of its first value.
                yield line, raw.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError:
        raise DataFileError("is not UTF-8 text", line=line) from None
    except OSError as exc:
        raise DataFileError(f"cannot be read: {exc.strerror}") from None
