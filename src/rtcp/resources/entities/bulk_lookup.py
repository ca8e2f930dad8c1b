"""The bulk look-up: chunks of identities go out together, and each identity gets its own answer or its own error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from threading import Lock
from typing import Any, Final

from rtcp._arguments import check_number
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
from rtcp.models.entity import Entity, Hit, Lookup, Miss
from rtcp.models.identity import Identity
from rtcp.resources.entities.answers import entities_of
from rtcp.resources.entities.matching import Key, match
from rtcp.transport.answers import decode, unreadable
from rtcp.transport.request import Response
from rtcp.transport.wire import POOL_SIZE

_PSEUDO_FIELD: Final = "identities"
_TOO_LARGE: Final = 413


class _UnreadableEntryError(DecodeError):
    """One entry of a bulk answer cannot be read; it never leaves this module."""


# With one of these, every other input would fail alike, so a bulk look-up ends.
_HOPELESS: Final = (AuthenticationError, ConfigError, PermissionDeniedError, TokenError)
# One bad identity may have spoiled the whole chunk: it is halved until the bad one stands alone.
_SPOILED: Final = (BadRequestError, NotFoundError, UnprocessableError, _UnreadableEntryError)

Post = Callable[[Mapping[str, Any], tuple[str, ...]], Response]


class BulkLookup:
    """What is asked of every identity, and how a chunk of them is answered.

    Args:
        post: sends a body that asks for people whose ids no message may repeat, and returns the answer.
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
        # There is one interpreter lock: threads that read at the same time only take it from one another.
        self._reading = Lock()
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
        chunks = chunked(identities, chunk_size, key=attrgetter("key"))
        return _filtered(ordered_map(self._chunk, chunks, workers=workers), on_missing)

    def _chunk(self, chunk: Chunk[Key, Identity]) -> list[Lookup]:
        """A `Lookup` for every input of the chunk, in order."""
        outcomes = self._look_up(chunk.distinct)
        lookups: list[Lookup] = []
        for position, (key, identity) in enumerate(chunk.inputs, chunk.first):
            outcome = outcomes[key]
            if isinstance(outcome, RtcpError):
                lookups.append(Miss(position, identity, outcome))
            else:
                lookups.append(Hit(position, identity, outcome))
        return lookups

    def _look_up(self, asked: Mapping[Key, Identity]) -> dict[Key, Entity | RtcpError]:
        if len(asked) == 1:
            return {key: self._one(identity) for key, identity in asked.items()}
        body = {**self._asks, "identities": [_wire_identity(identity) for identity in asked.values()]}
        private = tuple(identity.id for identity in asked.values())
        try:
            found = self._read(self._post(body, private), asked)
        except _HOPELESS:
            raise
        except RtcpError as exc:
            if not _is_of_some_only(exc):
                return dict.fromkeys(asked, exc)
            half = len(asked) // 2
            halves = (dict(islice(asked.items(), half)), dict(islice(asked.items(), half, None)))
            return self._look_up(halves[0]) | self._look_up(halves[1])
        outcomes: dict[Key, Entity | RtcpError] = {}
        for key, identity in asked.items():
            entity = found.get(key)
            if entity is None:
                outcomes[key] = self._one(identity)
            else:
                outcomes[key] = _nothing_known() if entity.is_empty else self._give_back(entity)
        return outcomes

    def _read(self, response: Response, asked: Collection[Key]) -> dict[Key, Entity]:
        with self._reading:
            return _matched(decode(response), response, asked)

    def _one(self, identity: Identity) -> Entity | RtcpError:
        try:
            return self._get(identity)
        except _HOPELESS:
            raise
        except RtcpError as exc:
            return exc

    def _give_back(self, entity: Entity) -> Entity:
        if not self._borrows or _PSEUDO_FIELD not in entity.entity:
            return entity
        kept = {name: value for name, value in entity.entity.items() if name != _PSEUDO_FIELD}
        return entity.model_copy(update={"entity": kept})


def check_options(ids: object, *, workers: int, chunk_size: int) -> None:
    """Refuse options that cannot be right.

    Raises:
        InvalidArgumentError: names the option.
    """
    if isinstance(ids, str | Identity):
        raise InvalidArgumentError("ids is an iterable of identities, not one of them; entities.get looks one up")
    check_number("workers", workers, least=1, most=POOL_SIZE)
    check_number("chunk_size", chunk_size, least=1)


def _nothing_known() -> NotFoundError:
    return NotFoundError("nothing is known of this identity", status=404)


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


def _matched(answer: Any, response: Response, asked: Collection[Key]) -> dict[Key, Entity]:
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
    return match(asked, entries)


def _wire_identity(identity: Identity) -> dict[str, Any]:
    if identity.namespace is None:
        return {"entityId": identity.id}
    return {"entityId": identity.id, "entityIdNS": {"code": identity.namespace}}
