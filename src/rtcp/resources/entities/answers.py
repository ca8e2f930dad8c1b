"""Answers about people, read into models: maps of entities by XID."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtcp.errors import NotFoundError
from rtcp.models.entity import Entity
from rtcp.models.identity import Identity
from rtcp.resources.entities.matching import match
from rtcp.transport.answers import parse_all, unreadable
from rtcp.transport.request import Response


def only_entity(body: Any, response: Response, identity: Identity) -> Entity:
    """The entity of an answer about one identity.

    Raises:
        NotFoundError: there is none, or an empty one.
        DecodeError: it is no map of entities, or holds several that might be meant.
    """
    if not isinstance(body, dict):
        raise unreadable(response, "the answer is no map of entities")
    entries = entities_of(body, response)
    # A single entry can be about nobody else; among several, none is guessed.
    entity = next(iter(entries.values())) if len(entries) == 1 else match([identity.key], entries).get(identity.key)
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


def entities_of(answer: Mapping[str, Any], response: Response) -> dict[str, Entity]:
    """The entities of an answer by their XIDs.

    Raises:
        DecodeError: one of them does not have the documented form.
    """
    # XIDs never start with "_": these are the paging keys that some answers carry beside them.
    values = {xid: value for xid, value in answer.items() if xid not in ("_page", "_links")}
    entities = zip(values, parse_all(Entity, list(values.values()), response), strict=True)
    return {
        xid: entity if entity.entity_id else entity.model_copy(update={"entity_id": xid}) for xid, entity in entities
    }
