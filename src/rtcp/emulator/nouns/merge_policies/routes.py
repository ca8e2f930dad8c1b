"""Merge policies: list, get one or many, create, replace, update, delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rtcp.emulator.http.operations import route
from rtcp.emulator.http.paging import href_of_policies, offset_token, read_offset
from rtcp.emulator.http.problems import problem, refuse_missing
from rtcp.emulator.http.wire import Answer, Query, Request
from rtcp.emulator.nouns.merge_policies.changes import apply_patch, fields_of
from rtcp.emulator.service import Service
from rtcp.emulator.store import MergePolicy, StoreError

DEFAULT_LIMIT = 20


@route("merge_policies.list")
def list_(request: Request, service: Service) -> Answer:
    """Answer one page of the sandbox's policies."""
    query = request.query
    try:
        offset = read_offset(query.first("start"))
    except ValueError as error:
        return problem(400, str(error))
    limit = int(query.first("limit") or DEFAULT_LIMIT)
    policies = [policy for policy in request.sandbox.policies() if _is_wanted(policy, query)]
    # Policies without a name come first; the id keeps the order of equal names from page to page.
    policies.sort(key=lambda policy: (policy.name or "", policy.id))
    if (query.first("orderby") or "").startswith("-"):
        policies.reverse()
    page = policies[offset : offset + limit]
    rest = offset + limit
    href = href_of_policies(query.pairs, offset_token(rest), limit) if rest < len(policies) else ""
    return Answer(
        200,
        {
            "_page": {"totalCount": len(policies), "pageSize": len(page)},
            "children": [_show(policy, request) for policy in page],
            "_links": {"next": {"href": href}},
        },
    )


@route("merge_policies.get")
def get(request: Request, service: Service) -> Answer:
    """Answer one policy, or 404."""
    return Answer(200, _show(_find_policy(request), request))


@route("merge_policies.get_many")
def get_many(request: Request, service: Service) -> Answer:
    """Answer the policies of a list of ids under their ids (207); an unknown id is left out."""
    asked = dict.fromkeys(item["id"] for item in request.content["ids"])
    found = {policy_id: request.sandbox.policy(policy_id) for policy_id in asked}
    results = {policy_id: _show(policy, request) for policy_id, policy in found.items() if policy is not None}
    return Answer(207, {"results": results})


@route("merge_policies.create")
def create(request: Request, service: Service) -> Answer:
    """Store a policy and answer it; a new default or edge policy takes over from the former one."""
    most = service.options.most_policies
    if most is not None and len(request.sandbox.policies()) >= most:
        return problem(400, f"a sandbox has {most} merge policies at most")
    policy = request.sandbox.add_policy(**fields_of(request.content))
    return Answer(200, _show(policy, request))


@route("merge_policies.replace")
def replace_(request: Request, service: Service) -> Answer:
    """Put a complete policy in the place of the one with this id."""
    policy = replace(_find_policy(request), **fields_of(request.content))
    return Answer(200, _show(request.sandbox.change_policy(policy), request))


@route("merge_policies.update")
def update(request: Request, service: Service) -> Answer:
    """Change single fields of a policy."""
    try:
        policy = request.sandbox.change_policy(apply_patch(_find_policy(request), request.content))
    except StoreError as error:
        return problem(400, str(error))
    return Answer(200, _show(policy, request))


@route("merge_policies.delete")
def delete(request: Request, service: Service) -> Answer:
    """Delete a policy, unless it is active on the edge."""
    policy = _find_policy(request)
    if policy.is_active_on_edge:
        return problem(400, "a merge policy that is active on the edge cannot be deleted")
    request.sandbox.remove_policy(policy.id)
    return Answer(200)


def _find_policy(request: Request) -> MergePolicy:
    policy = request.sandbox.policy(request.path_id or "")
    if policy is None:
        raise refuse_missing("merge policy")
    return policy


def _is_wanted(policy: MergePolicy, query: Query) -> bool:
    wanted = {
        "schema.name": policy.schema_name,
        "default": str(policy.default).lower(),
        "isactiveonedge": str(policy.is_active_on_edge).lower(),
        "identitygraph.type": policy.identity_graph,
        "attributemerge.type": policy.attribute_merge,
        "version": str(policy.version),
    }
    return all(query.first(name) in (None, value) for name, value in wanted.items())


def _show(policy: MergePolicy, request: Request) -> dict[str, Any]:
    sandbox = request.sandbox
    merge: dict[str, Any] = {"type": policy.attribute_merge}
    if policy.order:
        merge["order"] = list(policy.order)
    shown: dict[str, Any] = {"id": policy.id}
    if policy.name is not None:
        shown["name"] = policy.name
    return {
        **shown,
        "imsOrgId": request.org_id,
        "sandbox": {
            "sandboxId": sandbox.id,
            "sandboxName": sandbox.name,
            "type": sandbox.type,
            "default": sandbox.is_default,
        },
        "schema": {"name": policy.schema_name},
        "version": policy.version,
        "identityGraph": {"type": policy.identity_graph},
        "attributeMerge": merge,
        "isActiveOnEdge": policy.is_active_on_edge,
        "default": policy.default,
        "updateEpoch": policy.update_epoch,
    }
