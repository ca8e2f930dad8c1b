"""Records: looked up one by GET or many by POST, and a person deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rtcp.emulator.http.problems import entity_error, entity_error_body, entity_not_found, partial_failure
from rtcp.emulator.http.wire import Answer, Refusal, Request
from rtcp.emulator.nouns.entities.lookups import (
    B2B_CLASSES,
    PROFILE_CLASS,
    identity_of,
    instant,
    namespace_code,
    policy_for,
    too_many_identities,
)
from rtcp.emulator.nouns.system_jobs.deletions import PERSON
from rtcp.emulator.service import Service
from rtcp.emulator.store import Identity, MergedProfile, MergePolicy, Sandbox, TooManyIdentities
from rtcp.emulator.xdm_paths import IDENTITIES, select


def get(request: Request, service: Service) -> Answer:
    """Answer one record under its XID, or 404."""
    query = request.query
    schema_name, entity_id = query.first("schema.name") or "", query.first("entityid")
    if entity_id is None:
        return entity_error(400, "query parameter entityId is missing")
    fields = query.first("fields")
    identity = identity_of(request.sandbox, entity_id, query.first("entityidns"))
    policy = policy_for(request.sandbox, schema_name, query.first("mergepolicyid"))
    profile = _profile(request.sandbox, identity, schema_name, policy)
    if profile is None:
        return entity_not_found()
    paths = None if fields is None else [path for path in fields.split(",") if path]
    asked: dict[str, Any] = {"entityId": entity_id}
    if query.first("entityidns"):
        asked["entityIdNS"] = {"code": query.first("entityidns")}
    if schema_name == PROFILE_CLASS:
        profile = service.computed.complete(profile, request.sandbox)
    entry = _entity(request.sandbox, profile, schema_name, paths)
    return Answer(200, {profile.xid: {"requestedIdentity": asked, **entry}})


def get_many(request: Request, service: Service) -> Answer:
    """Answer a map of records; when an identity fails by itself, a list of the failures instead."""
    body, sandbox = request.content, request.sandbox
    schema_name = body["schema"]["name"]
    policy = policy_for(sandbox, schema_name, body.get("mergePolicyId"))
    found: dict[str, Any] = {}
    failures: list[tuple[str, dict[str, str]]] = []
    for asked in body["identities"]:
        try:
            identity = identity_of(sandbox, asked["entityId"], namespace_code(asked.get("entityIdNS")))
            xid = sandbox.xid(identity)
            profile = _profile(sandbox, identity, schema_name, policy)
        except Refusal as refusal:
            failures.append((failing_xid(sandbox, asked), refusal.answer.body))
            continue
        if profile is not None and schema_name == PROFILE_CLASS:
            profile = service.computed.complete(profile, sandbox)
        entry = _no_entity(xid) if profile is None else _entity(sandbox, profile, schema_name, body.get("fields"))
        found[xid] = {"requestedIdentity": _requested(asked), **entry}
    return partial_failure(failures) if failures else Answer(200, found)


def delete(request: Request, service: Service) -> Answer:
    """Take the request to remove one person, whom the emulator's clock removes a little later; or 404."""
    query, sandbox = request.query, request.sandbox
    schema_name, entity_id = query.first("schema.name"), query.first("entityid")
    if schema_name != PROFILE_CLASS:
        return entity_error(400, f"only entities of the class {PROFILE_CLASS} can be deleted")
    if entity_id is None:
        return entity_error(400, "query parameter entityId is missing")
    identity = identity_of(sandbox, entity_id, query.first("entityidns"))
    policy_id = query.first("mergepolicyid")
    policy = policy_for(sandbox, schema_name, policy_id)
    is_known = _profile(sandbox, identity, schema_name, policy) is not None
    if not is_known and not sandbox.events(identity, policy=policy, start_ms=None, end_ms=None, limit=1).events:
        return entity_not_found()
    asked = {
        "namespace": identity.namespace,
        "id": identity.id,
        "schemaName": schema_name,
        "mergePolicyId": policy_id,
    }
    service.jobs.start(sandbox.name, PERSON, asked)
    return Answer(202)


def forced_partial(request: Request, positions: Sequence[int]) -> Answer:
    """The partial failure that a fault asks for: the identities at these positions fail."""
    asked = [_of_query(request)] if request.method == "DELETE" else request.content["identities"]
    error = entity_error_body(500, "a fault was asked for")
    return partial_failure([(failing_xid(request.sandbox, asked[at]), error) for at in positions if at < len(asked)])


def failing_xid(sandbox: Sandbox, asked: Mapping[str, Any]) -> str:
    """The XID to report a failure under; an identity that has none is reported as it was asked for."""
    for prefix in ("entityId", "relatedEntityId"):
        if prefix in asked:
            try:
                return sandbox.xid(identity_of(sandbox, asked[prefix], namespace_code(asked.get(f"{prefix}NS"))))
            except Refusal:
                return str(asked[prefix])
    return ""


def _of_query(request: Request) -> dict[str, Any]:
    asked: dict[str, Any] = {"entityId": request.query.first("entityid") or ""}
    namespace = request.query.first("entityidns")
    return {**asked, "entityIdNS": {"code": namespace}} if namespace else asked


def _profile(
    sandbox: Sandbox, identity: Identity, schema_name: str, policy: MergePolicy | None
) -> MergedProfile | None:
    try:
        return sandbox.profile(identity, schema_name=schema_name, policy=policy)
    except TooManyIdentities:
        raise too_many_identities() from None


def _entity(sandbox: Sandbox, profile: MergedProfile, schema_name: str, fields: Sequence[str] | None) -> dict[str, Any]:
    """One answer entry with everything the sources show; the dialect leaves out what it does not speak of."""
    is_b2b = schema_name in B2B_CLASSES
    entity = profile.entity if fields is None else select(profile.entity, fields)
    # The graph is no XDM field: it stands in the entity when nothing or it itself was asked for.
    if (fields is None and not is_b2b) or (fields is not None and IDENTITIES in fields):
        entity = {IDENTITIES: _identities(profile), **entity}
    entry: dict[str, Any] = {"entityId": profile.xid}
    if profile.policy_id is not None:
        entry["mergePolicy"] = {"id": profile.policy_id}
    # Resolved B2B entities name the resolution job as their source; their samples show neither graph nor time.
    if is_b2b:
        return {**entry, "sources": ["er_m_attr"], "entity": entity}
    entry["sources"] = list(profile.sources)
    entry["tags"] = list(profile.tags)
    entry["identityGraph"] = [sandbox.xid(identity) for identity in profile.identities]
    entry["entity"] = entity
    entry["lastModifiedAt"] = instant(profile.last_modified_ms)
    return entry


def _identities(profile: MergedProfile) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = []
    for identity in profile.identities:
        item: dict[str, Any] = {"id": identity.id, "namespace": {"code": identity.namespace}}
        if identity in profile.primary:
            item["primary"] = True
        listed.append(item)
    return listed


def _no_entity(xid: str) -> dict[str, Any]:
    return {"entityId": xid, "sources": [""], "entity": {}, "lastModifiedAt": instant(0)}


def _requested(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asked[name] for name in ("entityId", "entityIdNS") if name in asked}
