"""What an answer is made of: keys, types and counts. No value of it is ever part of that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(?P<zone>Z|[+-]\d\d:?\d\d)?")
# A name that somebody gave to a field. Anything else may be an id, and an id may be a person's.
_NAME: Final = re.compile(r"[A-Za-z_$@][A-Za-z_$:@-]{0,59}")
_FIELD_WITH_DIGITS: Final = re.compile(r"(\d{1,3}days|[A-Za-z_]+\d{1,2})")
_ID: Final = "<id>"
# Objects whose keys are ids, however much like names they look.
_MAPS: Final = frozenset(
    {
        ("entities.get", ""),
        ("entities.get_many", ""),
        ("merge_policies.get_many", "results"),
        ("preview.dataset_overlap", "data"),
        ("preview.namespace_overlap", "data"),
        ("datasets.list", ""),
        ("datasets.create", ""),
        ("datasets.create_for_export", ""),
    }
)
_MAP_NAMES: Final = frozenset(
    {"segmentMembership", "identityMap", "nsDistribution", "exportedProfileByNamespaceCounter"}
)


@dataclass(frozen=True, slots=True)
class Line:
    """One place of an answer: its path, the types seen there, and how often it was seen."""

    path: str
    types: tuple[str, ...]
    count: int


def shape(bodies: Sequence[Any], *, operation: str) -> list[Line]:
    """The places of some answers of one operation, in the order of the answers."""
    types: dict[str, dict[str, int]] = {}
    for body in bodies:
        for path, kind in _places(body, "", operation.partition(" ")[0]):
            seen = types.setdefault(path, {})
            seen[kind] = seen.get(kind, 0) + 1
    return [Line(path or "(all)", tuple(sorted(kinds)), sum(kinds.values())) for path, kinds in types.items()]


def kind_of(value: Any) -> str:
    """The type of a value, and the form of a text or the size of a number, but nothing of what it says."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return f"whole number of {len(str(abs(value)))} digits" if abs(value) >= 10**9 else "whole number"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return _kind_of_text(value)
    if isinstance(value, list):
        return f"list of {len(value)}" if len(value) < 2 else "list of several"
    return "object"


def _kind_of_text(text: str) -> str:
    if text == "":
        return "empty text"
    if text.lower() in ("true", "false"):
        return "text of a boolean"
    if text == "null":
        return "text of null"
    if text.startswith('"'):
        return "text in quotation marks"
    if _NUMBER.fullmatch(text):
        return "text of a number"
    if _UUID.fullmatch(text):
        return "text of a UUID"
    instant = _INSTANT.fullmatch(text)
    if instant is not None:
        return "text of a time" if instant["zone"] else "text of a time without zone"
    return "text of JSON" if text[0] in "[{" else "text"


def _places(value: Any, path: str, operation: str) -> Iterator[tuple[str, str]]:
    yield path, kind_of(value)
    if isinstance(value, dict):
        is_map = (operation, path) in _MAPS or path.rpartition(".")[2] in _MAP_NAMES
        is_inside_map = path.rpartition(".")[0].rpartition(".")[2] in _MAP_NAMES
        for key, inner in value.items():
            shown = _ID if is_map or is_inside_map or not _is_name(key) else key
            yield from _places(inner, f"{path}.{shown}" if path else shown, operation)
    elif isinstance(value, list):
        for inner in value:
            yield from _places(inner, f"{path}[]", operation)


def _is_name(key: str) -> bool:
    if _UUID.fullmatch(key) or "@" in key[1:]:
        return False
    return _NAME.fullmatch(key) is not None or _FIELD_WITH_DIGITS.fullmatch(key) is not None
