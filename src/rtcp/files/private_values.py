"""What a file that is being uploaded says of people, so that no error repeats it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from rtcp._json import read_json
from rtcp.transport.request import Content
from rtcp.transport.scrubbing import values_in

# Bytes, and values: an error says something of a few rows, and looking for more than these would take long.
_MOST_READ: Final = 16 << 20
_MOST_VALUES: Final = 200_000
_PARQUET: Final = b"PAR1"
_BETWEEN_CELLS: Final = re.compile(r"[,;\t|\r\n\"]+")
_SHORT: Final = 3


def values_of(content: Content) -> Iterable[str]:
    """The values in the rows of a file or of a piece of one, as far as they can be read."""
    return islice(dict.fromkeys(_values(_beginning(content))), _MOST_VALUES)


def _beginning(content: Content) -> bytes:
    blocks: list[bytes] = []
    size = 0
    # What is read for its errors is no progress of its sending.
    for block in getattr(content, "blocks", content.__iter__)():
        blocks.append(block)
        size += len(block)
        if size >= _MOST_READ:
            break
    return b"".join(blocks)


def _values(data: bytes) -> Iterator[str]:
    if data.startswith(_PARQUET):
        for row in _rows(data):
            yield from values_in(row)
        return
    text = data.decode("utf-8", "ignore")
    with suppress(ValueError):
        yield from values_in(read_json(text))
        return
    for line in text.splitlines():
        try:
            yield from values_in(read_json(line))
        except ValueError:
            # A line of CSV, or half a line of JSON at the end of a piece.
            cells = (cell.strip() for cell in _BETWEEN_CELLS.split(line))
            yield from (cell for cell in cells if len(cell) > _SHORT)


def _rows(data: bytes) -> Iterator[Any]:
    # Of a part of a file, or without this package, nothing can be read.
    with suppress(ImportError, OSError, ValueError, NotImplementedError, RuntimeError):
        from pyarrow import parquet

        for batch in parquet.ParquetFile(io.BytesIO(data)).iter_batches(batch_size=1000):
            yield from batch.to_pylist()
