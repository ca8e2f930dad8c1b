"""The bulk look-up: chunks of identities go out together, and each identity gets its own answer or its own error."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from rtcp._arguments import check_number
from rtcp._outlook import Outlook, judge
from rtcp.bulk.chunks import Chunk, Unfinished, chunked, ordered_map
from rtcp.errors import (
    BadRequestError,
    DecodeError,
    InvalidArgumentError,
    NotFoundError,
    ResponseError,
    RtcpError,
    UnprocessableError,
)
from rtcp.models.entity import Entity, Hit, Lookup, Lookups, Miss
from rtcp.models.identity import Identity
from rtcp.resources.entities.answers import entities_of
from rtcp.resources.entities.matching import match_with_doubts
from rtcp.transport.answers import decode, mapping, objects, told, unreadable
from rtcp.transport.request import Response
from rtcp.transport.wire import POOL_SIZE

_PSEUDO_FIELD: Final = "identities"
_TOO_LARGE: Final = 413
_PARTIAL: Final = 207


class _UnreadableEntryError(DecodeError):
    """One entry of a bulk answer cannot be read; it never leaves this module."""


# One bad identity may have spoiled the whole chunk: it is halved until the bad one stands alone.
_SPOILED: Final = (BadRequestError, NotFoundError, UnprocessableError, _UnreadableEntryError)

# So many ids of a chunk, asked for one by one and refused in the same words, tell that it is not about one of them.
_PROBES: Final = 5

Key = tuple[str, str | None]
Outcome = Entity | RtcpError | None
Asked = Mapping[Any, Identity]
Outcomes = dict[Any, Outcome]
Post = Callable[[Mapping[str, Any], tuple[str, ...]], Response]
_Chunk = Chunk[Key | int, Identity | RtcpError]


@dataclass(frozen=True, slots=True, repr=False)
class _Fetched:
    """A chunk, those of it who were asked for, and the answer about them, or what became of each."""

    chunk: _Chunk
    asked: Asked
    answer: Response | Outcomes


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
        # What was found to be refused whoever is asked for; one answer that is none takes it back.
        self._verdicts: dict[tuple[str | None, ...], RtcpError] = {}
        # The answer is tied to its input by the identities it names, so they are asked for and taken out again.
        self._borrows = fields is not None and _PSEUDO_FIELD not in fields
        self._asks: dict[str, Any] = {"schema": {"name": schema_name}}
        if fields is not None:
            self._asks["fields"] = [*fields, _PSEUDO_FIELD] if self._borrows else list(fields)
        if merge_policy_id is not None:
            self._asks["mergePolicyId"] = merge_policy_id

    def run(
        self, identities: Iterable[Identity | RtcpError], *, workers: int, chunk_size: int, on_missing: str
    ) -> Lookups:
        """A `Lookup` for every identity, in order, with the missing ones treated as told.

        In the place of an input that cannot be an identity stands the error that says so.
        """
        chunks = chunked(identities, chunk_size, key=_key_of)
        return Lookups(_filtered(ordered_map(self._fetch, self._read, chunks, workers=workers), on_missing))

    def _fetch(self, chunk: _Chunk) -> _Fetched:
        """What the service says of a chunk; everything that may take a request is done here."""
        asked = {key: each for key, each in chunk.distinct.items() if isinstance(each, Identity)}
        return _Fetched(chunk, asked, self._ask(asked))

    def _read(self, fetched: _Fetched) -> list[Lookup] | Unfinished[list[Lookup]]:
        """A `Lookup` for every input of the chunk, in order."""
        chunk, answer = fetched.chunk, fetched.answer
        outcomes = self._outcomes(answer, fetched.asked) if isinstance(answer, Response) else answer
        if isinstance(outcomes, Unfinished):
            find_out = outcomes.finish
            return Unfinished(lambda: _lookups(chunk, find_out()))
        return _lookups(chunk, outcomes)

    def _look_up(self, asked: Asked) -> Outcomes:
        answer = self._ask(asked)
        outcomes = self._outcomes(answer, asked) if isinstance(answer, Response) else answer
        return outcomes.finish() if isinstance(outcomes, Unfinished) else outcomes

    def _ask(self, asked: Asked) -> Response | Outcomes:
        """The answer about all of them, unread; where there is none for all, what became of each."""
        if len(asked) < 2:
            return {key: self._one(identity) for key, identity in asked.items()}
        body = {**self._asks, "identities": [_wire_identity(identity) for identity in asked.values()]}
        private = tuple(identity.id for identity in asked.values())
        try:
            response = self._post(body, private)
            if response.status == _PARTIAL:
                return self._look_up_alone(asked, response)
        except RtcpError as exc:
            return self._look_up_after(asked, exc)
        return response

    def _outcomes(self, response: Response, asked: Asked) -> Outcomes | Unfinished[Outcomes]:
        """What an answer says of each."""
        try:
            found, in_doubt = told(lambda answer, response: _matched(answer, response, asked), response)
        except RtcpError as exc:
            failure = exc
            return Unfinished(lambda: self._look_up_after(asked, failure))
        if self._verdicts:
            self._verdicts.clear()
        # Where no entry can be about somebody, the service knows nothing of them.
        outcomes = {key: self._known(found.get(key)) for key in asked}
        doubtful = [key for key in asked if key in in_doubt and key not in found]
        if not doubtful:
            return outcomes
        return Unfinished(lambda: outcomes | {key: self._one(asked[key]) for key in doubtful})

    def _known(self, entity: Entity | None) -> Outcome:
        return None if entity is None or entity.is_empty else self._give_back(entity)

    def _look_up_after(self, asked: Asked, failure: RtcpError) -> Outcomes:
        """The outcomes after a failure that was about all of them."""
        if judge(failure) is Outlook.HOPELESS:
            raise failure
        return self._look_up_parts(asked, failure) if _is_of_some_only(failure) else dict.fromkeys(asked, failure)

    def _look_up_parts(self, asked: Asked, failure: RtcpError) -> Outcomes:
        """The outcomes after a refusal that one identity may have brought upon all."""
        outcomes: Outcomes = {}
        if not isinstance(failure, _UnreadableEntryError):
            outcomes, refusal = self._probe(asked, str(_said(failure)))
            if refusal is not None:
                return {key: outcomes.get(key, refusal) for key in asked}
            asked = {key: identity for key, identity in asked.items() if key not in outcomes}
        half = len(asked) // 2
        halves = (dict(islice(asked.items(), half)), dict(islice(asked.items(), half, None)))
        return outcomes | self._look_up(halves[0]) | self._look_up(halves[1])

    def _look_up_alone(self, asked: Asked, response: Response) -> Outcomes:
        """Everybody by themselves: a partial failure lists XIDs, and does not tell whose they are."""
        listed = objects(decode(response))
        said = {str(mapping(entry.get("error"))) for entry in listed}
        outcomes: Outcomes = {}
        if len(listed) >= len(asked) and len(said) == 1:
            outcomes, refusal = self._probe(asked, said.pop())
            if refusal is not None:
                return {key: outcomes.get(key, refusal) for key in asked}
        return {key: outcomes[key] if key in outcomes else self._one(identity) for key, identity in asked.items()}

    def _probe(self, asked: Asked, said: str) -> tuple[Outcomes, RtcpError | None]:
        """The outcomes of a few by themselves, and their refusal when all are refused in the same words.

        What was found out about a namespace and these words is not found out again.
        """
        verdict = (*{identity.namespace for identity in asked.values()}, said)
        if verdict in self._verdicts:
            return {}, self._verdicts[verdict]
        if len(asked) <= 2 * _PROBES:
            return {}, None
        step = len(asked) // _PROBES
        probes = dict(islice(islice(asked.items(), 0, None, step), _PROBES))
        outcomes = {key: self._one(identity) for key, identity in probes.items()}
        refusals = [outcome for outcome in outcomes.values() if isinstance(outcome, RtcpError)]
        are_equal = len(refusals) == len(probes) and len({_said(refusal) for refusal in refusals}) == 1
        if not are_equal:
            return outcomes, None
        self._verdicts[verdict] = refusals[0]
        return outcomes, refusals[0]

    def _one(self, identity: Identity) -> Outcome:
        try:
            return self._get(identity)
        except NotFoundError:
            return None
        except RtcpError as exc:
            if judge(exc) is Outlook.HOPELESS:
                raise
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
    columns = _columns_of(ids)
    if columns is not None:
        raise InvalidArgumentError(
            f"ids is a table; pass the column that has the ids, such as frame[{columns[0] if columns else 'email'!r}]"
            + (f" (its columns: {', '.join(columns)})" if columns else "")
        )
    if isinstance(ids, str | bytes | Identity | Mapping) or not isinstance(ids, Iterable):
        raise InvalidArgumentError("ids is an iterable of identities, not one of them; entities.get looks one up")
    check_number("workers", workers, least=1, most=POOL_SIZE)
    check_number("chunk_size", chunk_size, least=1)


def _lookups(chunk: _Chunk, outcomes: Outcomes) -> list[Lookup]:
    """A `Lookup` for every input of the chunk, in order."""
    lookups: list[Lookup] = []
    for position, (key, given) in enumerate(chunk.inputs, chunk.first):
        if not isinstance(given, Identity):
            lookups.append(Miss(position, None, given))
            continue
        outcome = outcomes[key]
        if isinstance(outcome, Entity):
            lookups.append(Hit(position, given, outcome))
        else:
            lookups.append(Miss(position, given, outcome or _nothing_known()))
    return lookups


def _nothing_known() -> NotFoundError:
    return NotFoundError("nothing is known of this identity", status=404)


def _columns_of(ids: object) -> list[str] | None:
    """The columns of a table of pandas, Polars or Arrow; None for what is no table."""
    names = getattr(ids, "column_names", None)
    if names is None and hasattr(ids, "columns") and hasattr(ids, "shape"):
        names = ids.columns  # pyright: ignore[reportAttributeAccessIssue]
    return None if names is None else [str(name) for name in names]


def _is_of_some_only(failure: RtcpError) -> bool:
    """True when fewer identities at a time may fare better."""
    # A merge policy that is not there fails everyone alike; halving would ask for each of them twice.
    if isinstance(failure, UnprocessableError) and "merge policy" in str(failure).casefold():
        return False
    # No source tells how many identities a request may have, so one may prove too large.
    is_too_large = isinstance(failure, ResponseError) and failure.status == _TOO_LARGE
    return is_too_large or isinstance(failure, _SPOILED)


def _filtered(results: Iterator[list[Lookup]], on_missing: str) -> Generator[Lookup]:
    """The look-ups one by one, with the missing ones treated as told."""
    for lookups in results:
        for lookup in lookups:
            if not lookup.is_missing or on_missing == "yield":
                yield lookup
            elif on_missing == "raise":
                raise NotFoundError(f"nothing is known of the identity at position {lookup.position}", status=404)


def _matched(answer: Any, response: Response, asked: Collection[Key]) -> tuple[dict[Key, Entity], Collection[Key]]:
    """The entries by those who were asked for, and the keys of those whom one may be about all the same."""
    if not isinstance(answer, dict):
        raise unreadable(response, "the answer is no map of entities")
    try:
        entries = entities_of(answer, response)
    except DecodeError:
        entries = None
    if entries is None:
        # Matching without it would be a guess, as it may name identities that others name too.
        raise _UnreadableEntryError("an entry cannot be read")
    return match_with_doubts(asked, entries)


def _key_of(given: Identity | RtcpError) -> Key | int:
    # An error is its own; equal identities are asked for once.
    return given.key if isinstance(given, Identity) else id(given)


def _said(failure: RtcpError) -> tuple[int | None, str]:
    """The words of a refusal, without the id of the request."""
    return getattr(failure, "status", None), str(failure.args[0]) if failure.args else type(failure).__name__


def _wire_identity(identity: Identity) -> dict[str, Any]:
    if identity.namespace is None:
        return {"entityId": identity.id}
    return {"entityId": identity.id, "entityIdNS": {"code": identity.namespace}}
