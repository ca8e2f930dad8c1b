"""Merged profiles, accounts and opportunities, and the events of a person."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from rtcp._arguments import check_page_size, checked_paths, paths_in_one
from rtcp._instants import millis_bound
from rtcp._progress import counted
from rtcp.config import Config
from rtcp.errors import InvalidArgumentError, PartialFailureError, RtcpError
from rtcp.models.entity import Entity, Event, Lookup, SchemaClass
from rtcp.models.explanation import Explanation
from rtcp.models.identity import Identity, to_identity
from rtcp.paging import Paged
from rtcp.resources._base import Resource, items_of, read_partial_failure
from rtcp.resources.entities.answers import only_entity
from rtcp.transport.answers import parse_all
from rtcp.transport.request import Request, Response
from rtcp.transport.session import Session

_ROUTE: Final = "/data/core/ups/access/entities"
_HELP: Final = {
    403: "looking up entities by API needs Real-Time CDP Ultimate, and the permission 'View profiles' in a sandbox "
    "that exists; check the sandbox's name, and ask your admin for the rest",
    404: "nothing is known of this identity under this merge policy; check id, namespace and sandbox",
}
_DELETE_HELP: Final = {
    404: "nothing is known of this identity, or the service has withdrawn this operation: use Data Lifecycle "
    "record deletes",
    410: "the service has withdrawn this operation: use Data Lifecycle record deletes",
}
_MOST_FILTERS: Final = 3
_MOST_EVENTS: Final = 1000


class Entities(Resource):
    """Look-ups of merged profiles and other entities.

    Needs Real-Time CDP Ultimate. Service page:
    https://experienceleague.adobe.com/en/docs/experience-platform/profile/api/entities
    """

    def __init__(self, session: Session, config: Config, *, list_policies: Callable[[str], Iterable[Any]]) -> None:
        super().__init__(session, config)
        self._list_policies = list_policies

    def get(
        self,
        entity_id: str | int | UUID | Identity,
        *,
        namespace: str | None = None,
        schema_name: str = SchemaClass.PROFILE,
        fields: Sequence[str] | None = None,
        merge_policy_id: str | None = None,
        with_computed_attributes: bool = False,
    ) -> Entity:
        """Return one merged entity.

        Args:
            entity_id: an id in `namespace`, an `rtcp.Identity`, or an XID.
            schema_name: `_xdm.context.profile`, `_xdm.context.account` (namespace `b2b_account`),
                `_xdm.context.opportunity` (`b2b_opportunity`).
            fields: dot paths to return, such as `person.name`; `identities` is the identity graph. None returns all.
            merge_policy_id: None takes the default policy of the class; `"none"` stitches nothing.
            with_computed_attributes: asks older deployments to add computed attributes; newer ones always do.

        Raises:
            InvalidArgumentError: this can be no id, such as an e-mail address without `namespace`.
            NotFoundError: nothing is known under this identity.
            UnprocessableError: more than 50 linked identities, an unknown policy, or no default policy.

        Example:
            >>> jane = client.entities.get("jane@example.com", namespace="Email", fields=["person.name"])
            >>> jane.entity["person"]["name"]["firstName"]
            'Jane'
        """
        identity = to_identity(entity_id, namespace)
        query = {
            "schema.name": str(schema_name),
            "entityId": identity.id,
            "entityIdNS": identity.namespace,
            "fields": paths_in_one(fields),
            "mergePolicyId": merge_policy_id,
            "withCA": True if with_computed_attributes else None,
        }
        request = Request.platform("GET", _ROUTE, query=query, private=(identity.id,), help=_HELP)
        return self._send_for(request, lambda body, response: only_entity(body, response, identity))

    def get_many(
        self,
        ids: Iterable[str | int | UUID | Identity],
        *,
        namespace: str | None = None,
        schema_name: str = SchemaClass.PROFILE,
        fields: Sequence[str] | None = None,
        merge_policy_id: str | None = None,
        workers: int = 8,
        chunk_size: int = 100,
        on_missing: Literal["skip", "yield", "raise"] = "skip",
        progress: bool = False,
    ) -> Iterator[Lookup]:
        """Look up many, and yield a `Lookup` for each in input order.

        Reads the ids as it goes, keeps a few chunks in memory, and sends equal ids of a chunk once. The service does
        not document how its answers tell whom they are about, so each is tied to its input by identity, never by
        place; one that stays in doubt is looked up by itself.

        Args:
            ids: texts or whole numbers in `namespace`, `rtcp.Identity` values, or XIDs, mixed as you like. What cannot
                be an id (None, NaN, an empty text) has its error in the result.
            workers: chunks under way at once, 1 to 64.
            chunk_size: identities in a request; the service documents no maximum.
            on_missing: what becomes of an id that nothing is known of: left out, yielded with a `NotFoundError` as its
                error, or raised.
            progress: True shows a bar; takes `rtcp[notebook]`.

        Raises:
            AuthenticationError, PermissionDeniedError, TokenError, ConfigError: the credentials or settings fail;
                what else goes wrong rides in `.error`.
            InvalidArgumentError: an option cannot be right, or `ids` is a whole table.
            NotFoundError: with `on_missing="raise"`.

        Example:
            >>> emails = ["jane@example.com", "nobody@example.com"]
            >>> for hit in client.entities.get_many(emails, namespace="Email", on_missing="yield"):
            ...     print(hit.position, "unknown" if hit.error is not None else hit.entity)
            0 <Entity of ... fields from ... sources>
            1 unknown
        """
        # Threads, chunks and matching are loaded by the first bulk look-up.
        from rtcp.resources.entities.bulk_lookup import BulkLookup, check_options

        check_options(ids, workers=workers, chunk_size=chunk_size)
        ask = BulkLookup(
            post=self._post,
            get=lambda identity: self.get(
                identity, schema_name=schema_name, fields=fields, merge_policy_id=merge_policy_id
            ),
            schema_name=str(schema_name),
            fields=None if fields is None else checked_paths(fields),
            merge_policy_id=merge_policy_id,
        )
        found = ask.run(_identities(ids, namespace), workers=workers, chunk_size=chunk_size, on_missing=on_missing)
        return counted(found, progress, "look-ups", ids)

    def list_events(
        self,
        entity_id: str | int | UUID | Identity,
        *,
        namespace: str | None = None,
        fields: Sequence[str] | None = None,
        merge_policy_id: str | None = None,
        occurred_after: datetime | None = None,
        occurred_before: datetime | None = None,
        filters: Sequence[str] = (),
        descending: bool = False,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Paged[Event]:
        """Return the experience events of one person, oldest first.

        Some of Adobe's descriptions announce the end of this look-up, so it warns with `PendingDeprecationWarning`.
        Ultimate organisations may have to ask Adobe to switch it on.

        Args:
            entity_id: the person: an id in `namespace`, an `rtcp.Identity`, or an XID.
            occurred_after, occurred_before: only events of this time, the start included, the end not.
            filters: up to three conditions, all of which must hold, such as `commerce.order.priceTotal>=100`;
                operators `= != < <= > >=`, dates in quotes.
            descending: newest first.
            limit: events to yield at most; None yields all.
            page_size: events in a request, 1 to 1000; None leaves it to the service (1000).

        Raises:
            InvalidArgumentError: this can be no id, such as an e-mail address without `namespace`; or there are too
                many filters.

        Example:
            >>> purchases = client.entities.list_events("jane@example.com", namespace="Email")
            >>> print(f"{sum(rtcp.xdm_get(event, 'commerce.order.priceTotal') for event in purchases):.2f}")
            2789.05
        """
        identity = to_identity(entity_id, namespace)
        check_page_size(page_size, most=_MOST_EVENTS)
        if len(filters) > _MOST_FILTERS:
            raise InvalidArgumentError(f"the service takes at most {_MOST_FILTERS} filters, not {len(filters)}")
        # Pairs, as there is a `property` for each condition.
        query = [
            ("schema.name", SchemaClass.EXPERIENCE_EVENT.value),
            ("relatedSchema.name", SchemaClass.PROFILE.value),
            ("relatedEntityId", identity.id),
            ("relatedEntityIdNS", identity.namespace),
            ("fields", paths_in_one(fields)),
            ("mergePolicyId", merge_policy_id),
            ("startTime", millis_bound(occurred_after, name="occurred_after")),
            ("endTime", millis_bound(occurred_before, name="occurred_before")),
            ("orderby", "-timestamp" if descending else "+timestamp"),
            ("limit", page_size),
            *(("property", condition) for condition in filters),
        ]
        # The caller's line is behind that of the check of arguments.
        warnings.warn(
            "the event look-up is marked as deprecated in Adobe's description of the Profile API",
            PendingDeprecationWarning,
            stacklevel=3,
        )

        # A next link is sent back as it came: its cursor is called "start" here and "offsets" there.
        first = Request.platform("GET", _ROUTE, query=query, private=(identity.id,), help=_HELP)
        return self._list(first, _events, of=Event, limit=limit)

    def delete(
        self,
        entity_id: str | int | UUID | Identity,
        *,
        namespace: str | None = None,
        merge_policy_id: str | None = None,
    ) -> None:
        """Ask for a person's profile and events to be deleted: IRREVERSIBLE, and done some time later.

        The guide calls this deprecated since the end of October 2025, in favour of Data Lifecycle record deletes, so it
        warns with `DeprecationWarning`; newer deployments may answer 404 or 410.

        Raises:
            InvalidArgumentError: this can be no id, such as an e-mail address without `namespace`.
            NotFoundError: nothing is known under this identity, or the service has withdrawn the operation.
            PartialFailureError: some of the person's identities could not be deleted.
            UnprocessableError: more than 50 linked identities, an unknown policy, or no default policy.

        Example:
            >>> client.entities.delete("oskar.lindqvist@example.com", namespace="Email")
        """
        identity = to_identity(entity_id, namespace)
        warnings.warn(
            "deleting entities is deprecated by the service: use Data Lifecycle record deletes",
            DeprecationWarning,
            stacklevel=3,
        )
        query = {
            "schema.name": SchemaClass.PROFILE.value,
            "entityId": identity.id,
            "entityIdNS": identity.namespace,
            "mergePolicyId": merge_policy_id,
        }
        request = Request.platform("DELETE", _ROUTE, query=query, private=(identity.id,), help=_DELETE_HELP)
        response = self._do(request)
        if response.status == 207:
            failures = read_partial_failure(request, response)
            raise PartialFailureError(
                f"{len(failures)} of the person's identities could not be deleted", failed=failures
            )

    def explain(
        self,
        entity_id: str | int | UUID | Identity,
        *,
        namespace: str | None = None,
        schema_name: str = SchemaClass.PROFILE,
    ) -> Explanation:
        """Return how each merge policy sees one person: which attributes differ, and which datasets contributed.

        Against the emulator it also says which fragment won each attribute, and why.

        Raises:
            InvalidArgumentError: this can be no id, such as an e-mail address without `namespace`.
            NotFoundError: nothing is known under this identity, under no policy.

        Example:
            >>> why = client.entities.explain("jane@example.com", namespace="Email")
            >>> "person.name.firstName" in [difference.path for difference in why.differences]
            True
        """
        from rtcp.resources.entities.explaining import Explaining

        explaining = Explaining(self.get, self._winners if self._config.emulator else None, str(schema_name))
        return explaining.explain(to_identity(entity_id, namespace), self._list_policies(str(schema_name)))

    def _winners(self, identity: Identity, policy_id: str) -> Any:
        query = {
            "entityId": identity.id,
            "entityIdNS": identity.namespace,
            "mergePolicyId": policy_id,
            "sandbox": self._config.sandbox,
        }
        request = Request.platform("GET", "/_emulator/explain", query=query, private=(identity.id,))
        return self._send_for(request, lambda body, _: body)

    def _post(self, body: Mapping[str, Any], private: tuple[str, ...]) -> Response:
        request = Request.platform("POST", _ROUTE, json=body, idempotent=True, private=private, help=_HELP)
        return self._session.send(request)


def _events(body: Any, response: Response) -> list[Event]:
    return parse_all(Event, items_of(body, response, "children", what="events"), response)


def _identities(ids: Iterable[Any], namespace: str | None) -> Iterator[Identity | RtcpError]:
    """The identities; in the place of what cannot be one stands the error that says so."""
    for position, given in enumerate(ids):
        try:
            yield to_identity(given, namespace)
        except InvalidArgumentError as exc:
            problem = str(exc)
        else:
            continue
        yield InvalidArgumentError(f"id at position {position}: {problem}")
