"""The bulk look-up: chunks of identities go out together, and each identity gets its own answer or its own error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from rtcp.bulk.chunks import Chunk, chunked, ordered_map
from rtcp.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigError,
    DecodeError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    ResponseError,
    RtcpError,
    TokenError,
    UnprocessableError,
)
from rtcp.models.entity import Entity, Lookup
from rtcp.models.identity import Identity
from rtcp.resources._base import unreadable
from rtcp.resources._entity_answers import entities_of
from rtcp.resources._matching import Key, match
from rtcp.transport.request import Response
from rtcp.transport.session import POOL_SIZE

_PSEUDO_FIELD: Final = "identities"
_TOO_LARGE: Final = 413


class _UnreadableEntryError(DecodeError):
    """One entry of a bulk answer cannot be read; it never leaves this module."""


# With one of these, every other input would fail alike, so a bulk look-up ends.
_HOPELESS: Final = (AuthenticationError, ConfigError, PermissionDeniedError, TokenError)
# One bad identity may have spoiled the whole chunk: it is halved until the bad one stands alone.
_SPOILED: Final = (BadRequestError, NotFoundError, UnprocessableError, _UnreadableEntryError)

Post = Callable[
    [Mapping[str, Any], Sequence[Identity], Callable[[Any, Response], dict[Key, Entity]]], dict[Key, Entity]
]


class BulkLookup:
    """What is asked of every identity, and how a chunk of them is answered.

    Args:
        post: sends a body that asks for these identities, and returns what the reader makes of the answer.
        get: looks one identity up by itself.
    """

    def __init__(
        self,
        *,
        post: Post,
        get: Callable[[Identity], Entity],
        schema_name: str,
        fields: Sequence[str] | None,
        merge_policy_id: str | None,
    ) -> None:
        self._post = post
        self._get = get
        # The answer is tied to its input by the identities it names, so they are asked for and taken out again.
        self._borrows = fields is not None and _PSEUDO_FIELD not in fields
        self._asks: dict[str, Any] = {"schema": {"name": schema_name}}
        if fields is not None:
            self._asks["fields"] = [*fields, _PSEUDO_FIELD] if self._borrows else list(fields)
        if merge_policy_id is not None:
            self._asks["mergePolicyId"] = merge_policy_id

    def run(
        self, identities: Iterable[Identity], *, workers: int, chunk_size: int, on_missing: str
    ) -> Iterator[Lookup]:
        """A `Lookup` for every identity, in order, with the missing ones treated as told."""
        chunks = chunked(identities, chunk_size, key=lambda identity: identity.key)
        return _filtered(ordered_map(self._chunk, chunks, workers=workers), on_missing)

    def _chunk(self, chunk: Chunk[Identity]) -> list[Lookup]:
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
        body = {**self._asks, "identities": [_wire_identity(identity) for identity in identities]}
        try:
            found = self._post(body, identities, lambda answer, response: _matched(answer, response, identities))
        except _HOPELESS:
            raise
        except RtcpError as exc:
            if not _is_of_some_only(exc):
                return {identity.key: exc for identity in identities}
            half = len(identities) // 2
            return self._look_up(identities[:half]) | self._look_up(identities[half:])
        outcomes: dict[Key, Entity | RtcpError | None] = {}
        for identity in identities:
            entity = found.get(identity.key)
            if entity is None:
                outcomes[identity.key] = self._one(identity)
            else:
                outcomes[identity.key] = None if entity.is_empty else self._give_back(entity)
        return outcomes

    def _one(self, identity: Identity) -> Entity | RtcpError | None:
        try:
            return self._get(identity)
        except NotFoundError:
            return None
        except _HOPELESS:
            raise
        except RtcpError as exc:
            return exc

    def _give_back(self, entity: Entity) -> Entity:
        if not self._borrows or _PSEUDO_FIELD not in entity.entity:
            return entity
        kept = {name: value for name, value in entity.entity.items() if name != _PSEUDO_FIELD}
        return entity.model_copy(update={"entity": kept})


def check_options(ids: object, *, workers: int, chunk_size: int, on_missing: str) -> None:
    """Refuse options that cannot be right.

    Raises:
        InvalidArgumentError: names the option.
    """
    if isinstance(ids, str | Identity):
        raise InvalidArgumentError("ids is an iterable of identities, not one of them; entities.get looks one up")
    if not 1 <= workers <= POOL_SIZE:
        raise InvalidArgumentError(f"workers must be 1 to {POOL_SIZE}, not {workers}")
    if chunk_size < 1:
        raise InvalidArgumentError(f"chunk_size must be 1 or more, not {chunk_size}")
    if on_missing not in ("skip", "yield", "raise"):
        raise InvalidArgumentError(f"on_missing must be 'skip', 'yield' or 'raise', not {on_missing!r}")


def _is_of_some_only(failure: RtcpError) -> bool:
    """True when fewer identities at a time may fare better."""
    # A merge policy that is not there fails everyone alike; halving would ask for each of them twice.
    if isinstance(failure, UnprocessableError) and "merge policy" in str(failure).casefold():
        return False
    # No source tells how many identities a request may have, so one may prove too large.
    is_too_large = isinstance(failure, ResponseError) and failure.status == _TOO_LARGE
    return is_too_large or isinstance(failure, _SPOILED)


def _filtered(results: Iterator[list[Lookup]], on_missing: str) -> Iterator[Lookup]:
    """The look-ups one by one, with the missing ones treated as told."""
    for lookups in results:
        for lookup in lookups:
            if not lookup.is_missing or on_missing == "yield":
                yield lookup
            elif on_missing == "raise":
                raise NotFoundError(f"nothing is known of the identity at position {lookup.position}", status=404)


def _matched(answer: Any, response: Response, identities: Sequence[Identity]) -> dict[Key, Entity]:
    if isinstance(answer, list):
        # A partial failure lists the failed XIDs only: everybody is looked up alone, for an own answer or error.
        return {}
    if not isinstance(answer, dict):
        raise unreadable(response, "the answer is no map of entities")
    try:
        entries = entities_of(answer, response)
    except DecodeError as exc:
        # Matching without it would be a guess, as it may name identities that others name too.
        raise _UnreadableEntryError("an entry cannot be read") from exc
    return match(identities, entries)


def _wire_identity(identity: Identity) -> dict[str, Any]:
    if identity.namespace is None:
        return {"entityId": identity.id}
    return {"entityId": identity.id, "entityIdNS": {"code": identity.namespace}}
