"""JSON Patch, as much of it as the catalogue documents: add, replace and remove."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any


class PatchError(ValueError):
    """A patch that is none, or that leads nowhere."""


def apply_patch(document: Mapping[str, Any], operations: Sequence[Any]) -> dict[str, Any]:
    """The document after all operations, in their order; objects on the way to a new value are made.

    Raises:
        PatchError: an operation is unknown, or its path is none of the document's.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    for operation in operations:
        if not isinstance(operation, Mapping) or operation.get("op") not in ("add", "replace", "remove"):
            raise PatchError("each entry needs an op of add, replace or remove")
        path = operation.get("path")
        if not isinstance(path, str) or not path.startswith("/"):
            raise PatchError("each entry needs a path that begins with a slash")
        # In this order: of `~01` the other one would make a slash.
        _apply(changed, operation, [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")])
    return changed


def _apply(document: dict[str, Any], operation: Mapping[str, Any], parts: list[str]) -> None:
    place: Any = document
    for part in parts[:-1]:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise PatchError("a path leads through something that is no object")
    if operation["op"] == "remove":
        if place.pop(parts[-1], None) is None:
            raise PatchError("a path to remove does not exist")
        return
    if "value" not in operation:
        raise PatchError("add and replace need a value")
    place[parts[-1]] = operation["value"]
