"""The table of operations: which path, which method, which route; and what is documented but not built."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from rtcp.emulator.lookups import EVENT_CLASS
from rtcp.emulator.routes import entities, events, ims, merge_policies
from rtcp.emulator.service import Handler

ENTITIES = "/data/core/ups/access/entities"
MERGE_POLICIES = "/data/core/ups/config/mergePolicies"
MERGE_POLICY = f"{MERGE_POLICIES}/{{mergePolicyId}}"
TOKEN_V3 = "/ims/token/v3"  # noqa: S105 - a path
TOKEN_V2 = "/ims/token/v2"  # noqa: S105 - a path

# (method, path template) -> operation. The event class turns both entity operations into entities.list_events.
OPERATIONS: dict[tuple[str, str], str] = {
    ("POST", TOKEN_V3): "auth.fetch_token",
    ("POST", TOKEN_V2): "auth.fetch_token",
    ("GET", ENTITIES): "entities.get",
    ("POST", ENTITIES): "entities.get_many",
    ("GET", MERGE_POLICIES): "merge_policies.list",
    ("POST", MERGE_POLICIES): "merge_policies.create",
    ("GET", MERGE_POLICY): "merge_policies.get",
}
HANDLERS: dict[str, Handler] = {
    "auth.fetch_token": ims.fetch_token,
    "entities.get": entities.get,
    "entities.get_many": entities.get_many,
    "entities.list_events": events.list_events,
    "merge_policies.list": merge_policies.list_,
    "merge_policies.get": merge_policies.get,
    "merge_policies.create": merge_policies.create,
}
# Documented paths that are not built: the prefix, and the name to give in the 501.
NOT_BUILT = {
    "/data/core/ca/attributes": "computed attributes",
    ENTITIES: "this method on entities",
    MERGE_POLICIES: "this method on merge policies",
    "/data/core/ups/export/jobs": "export jobs",
    "/data/core/ups/previewsamplestatus": "preview sample status",
    "/data/core/ups/system/jobs": "profile system jobs",
    "/data/core/ups/audiences": "audiences",
    "/data/core/ups/config/computedAttributes": "computed attributes under their old path",
    "/data/core/hygiene": "data hygiene",
    "/data/foundation": "the platform's foundation services",
    "/collection": "streaming ingestion",
    "/ee/va/v1": "the media edge",
    "/api/v1": "media collection",
}


@dataclass(frozen=True, slots=True)
class Match:
    """Where a request goes: `template` is the path in the description, `path_id` the id in the path."""

    template: str
    operation: str
    path_id: str | None = None


def match(method: str, raw_path: str) -> Match | None:
    """The operation of a request line; a trailing slash does not matter, an encoded one in an id does."""
    path = raw_path.rstrip("/")
    operation = OPERATIONS.get((method, path))
    if operation is not None:
        return Match(path, operation)
    parent, _, last = path.rpartition("/")
    operation = OPERATIONS.get((method, MERGE_POLICY))
    if parent == MERGE_POLICIES and operation is not None:
        return Match(MERGE_POLICY, operation, unquote(last))
    return None


def not_built(path: str) -> str | None:
    """What a path would lead to, when the service has it and the emulator has not."""
    return next((name for prefix, name in NOT_BUILT.items() if path == prefix or path.startswith(f"{prefix}/")), None)


def operation_for_class(operation: str, schema_name: object) -> str:
    """The operation, given the class that is looked up."""
    is_events = schema_name == EVENT_CLASS and operation in ("entities.get", "entities.get_many")
    return "entities.list_events" if is_events else operation
