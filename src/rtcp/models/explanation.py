"""One person under each merge policy: what differs, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rtcp.errors import RtcpError
from rtcp.models.entity import Entity
from rtcp.models.merge_policy import MergePolicy


@dataclass(frozen=True, slots=True)
class PolicyView:
    """The person under one merge policy: an entity, or why there is none. Neither means that nothing is known."""

    policy: MergePolicy
    entity: Entity | None = None
    error: RtcpError | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute on which the policies do not agree; `values` by policy id, without those that have none."""

    path: str
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Winner:
    """Which fragment an attribute comes from. Only the emulator can tell.

    Attributes:
        reason: why it won, in words.
        losers: names of the datasets whose values lost.
    """

    policy_id: str
    path: str
    value: Any = field(repr=False)
    dataset_id: str | None
    dataset_name: str | None
    ingested_at: datetime | None
    reason: str
    losers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the merge policies see one person.

    Attributes:
        views: one for each policy of the class, the default first.
        differences: attributes on which the views differ, by path.
        winners: for each policy and attribute, the fragment that won and why; empty but against the emulator.
    """

    views: tuple[PolicyView, ...]
    differences: tuple[Difference, ...]
    winners: tuple[Winner, ...] = ()

    def __repr__(self) -> str:
        known = sum(view.entity is not None for view in self.views)
        told = f", {len(self.winners)} winners told" if self.winners else ""
        return (
            f"<Explanation: {known} of {len(self.views)} merge policies know this person, "
            f"{len(self.differences)} attributes differ{told}>"
        )

    __str__ = __repr__


def differences(views: Sequence[PolicyView]) -> tuple[Difference, ...]:
    """The attributes on which the views differ, by path. Lists are compared whole; a view without an entity has no
    values.
    """
    by_policy = {view.policy.id: dict(_leaves(view.entity.entity)) if view.entity else {} for view in views}
    paths = sorted({path for leaves in by_policy.values() for path in leaves})
    found = []
    for path in paths:
        values = {policy_id: leaves[path] for policy_id, leaves in by_policy.items() if path in leaves}
        distinct = list(values.values())
        if len(values) < len(by_policy) or any(value != distinct[0] for value in distinct):
            found.append(Difference(path, values))
    return tuple(found)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and (value or not path):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    else:
        yield path, value
