"""Rows into one file that a batch can take, checked one by one; a row that cannot be right does not stop the others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

from rtcp._optional import require
from rtcp.errors import InvalidArgumentError
from rtcp.files.folder import naming
from rtcp.rows.columns import Columns, arrow_row
from rtcp.rows.export_files import without_nulls
from rtcp.rows.mapping import RowMapper
from rtcp.rows.sources import Row, RowSource
from rtcp.rows.wire_json import encode

RowFormat = Literal["parquet", "json"]
_GROUP: Final = 5_000


@dataclass(frozen=True)
class RowFile:
    """Rows, and what of them goes into a file.

    Attributes:
        source: the rows as the caller has them.
        mapper: makes XDM of them; None takes them as they are.
        identity: dot path that each row must have, if it has no `identityMap`; None does not check.
        refused: why a row stays out, by its position; known once the file is written.
    """

    source: RowSource
    format: RowFormat
    mapper: RowMapper | None = None
    identity: str | None = None
    refused: dict[int, str] = field(default_factory=dict)

    @property
    def ready(self) -> Path | None:
        """The caller's own file, where it can go as it is."""
        is_fit = self.format == "parquet" and self.mapper is None and self.identity is None
        return self.source.parquet if is_fit else None

    def count(self) -> int:
        """How many rows are in the caller's own file."""
        parquet = require("pyarrow.parquet", extra="arrow")
        count: int = parquet.read_metadata(self.ready).num_rows
        return count

    def write(self, path: Path) -> int:
        """Write the file and return how many rows are in it; the others are in `refused`.

        Raises:
            InvalidArgumentError: the rows cannot be read, or none of them can be right.
            MissingExtraError: Parquet takes pyarrow.
            OSError: the disk is full, say; the error names the file.
        """
        self.refused.clear()
        with naming(path):
            count = self._write_json(path) if self.format == "json" else self._write_parquet(path)
        if count == 0:
            first = next(iter(self.refused.items()), None)
            why = "" if first is None else f": {len(self.refused)} were refused, row {first[0]} as {first[1]}"
            raise InvalidArgumentError(f"there is no row to send{why}")
        return count

    def as_sent(self, row: Row) -> dict[str, Any]:
        """The row as it stands in the file: XDM without nulls, times as texts.

        Raises:
            InvalidArgumentError: it cannot be right; the message names the path, never the value.
        """
        if not isinstance(row.given, dict):
            raise InvalidArgumentError(f"the row is no object but {type(row.given).__name__}")
        given = self.source.nested(row.given) if self.mapper is None else self.mapper(row.given, line=row.line)
        sent = without_nulls(json.loads(encode(given)))
        if not sent:
            raise InvalidArgumentError("the row is empty")
        if self.identity is not None and not sent.get("identityMap") and not value_at(sent, self.identity):
            raise InvalidArgumentError(f"the row has no identity: neither {self.identity} nor identityMap has a value")
        row_as_sent: dict[str, Any] = sent
        return row_as_sent

    def _accepted(self, check: Callable[[dict[str, Any]], Any]) -> Iterator[dict[str, Any]]:
        for row in self.source.read():
            if row.position in self.refused:
                continue
            try:
                sent = self.as_sent(row)
                check(sent)
            except InvalidArgumentError as exc:
                self.refused[row.position] = str(exc)
                continue
            yield sent

    def _write_json(self, path: Path) -> int:
        count = 0
        with path.open("wb") as file:
            for sent in self._accepted(lambda row: None):
                _write_line(file, sent)
                count += 1
        return count

    def _write_parquet(self, path: Path) -> int:
        columns = Columns()
        count = sum(1 for _ in self._accepted(columns.add))
        if count == 0:
            return 0
        # The types are those of all rows, so the rows are read twice: once for the types, once for the file.
        schema = columns.arrow_schema()
        pyarrow = require("pyarrow", extra="arrow")
        parquet = require("pyarrow.parquet", extra="arrow")
        try:
            with parquet.ParquetWriter(path, schema) as writer:
                for group in _grouped(self._accepted(lambda row: None)):
                    writer.write_table(pyarrow.Table.from_pylist(group, schema=schema))
        except pyarrow.ArrowException as exc:
            problem = type(exc).__name__
        else:
            return count
        raise InvalidArgumentError(f"the rows cannot be written as Parquet ({problem}); format='json' may do")


def _write_line(file: BinaryIO, row: dict[str, Any]) -> None:
    file.write(encode(row).encode() + b"\n")


def _grouped(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    for row in rows:
        group.append(arrow_row(row))
        if len(group) == _GROUP:
            yield group
            group = []
    if group:
        yield group


def value_at(row: dict[str, Any], path: str) -> Any:
    """The value at a dot path, or None."""
    value: Any = row
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value
