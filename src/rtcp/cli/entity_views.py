"""How people, their events and look-ups are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import rtcp
from rtcp.cli import failures
from rtcp.cli.output import Columns, leaves, show_many, show_one
from rtcp.cli.shell import Shell

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
    "policy": "policy_id",
    "from": lambda winner: winner.dataset_name or winner.dataset_id,
    "because": "reason",
    "instead of": "losers",
}


def show_entity(shell: Shell, entity: rtcp.Entity) -> None:
    """Show one entity: a path and a value a line, or the whole answer as JSON."""
    if shell.is_json:
        show_one(shell.format, entity)
        return
    # What a person looks for comes before what the person is known by.
    pairs = sorted(leaves(entity.entity), key=lambda pair: pair[0].startswith(("identities.", "identityMap.")))
    show_many(shell.format, pairs, {"path": lambda pair: pair[0], "value": lambda pair: pair[1]})
    if shell.format == "table":
        shell.note(f"from {', '.join(filter(None, entity.sources)) or 'sources that the service does not tell'}")


def show_explanation(shell: Shell, explanation: rtcp.Explanation, *, show_all: bool) -> None:
    """Show the policies, the attributes on which they differ, and who won them where that is told."""
    rows, columns = _comparison(explanation, show_all=show_all), _comparison_columns(explanation)
    if shell.format == "csv":
        show_many("csv", rows, columns)
    elif shell.format != "table":
        show_one(shell.format, _explained(explanation))
    else:
        show_many("table", explanation.views, _POLICIES)
        if rows:
            show_many("table", rows, columns)
        else:
            shell.note("all merge policies agree on this person")
        differing = {difference.path for difference in explanation.differences}
        winners = [winner for winner in explanation.winners if show_all or _begins(winner.path, differing)]
        if winners:
            show_many("table", sorted(winners, key=lambda winner: winner.path), _WINNERS)


class Tally:
    """Counts look-ups as they pass."""

    def __init__(self) -> None:
        self.found = self.missing = self.failed = 0

    def of(self, lookups: Iterator[rtcp.Lookup]) -> Iterator[rtcp.Lookup]:
        for lookup in lookups:
            self.found += lookup.entity is not None
            self.missing += lookup.is_missing
            self.failed += lookup.error is not None
            yield lookup

    @property
    def said(self) -> str:
        return f"{self.found:,} found, {self.missing:,} unknown, {self.failed:,} failed"


def lookup_row(lookup: rtcp.Lookup) -> dict[str, Any]:
    """A look-up with its outcome in a word."""
    return {
        "position": lookup.position,
        "id": lookup.identity.id,
        "namespace": lookup.identity.namespace,
        "outcome": "failed" if lookup.error else "unknown" if lookup.is_missing else "found",
        "entity": lookup.entity,
        "error": lookup.error,
    }


def lookup_columns(paths: Sequence[str]) -> Columns:
    """Columns of look-ups: one for each path asked for, else one for the whole entity."""
    columns: dict[str, Any] = {"id": "id", "namespace": "namespace", "outcome": "outcome"}
    if paths:
        columns.update({path: _at(path) for path in paths})
    else:
        columns["entity"] = lambda row: row["entity"].entity if row["entity"] else None
    return {**columns, "error": lambda row: None if row["error"] is None else failures.in_commands(str(row["error"]))}


def _at(path: str) -> Any:
    def read(row: Any) -> Any:
        entity = row["entity"] if isinstance(row, dict) else row
        return None if entity is None else rtcp.xdm_get(entity, path)

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
    rows = [
        {"attribute": difference.path, "values": difference.values, "differs": True}
        for difference in explanation.differences
    ]
    if show_all:
        differing = {difference.path for difference in explanation.differences}
        by_policy = {
            view.policy.id: dict(leaves(view.entity.entity)) for view in explanation.views if view.entity is not None
        }
        agreed = sorted({path for values in by_policy.values() for path in values} - differing)
        rows += [
            {"attribute": path, "values": {policy: values.get(path) for policy, values in by_policy.items()}}
            for path in agreed
            if not _begins(path, differing)
        ]
    return rows


def _comparison_columns(explanation: rtcp.Explanation) -> Columns:
    columns: dict[str, Any] = {"attribute": "attribute"}
    for view in explanation.views:
        columns[view.policy.id] = lambda row, policy=view.policy.id: row["values"].get(policy)
    return columns


def _begins(path: str, differing: set[str]) -> bool:
    return any(path == other or path.startswith(other + ".") or other.startswith(path + ".") for other in differing)


def _explained(explanation: rtcp.Explanation) -> dict[str, Any]:
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
