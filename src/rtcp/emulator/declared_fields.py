"""Rows held to the declared fields of their dataset; errors come in the words of the service's own validator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rtcp.emulator.store import Dataset, RowError
from rtcp.emulator.store.extraction import read_event_key
from rtcp.emulator.store.ingest import complaint

Violation = dict[str, Any]

TYPES = ("string", "integer", "number", "boolean", "date", "date-time", "object", "array")
RULES = ("type", "required", "enum", "pattern", "minimum", "maximum")
# The service stops after so many errors of one message.
MOST_ERRORS = 5
_TYPE_NAMES = {"object": "JSONObject", "array": "JSONArray", "date": "String", "date-time": "String"}
_FOUND_NAMES: dict[type, str] = {
    str: "String",
    int: "Long",
    float: "Double",
    bool: "Boolean",
    dict: "JSONObject",
    list: "JSONArray",
    type(None): "Null",
}
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "date": (str,),
    "date-time": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
_DATE_TIMES = (
    "[yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1-9}Z, yyyy-MM-dd'T'HH:mm:ss[+-]HH:mm, "
    "yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}[+-]HH:mm]"
)


@dataclass(slots=True)
class Node:
    """One field; `children` None means that an object, or the items of an array, may hold anything."""

    kind: str = "object"
    rules: Mapping[str, Any] = field(default_factory=dict)
    children: dict[str, Node] | None = None
    items: Node | None = None
    required: list[str] = field(default_factory=list)


class FieldError(ValueError):
    """Declared fields that make no sense."""


def compile_fields(dataset: Dataset) -> Node:
    """The tree of a dataset's fields: the declared ones, what its class has, and its identities.

    Without declared fields every field is allowed, and only what the class and the identities need is asked for.

    Raises:
        FieldError: a path, a type or a rule is wrong.
    """
    root = Node(children={} if dataset.fields is not None else None)
    if dataset.is_event:
        root.required += ["_id", "timestamp"]
    if root.children is not None:
        root.children.update({"_id": Node("string"), "timestamp": Node("date-time")})
        if dataset.reads_map:
            root.children["identityMap"] = Node("object")
        for path, rules in (dataset.fields or {}).items():
            _declare(root, path, rules)
    for identity in dataset.identities:
        # Where fields are declared, an identity path is one of them without being named.
        if root.children is not None and _find(root, identity.path) is None:
            _declare(root, identity.path, {"type": "string"})
    return root


def row_violations(fields: Node, dataset: Dataset, row: Any, *, is_partial: bool = False) -> list[Violation]:
    """What a row has against it before it can land: its fields, its id and time, its identities, its size.

    One rule book for validation while the caller waits, for what was streamed and for batches, with declared fields
    and without.

    Args:
        is_partial: the row changes some fields of a record, so that none is required.
    """
    found = [each for each in violations(fields, row) if not (is_partial and each["keyword"] == "required")]
    if found or not isinstance(row, dict):
        return found
    wrong = complaint(dataset, row)
    return [] if wrong is None else [violation(wrong.keyword, str(wrong), wrong.pointer)]


def violations(node: Node, value: Any) -> list[Violation]:
    """What a row has against it, at most five things."""
    # Most datasets declare no fields, and most rows have what they need.
    if node.children is None and isinstance(value, dict) and all(value.get(name) is not None for name in node.required):
        return []
    found: list[Violation] = []
    _check(node, value, "#", "#", found)
    return found[:MOST_ERRORS]


def wrap_violations(found: list[Violation]) -> Violation:
    """One error is itself; several are the causes of one that counts them."""
    if len(found) == 1:
        return found[0]
    return {
        "schemaLocation": "#",
        "pointerToViolation": "#",
        "causingExceptions": found,
        "message": f"{len(found)} schema violations found",
    }


def violation(keyword: str, message: str, pointer: str = "#", location: str = "#") -> Violation:
    return {
        "schemaLocation": location,
        "pointerToViolation": pointer,
        "causingExceptions": [],
        "keyword": keyword,
        "message": message,
    }


def _check(node: Node, value: Any, pointer: str, location: str, found: list[Violation]) -> None:
    kind = _FOUND_NAMES.get(type(value), type(value).__name__)
    # Python takes a boolean for an integer, JSON does not.
    if not isinstance(value, _KINDS[node.kind]) or (isinstance(value, bool) and node.kind != "boolean"):
        expected = _TYPE_NAMES.get(node.kind, node.kind.capitalize())
        found.append(violation("type", f"expected type: {expected}, found: {kind}", pointer, location))
        return
    if isinstance(value, dict):
        _check_object(node, value, pointer, location, found)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            if node.items is not None:
                _check(node.items, item, f"{pointer}/{position}", f"{location}/items", found)
    else:
        message = _check_value(node, value)
        if message is not None:
            found.append(violation(message[0], message[1], pointer, location))


def _check_object(node: Node, value: Mapping[str, Any], pointer: str, location: str, found: list[Violation]) -> None:
    for name in node.required:
        if value.get(name) is None:
            found.append(violation("required", f"required key [{name}] not found", pointer, location))
    if node.children is None:
        return
    for name, item in value.items():
        child = node.children.get(name)
        if child is None:
            found.append(
                violation("additionalProperties", f"extraneous key [{name}] is not permitted", pointer, location)
            )
        # A null is a value that is not there.
        elif item is not None:
            _check(child, item, f"{pointer}/{name}", f"{location}/properties/{name}", found)


def _check_value(node: Node, value: Any) -> tuple[str, str] | None:
    rules = node.rules
    if node.kind == "date-time" and not _is_date_time(value):
        return "format", f"[{value}] is not a valid date-time. Expected {_DATE_TIMES}"
    if node.kind == "date" and not _is_date(value):
        return "format", f"[{value}] is not a valid date. Expected [yyyy-MM-dd]"
    if "enum" in rules and value not in rules["enum"]:
        return "enum", f"{value} is not a valid enum value"
    if "pattern" in rules and re.search(rules["pattern"], value) is None:
        return "pattern", f"string [{value}] does not match pattern {rules['pattern']}"
    if "minimum" in rules and value < rules["minimum"]:
        return "minimum", f"{value} is not greater or equal to {rules['minimum']}"
    if "maximum" in rules and value > rules["maximum"]:
        return "maximum", f"{value} is not less or equal to {rules['maximum']}"
    return None


def _is_date_time(value: str) -> bool:
    try:
        read_event_key({"_id": "x", "timestamp": value})
    except RowError:
        return False
    return True


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    # Python reads other forms of ISO 8601 too, such as 20260131.
    return len(value) == len("2026-01-31")


def _declare(root: Node, path: str, rules: Mapping[str, Any]) -> None:
    """Put a field such as `productListItems[].SKU` into the tree, with the objects and arrays on the way to it."""
    node, steps = root, path.split(".")
    for position, step in enumerate(steps):
        name, is_array = step.removesuffix("[]"), step.endswith("[]")
        if not name:
            raise FieldError(f"{path!r} is no path of a field; write it like 'commerce.order.priceTotal'")
        node.children = {} if node.children is None else node.children
        is_last = position == len(steps) - 1
        if is_last and rules.get("required"):
            node.required.append(name)
        child = node.children.setdefault(name, Node("array" if is_array else "object"))
        node = child
        if is_array:
            child.items = child.items or Node()
            node = child.items
        if is_last:
            node.kind, node.rules = rules.get("type", "string"), rules
            if node.kind not in TYPES:
                raise FieldError(f"the field {path!r} has an unknown type {node.kind!r}")
        elif node.kind != "object":
            raise FieldError(f"the field {path!r} lies below one that is no object")


def _find(root: Node, path: str) -> Node | None:
    node: Node | None = root
    for step in path.split("."):
        node = None if node is None or node.children is None else node.children.get(step)
    return node
