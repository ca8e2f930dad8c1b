"""Merged profiles and other entities, their events, and the answers of bulk look-ups."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import Field

from rtcp._instants import OptionalEpochMillis, OptionalIsoInstant
from rtcp.errors import NotFoundError, RtcpError
from rtcp.models.base import Model, OpenEnum, Xdm
from rtcp.models.identity import Identity

_MISSING = object()


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

    def _repr_html_(self) -> str:
        # Loaded by notebooks only: it brings a table of all of HTML's names.
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(path)}</td><td>{escape(str(value))}</td></tr>" for path, value in _leaves(self.entity)
        )
        return f"<table><tr><th>path</th><th>value</th></tr>{rows}</table>"


class Event(Model):
    """One experience event of a person.

    Attributes:
        entity_id: the event's `_id`.
        related_entity_id: XID of the profile it hangs on.
        timestamp: when it happened.
        entity: the event's XDM.
        last_modified_at: when it came in.
    """

    entity_id: str = ""
    related_entity_id: str | None = None
    timestamp: OptionalEpochMillis = None
    entity: Xdm = {}
    last_modified_at: OptionalIsoInstant = None

    def __repr__(self) -> str:
        return f"<Event of {len(self.entity)} fields at {self.timestamp}>"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Hit:
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


@dataclass(frozen=True, slots=True)
class Miss:
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


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{index}")
    else:
        yield path, value
