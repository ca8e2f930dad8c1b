"""How people, their events and look-ups are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import rtcp
from rtcp.cli import failures
from rtcp.cli.output import Columns, as_json, leaves, pick, show_many, show_one
from rtcp.cli.shell import Shell
from rtcp.resources._naming import near_names

_POLICIES: Final[Columns] = {
    "policy": lambda view: view.policy.name or view.policy.id,
    "id": "policy.id",
    "default": "policy.default",
    "stitching": lambda view: str(view.policy.identity_graph.type),
    "merging": lambda view: str(view.policy.attribute_merge.type),
    "sources": lambda view: view.entity.sources if view.entity else str(view.error or "nothing is known"),
}
_WINNERS: Final[Columns] = {
    "attribute": "path",
    "comes from": "source",
    "because": "reason",
    "instead of": "losers",
    "under": "policies",
}


def show_entity(shell: Shell, entity: rtcp.Entity) -> None:
    """Show one entity: a path and a value a line, or the whole answer as JSON."""
    if shell.is_json:
        show_one(shell.format, entity)
        return
    # What a person looks for comes before what the person is known by.
    pairs = sorted(leaves(entity.entity), key=lambda pair: pair[0].startswith(("identities.", "identityMap.")))
    if entity.entity:
        show_many(shell.format, pairs, {"path": lambda pair: pair[0], "value": lambda pair: pair[1]})
    if shell.format == "table":
        shell.note(f"from {', '.join(filter(None, entity.sources)) or 'sources that the service does not tell'}")


def show_explanation(shell: Shell, explanation: rtcp.Explanation, *, show_all: bool) -> None:
    """Show the policies, the attributes on which they differ, and who won them where that is told."""
    rows = _comparison(explanation, show_all=show_all)
    columns = _comparison_columns(explanation, names=shell.format == "table")
    if shell.format.startswith("csv"):
        show_many(shell.format, rows, columns)
    elif shell.format != "table":
        show_one(shell.format, _describe_explanation(explanation))
    else:
        show_many("table", explanation.views, _POLICIES)
        print()
        if rows:
            show_many("table", rows, columns)
        else:
            shell.note("all merge policies that know this person agree on every attribute")
        shown = {row["attribute"] for row in rows}
        winners = [winner for winner in explanation.winners if show_all or winner.path in shown]
        if winners:
            print()
            show_many("table", _by_attribute(explanation, winners), _WINNERS)


class Tally:
    """Counts look-ups as they pass."""

    def __init__(self) -> None:
        self.found = self.missing = self.failed = 0
        self.example: rtcp.Identity | None = None

    def of(self, lookups: Iterator[rtcp.Lookup], tell: Callable[[int], None]) -> Iterator[rtcp.Lookup]:
        """Pass them on; `tell` hears how many there were."""
        for number, lookup in enumerate(lookups, 1):
            tell(number)
            # Somebody to look at in full, should an asked path be nowhere.
            if self.example is None and lookup.error is None:
                self.example = lookup.identity
            self.found += lookup.error is None
            self.missing += lookup.is_missing
            self.failed += lookup.error is not None and not lookup.is_missing
            yield lookup

    @property
    def total(self) -> int:
        return self.found + self.missing + self.failed

    @property
    def said(self) -> str:
        return f"{self.found:,} found, {self.missing:,} unknown, {self.failed:,} failed"


class Seen:
    """Finds out which of the asked paths nobody has."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._unseen = dict.fromkeys(paths)

    @property
    def missing(self) -> list[str]:
        return list(self._unseen)

    def of_lookups(self, lookups: Iterable[rtcp.Lookup]) -> Iterator[rtcp.Lookup]:
        for lookup in lookups:
            if self._unseen and lookup.error is None:
                self._look(lookup.entity.entity)
            yield lookup

    def of_events(self, events: Iterable[rtcp.Event]) -> Iterator[rtcp.Event]:
        for event in events:
            if self._unseen:
                self._look(event.entity)
            yield event

    def _look(self, entity: dict[str, Any]) -> None:
        for path in [path for path in self._unseen if is_there(entity, path)]:
            del self._unseen[path]


def is_there(entity: dict[str, Any], path: str) -> bool:
    """True when there is something at or below a dot path."""
    value = pick(entity, path.split("."))
    return value is not None and not (isinstance(value, list) and all(each is None for each in value))


def told_missing(missing: Sequence[str], entity: dict[str, Any]) -> str:
    """Which of the asked paths are not there, with near ones of an entity that has all it has."""
    known = {path for leaf, _ in leaves(_without_identities(entity)) for path in _heads(leaf)}
    told = []
    for path in missing:
        near = near_names(path, known)
        told.append(f"{path} (near it: {', '.join(near)})" if near else path)
    return f"nothing is there under {'; '.join(told)}"


def lookup_leaves(row: dict[str, Any]) -> dict[str, Any]:
    """A look-up as flat columns."""
    entity = {} if row["entity"] is None else dict(leaves(row["entity"].entity))
    outcome = {name: row[name] for name in ("id", "namespace", "outcome")}
    return {**outcome, **entity, "error": None if row["error"] is None else failures.in_commands(str(row["error"]))}


def event_leaves(event: rtcp.Event) -> dict[str, Any]:
    """An event as flat columns."""
    shown = {name: value for name, value in event.entity.items() if name != "timestamp"}
    return {"timestamp": event.timestamp, "id": event.entity_id, **dict(leaves(shown))}


def _heads(path: str) -> Iterator[str]:
    """The path without the numbers of lists, and all that it begins with."""
    steps = [step for step in path.split(".") if not step.isdecimal()]
    return (".".join(steps[: length + 1]) for length in range(len(steps)))


def lookup_row(lookup: rtcp.Lookup) -> dict[str, Any]:
    """A look-up with its outcome in a word."""
    return {
        "position": lookup.position,
        "id": lookup.identity.id if lookup.identity else None,
        "namespace": lookup.identity.namespace if lookup.identity else None,
        "outcome": "found" if lookup.error is None else "unknown" if lookup.is_missing else "failed",
        "entity": lookup.entity,
        "error": None if lookup.is_missing else lookup.error,
    }


def lookup_columns(paths: Sequence[str]) -> Columns:
    """Columns of look-ups: one for each path asked for, else one for the whole entity."""
    columns: dict[str, Any] = {"id": "id", "namespace": "namespace", "outcome": "outcome"}
    if paths:
        columns.update({path: _at(path) for path in paths})
    else:
        columns["entity"] = lambda row: _without_identities(row["entity"].entity) if row["entity"] else None
    return {**columns, "error": lambda row: None if row["error"] is None else failures.in_commands(str(row["error"]))}


def _at(path: str) -> Any:
    def read(row: Any) -> Any:
        entity = row["entity"] if isinstance(row, dict) else row
        return None if entity is None else pick(entity.entity, path.split("."))

    return read


def event_columns(paths: Sequence[str]) -> Columns:
    """Columns of events: one for each path asked for, else all that an event holds in one."""
    columns: dict[str, Any] = {"timestamp": "timestamp", "id": "entity_id"}
    if paths:
        return {**columns, **{path: _at(path) for path in paths if path not in ("timestamp", "_id")}}
    return {**columns, "event": _summary}


def _summary(event: rtcp.Event) -> str:
    told = ("_id", "timestamp", "identityMap")
    shown = {name: value for name, value in event.entity.items() if name not in told}
    return ", ".join(f"{path}={value}" for path, value in leaves(shown))


def _comparison(explanation: rtcp.Explanation, *, show_all: bool) -> list[dict[str, Any]]:
    """The attributes on which the policies that know the person differ; with `show_all`, all attributes."""
    by_policy = {
        view.policy.id: dict(leaves(_without_identities(view.entity.entity)))
        for view in explanation.views
        if view.entity is not None
    }
    rows: list[dict[str, Any]] = [
        {"attribute": path, "values": {policy: values.get(path) for policy, values in by_policy.items()}}
        for path in sorted({path for values in by_policy.values() for path in values})
    ]
    return rows if show_all else [row for row in rows if len({as_json(value) for value in row["values"].values()}) > 1]


def _comparison_columns(explanation: rtcp.Explanation, *, names: bool) -> Columns:
    columns: dict[str, Any] = {"attribute": "attribute"}
    called = Counter(view.policy.name or view.policy.id for view in explanation.views)
    for view in explanation.views:
        if view.entity is not None:
            title = view.policy.name if names and view.policy.name else view.policy.id
            if title in columns or (names and called[title] > 1):
                # Two policies may have one name, and a person must see which is which.
                title = f"{title} ({view.policy.id})"
            columns[title] = lambda row, policy=view.policy.id: row["values"].get(policy)
    return columns


def _without_identities(entity: dict[str, Any]) -> dict[str, Any]:
    # Whom a policy stitches together is told by its sources; here it would only push the attributes away.
    return {name: value for name, value in entity.items() if name not in ("identities", "identityMap")}


def _by_attribute(explanation: rtcp.Explanation, winners: Sequence[rtcp.Winner]) -> list[dict[str, Any]]:
    """One row for each attribute and source, with all policies under which it is so."""
    called = Counter(view.policy.name for view in explanation.views)
    names = {
        view.policy.id: view.policy.name if view.policy.name and called[view.policy.name] == 1 else view.policy.id
        for view in explanation.views
    }
    rows: dict[tuple[Any, ...], list[str]] = {}
    for winner in sorted(winners, key=lambda winner: winner.path):
        source = winner.dataset_name or winner.dataset_id
        key = (winner.path, source, winner.reason, winner.losers)
        rows.setdefault(key, []).append(names.get(winner.policy_id, winner.policy_id))
    titles = ("path", "source", "reason", "losers")
    return [{**dict(zip(titles, key, strict=True)), "policies": policies} for key, policies in rows.items()]


def _describe_explanation(explanation: rtcp.Explanation) -> dict[str, Any]:
    return {
        "views": [
            {
                "policy": view.policy,
                "sources": view.entity.sources if view.entity else [],
                "entity": view.entity.entity if view.entity else None,
                "error": view.error,
            }
            for view in explanation.views
        ],
        "differences": explanation.differences,
        "winners": explanation.winners,
    }
