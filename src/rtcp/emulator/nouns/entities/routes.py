"""Records: looked up one by GET or many by POST, and a person deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rtcp.emulator.clock import write_instant
from rtcp.emulator.http.operations import partial_failure_of, route
from rtcp.emulator.http.wire import Answer, Request
from rtcp.emulator.nouns.computed_attributes.evaluation import ComputedAttributes
from rtcp.emulator.nouns.entities.deletion import PERSON
from rtcp.emulator.nouns.entities.problems import (
    answer_error,
    entity_error,
    entity_not_found,
    error_body,
    partial_failure,
)
from rtcp.emulator.service import Service
from rtcp.emulator.store import B2B_CLASSES, PROFILE_CLASS, MergedProfile, Sandbox, StoreError
from rtcp.emulator.xdm_paths import IDENTITIES, select


@route("entities.get")
def get(request: Request, service: Service) -> Answer:
    """Answer one record under its XID, or 404."""
    query, sandbox = request.query, request.sandbox
    schema_name, fields = query.first("schema.name") or "", read_fields(query.first("fields"))
    entity_id, namespace = query.first("entityid"), query.first("entityidns")
    if entity_id is None:
        return entity_error(400, "query parameter entityId is missing")
    try:
        identity = sandbox.identity_of(entity_id, namespace)
        policy = sandbox.policy_for(schema_name, query.first("mergepolicyid"))
        profile = sandbox.profile(identity, schema_name=schema_name, policy=policy)
    except StoreError as error:
        return answer_error(error)
    if profile is None:
        return entity_not_found()
    asked: dict[str, Any] = {"entityId": entity_id}
    if namespace:
        asked["entityIdNS"] = {"code": namespace}
    if schema_name == PROFILE_CLASS:
        profile = service.part(ComputedAttributes).complete(profile, sandbox)
    entry = _show_entity(sandbox, profile, schema_name, fields)
    return Answer(200, {profile.xid: {"requestedIdentity": asked, **entry}})


@route("entities.get_many")
def get_many(request: Request, service: Service) -> Answer:
    """Answer a map of records; when an identity fails by itself, a list of the failures instead."""
    body, sandbox = request.content, request.sandbox
    schema_name, fields = body["schema"]["name"], body.get("fields")
    try:
        policy = sandbox.policy_for(schema_name, body.get("mergePolicyId"))
    except StoreError as error:
        return answer_error(error)
    found: dict[str, Any] = {}
    failures: list[tuple[str, dict[str, str]]] = []
    for asked in body["identities"]:
        try:
            identity = sandbox.identity_of(asked["entityId"], namespace_code(asked.get("entityIdNS")))
            xid = sandbox.xid(identity)
            profile = sandbox.profile(identity, schema_name=schema_name, policy=policy)
        except StoreError as error:
            failures.append((failing_xid(sandbox, asked), answer_error(error).body))
            continue
        if profile is not None and schema_name == PROFILE_CLASS:
            profile = service.part(ComputedAttributes).complete(profile, sandbox)
        entry = _show_nobody(xid) if profile is None else _show_entity(sandbox, profile, schema_name, fields)
        found[xid] = {"requestedIdentity": _show_asked(asked), **entry}
    return partial_failure(failures) if failures else Answer(200, found)


@route("entities.delete")
def delete(request: Request, service: Service) -> Answer:
    """Take the request to remove one person, whom the emulator's clock removes a little later; or 404."""
    query, sandbox = request.query, request.sandbox
    schema_name, entity_id = query.first("schema.name"), query.first("entityid")
    if schema_name != PROFILE_CLASS:
        return entity_error(400, f"only entities of the class {PROFILE_CLASS} can be deleted")
    if entity_id is None:
        return entity_error(400, "query parameter entityId is missing")
    policy_id = query.first("mergepolicyid")
    try:
        identity = sandbox.identity_of(entity_id, query.first("entityidns"))
        policy = sandbox.policy_for(schema_name, policy_id)
        is_known = sandbox.profile(identity, schema_name=schema_name, policy=policy) is not None
        # Of somebody there may be events alone, and they are to be removed too.
        if not is_known and not sandbox.events(identity, policy=policy, start_ms=None, end_ms=None, limit=1).events:
            return entity_not_found()
    except StoreError as error:
        return answer_error(error)
    asked = {
        "namespace": identity.namespace,
        "id": identity.id,
        "schemaName": schema_name,
        "mergePolicyId": policy_id,
    }
    service.jobs.start(sandbox.name, PERSON, asked)
    return Answer(202)


@partial_failure_of("entities.get_many", "entities.list_events", "entities.delete")
def fail_some(request: Request, positions: Sequence[int]) -> Answer:
    """The partial failure that a fault asks for: the identities at these positions fail."""
    asked = [_read_asked(request)] if request.method == "DELETE" else request.content["identities"]
    error = error_body(500, "a fault was asked for")
    return partial_failure([(failing_xid(request.sandbox, asked[at]), error) for at in positions if at < len(asked)])


def failing_xid(sandbox: Sandbox, asked: Mapping[str, Any]) -> str:
    """The XID to report a failure under; an identity that has none is reported as it was asked for."""
    for prefix in ("entityId", "relatedEntityId"):
        if prefix in asked:
            try:
                return sandbox.xid(sandbox.identity_of(asked[prefix], namespace_code(asked.get(f"{prefix}NS"))))
            except StoreError:
                return str(asked[prefix])
    return ""


def namespace_code(reference: Any) -> str | None:
    """The code inside `{"code": …}`."""
    code = reference.get("code") if isinstance(reference, Mapping) else None
    return code if isinstance(code, str) and code else None


def read_fields(text: str | None) -> list[str] | None:
    """The paths that an answer is to be limited to; None for everything."""
    return None if text is None else [path for path in text.split(",") if path]


def _read_asked(request: Request) -> dict[str, Any]:
    asked: dict[str, Any] = {"entityId": request.query.first("entityid") or ""}
    namespace = request.query.first("entityidns")
    return {**asked, "entityIdNS": {"code": namespace}} if namespace else asked


def _show_entity(
    sandbox: Sandbox, profile: MergedProfile, schema_name: str, fields: Sequence[str] | None
) -> dict[str, Any]:
    """One answer entry with everything the sources show; the dialect leaves out what it does not speak of."""
    is_b2b = schema_name in B2B_CLASSES
    entity = profile.entity if fields is None else select(profile.entity, fields)
    # The graph is no XDM field: it stands in the entity when nothing or it itself was asked for.
    if (fields is None and not is_b2b) or (fields is not None and IDENTITIES in fields):
        entity = {IDENTITIES: _show_identities(profile), **entity}
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
    entry["lastModifiedAt"] = write_instant(profile.last_modified_ms)
    return entry


def _show_identities(profile: MergedProfile) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = []
    for identity in profile.identities:
        item: dict[str, Any] = {"id": identity.id, "namespace": {"code": identity.namespace}}
        if identity in profile.primary:
            item["primary"] = True
        listed.append(item)
    return listed


def _show_nobody(xid: str) -> dict[str, Any]:
    return {"entityId": xid, "sources": [""], "entity": {}, "lastModifiedAt": write_instant(0)}


def _show_asked(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asked[name] for name in ("entityId", "entityIdNS") if name in asked}
