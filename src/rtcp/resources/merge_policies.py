"""Merge policies: how the fragments of a person become one profile."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from rtcp.errors import InvalidArgumentError
from rtcp.models.entity import SchemaClass
from rtcp.models.merge_policy import MergePolicy
from rtcp.paging import Page, Paged
from rtcp.resources._base import Resource, mapping, parse, unreadable
from rtcp.transport.request import Request, Response

logger = logging.getLogger(__name__)

_ROUTE: Final = "/data/core/ups/config/mergePolicies"
_WRITE_HEADERS: Final = {"x-profile-instance-id": "ups"}


class MergePolicies(Resource):
    """The merge policies of a sandbox. An organisation may have five of them.

    Service page: https://experienceleague.adobe.com/en/docs/experience-platform/profile/api/merge-policies
    """

    def list(
        self,
        *,
        schema_name: str | None = None,
        default: bool | None = None,
        is_active_on_edge: bool | None = None,
        identity_graph: Literal["none", "pdg"] | None = None,
        attribute_merge: Literal["timestampOrdered", "dataSetPrecedence"] | None = None,
        order_by: Literal["name", "+name", "-name"] | None = None,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Paged[MergePolicy]:
        """Return the merge policies, by name.

        Args:
            schema_name, default, is_active_on_edge, identity_graph, attribute_merge: return only those that are so.
            limit: policies to yield at most; None yields all.
            page_size: policies in a request; None leaves it to the service (20).

        Example:
            >>> [policy.name for policy in client.merge_policies.list(identity_graph="none")]
            ['Harbour: no stitching']
        """
        if page_size is not None and page_size < 1:
            raise InvalidArgumentError(f"page_size must be 1 or more, not {page_size}")
        query = {
            "schema.name": schema_name,
            "default": default,
            "isActiveOnEdge": is_active_on_edge,
            "identityGraph.type": identity_graph,
            "attributeMerge.type": attribute_merge,
            "orderBy": order_by,
            "limit": page_size,
        }

        def fetch(token: str | None) -> Page[MergePolicy]:
            request = Request.platform("GET", _ROUTE, query=query if token is None else token)
            return self._send_for(request, lambda body, response: self._policy_page(body, response, query))

        return Paged(fetch, limit=limit)

    def get(self, merge_policy_id: str) -> MergePolicy:
        """Return one merge policy.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> client.merge_policies.get("harbour-newest").attribute_merge.type == "timestampOrdered"
            True
        """
        return self._send(Request.platform("GET", _ROUTE + "/{id}", path={"id": merge_policy_id}), MergePolicy)

    def create(
        self,
        *,
        name: str,
        schema_name: str = SchemaClass.PROFILE,
        identity_graph: Literal["none", "pdg"],
        attribute_merge: Literal["timestampOrdered", "dataSetPrecedence"],
        order: Sequence[str] | None = None,
        default: bool | None = None,
        is_active_on_edge: bool | None = None,
    ) -> MergePolicy:
        """Create a merge policy and return it.

        Args:
            identity_graph: `"none"` stitches nothing, `"pdg"` stitches over the private graph.
            attribute_merge: which fragment wins: the newest, or that of the dataset that `order` names first.
            order: dataset ids, for `dataSetPrecedence`, where it is required. A dataset that is not listed
                contributes nothing.
            default: True takes the default of its class over; the answer's `took_default_from` says from which policy.
            is_active_on_edge: True makes it the sandbox's one policy for edge segmentation.

        Never sent twice by itself: when no answer comes, the error says how to find out whether it was made.

        Raises:
            BadRequestError: the service finds it incomplete or contradictory.

        Example:
            >>> policy = client.merge_policies.create(
            ...     name="Card first", identity_graph="pdg", attribute_merge="dataSetPrecedence",
            ...     order=["harbour-loyalty", "harbour-crm"], default=True,
            ... )
            >>> policy.version, policy.took_default_from
            (1, 'harbour-newest')
        """
        body = {
            "name": name,
            "schema": {"name": str(schema_name)},
            "identityGraph": {"type": identity_graph},
            "attributeMerge": _attribute_merge(attribute_merge, order),
            **({} if default is None else {"default": default}),
            **({} if is_active_on_edge is None else {"isActiveOnEdge": is_active_on_edge}),
        }
        previous = self._default_of(str(schema_name)) if default else None
        request = Request.platform(
            "POST",
            _ROUTE,
            json=body,
            headers=_WRITE_HEADERS,
            creates="the merge policy may have been created: look for its name in client.merge_policies.list() before "
            "trying again",
        )
        created = self._send(request, MergePolicy)
        if previous is None:
            return created
        logger.warning("merge policy %s is the default of %s now, in place of %s", created.id, schema_name, previous.id)
        return created.model_copy(update={"took_default_from": previous.id})

    def _default_of(self, schema_name: str) -> MergePolicy | None:
        listed = self.list(schema_name=schema_name, default=True)
        # Not all descriptions of the list know its filters, and a service that ignored them would mislead us.
        return next((policy for policy in listed if policy.default and policy.schema_name in (None, schema_name)), None)

    def _policy_page(self, body: Any, response: Response, query: Mapping[str, Any]) -> Page[MergePolicy]:
        children = mapping(body).get("children")
        if not isinstance(children, list):
            raise unreadable(response, "the answer holds no list of merge policies")
        total = mapping(mapping(body).get("_page")).get("totalCount")
        policies = [parse(MergePolicy, child, response) for child in children]
        return self._page(body, response, policies, query=query.items(), total=total)


def _attribute_merge(kind: str, order: Sequence[str] | None) -> dict[str, Any]:
    if kind == "dataSetPrecedence" and not order:
        raise InvalidArgumentError(
            "attribute_merge='dataSetPrecedence' needs order=, the dataset ids with the strongest first"
        )
    if kind != "dataSetPrecedence" and order:
        raise InvalidArgumentError(f"order= goes with attribute_merge='dataSetPrecedence' only, not with {kind!r}")
    if isinstance(order, str):
        raise InvalidArgumentError("order is a list of dataset ids, not one text")
    return {"type": kind, **({"order": list(order)} if order else {})}
