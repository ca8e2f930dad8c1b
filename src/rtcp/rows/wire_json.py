"""JSON as it goes to the service, and the place of what is none."""

from __future__ import annotations

import json
import json.encoder
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import ModuleType
from typing import Any, Final
from uuid import UUID

from rtcp._instants import to_iso
from rtcp._numbers import MOST_BITS, as_number, is_boolean, is_finite
from rtcp._optional import found
from rtcp.errors import InvalidArgumentError

# json.JSONEncoder makes one of these for each call, at a third of the cost of a small row.
_make_encoder: Final = getattr(json.encoder, "c_make_encoder", None)
_DEEPEST: Final = 200
# The encoder has no way to write a Decimal with its own digits: it goes through as a text that nobody else can write.
_MARK: Final = secrets.token_hex(12)
_MARKED: Final = re.compile(f'"{_MARK}([^"]*)"')
_MARK_BYTES: Final = _MARK.encode()
_MARKED_BYTES: Final = re.compile(_MARKED.pattern.encode())


def encode(value: Any) -> bytes:
    """Compact JSON in UTF-8: datetimes as RFC 3339, numbers of numpy and Decimal as numbers, UUIDs as texts, and of an
    enum its value.

    Raises:
        InvalidArgumentError: something in it is no JSON; the message names the path, never the value.
    """
    try:
        return encode_unchecked(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        pass
    raise InvalidArgumentError(problem_of(value))


def plain(given: Any) -> Any:
    """The value as plain JSON has it: times as texts, numbers of Python's own and Decimals, no nulls in objects and no
    objects that are empty without them.

    Raises:
        InvalidArgumentError: something in it is no JSON; the message names the path, never the value.
    """
    try:
        return _plain(given, 0)
    except (TypeError, ValueError, OverflowError, RecursionError):
        pass
    raise InvalidArgumentError(problem_of(given))


def _plain(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        if not value.isascii():
            value.encode()
        return value
    if kind is int:
        if value.bit_length() > MOST_BITS:
            raise ValueError("too many digits")
        return value
    if value is None or kind is bool:
        return value
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    if kind is dict or isinstance(value, Mapping):
        return _plain_object(value, depth)
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    return _plain_leaf(value, depth)


def _plain_object(value: Mapping[Any, Any], depth: int) -> dict[str, Any] | None:
    kept: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            key = _text_of_key(key)
        elif not key.isascii():
            key.encode()
        inner = _plain(item, depth + 1)
        if inner is not None:
            kept[key] = inner
    return kept or None


def _text_of_key(key: Any) -> str:
    """What the encoder of JSON makes of a key that is no text."""
    (text,) = json.loads(json.dumps({key: 0}, allow_nan=False))
    return str(text)


def _plain_leaf(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _plain(str.__str__(value), 0)
    if isinstance(value, date | UUID):
        return wire_value(value)
    if isinstance(value, Enum):
        return _plain(value.value, depth + 1)
    if is_boolean(value):
        return bool(value)
    number = as_number(value)
    if number is None:
        raise TypeError(type(value).__name__)
    if not is_finite(number):
        raise ValueError("not a number")
    return number


def wire_value(value: Any) -> Any:
    """What the encoder does not know: aware datetimes, dates and UUIDs have a text, numbers of others their digits."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("a datetime without time zone")
        return to_iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_boolean(value):
        return bool(value)
    if isinstance(value, Mapping):
        return dict(value)
    number = as_number(value)
    if number is None:
        raise TypeError(type(value).__name__)
    if isinstance(number, Decimal):
        if not number.is_finite():
            raise ValueError("not a number")
        return f"{_MARK}{number}"
    return number


def _text_encoder() -> Callable[[Any], str]:
    if _make_encoder is None:
        encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=wire_value)
        return lambda value: _unmark(encoder.encode(value))
    escaped = json.encoder.encode_basestring
    chunks = _make_encoder(None, wire_value, escaped, None, ":", ",", False, False, False)
    return lambda value: _unmark("".join(chunks(value, 0)))


def _unmark(text: str) -> str:
    return _MARKED.sub(r"\1", text) if _MARK in text else text


def make_encoder(orjson: ModuleType | None) -> Callable[[Any], bytes]:
    """What `encode_unchecked` does, with orjson or without: the same values from both, and the same refusals."""
    if orjson is None:
        return lambda value: text_unchecked(value).encode()
    dumps, option = orjson.dumps, orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS

    def encode_quickly(value: Any) -> bytes:
        try:
            data: bytes = dumps(value, wire_value, option)
        except TypeError:
            data = b""
        # Of what it refuses, some is fine: numbers beyond 64 bits, keys that are numbers. And it writes NaN as null.
        if not data or b"null" in data:
            return text_unchecked(value).encode()
        return _MARKED_BYTES.sub(rb"\1", data) if _MARK_BYTES in data else data

    return encode_quickly


quoted: Final[Callable[[str], str]] = json.encoder.encode_basestring
"""A text as JSON has it."""

text_unchecked: Final = _text_encoder()
"""Compact JSON text; raises what the encoder raises, which may repeat a value."""

encode_unchecked: Final = make_encoder(found("orjson"))
"""What `encode` does; raises what the encoder raises, which may repeat a value."""


def problem_of(value: Any) -> str:
    """What in a value that could not be encoded is to blame, and where."""
    return _fault(value, "", 0) or "the row is no JSON"


def _fault(value: Any, path: str, depth: int) -> str | None:
    where = path or "the row"
    if isinstance(value, Enum):
        value = value.value
    if depth > _DEEPEST:
        return f"{path.partition('.')[0]} is nested too deep, or holds itself"
    if isinstance(value, Mapping):
        for key in value:
            if isinstance(key, str) and not _is_encodable(key):
                return f"{where} has a key with a character that UTF-8 cannot carry"
            if key is not None and not isinstance(key, str | int | float):
                return f"{where} has a key that is no text but {type(key).__name__}"
        parts = ((f"{path}.{key}" if path else key, item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        parts = ((f"{path}[{number}]", item) for number, item in enumerate(value))
    else:
        reason = _reason(value)
        return None if reason is None else f"{where} {reason}"
    return next((found for where, item in parts if (found := _fault(item, where, depth + 1)) is not None), None)


def _reason(value: Any) -> str | None:
    if isinstance(value, bytes | bytearray | memoryview):
        return "is bytes; decode it to text first"
    if isinstance(value, datetime) and value.tzinfo is not None:
        return None if _is_in_calendar(value) else "is a time that is outside the calendar in UTC"
    if isinstance(value, datetime) and value.tzinfo is None:
        return (
            "is a datetime without time zone; use e.g. datetime(..., tzinfo=timezone.utc), or a mapping with the type "
            "date-time, which takes it as UTC"
        )
    if isinstance(value, str):
        return None if value.isascii() or _is_encodable(value) else "has a character that UTF-8 cannot carry"
    if value is None or is_boolean(value) or isinstance(value, date | UUID):
        return None
    number = as_number(value)
    if number is None:
        return f"is no JSON value but {type(value).__name__}"
    if not is_finite(number):
        return "is not a number (NaN or infinite)"
    return "is a number with too many digits" if isinstance(number, int) and number.bit_length() > MOST_BITS else None


def _is_in_calendar(instant: datetime) -> bool:
    try:
        to_iso(instant)
    except OverflowError:
        return False
    return True


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
