"""Dot paths into XDM: the fields that a caller limits an answer to, and the values that a filter looks at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

IDENTITIES = "identities"
_NOTHING = object()


def select(entity: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The part of an entity that the paths name.

    A path through a list goes into each of its items; an unknown path gives nothing.
    """
    part = _cut(entity, _tree(paths))
    return part if isinstance(part, dict) else {}


def values_at(entity: Any, path: str) -> Iterator[Any]:
    """Every value at a path, through lists."""
    if isinstance(entity, list):
        for item in entity:
            yield from values_at(item, path)
        return
    if not path:
        yield entity
        return
    head, _, rest = path.partition(".")
    if isinstance(entity, Mapping) and head in entity:
        yield from values_at(entity[head], rest)


def _tree(paths: Iterable[str]) -> dict[str, Any]:
    """The paths as nested names; None stands for all that is below."""
    tree: dict[str, Any] = {}
    for path in paths:
        *parents, leaf = path.split(".")
        node = tree
        for parent in parents:
            if node.get(parent, _NOTHING) is None:
                break
            node = node.setdefault(parent, {})
        else:
            node[leaf] = None
    return tree


def _cut(value: Any, tree: dict[str, Any] | None) -> Any:
    if tree is None:
        return value
    if isinstance(value, list):
        return [part for item in value if (part := _cut(item, tree)) is not _NOTHING]
    if not isinstance(value, Mapping):
        return _NOTHING
    parts = {name: _cut(value[name], below) for name, below in tree.items() if name in value}
    kept = {name: part for name, part in parts.items() if part is not _NOTHING}
    return kept or _NOTHING
