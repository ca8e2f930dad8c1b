"""Merge policies: list, get, create."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtcp.emulator.paging import href_of_policies, offset_token, read_offset
from rtcp.emulator.problems import problem
from rtcp.emulator.service import Service
from rtcp.emulator.store import MergePolicy
from rtcp.emulator.wire import Answer, Query, Request

DEFAULT_LIMIT = 20


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
            "children": [_shown(policy, request) for policy in page],
            "_links": {"next": {"href": href}},
        },
    )


def get(request: Request, service: Service) -> Answer:
    """Answer one policy, or 404."""
    policy = request.sandbox.policy(request.path_id or "")
    if policy is None:
        return problem(404, "the merge policy does not exist in this sandbox")
    return Answer(200, _shown(policy, request))


def create(request: Request, service: Service) -> Answer:
    """Store a policy and answer it; a new default or edge policy takes over from the former one."""
    body: Mapping[str, Any] = request.content
    merge = body["attributeMerge"]
    is_ordered = merge["type"] == "dataSetPrecedence"
    policy = request.sandbox.add_policy(
        name=body.get("name"),
        schema_name=body["schema"]["name"],
        identity_graph=body["identityGraph"]["type"],
        attribute_merge=merge["type"],
        # An order beside timestampOrdered means nothing; other clients send one all the same.
        order=tuple(merge["order"]) if is_ordered else (),
        default=_boolean(body.get("default")),
        is_active_on_edge=_boolean(body.get("isActiveOnEdge")),
    )
    return Answer(200, _shown(policy, request))


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


def _shown(policy: MergePolicy, request: Request) -> dict[str, Any]:
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


def _boolean(value: bool | str | None) -> bool:
    return value is True or value == "true"
