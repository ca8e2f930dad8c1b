"""Merge policies: how the fragments of a person become one profile."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from rtcp._arguments import check_page_size, sort_key
from rtcp._unset import UNSET, Unset, drop_unset
from rtcp.errors import InvalidArgumentError, NotFoundError, RtcpError
from rtcp.models.entity import SchemaClass
from rtcp.models.merge_policy import (
    AttributeMerge,
    AttributeMergeType,
    IdentityGraph,
    IdentityGraphType,
    MergePolicy,
)
from rtcp.models.result import BulkResult, Failure, Outcome, Success
from rtcp.paging import Paged
from rtcp.resources._base import Resource, items_of
from rtcp.resources._naming import find_one
from rtcp.transport.answers import mapping, parse, parse_all, read_part_error, unreadable
from rtcp.transport.pages import NextLink
from rtcp.transport.request import Request, Response

logger = logging.getLogger(__name__)

_ROUTE: Final = "/data/core/ups/config/mergePolicies"
_DELETE_HELP: Final = {
    400: "a policy that is active on edge cannot be deleted: make another one active first, with "
    "client.merge_policies.update(id, is_active_on_edge=True)"
}
_NO_DEFAULT: Final = "%s has no default merge policy any more: look-ups that name no policy will fail"
_WRITE_HEADERS: Final = {"x-profile-instance-id": "ups"}
_SORT_KEYS: Final = {"name": "name"}

Stitching = Literal["none", "pdg"] | IdentityGraphType | IdentityGraph
Merging = Literal["timestampOrdered", "dataSetPrecedence"] | AttributeMergeType | AttributeMerge


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
        identity_graph: Stitching | None = None,
        attribute_merge: Merging | None = None,
        sort_by: Literal["name"] | None = None,
        descending: bool = False,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Paged[MergePolicy]:
        """Return the merge policies, by name.

        Args:
            schema_name, default, is_active_on_edge, identity_graph, attribute_merge: return only those that are so.
            sort_by, descending: the order; that of the service, by name, when `sort_by` is not given.
            limit: policies to yield at most; None yields all.
            page_size: policies in a request; None leaves it to the service (20).

        Example:
            >>> [policy.name for policy in client.merge_policies.list(identity_graph="none")]
            ['Harbour: no stitching']
        """
        check_page_size(page_size)
        key = sort_key(sort_by, _SORT_KEYS, descending=descending)
        query = {
            "schema.name": schema_name,
            "default": default,
            "isActiveOnEdge": is_active_on_edge,
            "identityGraph.type": None if identity_graph is None else _stitching(identity_graph),
            "attributeMerge.type": None if attribute_merge is None else _merging(attribute_merge)["type"],
            "orderBy": f"-{key}" if key and descending else key,
            "limit": page_size,
        }

        first = Request.platform("GET", _ROUTE, query=query)
        return self._list(
            first, _policies, of=MergePolicy, by=NextLink(self._config.base_url, completes=True), limit=limit
        )

    def get(self, merge_policy_id: str) -> MergePolicy:
        """Return one merge policy.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> client.merge_policies.get("harbour-newest").attribute_merge.type == "timestampOrdered"
            True
        """
        return self._send(Request.platform("GET", _ROUTE + "/{id}", path={"id": merge_policy_id}), MergePolicy)

    def find(self, name: str) -> MergePolicy:
        """Return the merge policy of this name.

        Raises:
            NotFoundError: there is none in this sandbox; near names are told.
            InvalidArgumentError: there are several; their ids are told.

        Example:
            >>> client.merge_policies.find("Harbour: no stitching").id
            'harbour-unstitched'
        """
        return find_one(name, policies := list(self.list()), lambda: policies, what="merge policy")

    def create(
        self,
        *,
        name: str,
        schema_name: str = SchemaClass.PROFILE,
        identity_graph: Stitching,
        attribute_merge: Merging,
        order: Sequence[str] | None = None,
        default: bool | None = None,
        is_active_on_edge: bool | None = None,
    ) -> MergePolicy:
        """Create a merge policy and return it.

        Args:
            identity_graph: `"none"` stitches nothing, `"pdg"` stitches over the private graph; or another policy's
                `identity_graph`.
            attribute_merge: which fragment wins: the newest, or that of the dataset that `order` names first; or
                another policy's `attribute_merge`, which brings its order along.
            order: dataset ids, for `dataSetPrecedence`, where it is required. A dataset that is not listed
                contributes nothing.
            default: True takes the default of its class over; the answer's `took_default_from` says from which policy.
            is_active_on_edge: True makes it the sandbox's one policy for edge segmentation.

        Never sent twice by itself: when no answer comes, the error says how to find out whether it was made.

        Raises:
            InvalidArgumentError: dataset precedence comes without an order, or an order without it.
            BadRequestError: the service finds it incomplete or contradictory.

        Example:
            >>> policy = client.merge_policies.create(
            ...     name="Card first", identity_graph="pdg", attribute_merge="dataSetPrecedence",
            ...     order=["harbour-loyalty", "harbour-crm"], default=True,
            ... )
            >>> policy.version, policy.took_default_from
            (1, 'harbour-newest')
        """
        body = _body(name, str(schema_name), identity_graph, attribute_merge, order, default, is_active_on_edge)
        request = Request.platform(
            "POST",
            _ROUTE,
            json=body,
            headers=_WRITE_HEADERS,
            creates="the merge policy may have been created: look for its name in client.merge_policies.list() before "
            "trying again",
        )
        takes_edge = is_active_on_edge is True
        return self._write(request, str(schema_name), takes_default=default is True, takes_edge=takes_edge)

    def replace(
        self,
        merge_policy_id: str,
        *,
        name: str | None = None,
        schema_name: str | None = None,
        identity_graph: Stitching,
        attribute_merge: Merging,
        order: Sequence[str] | None = None,
        default: bool | None = None,
        is_active_on_edge: bool | None = None,
    ) -> MergePolicy:
        """Replace a merge policy as a whole and return it, one version later. Takes what `create` takes.

        What is not given and has no say in how profiles are merged stays: the name, the class, whether the policy is
        the default of its class, and whether it is the one on edge. It is read first for that.

        Args:
            default: True takes the default of its class over; the answer's `took_default_from` says from which policy,
                and the service moves the audiences of that one over. False leaves the class without a default:
                look-ups that name no policy then fail.
            is_active_on_edge: True makes it the sandbox's one policy for edge segmentation.

        Raises:
            InvalidArgumentError: dataset precedence comes without an order, or an order without it.
            NotFoundError: the id is unknown in this sandbox.
            BadRequestError: the service finds it incomplete or contradictory.

        Example:
            >>> policy = client.merge_policies.replace(
            ...     "harbour-newest", identity_graph="pdg", attribute_merge="dataSetPrecedence",
            ...     order=["harbour-crm", "harbour-loyalty"],
            ... )
            >>> policy.version, policy.name, policy.default
            (2, 'Harbour: newest wins', True)
        """
        merging = _attribute_merge(attribute_merge, order)
        before = None
        if None in (name, schema_name, default, is_active_on_edge):
            before = self.get(merge_policy_id)
            name = before.name if name is None else name
            schema_name = before.schema_name if schema_name is None else schema_name
            default = before.default if default is None else default
            is_active_on_edge = before.is_active_on_edge if is_active_on_edge is None else is_active_on_edge
        schema = str(schema_name or SchemaClass.PROFILE)
        body = {
            **({} if name is None else {"name": name}),
            "schema": {"name": schema},
            "identityGraph": {"type": _stitching(identity_graph)},
            "attributeMerge": merging,
            "default": default,
            "isActiveOnEdge": is_active_on_edge,
        }
        path = {"id": merge_policy_id}
        request = Request.platform("PUT", _ROUTE + "/{id}", path=path, json=body, headers=_WRITE_HEADERS)
        is_new = {
            "takes_default": default is True and not (before is not None and before.default),
            "takes_edge": is_active_on_edge is True and not (before is not None and before.is_active_on_edge),
        }
        if before is not None and before.default and not default:
            logger.warning(_NO_DEFAULT, schema)
        return self._write(request, schema, **is_new)

    def update(
        self,
        merge_policy_id: str,
        *,
        name: str | Unset = UNSET,
        schema_name: str | Unset = UNSET,
        identity_graph: Stitching | Unset = UNSET,
        attribute_merge: Merging | Unset = UNSET,
        default: bool | Unset = UNSET,
        is_active_on_edge: bool | Unset = UNSET,
    ) -> MergePolicy:
        """Change some fields of a merge policy and return it, one version later.

        The service patches no order of datasets: to go over to dataset precedence, or to change the order, use
        `replace`.

        Raises:
            InvalidArgumentError: nothing is named, or dataset precedence, whose order cannot be patched.
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> client.merge_policies.update("harbour-unstitched", name="Alone").name
            'Alone'
        """
        merging = UNSET if isinstance(attribute_merge, Unset) else _merging(attribute_merge)["type"]
        if merging not in (UNSET, "timestampOrdered"):
            raise InvalidArgumentError("dataset precedence needs an order, which cannot be patched: use replace()")
        # The paths have dots where RFC 6901 would have slashes, and "add" is the only operation.
        values = {
            "/name": name,
            "/schema.name": schema_name,
            "/identityGraph.type": UNSET if isinstance(identity_graph, Unset) else _stitching(identity_graph),
            "/attributeMerge.type": merging,
            "/default": default,
            "/isActiveOnEdge": is_active_on_edge,
        }
        patch = [{"op": "add", "path": path, "value": value} for path, value in drop_unset(values).items()]
        if not patch:
            raise InvalidArgumentError("nothing to update: name at least one field")
        path = {"id": merge_policy_id}
        request = Request.platform("PATCH", _ROUTE + "/{id}", path=path, json=patch, headers=_WRITE_HEADERS)
        if default is not True and is_active_on_edge is not True:
            return self._send(request, MergePolicy)
        schema = self.get(merge_policy_id).schema_name or SchemaClass.PROFILE.value
        return self._write(request, schema, takes_default=default is True, takes_edge=is_active_on_edge is True)

    def delete(self, merge_policy_id: str) -> None:
        """Delete a merge policy: IRREVERSIBLE. Audiences and look-ups that name it will fail.

        Raises:
            NotFoundError: the id is unknown in this sandbox.
            BadRequestError: it is active on edge; make another policy the active one first.

        Example:
            >>> client.merge_policies.delete("harbour-unstitched")
        """
        path = {"id": merge_policy_id}
        self._do(Request.platform("DELETE", _ROUTE + "/{id}", path=path, help=_DELETE_HELP))

    def get_many(self, ids: Iterable[str]) -> BulkResult[MergePolicy]:
        """Return many merge policies in one request, each with its own outcome, in the order of the ids.

        An id that is unknown in this sandbox fails with `NotFoundError` at its position.

        Example:
            >>> found = client.merge_policies.get_many(["harbour-newest", "no-such-policy"])
            >>> len(found.succeeded), len(found.failed)
            (1, 1)
        """
        asked = list(ids)
        if not asked:
            return BulkResult(())
        body = {"ids": [{"id": merge_policy_id} for merge_policy_id in dict.fromkeys(asked)]}
        request = Request.platform("POST", _ROUTE + "/bulk-get", json=body, idempotent=True)
        return self._send_for(request, lambda answer, response: _by_position(request, asked, answer, response))

    def _write(self, request: Request, schema_name: str, *, takes_default: bool, takes_edge: bool) -> MergePolicy:
        """Send a change, and tell whose default and whose place on edge it took."""
        # Before the change: afterwards nothing tells whose place it was.
        previous = self._default_of(schema_name) if takes_default else None
        edge = self._one_on_edge() if takes_edge else None
        written = self._send(request, MergePolicy)
        if edge is not None and edge.id != written.id:
            logger.warning("merge policy %s is active on edge now, in place of %s", written.id, edge.id)
        if previous is None or previous.id == written.id:
            return written
        logger.warning("merge policy %s is the default of %s now, in place of %s", written.id, schema_name, previous.id)
        return written.model_copy(update={"took_default_from": previous.id})

    def _one_on_edge(self) -> MergePolicy | None:
        return next((policy for policy in self.list(is_active_on_edge=True) if policy.is_active_on_edge), None)

    def _default_of(self, schema_name: str) -> MergePolicy | None:
        listed = self.list(schema_name=schema_name, default=True)
        # Not all descriptions of the list know its filters, and a service that ignored them would mislead us.
        return next((policy for policy in listed if policy.default and policy.schema_name in (None, schema_name)), None)


def _policies(body: Any, response: Response) -> list[MergePolicy]:
    return parse_all(MergePolicy, items_of(body, response, "children", what="merge policies"), response)


def _body(
    name: str,
    schema_name: str,
    identity_graph: Stitching,
    attribute_merge: Merging,
    order: Sequence[str] | None,
    default: bool | None,
    is_active_on_edge: bool | None,
) -> dict[str, Any]:
    return {
        "name": name,
        "schema": {"name": schema_name},
        "identityGraph": {"type": _stitching(identity_graph)},
        "attributeMerge": _attribute_merge(attribute_merge, order),
        **({} if default is None else {"default": default}),
        **({} if is_active_on_edge is None else {"isActiveOnEdge": is_active_on_edge}),
    }


def _by_position(request: Request, asked: Sequence[str], answer: Any, response: Response) -> BulkResult[MergePolicy]:
    results = mapping(answer).get("results")
    if not isinstance(results, dict):
        raise unreadable(response, "the answer holds no results")
    outcomes: list[Outcome[MergePolicy]] = []
    for position, merge_policy_id in enumerate(asked):
        found = mapping(results.get(merge_policy_id))
        # How an unknown id is answered is documented nowhere; what is no policy counts as not found.
        if "identityGraph" in found:
            outcomes.append(Success(position, parse(MergePolicy, found, response)))
        else:
            outcomes.append(Failure(position, _why_not(request, merge_policy_id, found, response)))
    return BulkResult(tuple(outcomes))


def _why_not(request: Request, merge_policy_id: str, said: Mapping[str, Any], response: Response) -> RtcpError:
    """What an entry that is no policy says of its id; where it says nothing, there is no such policy."""
    error = mapping(said.get("error")) or said
    status = next((error[name] for name in ("statusCode", "status") if name in error), None)
    if status is None and not error:
        return NotFoundError(f"there is no merge policy {merge_policy_id!r} in this sandbox", status=404)
    if status is None:
        return unreadable(response, f"the answer is no merge policy, of {merge_policy_id!r}")
    return read_part_error(request, response, error, status=status)


def _stitching(given: Stitching) -> str:
    return str(given.type if isinstance(given, IdentityGraph) else given)


def _merging(given: Merging) -> dict[str, Any]:
    if isinstance(given, AttributeMerge):
        return {"type": str(given.type), "order": given.order}
    return {"type": str(given)}


def _attribute_merge(given: Merging, order: Sequence[str] | None) -> dict[str, Any]:
    told = _merging(given)
    kind, order = told["type"], told.get("order") if order is None else order
    if kind == "dataSetPrecedence" and not order:
        raise InvalidArgumentError(
            "attribute_merge='dataSetPrecedence' needs order=, the dataset ids with the strongest first"
        )
    if kind != "dataSetPrecedence" and order:
        raise InvalidArgumentError(f"order= goes with attribute_merge='dataSetPrecedence' only, not with {kind!r}")
    return {"type": kind, **({"order": list(order)} if order else {})}
