"""Why a merged entity looks as it does: for each attribute the fragment that won, those that lost, and the reason.

Nothing is merged here. The merge itself runs on entities whose leaves carry the fragment they come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rtcp.emulator.store.lookup import UNITED, Fragment, by_priority, merge_entities
from rtcp.emulator.store.values import DATASET_PRECEDENCE, Identity, MergePolicy, Xdm

ONLY_SOURCE = "only source"
NEWEST_INGESTION = "newest ingestion"
FIRST_IN_ORDER = "first in order"
UNION = "union"
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one fragment says about an attribute."""

    identity: Identity
    dataset_id: str
    ingested_ms: int
    value: Any = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One attribute of the merged entity; of a union `winner` is the fragment that comes first."""

    path: str
    value: Any
    winner: Candidate
    losers: tuple[Candidate, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every attribute of a merged entity, and the fragments that the policy keeps out altogether."""

    identities: tuple[Identity, ...]
    choices: tuple[Choice, ...]
    excluded: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A value together with the position of the fragment that it comes from."""

    value: Any
    position: int


def explain_merge(
    identities: tuple[Identity, ...], fragments: Sequence[Fragment], policy: MergePolicy | None
) -> Explanation:
    """Explain the merge of fragments under a policy, attributes in the order of their paths."""
    taking_part = by_priority(fragments, policy)
    marked = merge_entities([_mark_leaves(fragment.entity, position) for position, fragment in enumerate(taking_part)])
    united = merge_entities([fragment.entity for fragment in taking_part])
    choices = (_choice(path, leaf, taking_part, united, policy) for path, leaf in _leaves(marked, ()))
    known = {(fragment.identity, fragment.dataset_id) for fragment in taking_part}
    left_out = [fragment for fragment in fragments if (fragment.identity, fragment.dataset_id) not in known]
    return Explanation(
        identities,
        tuple(sorted(choices, key=lambda choice: choice.path)),
        tuple(_candidate(fragment) for fragment in left_out),
    )


def _choice(
    path: tuple[str, ...], leaf: _Leaf, fragments: Sequence[Fragment], united: Xdm, policy: MergePolicy | None
) -> Choice:
    winner = fragments[leaf.position]
    others = [
        (fragment, value)
        for position, fragment in enumerate(fragments)
        if position != leaf.position and (value := _value_at(fragment.entity, path)) is not _NOTHING
    ]
    is_union = path[0] in UNITED and bool(others)
    return Choice(
        path=".".join(path),
        value=united[path[0]] if is_union else leaf.value,
        winner=_candidate(winner, leaf.value),
        losers=tuple(_candidate(fragment, value) for fragment, value in others),
        reason=UNION if is_union else _reason(winner, [fragment for fragment, _ in others], policy),
    )


def _reason(winner: Fragment, others: Sequence[Fragment], policy: MergePolicy | None) -> str:
    if not others:
        return ONLY_SOURCE
    by_order = policy is not None and policy.attribute_merge == DATASET_PRECEDENCE
    # Within one dataset precedence has nothing to say.
    is_first = by_order and any(other.dataset_id != winner.dataset_id for other in others)
    return FIRST_IN_ORDER if is_first else NEWEST_INGESTION


def _candidate(fragment: Fragment, value: Any = None) -> Candidate:
    return Candidate(fragment.identity, fragment.dataset_id, fragment.ingested_ms, value)


def _mark_leaves(entity: Xdm, position: int, depth: int = 0) -> dict[str, Any]:
    return {
        name: _mark_leaves(value, position, depth + 1)
        if isinstance(value, dict) and not (depth == 0 and name in UNITED)
        else _Leaf(value, position)
        for name, value in entity.items()
    }


def _leaves(node: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], _Leaf]]:
    for name, value in node.items():
        if isinstance(value, _Leaf):
            yield (*path, name), value
        else:
            yield from _leaves(value, (*path, name))


def _value_at(entity: Any, path: Sequence[str]) -> Any:
    """What a fragment says at a path; where it has a plain value on the way, that one, as it lost to the object."""
    for name in path:
        if not isinstance(entity, dict):
            return entity
        if name not in entity:
            return _NOTHING
        entity = entity[name]
    return entity
