"""What the bodies of writing merge-policy calls mean: drafts, and the patches that look like JSON Patch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rtcp.emulator.store import DATASET_PRECEDENCE, MergePolicy, StoreError

# The paths that the sources list; the last one is a slip of the published description.
_FLAGS = {"/default": "default", "/isActiveOnEdge": "is_active_on_edge", "/idActiveOnEdge": "is_active_on_edge"}
_TEXTS = {"/name": "name", "/identityGraph.type": "identity_graph", "/schema.name": "schema_name"}
_MERGE = "/attributeMerge.type"
_VERSION = "/version"


def fields_of(draft: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a policy as a complete body gives them; what is absent has its default."""
    merge = draft["attributeMerge"]
    return {
        "name": draft.get("name"),
        "schema_name": draft["schema"]["name"],
        "identity_graph": draft["identityGraph"]["type"],
        "attribute_merge": merge["type"],
        # An order beside timestampOrdered means nothing; other clients send one all the same.
        "order": tuple(merge["order"]) if merge["type"] == DATASET_PRECEDENCE else (),
        "default": boolean(draft.get("default")),
        "is_active_on_edge": boolean(draft.get("isActiveOnEdge")),
    }


def apply_patch(policy: MergePolicy, content: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> MergePolicy:
    """The policy after one operation or a list of them.

    Raises:
        StoreError: a value is of the wrong kind, or precedence is asked for where no order is.
    """
    operations = [content] if isinstance(content, Mapping) else content
    for operation in operations:
        policy = replace(policy, **_change(policy, operation["path"], operation["value"]))
    return policy


def boolean(value: bool | str | None) -> bool:
    """A flag, which comes as a boolean and as its name."""
    return value is True or value == "true"


def _change(policy: MergePolicy, path: str, value: Any) -> dict[str, Any]:
    if path == _VERSION:
        # Listed as a path, yet the system counts versions itself.
        return {}
    if path in _FLAGS:
        if value not in (True, False, "true", "false"):
            raise StoreError(f"the value of {path} must be true or false")
        return {_FLAGS[path]: boolean(value)}
    if not isinstance(value, str) or not value:
        raise StoreError(f"the value of {path} must be a text")
    if path == _MERGE:
        return {"attribute_merge": value, "order": policy.order if value == DATASET_PRECEDENCE else ()}
    return {_TEXTS[path]: value}
