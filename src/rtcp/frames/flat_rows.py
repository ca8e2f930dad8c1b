"""What rtcp answers, as flat rows: one dict for each thing, its keys being column names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Final, Union, cast, get_args, get_origin

from pydantic import BaseModel

from rtcp.errors import InvalidArgumentError, RtcpError
from rtcp.models.base import Model
from rtcp.models.entity import Entity, Event, Hit, Lookup, Lookups, Miss
from rtcp.models.explanation import Difference, Explanation
from rtcp.models.preview import Report
from rtcp.paging import Page, Paged

Row = dict[str, Any]

_BODY: Final = "entity"
_LOOKUP_COLUMNS: Final = ("position", "identity.id", "identity.namespace", "is_missing", "error")


def flat_rows(data: Any) -> Iterator[tuple[type, Row]]:
    """Each item of an iterable, each row of a report, or a single model, as its type and a flat row.

    Raises:
        InvalidArgumentError: there is no table in it.
    """
    if isinstance(data, Report):
        yield from _report_rows(data)
    elif isinstance(data, Page):
        yield from flat_rows(data.items)
    elif isinstance(data, Explanation):
        yield from flat_rows(data.differences)
    elif _is_one(data):
        yield type(data), flat_row(data)
    elif isinstance(data, Iterable) and not isinstance(data, str | bytes):
        for item in data:
            if isinstance(item, Report):
                yield from _report_rows(item)
            else:
                yield type(item), flat_row(item)
    else:
        raise InvalidArgumentError(f"a table is made of models, rows or a report of rtcp, not of {_kind(data)}")


def flat_row(item: Any) -> Row:
    """One thing as a row: nested objects become dot paths, lists stay lists, times are in UTC."""
    row: Row = {}
    if isinstance(item, Hit | Miss):
        _add_lookup(row, item)
    elif isinstance(item, Entity | Event):
        _add_entity(row, item)
    elif isinstance(item, BaseModel):
        _add_model(row, item)
    elif isinstance(item, Mapping):
        _add_mapping(row, item)
    elif is_dataclass(item) and not isinstance(item, type):
        for field in fields(item):
            _add(row, field.name, getattr(item, field.name))
    else:
        raise InvalidArgumentError(f"a row is made of a model of rtcp or a dict, not of {_kind(item)}")
    return row


@cache
def leading_columns(kind: type) -> tuple[str, ...]:
    """The columns that rows of this kind begin with, in that order; what else there is follows by name."""
    if issubclass(kind, Hit | Miss):
        return ("position", "identity", "is_missing", "error")
    if issubclass(kind, Entity | Event):
        return tuple(name for name in ("timestamp", "entity_id") if name in kind.model_fields)
    if issubclass(kind, BaseModel):
        return tuple(name for name, field in kind.model_fields.items() if not field.exclude)
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


@cache
def trailing_columns(kind: type) -> tuple[str, ...]:
    """The columns that rows of this kind end with: what the service says beside the data."""
    envelope = Entity if issubclass(kind, Hit | Miss) else kind
    if not issubclass(envelope, Entity | Event):
        return ()
    leading = leading_columns(kind)
    return tuple(name for name in envelope.model_fields if name != _BODY and name not in leading)


@cache
def empty_columns(kind: type) -> tuple[str, ...]:
    """The columns of a table of this kind without rows; what would be spread over several is left out."""
    is_lookup = issubclass(kind, Hit | Miss)
    leading = _LOOKUP_COLUMNS if is_lookup else leading_columns(kind)
    envelope = Entity if is_lookup else kind
    nested = _nested_fields(envelope) if issubclass(envelope, BaseModel) else frozenset()
    return tuple(name for name in (*leading, *trailing_columns(kind)) if name not in nested)


def kind_of(data: Any) -> type | None:
    """What the rows of something are, also where it has none; None where only the rows could tell."""
    if isinstance(data, Paged | Lookups):
        return data.of
    if isinstance(data, Report):
        (kind,) = get_args(type(data).model_fields["data"].annotation)
        return cast(type, kind)
    return Difference if isinstance(data, Explanation) else None


def _is_one(data: Any) -> bool:
    # Models are iterable themselves, over their fields, and bulk results are dataclasses to be iterated.
    return isinstance(data, BaseModel | Mapping) or (is_dataclass(data) and not isinstance(data, Iterable))


def _report_rows(report: Report) -> Iterator[tuple[type, Row]]:
    # Rows of several reports may come into one table: each says when it was counted.
    for item in getattr(report, "data", ()):
        row = flat_row(item)
        if row.get("reported_at") is None:
            row["reported_at"] = _plain(report.reported_at)
        yield type(item), row


def _add_lookup(row: Row, lookup: Lookup) -> None:
    row["position"] = lookup.position
    row["identity.id"] = lookup.identity.id if lookup.identity else None
    row["identity.namespace"] = lookup.identity.namespace if lookup.identity else None
    row["is_missing"] = lookup.is_missing
    row["error"] = None if lookup.error is None else str(lookup.error)
    if lookup.entity is not None:
        _add_entity(row, lookup.entity, taken=(*leading_columns(Hit), *trailing_columns(Hit)))


def _add_entity(row: Row, item: Entity | Event, *, taken: tuple[str, ...] = ()) -> None:
    _add_model(row, item, skip=_BODY)
    names = taken or (*leading_columns(type(item)), *trailing_columns(type(item)))
    for key, value in item.entity.items():
        # An event has a timestamp of its own beside that of its XDM: both are kept.
        _add(row, f"{_BODY}.{key}" if key in names else key, value)


def _add_model(row: Row, model: BaseModel, prefix: str = "", *, skip: str | None = None) -> None:
    nested = _nested_fields(type(model))
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        # What would be spread over several columns has none while it is absent.
        if name == skip or field.exclude or (value is None and name in nested):
            continue
        _add(row, prefix + name, value)
    for name, value in (model.model_extra or {}).items():
        _add(row, prefix + name, value)


def _add_mapping(row: Row, mapping: Mapping[Any, Any], prefix: str = "") -> None:
    for key, value in mapping.items():
        _add(row, f"{prefix}{key}", value)


def _add(row: Row, path: str, value: Any) -> None:
    if isinstance(value, dict | Mapping):
        _add_mapping(row, value, f"{path}.")
    elif isinstance(value, BaseModel):
        _add_model(row, value, f"{path}.")
    else:
        row[path] = _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo is not None else value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Model):
        return value.to_wire()
    return str(value) if isinstance(value, RtcpError) else value


@cache
def _nested_fields(kind: type[BaseModel]) -> frozenset[str]:
    return frozenset(name for name, field in kind.model_fields.items() if _is_nested(field.annotation))


def _is_nested(annotation: Any) -> bool:
    kind = get_origin(annotation) or annotation
    if kind in (Union, UnionType):
        return any(_is_nested(part) for part in get_args(annotation))
    return isinstance(kind, type) and issubclass(kind, BaseModel | dict)


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
