"""Rows of an iterator, which can be read only once, kept in a file of the owner's alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from rtcp._numbers import MOST_BITS, as_number, is_boolean
from rtcp._private import private_file
from rtcp._temporary import TemporaryFolder
from rtcp.rows.wire_json import wire_value

# The key of an object that stands for what JSON does not have; no row can have it, as it is no text of UTF-8.
_TAG: Final = "\udc00rtcp"


class Unkept:
    """In the place of a value that cannot be kept, and that no row may have either."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"<{self.kind}>"


class KeptRows:
    """Rows in a temporary file, which goes when this goes."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._folder = TemporaryFolder(prefix="rtcp-rows-")
        self._path = self._folder.path / "rows.jsonl"
        with private_file(self._path, encoding="ascii") as file:
            for row in rows:
                file.write(_dumped(row) + "\n")

    def read(self) -> Iterator[Any]:
        """Yield the rows."""
        with self._path.open(encoding="ascii") as file:
            for line in file:
                yield json.loads(line, object_hook=_restored)


def _dumped(row: Any) -> str:
    try:
        return json.dumps(row, default=_tagged)
    except (TypeError, ValueError, RecursionError):
        # Only now: most rows have nothing to clean, and looking for it takes longer than writing them.
        return json.dumps(_cleaned(row, 0), default=_tagged)


def _tagged(value: Any) -> Any:
    if isinstance(value, datetime):
        # A fold or a zone by name is no matter: the instant is what goes out.
        return {_TAG: ["datetime", value.isoformat()]}
    if isinstance(value, date):
        return {_TAG: ["date", value.isoformat()]}
    if isinstance(value, UUID | Enum):
        return wire_value(value)
    if is_boolean(value):
        return bool(value)
    number = as_number(value)
    if isinstance(number, Decimal):
        return {_TAG: ["decimal", str(number)]}
    if number is not None:
        return _cleaned(number, 0)
    if isinstance(value, Mapping):
        return dict(value)
    return {_TAG: ["other", type(value).__name__]}


def _restored(found: dict[str, Any]) -> Any:
    if _TAG not in found:
        return found
    kind, text = found[_TAG]
    if kind == "datetime":
        return datetime.fromisoformat(text)
    if kind == "date":
        return date.fromisoformat(text)
    return Decimal(text) if kind == "decimal" else Unkept(text)


def _cleaned(value: Any, depth: int) -> Any:
    """The value with keys that are texts, and no deeper than a row can be."""
    if depth > 200:
        return {_TAG: ["other", "object nested too deep"]}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value):
            return {key: _cleaned(item, depth + 1) for key, item in value.items()}
        return {_TAG: ["other", "object with keys that are no texts"]}
    if isinstance(value, list | tuple):
        return [_cleaned(item, depth + 1) for item in value]
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return {_TAG: ["other", "number with too many digits"]}
    return value
