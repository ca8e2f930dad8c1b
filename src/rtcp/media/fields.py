"""The fields of media details: what each may hold, and where it stands on the two wires."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, TypeVar

from rtcp.errors import InvalidArgumentError

T = TypeVar("T")


class Api(Enum):
    """The two APIs that take media events."""

    EDGE = "edge"
    COLLECTION = "collection"


_KINDS: Final = ("text", "whole", "number", "flag", "map")


def at(edge: str | None, collection: str | None, kind: str = "text") -> Mapping[Any, Any]:
    """Where a field stands on each wire, None where it stands on none, and what it holds; for `dataclasses.field`."""
    assert kind in _KINDS
    return {Api.EDGE: edge, Api.COLLECTION: collection, "kind": kind}


class Details:
    """A frozen dataclass whose fields were made with `at`."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            is_required = field.default is dataclasses.MISSING
            if value is None and not is_required:
                continue
            problem = _problem(value, field.metadata["kind"], is_required=is_required)
            if problem:
                raise InvalidArgumentError(f"{type(self).__name__}.{field.name} {problem}")

    def to_wire(self, api: Api) -> dict[str, Any]:
        """The fields that are given, under their names on that wire; what it has no place for is left out."""
        return {
            field.metadata[api]: value
            for field in dataclasses.fields(self)  # type: ignore[arg-type]
            if field.metadata[api] is not None and (value := getattr(self, field.name)) is not None
        }

    def to_json(self) -> dict[str, Any]:
        """The fields that are given, under their names here."""
        named = ((field.name, getattr(self, field.name)) for field in dataclasses.fields(self))  # type: ignore[arg-type]
        return {name: value for name, value in named if value is not None}


def from_json(kind: type[T], data: Mapping[str, Any]) -> T:
    """Details from their names here.

    Raises:
        InvalidArgumentError: a name is unknown, a value cannot be right, or a required one is missing.
    """
    known = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise InvalidArgumentError(f"{kind.__name__} has no {', '.join(unknown)}; it has {', '.join(known)}")
    missing = [name for name, field in known.items() if field.default is dataclasses.MISSING and name not in data]
    if missing:
        raise InvalidArgumentError(f"{kind.__name__} needs {', '.join(missing)}")
    return kind(**data)


def from_wire(kind: type[T], data: Mapping[str, Any], api: Api) -> T:
    """Details from their names on a wire.

    Raises:
        InvalidArgumentError: a name is unknown, a value cannot be right, or a required one is missing.
    """
    names = {field.metadata[api]: field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return from_json(kind, {names.get(name, name): value for name, value in data.items()})


def wire_names(kind: type[Any], api: Api) -> frozenset[str]:
    """The names of a kind of details on a wire."""
    return frozenset(name for field in dataclasses.fields(kind) if (name := field.metadata[api]) is not None)


def whole(value: Any) -> bool:
    """True for a whole number from 0; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def number(value: Any) -> bool:
    """True for a finite number from 0."""
    return whole(value) or (isinstance(value, float) and math.isfinite(value) and value >= 0)


def _problem(value: Any, kind: str, *, is_required: bool) -> str | None:
    if kind == "text":
        is_good = isinstance(value, str) and (bool(value) or not is_required)
        return None if is_good else "must be a text" + (" that is not empty" if value == "" else "")
    if kind == "whole":
        return None if whole(value) else "must be a whole number from 0"
    if kind == "number":
        return None if number(value) else "must be a number from 0"
    if kind == "flag":
        return None if isinstance(value, bool) else "must be True or False"
    return None if isinstance(value, Mapping) else "must be a mapping"
