"""Failed records beside the rows that they came from: the service tells what failed, not which row that was."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from rtcp._json import read_json
from rtcp._numbers import is_whole
from rtcp.errors import InvalidArgumentError
from rtcp.models.batch import FailedRecord
from rtcp.rows.batch_file import RowFile
from rtcp.rows.export_files import without_nulls
from rtcp.rows.paths import value_at
from rtcp.rows.row import Row

# A larger one is not written out, as it may have any number of digits.
_LARGEST: Final = 10**400


def join_failed(file: RowFile, failed: Iterable[FailedRecord]) -> tuple[dict[int, FailedRecord], list[FailedRecord]]:
    """Find the row of each failed record: by its whole content first, then by its identity.

    Returns the failed records by the positions of their rows, and those whose rows were not found. Equal rows are
    told apart by their order alone.
    """
    joined: dict[int, FailedRecord] = {}
    left = list(failed)
    for key_of in (_content_key, lambda row: _identity_key(row, file.form.identity)):
        if left:
            left = _join(file, left, key_of, joined)
    return joined, left


def _join(
    file: RowFile,
    failed: list[FailedRecord],
    key_of: Callable[[dict[str, Any]], str | None],
    joined: dict[int, FailedRecord],
) -> list[FailedRecord]:
    waiting: dict[str, list[FailedRecord]] = defaultdict(list)
    left: list[FailedRecord] = []
    for record in failed:
        content = _row_of(record)
        key = None if content is None else key_of(content)
        (left if key is None else waiting[key]).append(record)
    for row in file.source.read():
        if not waiting:
            break
        if row.position in joined or row.position in file.refused:
            continue
        key = key_of(_as_sent(file, row))
        if key is not None and key in waiting:
            joined[row.position] = waiting[key].pop(0)
            if not waiting[key]:
                del waiting[key]
    return [*left, *(record for records in waiting.values() for record in records)]


def _as_sent(file: RowFile, row: Row) -> dict[str, Any]:
    try:
        return file.as_sent(row)
    except InvalidArgumentError:
        # A file that went as it was has not been checked, and a list may have been changed since.
        return {}


def _row_of(record: FailedRecord) -> dict[str, Any] | None:
    row: Any = record.row
    if row is None and record.text is not None:
        try:
            row = read_json(record.text)
        except ValueError:
            return None
    return without_nulls(row) if isinstance(row, dict) else None


def _content_key(row: dict[str, Any]) -> str | None:
    return json.dumps(_comparable(row), sort_keys=True, default=str) if row else None


def _identity_key(row: dict[str, Any], identity: str | None) -> str | None:
    value = None if identity is None else value_at(row, identity)
    named = next(((name, row[name]) for name in ("_id", "identityMap") if row.get(name)), None)
    found = (identity, value) if value is not None else named
    return None if found is None else json.dumps(_comparable(list(found)), sort_keys=True, default=str)


def _comparable(value: Any) -> Any:
    # Parquet has one type for a column: what was written as 1 may come back as 1.0, and a Decimal as a double.
    if isinstance(value, float | Decimal) and is_whole(value) and -_LARGEST < value < _LARGEST:
        return int(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: _comparable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_comparable(inner) for inner in value]
    return value
