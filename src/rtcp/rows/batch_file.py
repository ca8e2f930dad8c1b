"""Rows into one file that a batch can take, checked one by one; a row that cannot be right does not stop the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from rtcp._disk import name_in_errors
from rtcp._optional import require
from rtcp.errors import InvalidArgumentError
from rtcp.rows.columnar import columnar_table
from rtcp.rows.columns import Columns
from rtcp.rows.form import RowForm
from rtcp.rows.row import Row
from rtcp.rows.shaping import RowShaper
from rtcp.rows.sources import RowSource
from rtcp.rows.wire_json import encode, plain

RowFormat = Literal["parquet", "json"]
_GROUP: Final = 5_000
_NOTHING: Final = "the row has nothing but empty lists, which have no type in Parquet; format='json' takes them"


@dataclass(frozen=True)
class RowFile:
    """Rows, and what of them goes into a file.

    Attributes:
        source: the rows as the caller has them.
        form: how they become XDM, and what they must have.
        refused: why a row stays out, by its position; known once the file is written.
    """

    source: RowSource
    format: RowFormat
    form: RowForm
    refused: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A column that is not there is told before anything is read.
        self.shaper  # noqa: B018

    @cached_property
    def shaper(self) -> RowShaper:
        """Makes XDM of the rows."""
        return RowShaper(self.form, self.source)

    @property
    def ready(self) -> Path | None:
        """The caller's own file, where it can go as it is."""
        is_fit = self.format == "parquet" and self.form.mapping is None and self.form.identity is None
        return self.source.parquet if is_fit else None

    def count(self) -> int:
        """How many rows are in the caller's own file.

        Raises:
            InvalidArgumentError: it is no Parquet file.
        """
        pyarrow = require("pyarrow", extra="arrow")
        parquet = require("pyarrow.parquet", extra="arrow")
        try:
            count: int = parquet.read_metadata(self.ready).num_rows
        except pyarrow.ArrowException as exc:
            problem = type(exc).__name__
        else:
            return count
        raise InvalidArgumentError(f"{self.source.name}: Parquet that cannot be read ({problem})")

    def write(self, path: Path) -> int:
        """Write the file and return how many rows are in it, 0 without a file; the others are in `refused`.

        Raises:
            InvalidArgumentError: the rows cannot be read.
            MissingExtraError: Parquet takes pyarrow.
            OSError: the disk is full, say; the error names the file.
        """
        self.refused.clear()
        with name_in_errors(path):
            table = columnar_table(self.shaper, self.source)
            if table is not None:
                write = table.write_json if self.format == "json" else table.write_parquet
                return write(path, as_sent=self.as_sent, refused=self.refused)
            return self._write_json(path) if self.format == "json" else self._write_parquet(path)

    def as_sent(self, row: Row) -> dict[str, Any]:
        """The row as it stands in the file: XDM without nulls, times as texts.

        Raises:
            InvalidArgumentError: it cannot be right; the message names the path, never the value.
        """
        shaped = self.shaper.shape(row)
        sent: Any = shaped if self.shaper.is_plain else plain(shaped)
        if not sent:
            raise InvalidArgumentError("the row is empty")
        row_as_sent: dict[str, Any] = sent
        return row_as_sent

    def _accepted(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for row in self.source.read():
            if row.position in self.refused:
                continue
            try:
                sent = self.as_sent(row)
            except InvalidArgumentError as exc:
                self.refused[row.position] = str(exc)
                continue
            yield row.position, sent

    def _write_json(self, path: Path) -> int:
        count = 0
        with path.open("wb") as file:
            for _, sent in self._accepted():
                file.write(encode(sent) + b"\n")
                count += 1
        return count

    def _write_parquet(self, path: Path) -> int:
        columns = Columns()
        count = 0
        for _, sent in self._accepted():
            columns.learn(sent)
            count += 1
        if count == 0:
            return 0
        # The types are those of most rows, so the rows are read twice: once for the types, once for the file.
        columns.settle()
        schema = columns.arrow_schema()
        pyarrow = require("pyarrow", extra="arrow")
        parquet = require("pyarrow.parquet", extra="arrow")
        if len(schema) == 0:
            # Without a column, Parquet has no rows.
            positions = [position for position, _ in self._accepted()]
            self.refused.update(dict.fromkeys(positions, _NOTHING))
            return 0
        written = 0
        try:
            with parquet.ParquetWriter(path, schema) as writer:
                for group in self._groups(columns):
                    writer.write_table(pyarrow.Table.from_pylist(group, schema=schema))
                    written += len(group)
        except pyarrow.ArrowException as exc:
            problem = type(exc).__name__
        else:
            return written
        raise InvalidArgumentError(f"the rows cannot be written as Parquet ({problem}); format='json' may do")

    def _groups(self, columns: Columns) -> Iterator[list[dict[str, Any]]]:
        group: list[dict[str, Any]] = []
        for position, sent in self._accepted():
            try:
                group.append(columns.arrow_row(sent))
            except InvalidArgumentError as exc:
                self.refused[position] = str(exc)
            if len(group) == _GROUP:
                yield group
                group = []
        if group:
            yield group
