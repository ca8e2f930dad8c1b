"""The profile store of the emulator: datasets, fragments, events, identities and merge policies, and no HTTP."""

from __future__ import annotations

from rtcp.emulator.store.extraction import RowError
from rtcp.emulator.store.lookup import Fragment, by_priority, merge_entities
from rtcp.emulator.store.people import Person
from rtcp.emulator.store.provenance import Candidate, Choice, Explanation
from rtcp.emulator.store.sandbox import Sandbox
from rtcp.emulator.store.store import Store
from rtcp.emulator.store.values import (
    ACCOUNT_CLASS,
    B2B_CLASSES,
    DATASET_PRECEDENCE,
    EVENT_CLASS,
    MAX_LINKED_IDENTITIES,
    NO_GRAPH,
    OPPORTUNITY_CLASS,
    PRIVATE_GRAPH,
    PROFILE_CLASS,
    TIMESTAMP_ORDERED,
    Counts,
    Dataset,
    Event,
    EventPage,
    Identity,
    IdentityPath,
    IngestReport,
    MergedProfile,
    MergePolicy,
    StoreError,
    TooManyIdentities,
    UnknownCursor,
    UnknownIdentity,
    UnknownPolicy,
)

__all__ = [
    "Store",
    "Sandbox",
    "Identity",
    "IdentityPath",
    "Dataset",
    "MergePolicy",
    "MergedProfile",
    "Person",
    "Event",
    "EventPage",
    "IngestReport",
    "Counts",
    "Fragment",
    "Candidate",
    "Choice",
    "Explanation",
    "by_priority",
    "merge_entities",
    "StoreError",
    "TooManyIdentities",
    "UnknownCursor",
    "UnknownIdentity",
    "UnknownPolicy",
    "RowError",
    "PROFILE_CLASS",
    "EVENT_CLASS",
    "ACCOUNT_CLASS",
    "OPPORTUNITY_CLASS",
    "B2B_CLASSES",
    "NO_GRAPH",
    "PRIVATE_GRAPH",
    "TIMESTAMP_ORDERED",
    "DATASET_PRECEDENCE",
    "MAX_LINKED_IDENTITIES",
]
