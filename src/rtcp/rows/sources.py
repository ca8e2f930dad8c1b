"""Rows as callers have them (lists, iterators, tables, files), with their places; one that cannot be read is a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from rtcp._paths import local_path
from rtcp.errors import DecodeError, InvalidArgumentError
from rtcp.rows.delimited import Record, records_of, sniff_delimiter, told_delimiter
from rtcp.rows.export_files import UnreadableRow, column_names, is_parquet, read_file_rows, rows_of_batch
from rtcp.rows.json_files import first_character, json_array, json_lines, json_values
from rtcp.rows.keeping import KeptRows
from rtcp.rows.mapping import NO_HEADER, compile_mapping, nest, tell_name
from rtcp.rows.rejects import is_letter, may_go_again, to_reject
from rtcp.rows.row import Row
from rtcp.rows.text_files import encoding_of, file_kind, lines_of, refuse_other_kinds

_SLICE: Final = 10_000
_LINES: Final = (".jsonl", ".ndjson")
_TABLES: Final = (".csv", ".tsv")
_KINDS: Final = (*_TABLES, *_LINES, ".json", ".parquet", ".txt")
# What has no width: marks of byte order that were copied along, and invitations to break a line.
_UNSEEN: Final = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))
_PARQUET_COMPRESSED: Final = "a Parquet file is compressed inside; take it as it is, without .gz or .zst around it"


@dataclass(frozen=True)
class RowSource:
    """Rows that can be read again and again; what `write_many` and `upsert` take as well.

    Attributes:
        read: yields all rows; those that cannot be read have a `problem`.
        columns: their names, where they are known before.
        is_flat: True for tables: names of columns are dot paths there, and blank cells are absent.
        name: of the file, when they come from one.
        parquet: the file, when the rows are those of a Parquet file.
        given: the rows themselves, when they are objects that stand in no file; they can be read without their places.
    """

    read: Callable[[], Iterator[Row]]
    columns: tuple[str, ...] | None = None
    is_flat: bool = False
    name: str | None = None
    parquet: Path | None = None
    given: Iterable[Any] | None = None


@dataclass(frozen=True)
class TextTable(RowSource):
    """The rows of a text file with a header: all cells are texts.

    Attributes:
        records: what stands behind the header, in the order of the columns; a row for each.
    """

    records: Callable[[], Iterator[Record]] = field(kw_only=True)


def read_rows(
    rows: Any, *, delimiter: str | None = None, encoding: str | None = None, is_read_once: bool = False
) -> RowSource:
    """Rows out of whatever holds them: a path, a pandas, Polars or Arrow table, a list, or any iterable of objects.

    An iterator, which can be read only once, is kept in a temporary file of its owner's alone.

    Args:
        rows: a `RowSource` is taken as it is.
        delimiter: of a CSV file, one character; None finds out by its header.
        encoding: of a text file; None finds out by its first bytes, and takes UTF-8 else.
        is_read_once: True keeps no iterator, as it is read once only.

    Raises:
        InvalidArgumentError: there are no rows in such a thing.
    """
    if isinstance(rows, RowSource):
        return rows
    if isinstance(rows, str | Path):
        return _file(local_path(rows, what="rows"), delimiter, encoding)
    if delimiter is not None or encoding is not None:
        raise InvalidArgumentError("delimiter and encoding are of files; these rows come from none")
    # By what they can do, here and below: none of these libraries need be there.
    if hasattr(rows, "to_batches"):
        return _arrow(rows)
    if hasattr(rows, "iter_slices"):
        return _table(lambda: (part.to_dicts() for part in rows.iter_slices(_SLICE)), rows.columns)
    if hasattr(rows, "iloc") and hasattr(rows, "columns"):
        return _pandas(rows)
    if isinstance(rows, Mapping | bytes | bytearray) or not isinstance(rows, Iterable):
        raise InvalidArgumentError("rows are a list of objects, an iterable of them, a table, or a path")
    # An iterator is its own; what gives a new one each time can be read again.
    if iter(rows) is rows and not is_read_once:
        kept = KeptRows(rows)
        return RowSource(lambda: _numbered(kept.read()))
    return RowSource(lambda: _numbered(rows), given=rows)


def read_delimited(path: Path, *, delimiter: str | None = None, encoding: str | None = None) -> RowSource:
    """The rows of a file that is parted by delimiters, whatever its name says.

    Raises:
        InvalidArgumentError: it has no header that can be read.
    """
    return _delimited(path, encoding_of(path, encoding), delimiter, file_kind(path))


def single_values(path: Path, encoding: str | None, delimiter: str | None) -> Iterator[Record] | None:
    """The records of a text file whose first line holds one value, that line included; None for any other table."""
    records, told = _parted(path, encoding_of(path, encoding), delimiter, file_kind(path))
    first = next(records(), None)
    return records() if told is None and first is not None and len(first.values) == 1 else None


def _numbered(rows: Iterable[Any]) -> Iterator[Row]:
    return (Row(position, position + 1, given) for position, given in enumerate(rows))


def _table(slices: Callable[[], Iterator[list[dict[str, Any]]]], columns: Iterable[str]) -> RowSource:
    return RowSource(lambda: _numbered(row for part in slices() for row in part), tuple(columns), is_flat=True)


def _arrow(table: Any) -> RowSource:
    columns = _distinct(table.column_names, "the table")

    def rows() -> Iterator[Row]:
        read = (row for batch in table.to_batches(_SLICE) for row in rows_of_batch(batch))
        return (row_read(position, given) for position, given in enumerate(read))

    return RowSource(rows, columns, is_flat=True)


def _pandas(frame: Any) -> RowSource:
    """The rows of a frame; what its index is called by a name is a column, as it is where pandas writes a file."""
    if any(isinstance(label, tuple) for label in frame.columns):
        raise InvalidArgumentError(
            "the frame has columns of several levels; give each one name, such as "
            "frame.columns = ['.'.join(filter(None, levels)) for levels in frame.columns]"
        )
    columns = [str(label) for label in frame.columns]
    named = [name for name in frame.index.names if name is not None and str(name) not in columns]
    distinct = _distinct([*map(str, named), *columns], "the frame")

    def slices() -> Iterator[list[dict[str, Any]]]:
        for start in range(0, len(frame), _SLICE):
            part = frame.iloc[start : start + _SLICE]
            records = (part.reset_index(level=named) if named else part).to_dict("records")
            yield [{str(column): value for column, value in record.items()} for record in records]

    return _table(slices, distinct)


def _distinct(columns: Iterable[str], what: str) -> tuple[str, ...]:
    known = tuple(columns)
    twice = next((name for name in known if name and known.count(name) > 1), None)
    if twice is not None:
        raise InvalidArgumentError(f"{what} names the column {tell_name(twice)} twice")
    return known


def _file(path: Path, delimiter: str | None, encoding: str | None) -> RowSource:
    kind = _known_kind(path)
    if delimiter is not None and kind not in _TABLES:
        raise InvalidArgumentError(f"delimiter is of .csv files; {path.name!r} is none")
    if not path.is_file():
        raise InvalidArgumentError(f"there is no file {str(path)!r}")
    if kind == ".parquet":
        return _parquet_file(path, encoding)
    found = encoding_of(path, encoding)
    if kind == ".json" or kind in _LINES:
        return _json_file(path, found, kind)
    if kind == ".txt":
        return _with_header(path, lambda: _words(path, found))
    return _delimited(path, found, delimiter, kind)


def _known_kind(path: Path) -> str:
    kind = file_kind(path)
    if path.is_dir():
        raise InvalidArgumentError(f"{str(path)!r} is a folder; name a file in it")
    if kind not in _KINDS:
        if path.is_file():
            refuse_other_kinds(path)
        raise InvalidArgumentError(
            f"{path.name!r} is of no known kind: its name must end in {', '.join(_KINDS)}, with .gz or .zst behind it "
            "where it is compressed"
        )
    return kind


def _parquet_file(path: Path, encoding: str | None) -> RowSource:
    if path.suffix.lower() != ".parquet":
        raise InvalidArgumentError(f"{path.name!r}: {_PARQUET_COMPRESSED}")
    if encoding is not None:
        raise InvalidArgumentError(f"encoding is of text files; {path.name!r} is none")
    if not is_parquet(path):
        raise InvalidArgumentError(f"{path.name!r} is no Parquet file, or one that breaks off")
    columns = _distinct(column_names(path), repr(path.name))
    # No field of XDM has a dot in its name, so such columns are paths, as in any other table.
    is_flat = any("." in name for name in columns)
    return RowSource(
        lambda: _parquet(path), columns, is_flat=is_flat, name=path.name, parquet=None if is_flat else path
    )


def _json_file(path: Path, encoding: str, kind: str) -> RowSource:
    if kind == ".json":
        if first_character(path, encoding) == "[":
            return RowSource(lambda: json_array(path, encoding), name=path.name)
        several = json_values(path, encoding)
        if several is not None:
            return RowSource(lambda: iter(several), name=path.name)
    if is_letter(next((row.given for row in json_lines(path, encoding)), None)):
        return RowSource(lambda: _again(json_lines(path, encoding)), name=path.name)
    return RowSource(lambda: json_lines(path, encoding), name=path.name)


def _delimited(path: Path, encoding: str, delimiter: str | None, kind: str) -> RowSource:
    return _with_header(path, _parted(path, encoding, delimiter, kind)[0])


def _parted(
    path: Path, encoding: str, delimiter: str | None, kind: str
) -> tuple[Callable[[], Iterator[Record]], str | None]:
    """The records of a file, and the delimiter that its first line tells a spreadsheet."""
    first = next((line.text for line in lines_of(path, encoding) if line.text.strip()), "")
    told = told_delimiter(first)
    parted = _delimiter_of(first, told if delimiter is None else delimiter, kind)
    return lambda: islice(records_of(path, encoding, parted), 0 if told is None else 1, None), told


def _delimiter_of(header: str, delimiter: str | None, kind: str) -> str:
    if delimiter is not None:
        if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '\r\n"':
            raise InvalidArgumentError(f"delimiter is one character, such as ';', not {delimiter!r}")
        return delimiter
    if kind == ".tsv":
        return "\t"
    return sniff_delimiter(header)


def _with_header(path: Path, records: Callable[[], Iterator[Record]]) -> RowSource:
    first = next(records(), None)
    if first is None:
        raise InvalidArgumentError(f"{path.name!r} has no header line")
    if first.problem is not None:
        raise InvalidArgumentError(f"{path.name}, line {first.line}, the header: {first.problem}")
    columns = tuple(map(_seen, first.values))
    # No column is called by an address: the first line is somebody's row. Names of XDM may begin with an "@".
    if any("@" in name.lstrip("@") for name in columns):
        raise InvalidArgumentError(f"{path.name!r}: {NO_HEADER}")
    _distinct(columns, repr(path.name))
    return TextTable(
        lambda: (row_of(record, position, columns) for position, record in enumerate(_behind_header(records))),
        columns,
        is_flat=True,
        records=lambda: _behind_header(records),
        name=path.name,
    )


def _seen(name: str) -> str:
    """The name of a column as people see it: without marks that have no width, and any kind of space is a space."""
    return " ".join(name.translate(_UNSEEN).split())


def _behind_header(records: Callable[[], Iterator[Record]]) -> Iterator[Record]:
    return islice(records(), 1, None)


def row_of(record: Record, position: int, columns: Sequence[str]) -> Row:
    """A record as a row of these columns."""
    if record.problem is not None:
        return Row(position, record.line, record.text, record.problem)
    values, width = record.values, len(columns)
    # What programs leave behind at the end of a line holds nothing.
    if len(values) > width and not any(map(str.strip, values[width:])):
        values = values[:width]
    if len(values) != width:
        problem = f"{len(values)} values, where the header names {width} columns"
        return Row(position, record.line, values, problem)
    given = dict(zip(columns, values, strict=True))
    if "" in given:
        # Sheets leave such columns behind at the right; what somebody has written into one is not lost.
        given[""] = "".join(value for name, value in zip(columns, values, strict=True) if not name)
    return Row(position, record.line, given)


def _words(path: Path, encoding: str) -> Iterator[Record]:
    for line in lines_of(path, encoding):
        values = line.text.split()
        if values:
            yield Record(line.number, values, line.problem, line.text.rstrip() if line.problem is None else None)


def _again(letters: Iterator[Row]) -> Iterator[Row]:
    """The rows of a file of rejects as XDM; those that would be refused again say so."""
    for row in letters:
        if row.problem is not None or not is_letter(row.given):
            yield row if row.problem is not None else row._replace(problem="no reject, unlike the lines before")
            continue
        reject = to_reject(row.given)
        if not may_go_again(row.given):
            yield row._replace(given=reject.row, problem=f'marked "can_retry": false: {reject.message}')
            continue
        given, problem = reject.row, None
        form = reject.form
        if form is not None and isinstance(given, dict):
            try:
                if form.mapping is not None:
                    given = compile_mapping(form.mapping)(given, line=reject.line or 0)
                elif form.is_dotted:
                    given = nest(given)
            except InvalidArgumentError as exc:
                problem = str(exc)
        yield row._replace(given=given, problem=problem)


def _parquet(path: Path) -> Iterator[Row]:
    rows = enumerate(read_file_rows(path, on_unreadable="yield"))
    while True:
        try:
            position, given = next(rows)
        except StopIteration:
            return
        except DecodeError as exc:
            # It is the caller's file, and not one that the service has given.
            raise InvalidArgumentError(str(exc)) from None
        yield row_read(position, given)


def row_read(position: int, given: Any) -> Row:
    """A row of a table at this place, or of a value that Python cannot hold its problem."""
    if isinstance(given, UnreadableRow):
        return Row(position, position + 1, None, given.problem)
    return Row(position, position + 1, given)
