"""Merged profiles and other entities, their events, and the answers of bulk look-ups."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeAlias

from pydantic import Field

from rtcp._instants import OptionalEpochMillis, OptionalIsoInstant
from rtcp._notebook import Displayed
from rtcp._notebook.cards import Card, Moment, Private, Table, Timeline
from rtcp._notebook.words import leaves
from rtcp.errors import NotFoundError, RtcpError
from rtcp.models.base import Model, OpenEnum, Xdm
from rtcp.models.identity import Identity

_MISSING = object()
_MOST_VALUES: Final = 200
_MOST_EVENTS: Final = 10
_MOST_FACTS: Final = 6
_TOLD_ANYWAY: Final = ("eventType", "timestamp", "_id")


class SchemaClass(OpenEnum):
    """Classes whose entities can be looked up; any other class id works as well."""

    PROFILE = "_xdm.context.profile"
    ACCOUNT = "_xdm.context.account"
    OPPORTUNITY = "_xdm.context.opportunity"
    EXPERIENCE_EVENT = "_xdm.context.experienceevent"


class NamespaceCode(Model):
    code: str


class RequestedIdentity(Model):
    """The identity that an entity answers to, where the service tells. Its repr hides the id."""

    _private: ClassVar[tuple[str, ...]] = ("entity_id",)

    entity_id: str
    entity_id_ns: NamespaceCode | None = Field(default=None, alias="entityIdNS")  # the service writes NS in capitals

    def __repr__(self) -> str:
        return f"<RequestedIdentity in {self.entity_id_ns.code!r}>" if self.entity_id_ns else "<RequestedIdentity>"

    __str__ = __repr__


class AppliedPolicy(Model):
    id: str | None = None


class Entity(Model):
    """One person, account or opportunity, merged from its fragments.

    Attributes:
        entity_id: the XID.
        entity: the merged XDM, keys as the service wrote them.
        sources: ids of the datasets that contributed; other texts occur (streaming segmentation, entity resolution).
        tags: ids of the batches that contributed.
        identity_graph: XIDs of all identities stitched together.
        merge_policy: the policy that was applied, where the service tells.
        last_modified_at: when the newest contributing fragment came in.
    """

    _stands_on: ClassVar[frozenset[str]] = frozenset({"entity"})

    entity_id: str = ""
    requested_identity: RequestedIdentity | None = None
    merge_policy: AppliedPolicy | None = None
    sources: list[str] = []
    tags: list[str] = []
    identity_graph: list[str] = []
    entity: Xdm = {}
    last_modified_at: OptionalIsoInstant = None

    @property
    def is_empty(self) -> bool:
        """True when the service knows nothing under this identity; a bulk look-up answers it with an empty entity."""
        return not self.entity and not any(self.sources)

    @property
    def identities(self) -> list[Identity]:
        """The identities that the entity names itself, from `identities` and `identityMap`, each once and in that
        order.
        """
        named = {(name, code.casefold()): Identity(name, code) for name, code in _named_identities(self.entity)}
        return list(named.values())

    def __repr__(self) -> str:
        return f"<Entity of {len(self.entity)} fields from {sum(map(bool, self.sources))} sources>"

    __str__ = __repr__

    def _card(self) -> Card:
        rows = [*leaves(self.entity)]
        facts = [
            ("XID", Private(self.entity_id)),
            ("sources", [*filter(None, self.sources)]),
            ("identities stitched together", len(self.identity_graph)),
            ("merge policy", self.merge_policy.id if self.merge_policy is not None else None),
            ("last_modified_at", self.last_modified_at),
        ]
        table = Table(("path", "value"), rows[:_MOST_VALUES], left_out=_and_more(rows), is_private=True)
        notes = ["Nothing is known under this identity."] if self.is_empty else []
        told = [(name, value) for name, value in facts if value not in (None, [], 0, "")]
        return Card(f"Entity of {len(self.entity):,} fields", facts=told, parts=[table], notes=notes, is_asked_for=True)


class Event(Model):
    """One experience event of a person.

    Attributes:
        entity_id: the event's `_id`.
        related_entity_id: XID of the profile it hangs on.
        timestamp: when it happened.
        entity: the event's XDM.
        last_modified_at: when it came in.
    """

    _stands_on: ClassVar[frozenset[str]] = frozenset({"entity"})

    entity_id: str = ""
    related_entity_id: str | None = None
    timestamp: OptionalEpochMillis = None
    entity: Xdm = {}
    last_modified_at: OptionalIsoInstant = None

    def __repr__(self) -> str:
        return f"<Event of {len(self.entity)} fields at {self.timestamp}>"

    __str__ = __repr__

    def _card(self) -> Card:
        rows = [*leaves(self.entity)]
        table = Table(("path", "value"), rows[:_MOST_VALUES], left_out=_and_more(rows), is_private=True)
        facts = [("at", self.timestamp), ("id", Private(self.entity_id))]
        return Card(f"Event {self._kind}", facts=facts, parts=[table], is_asked_for=True)

    @classmethod
    def _many(cls, items: Sequence[Event]) -> Timeline:
        more = len(items) - _MOST_EVENTS
        moments = [event._moment() for event in items[:_MOST_EVENTS]]
        return Timeline(moments, left_out=f"and {more:,} more" if more > 0 else "")

    def _moment(self) -> Moment:
        told = [(path, value) for path, value in leaves(self.entity) if path not in _TOLD_ANYWAY]
        return Moment(self.timestamp, self._kind, told[:_MOST_FACTS], max(0, len(told) - _MOST_FACTS))

    @property
    def _kind(self) -> str:
        kind = self.entity.get("eventType")
        return kind if isinstance(kind, str) else ""


@dataclass(frozen=True, slots=True)
class Hit(Displayed):
    """One input of a bulk look-up that was found; `error` is None.

    Attributes:
        position: of the input, from 0.
        identity: the input, as an `Identity`.
        entity: the merged entity.
    """

    position: int
    identity: Identity
    entity: Entity
    error: None = None

    @property
    def is_missing(self) -> bool:
        """False."""
        return False

    def __repr__(self) -> str:
        return f"Hit({self.position}, {self.identity!r}, {self.entity!r})"

    def _card(self) -> Card:
        found = self.entity._card()
        return found._replace(title=f"Found at position {self.position:,}")


@dataclass(frozen=True, slots=True)
class Miss(Displayed):
    """One input of a bulk look-up without an entity; `entity` is None.

    Attributes:
        position: of the input, from 0.
        identity: the input, as an `Identity`; None when it cannot be one, which `error` then says.
        error: why there is no entity: a `NotFoundError` when nothing is known of this identity.
    """

    position: int
    identity: Identity | None
    error: RtcpError
    entity: None = None

    @property
    def is_missing(self) -> bool:
        """True when the service answered that it knows nothing of this identity."""
        return isinstance(self.error, NotFoundError)

    def __repr__(self) -> str:
        outcome = "missing" if self.is_missing else type(self.error).__name__
        return f"Miss({self.position}, {self.identity!r}, {outcome})"


Lookup: TypeAlias = Hit | Miss
"""What one input of a bulk look-up became. Where `error` is None, `entity` is the entity."""


class Lookups(Iterator[Lookup]):
    """The results of a bulk look-up as they come; `of` says what they are, also where there is none.

    `close` ends it before its end, as with any generator.
    """

    of: ClassVar[type] = Hit

    def __init__(self, results: Generator[Lookup]) -> None:
        self._results = results

    def __next__(self) -> Lookup:
        return next(self._results)

    def close(self) -> None:
        """Ask for no more."""
        self._results.close()

    def __repr__(self) -> str:
        return "<Lookups: iterate them, once>"


def xdm_get(entity: Entity | Event | Mapping[str, Any], path: str, default: Any = None) -> Any:
    """The value at a dot path of an entity, event or XDM record, or `default`; a number selects from an array.

    Example:
        >>> xdm_get({"person": {"name": {"firstName": "Jane"}}}, "person.name.firstName")
        'Jane'
    """
    value: Any = entity.entity if isinstance(entity, Entity | Event) else entity
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(step, _MISSING)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return default
        if value is _MISSING:
            return default
    return value


def _and_more(rows: Sequence[object]) -> str:
    more = len(rows) - _MOST_VALUES
    return f"and {more:,} more values" if more > 0 else ""


def keys_among(entity: Entity, wanted: Collection[tuple[str, str | None]]) -> set[tuple[str, str | None]]:
    """Those of the wanted keys that are of identities the entity names."""
    return {key for name, code in _named_identities(entity.entity) if (key := (name, code.casefold())) in wanted}


def _named_identities(entity: Xdm) -> list[tuple[str, str]]:
    named: list[tuple[str, str]] = []
    listed = entity.get("identities")
    if isinstance(listed, list):
        for item in listed:
            namespace = item.get("namespace") if isinstance(item, dict) else None
            if isinstance(namespace, dict):
                _name(named, item.get("id"), namespace.get("code"))
    mapped = entity.get("identityMap")
    if isinstance(mapped, dict):
        for code, items in mapped.items():
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict):
                    _name(named, item.get("id"), code)
    return named


def _name(named: list[tuple[str, str]], value: Any, code: Any) -> None:
    # Without a namespace an id would read as an XID.
    if not isinstance(code, str) or not code:
        return
    if isinstance(value, str):
        if value:
            named.append((value, code))
    # Ids occur as numbers.
    elif isinstance(value, int) and not isinstance(value, bool):
        named.append((str(value), code))
