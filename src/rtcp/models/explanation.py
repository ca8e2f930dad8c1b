"""One person under each merge policy: what differs, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from rtcp._notebook import Displayed
from rtcp._notebook.cards import Card, Cell, Table
from rtcp._notebook.words import in_full
from rtcp.errors import RtcpError
from rtcp.models.entity import Entity

# Every look-up would wait for what only explanations hold.
if TYPE_CHECKING:
    from rtcp.models.merge_policy import MergePolicy

_MOST_ROWS: Final = 100


@dataclass(frozen=True, slots=True)
class PolicyView(Displayed):
    """The person under one merge policy: an entity, or why there is none. Neither means that nothing is known."""

    policy: MergePolicy
    entity: Entity | None = None
    error: RtcpError | None = None


@dataclass(frozen=True, slots=True)
class Difference(Displayed):
    """One attribute on which the policies do not agree; `values` by policy id, without those that have none."""

    path: str
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Winner(Displayed):
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
class Explanation(Displayed):
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

    def _card(self) -> Card:
        names = [view.policy.name or view.policy.id for view in self.views]
        known = [(name, _knows(view)) for name, view in zip(names, self.views, strict=True)]
        rows = [*self._rows()]
        what = "Values, and the dataset that each comes from" if self.winners else "What differs"
        parts = [Table(("attribute", *names), rows[:_MOST_ROWS], what, _and_more(rows), is_private=True)]
        if self.winners:
            parts.append(self._reasons(dict(zip((view.policy.id for view in self.views), names, strict=True))))
        agreed = "" if rows else "The merge policies agree on every attribute."
        title = f"How {len(self.views)} merge policies see this person"
        return Card(title, facts=known, parts=parts, notes=[agreed] if agreed else [], is_asked_for=True)

    def _rows(self) -> Iterator[list[Any]]:
        """For each attribute its value under each policy, in the color of the dataset that it comes from."""
        marks = {name: number for number, name in enumerate(dict.fromkeys(map(_source, self.winners)))}
        won = {(winner.path, winner.policy_id): winner for winner in self.winners}
        values = {each.path: each.values for each in self.differences}
        for path in dict.fromkeys([*values, *(winner.path for winner in self.winners)]):
            row: list[Any] = [path]
            for view in self.views:
                winner = won.get((path, view.policy.id))
                if winner is not None:
                    row.append(Cell(in_full(winner.value), mark=marks[_source(winner)], meaning=_source(winner)))
                else:
                    row.append(in_full(values.get(path, {}).get(view.policy.id)))
            yield row

    def _reasons(self, names: Mapping[str, str]) -> Table:
        rows = [
            (winner.path, names.get(winner.policy_id), _source(winner), winner.reason, [*winner.losers])
            for winner in self.winners
            if winner.losers
        ]
        columns = ("attribute", "policy", "won", "because", "lost")
        return Table(columns, rows[:_MOST_ROWS], "Why values won over others", _and_more(rows))


def _source(winner: Winner) -> str:
    return winner.dataset_name or winner.dataset_id or "no dataset"


def _knows(view: PolicyView) -> str:
    if view.entity is not None:
        return repr(view.entity)
    return "knows nothing of this person" if view.error is None else f"{type(view.error).__name__}: {view.error}"


def _and_more(rows: Sequence[object]) -> str:
    more = len(rows) - _MOST_ROWS
    return f"and {more:,} more" if more > 0 else ""


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
