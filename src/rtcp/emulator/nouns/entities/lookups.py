"""What the look-ups share: who is asked for, under which merge policy, and how times are written."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rtcp.emulator.http.problems import entity_error
from rtcp.emulator.http.wire import Refusal
from rtcp.emulator.store import Identity, MergePolicy, Sandbox

PROFILE_CLASS = "_xdm.context.profile"
EVENT_CLASS = "_xdm.context.experienceevent"
B2B_CLASSES = ("_xdm.context.account", "_xdm.context.opportunity")
# The policy id that asks for no stitching and no merging by policy.
NO_POLICY = "none"


def identity_of(sandbox: Sandbox, entity_id: str, namespace: str | None) -> Identity:
    """The identity meant by an id with its namespace, or by an XID alone."""
    if namespace:
        known = sandbox.known_namespace(namespace)
        if known is None:
            raise Refusal(entity_error(400, f"identity namespace {namespace!r} is unknown in this sandbox"))
        return Identity(known, entity_id)
    identity = sandbox.parse_xid(entity_id)
    if identity is None:
        raise Refusal(entity_error(400, "entityIdNS is missing, and entityId is no XID of this sandbox"))
    return identity


def policy_for(sandbox: Sandbox, schema_name: str, policy_id: str | None) -> MergePolicy | None:
    """The policy to merge by: the one named, else the default of the class; None for the literal "none"."""
    if policy_id == NO_POLICY:
        return None
    if not policy_id and schema_name in B2B_CLASSES:
        return _b2b_policy(sandbox, schema_name)
    policy = sandbox.policy(policy_id) if policy_id else sandbox.default_policy(schema_name)
    if policy is not None and policy.schema_name == schema_name:
        return policy
    if policy_id:
        raise Refusal(entity_error(422, "provided merge policy is not found", '{"code":"UPLIB-101221-404"}'))
    detail = f"UPS-MRG-1000001: no default merge policy for class {schema_name!r}, and mergePolicyId is missing"
    raise Refusal(entity_error(422, detail))


def too_many_identities() -> Refusal:
    return Refusal(entity_error(422, "Too many related identities", '{"limit":"50"}'))


def namespace_code(reference: Any) -> str | None:
    """The code inside `{"code": …}`."""
    code = reference.get("code") if isinstance(reference, Mapping) else None
    return code if isinstance(code, str) and code else None


def instant(at_ms: int) -> str:
    """RFC 3339 in UTC with whole seconds, as the samples print lastModifiedAt."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _b2b_policy(sandbox: Sandbox, schema_name: str) -> MergePolicy:
    # B2B entities are resolved by the system, by time, whatever policies the sandbox has.
    policy_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{sandbox.id}:{schema_name}"))
    return MergePolicy(policy_id, None, schema_name, 1, "pdg", "timestampOrdered", (), False, True, 0)
