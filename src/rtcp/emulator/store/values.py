"""The values that go into and come out of the profile store, and the errors it raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROFILE_CLASS = "_xdm.context.profile"
EVENT_CLASS = "_xdm.context.experienceevent"
ACCOUNT_CLASS = "_xdm.context.account"
OPPORTUNITY_CLASS = "_xdm.context.opportunity"
B2B_CLASSES = (ACCOUNT_CLASS, OPPORTUNITY_CLASS)

NO_GRAPH = "none"
PRIVATE_GRAPH = "pdg"
TIMESTAMP_ORDERED = "timestampOrdered"
DATASET_PRECEDENCE = "dataSetPrecedence"

# The policy id that asks for no stitching and no merging by policy.
NO_POLICY = "none"
# The service refuses a look-up that would have to stitch more identities than this.
MAX_LINKED_IDENTITIES = 50

Xdm = Mapping[str, Any]


class StoreError(Exception):
    """The store cannot be opened, or was asked for something that it does not hold."""


class TooManyIdentities(StoreError):  # noqa: N818 - named as the service words it
    """More identities are linked to the one asked for than the service stitches."""

    def __init__(self) -> None:
        super().__init__(f"too many related identities: more than {MAX_LINKED_IDENTITIES}")


class UnknownIdentity(StoreError):  # noqa: N818 - reads as what it is
    """Somebody is asked for in a namespace that the sandbox does not know, or (None) by a text that is no XID."""

    def __init__(self, namespace: str | None) -> None:
        super().__init__("no XID of this sandbox" if namespace is None else f"unknown namespace {namespace!r}")
        self.namespace = namespace


class UnknownPolicy(StoreError):  # noqa: N818 - reads as what it is
    """The merge policy that was named, or the default of a class, is not there."""

    def __init__(self, schema_name: str, *, was_named: bool) -> None:
        super().__init__("no such merge policy" if was_named else f"no default merge policy of {schema_name!r}")
        self.schema_name = schema_name
        self.was_named = was_named


class UnknownCursor(StoreError):  # noqa: N818 - reads as what it is
    """A page of events was asked for from an event that the person does not have."""

    def __init__(self) -> None:
        super().__init__("the cursor names no event of this profile")


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity value in a namespace, the namespace by its code as first declared."""

    namespace: str
    id: str


@dataclass(frozen=True, slots=True)
class IdentityPath:
    """A dot path into the XDM row at which an identity is found."""

    path: str
    namespace: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset enabled for Profile: its class, and where its rows carry identities.

    Attributes:
        schema_id: the id of its schema; None when only its class was declared, and any schema of it will do.
        fields: its fields by dot path, each with its type and rules; None when they were not declared.
        identity_map: whether identities come by the row's `identityMap`, too; None stands for a schema that can hold
            the map, as most do, while True lets it take the place of a primary identity.
    """

    id: str
    name: str
    schema_class: str
    identities: tuple[IdentityPath, ...] = ()
    identity_map: bool | None = None
    schema_id: str | None = None
    fields: Mapping[str, Mapping[str, Any]] | None = None

    @property
    def is_event(self) -> bool:
        return self.schema_class == EVENT_CLASS

    @property
    def reads_map(self) -> bool:
        return self.identity_map is not False

    @property
    def primary_path(self) -> IdentityPath | None:
        return next((path for path in self.identities if path.primary), None)


@dataclass(frozen=True, slots=True)
class MergePolicy:
    """How fragments of a class become one entity; `update_epoch` is in seconds."""

    id: str
    name: str | None
    schema_name: str
    version: int
    identity_graph: str
    attribute_merge: str
    order: tuple[str, ...]
    is_active_on_edge: bool
    default: bool
    update_epoch: int


@dataclass(frozen=True, slots=True)
class MergedProfile:
    """One person, account or other record as a merge policy shows it."""

    xid: str
    identity: Identity
    entity: dict[str, Any]
    identities: tuple[Identity, ...]
    primary: frozenset[Identity]
    sources: tuple[str, ...]
    tags: tuple[str, ...]
    last_modified_ms: int
    policy_id: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One experience event, with the XID of the identity that owns it."""

    xid: str
    id: str
    timestamp_ms: int
    entity: dict[str, Any]
    ingested_ms: int
    dataset_id: str


@dataclass(frozen=True, slots=True)
class EventPage:
    """A page of events and the cursor of the next one, None on the last."""

    events: list[Event]
    next: str | None


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of the rows of one ingestion; positions count from 0.

    Attributes:
        ignored_maps: rows whose `identityMap` was not looked at, because their dataset excludes it.
    """

    batch_id: str
    accepted: int
    skipped: tuple[tuple[int, str], ...]
    ignored_maps: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a sandbox holds."""

    datasets: int
    identities: int
    records: int
    events: int
