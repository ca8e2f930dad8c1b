"""Merged profiles, accounts and opportunities, and the events of a person."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from rtcp._instants import require_aware, to_millis
from rtcp.bulk.chunks import Chunk, chunked, ordered_map
from rtcp.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    RtcpError,
    TokenError,
    UnprocessableError,
)
from rtcp.models.entity import Entity, Event, Lookup, SchemaClass
from rtcp.models.identity import Identity, to_identity
from rtcp.paging import Page, Paged
from rtcp.resources._base import Resource, mapping, parse, unreadable
from rtcp.resources._matching import Key, match
from rtcp.transport.request import Request, Response
from rtcp.transport.session import POOL_SIZE

_ROUTE: Final = "/data/core/ups/access/entities"
_PSEUDO_FIELD: Final = "identities"
_MOST_FILTERS: Final = 3
_MOST_EVENTS: Final = 1000
# With one of these, every other input would fail alike, so a bulk look-up ends.
_HOPELESS: Final = (AuthenticationError, ConfigError, PermissionDeniedError, TokenError)
# One bad identity may have spoiled the whole chunk: it is halved until the bad one stands alone.
_SPOILED: Final = (BadRequestError, NotFoundError, UnprocessableError)


class Entities(Resource):
    """Look-ups of merged profiles and other entities.

    Needs Real-Time CDP Ultimate. Service page: https://experienceleague.adobe.com/en/docs/experience-
    platform/profile/api/entities
    """

    def get(
        self,
        entity_id: str | Identity,
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
            "fields": _csv(fields),
            "mergePolicyId": merge_policy_id,
            "withCA": True if with_computed_attributes else None,
        }
        request = Request.platform("GET", _ROUTE, query=query, private=(identity.id,))
        return self._send_for(request, lambda body, response: _only_entity(body, response, identity))

    def get_many(
        self,
        ids: Iterable[str | Identity],
        *,
        namespace: str | None = None,
        schema_name: str = SchemaClass.PROFILE,
        fields: Sequence[str] | None = None,
        merge_policy_id: str | None = None,
        workers: int = 8,
        chunk_size: int = 100,
        on_missing: Literal["skip", "yield", "raise"] = "skip",
    ) -> Iterator[Lookup]:
        """Look up many, and yield a `Lookup` for each in input order.

        Reads the ids as it goes, keeps a few chunks in memory, and sends equal ids of a chunk once. The service does
        not document how its answers tell
        whom they are about, so each is tied to its input by identity, never by place; one that stays in doubt is
        looked up by itself.

        Args:
            ids: texts in `namespace`, `rtcp.Identity` values, or XIDs, mixed as you like.
            workers: chunks under way at once, 1 to 64.
            chunk_size: identities in a request; the service documents no maximum.
            on_missing: what becomes of an id that nothing is known of: left out, yielded with neither entity nor
                error, or raised.

        Raises:
            AuthenticationError, PermissionDeniedError, TokenError, ConfigError: the credentials or settings fail;
                what else goes wrong rides in `.error`.
            InvalidArgumentError: an id cannot be one; the message gives its position.
            NotFoundError: with `on_missing="raise"`.

        Example:
            >>> emails = ["jane@example.com", "nobody@example.com"]
            >>> for hit in client.entities.get_many(emails, namespace="Email", on_missing="yield"):
            ...     print(hit.position, hit.entity is not None, hit.error)
            0 True None
            1 False None
        """
        _check_bulk(workers, chunk_size, on_missing)
        ask = _Ask(self, str(schema_name), None if fields is None else tuple(fields), merge_policy_id)
        identities = (
            to_identity(given, namespace, where=f"id at position {position}: ") for position, given in enumerate(ids)
        )
        chunks = chunked(identities, chunk_size, key=lambda identity: identity.key)
        return _filtered(ordered_map(ask.chunk, chunks, workers=workers), on_missing)

    def list_events(
        self,
        entity_id: str | Identity,
        *,
        namespace: str | None = None,
        fields: Sequence[str] | None = None,
        merge_policy_id: str | None = None,
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        filters: Sequence[str] = (),
        descending: bool = False,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Paged[Event]:
        """Return the experience events of one person, oldest first.

        Some of Adobe's descriptions announce the end of this look-up, so it warns with `PendingDeprecationWarning`.
        Ultimate organisations may have to
        ask Adobe to switch it on.

        Args:
            entity_id: the person: an id in `namespace`, an `rtcp.Identity`, or an XID.
            start_time, end_time: aware; the start is included, the end is not.
            filters: up to three conditions, all of which must hold, such as `commerce.order.priceTotal>=100`;
                operators `= != < <= > >=`, dates in quotes.
            descending: newest first.
            limit: events to yield at most; None yields all.
            page_size: events in a request, 1 to 1000; None leaves it to the service (1000).

        Example:
            >>> purchases = client.entities.list_events("jane@example.com", namespace="Email")
            >>> print(f"{sum(rtcp.xdm_get(event, 'commerce.order.priceTotal') for event in purchases):.2f}")
            2789.05
        """
        identity = to_identity(entity_id, namespace)
        if page_size is not None and not 1 <= page_size <= _MOST_EVENTS:
            raise InvalidArgumentError(f"page_size must be 1 to {_MOST_EVENTS}, not {page_size}")
        if len(filters) > _MOST_FILTERS:
            raise InvalidArgumentError(f"the service takes at most {_MOST_FILTERS} filters, not {len(filters)}")
        warnings.warn(
            "the event look-up is marked as deprecated in Adobe's description of the Profile API",
            PendingDeprecationWarning,
            stacklevel=2,
        )
        query = [
            ("schema.name", SchemaClass.EXPERIENCE_EVENT.value),
            ("relatedSchema.name", SchemaClass.PROFILE.value),
            ("relatedEntityId", identity.id),
            ("relatedEntityIdNS", identity.namespace),
            ("fields", _csv(fields)),
            ("mergePolicyId", merge_policy_id),
            ("startTime", _millis(start_time, "start_time")),
            ("endTime", _millis(end_time, "end_time")),
            ("orderby", "-timestamp" if descending else "+timestamp"),
            ("limit", page_size),
            *(("property", condition) for condition in filters),
        ]

        def fetch(token: str | None) -> Page[Event]:
            # A next link is sent back as it came: its cursor is called "start" here and "offsets" there.
            request = Request.platform("GET", _ROUTE, query=query if token is None else token, private=(identity.id,))
            return self._send_for(request, self._event_page)

        return Paged(fetch, limit=limit)

    def _event_page(self, body: Any, response: Response) -> Page[Event]:
        children = mapping(body).get("children")
        if not isinstance(children, list):
            raise unreadable(response, "the answer holds no list of events")
        return self._page(body, response, [parse(Event, child, response) for child in children])


class _Ask:
    """One bulk look-up: what is asked of every identity, and how a chunk of them is answered."""

    def __init__(
        self, entities: Entities, schema_name: str, fields: tuple[str, ...] | None, merge_policy_id: str | None
    ) -> None:
        self._entities = entities
        self._schema_name = schema_name
        self._fields = fields
        self._merge_policy_id = merge_policy_id
        # The answer is tied to its input by the identities it names, so they are asked for and taken out again.
        self._borrowed = fields is not None and _PSEUDO_FIELD not in fields

    def chunk(self, chunk: Chunk[Identity]) -> list[Lookup]:
        """A `Lookup` for every input of the chunk, in order."""
        outcomes = self._look_up(list(chunk.distinct.values()))
        lookups = []
        for position, identity in chunk.inputs:
            outcome = outcomes[identity.key]
            entity, error = (None, outcome) if isinstance(outcome, RtcpError) else (outcome, None)
            lookups.append(Lookup(position, identity, entity, error))
        return lookups

    def _look_up(self, identities: list[Identity]) -> dict[Key, Entity | RtcpError | None]:
        if len(identities) == 1:
            return {identities[0].key: self._one(identities[0])}
        try:
            found, refused = self._post(identities)
        except _HOPELESS:
            raise
        except _SPOILED:
            half = len(identities) // 2
            return self._look_up(identities[:half]) | self._look_up(identities[half:])
        except RtcpError as exc:
            return {identity.key: exc for identity in identities}
        outcomes: dict[Key, Entity | RtcpError | None] = dict(refused)
        for identity in identities:
            entity = found.get(identity.key)
            if entity is not None:
                outcomes[identity.key] = None if entity.is_empty else self._give_back(entity)
            elif identity.key not in outcomes:
                outcomes[identity.key] = self._one(identity)
        return outcomes

    def _one(self, identity: Identity) -> Entity | RtcpError | None:
        try:
            return self._entities.get(
                identity, schema_name=self._schema_name, fields=self._fields, merge_policy_id=self._merge_policy_id
            )
        except NotFoundError:
            return None
        except _HOPELESS:
            raise
        except RtcpError as exc:
            return exc

    def _post(self, identities: list[Identity]) -> tuple[dict[Key, Entity], dict[Key, RtcpError]]:
        fields = (*self._fields, _PSEUDO_FIELD) if self._fields is not None and self._borrowed else self._fields
        body: dict[str, Any] = {
            "schema": {"name": self._schema_name},
            "identities": [_wire_identity(identity) for identity in identities],
        }
        if fields is not None:
            body["fields"] = list(fields)
        if self._merge_policy_id is not None:
            body["mergePolicyId"] = self._merge_policy_id
        request = Request.platform(
            "POST", _ROUTE, json=body, idempotent=True, private=(identity.id for identity in identities)
        )
        return self._entities._send_for(request, lambda answer, response: _entries(answer, response, identities))

    def _give_back(self, entity: Entity) -> Entity:
        if not self._borrowed or _PSEUDO_FIELD not in entity.entity:
            return entity
        kept = {name: value for name, value in entity.entity.items() if name != _PSEUDO_FIELD}
        return entity.model_copy(update={"entity": kept})


def _entries(
    answer: Any, response: Response, identities: list[Identity]
) -> tuple[dict[Key, Entity], dict[Key, RtcpError]]:
    if isinstance(answer, list):
        # A partial failure lists the failed XIDs only; whoever is not among them is looked up alone, and gets its own
        # answer or error.
        return {}, {}
    if not isinstance(answer, dict):
        raise unreadable(response, "the answer is no map of entities")
    return match(identities, _entities_of(answer, response)), {}


def _entities_of(answer: Mapping[str, Any], response: Response) -> dict[str, Entity]:
    entries = {}
    for xid, value in answer.items():
        # XIDs never start with "_": these are the paging keys that some answers carry beside them.
        if xid in ("_page", "_links"):
            continue
        entity = parse(Entity, value, response)
        entries[xid] = entity if entity.entity_id else entity.model_copy(update={"entity_id": xid})
    return entries


def _only_entity(body: Any, response: Response, identity: Identity) -> Entity:
    if not isinstance(body, dict):
        raise unreadable(response, "the answer is no map of entities")
    entries = _entities_of(body, response)
    entity = next(iter(entries.values())) if len(entries) == 1 else match([identity], entries).get(identity.key)
    if entity is None and entries:
        raise unreadable(
            response, f"the answer holds {len(entries)} entities, and none of them tells that it is the one asked for"
        )
    if entity is None or entity.is_empty:
        raise NotFoundError(
            "nothing is known under this identity",
            status=response.status,
            method=response.method,
            url=response.url,
            request_id=response.request_id,
        )
    return entity


def _filtered(results: Iterator[list[Lookup]], on_missing: str) -> Iterator[Lookup]:
    for lookups in results:
        for lookup in lookups:
            if not lookup.is_missing or on_missing == "yield":
                yield lookup
            elif on_missing == "raise":
                raise NotFoundError(f"nothing is known of the identity at position {lookup.position}", status=404)


def _check_bulk(workers: int, chunk_size: int, on_missing: str) -> None:
    if not 1 <= workers <= POOL_SIZE:
        raise InvalidArgumentError(f"workers must be 1 to {POOL_SIZE}, not {workers}")
    if chunk_size < 1:
        raise InvalidArgumentError(f"chunk_size must be 1 or more, not {chunk_size}")
    if on_missing not in ("skip", "yield", "raise"):
        raise InvalidArgumentError(f"on_missing must be 'skip', 'yield' or 'raise', not {on_missing!r}")


def _wire_identity(identity: Identity) -> dict[str, Any]:
    if identity.namespace is None:
        return {"entityId": identity.id}
    return {"entityId": identity.id, "entityIdNS": {"code": identity.namespace}}


def _csv(fields: Sequence[str] | None) -> str | None:
    if isinstance(fields, str):
        raise InvalidArgumentError("fields is a list of dot paths, not one text")
    return None if fields is None else ",".join(fields)


def _millis(instant: datetime | None, name: str) -> int | None:
    if instant is None:
        return None
    try:
        return to_millis(require_aware(instant, name=name))
    except ValueError as exc:
        raise InvalidArgumentError(str(exc)) from None
