"""Merging fragments into one entity: pure functions of fragments and a merge policy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rtcp.emulator.store.values import DATASET_PRECEDENCE, Identity, MergePolicy, Xdm


@dataclass(frozen=True, slots=True)
class Fragment:
    """What one dataset says under one primary identity; `sequence` orders fragments of the same millisecond."""

    identity: Identity
    dataset_id: str
    entity: dict[str, Any]
    ingested_ms: int
    sequence: int
    batch_id: str


def by_priority(fragments: Iterable[Fragment], policy: MergePolicy | None) -> list[Fragment]:
    """The fragments that a policy lets contribute, the one that wins conflicts first.

    Time order puts the newest ingestion first. Precedence puts the dataset named first, and within a dataset the
    newest ingestion; datasets that are not named contribute nothing. No policy means time order over all datasets.
    """
    newest_first = sorted(fragments, key=lambda fragment: (-fragment.ingested_ms, -fragment.sequence))
    if policy is None or policy.attribute_merge != DATASET_PRECEDENCE:
        return newest_first
    rank = {dataset_id: position for position, dataset_id in enumerate(policy.order)}
    listed = [fragment for fragment in newest_first if fragment.dataset_id in rank]
    return sorted(listed, key=lambda fragment: rank[fragment.dataset_id])


def contributes(dataset_id: str, policy: MergePolicy | None) -> bool:
    """Whether a dataset takes part at all; this is all that a policy decides about events."""
    return policy is None or policy.attribute_merge != DATASET_PRECEDENCE or dataset_id in policy.order


def merge_entities(entities: Sequence[Xdm]) -> dict[str, Any]:
    """Merge entities given in order of priority, the winner of conflicts first.

    Objects merge leaf by leaf, arrays are taken whole; only `identityMap` and `segmentMembership` are united.
    """
    merged: dict[str, Any] = {}
    for entity in entities:
        merged = _fill(merged, entity)
    for name, unite in UNITED.items():
        maps = [entity[name] for entity in entities if isinstance(entity.get(name), dict)]
        # A first value that is no object at all wins like any other leaf.
        if len(maps) > 1 and isinstance(merged[name], dict):
            merged[name] = unite(maps)
    return merged


def _fill(best: Xdm, other: Xdm) -> dict[str, Any]:
    filled = dict(best)
    for name, value in other.items():
        if name not in filled:
            filled[name] = value
        elif isinstance(value, dict) and isinstance(filled[name], dict):
            filled[name] = _fill(filled[name], value)
    return filled


def _unite_identities(maps: Sequence[dict[str, Any]]) -> dict[str, Any]:
    united: dict[str, Any] = {}
    for identity_map in maps:
        for namespace, entries in identity_map.items():
            known = united.setdefault(namespace, entries)
            if isinstance(known, list) and isinstance(entries, list):
                seen = {_entry_id(entry) for entry in known}
                united[namespace] = known + [entry for entry in entries if _entry_id(entry) not in seen]
    return united


def _unite_memberships(maps: Sequence[dict[str, Any]]) -> dict[str, Any]:
    # One membership is one statement: status and time of two fragments are never mixed.
    united: dict[str, Any] = {}
    for memberships in maps:
        for namespace, segments in memberships.items():
            known = united.setdefault(namespace, segments)
            if isinstance(known, dict) and isinstance(segments, dict):
                united[namespace] = {**segments, **known}
    return united


def _entry_id(entry: object) -> str:
    return str(entry.get("id")) if isinstance(entry, dict) else repr(entry)


# Maps that say one thing with each entry: all entries count, not only those of the winner.
UNITED = {"identityMap": _unite_identities, "segmentMembership": _unite_memberships}
