"""The merge policies of a sandbox: one default a class, one active on the edge, a version that counts changes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from rtcp.emulator.store.values import (
    DATASET_PRECEDENCE,
    NO_GRAPH,
    PRIVATE_GRAPH,
    TIMESTAMP_ORDERED,
    MergePolicy,
    StoreError,
)


class Policies:
    """Policies of one sandbox, kept in memory beside the table; the caller holds lock and transaction."""

    def __init__(self, connection: sqlite3.Connection, sandbox: int) -> None:
        self._connection = connection
        self._sandbox = sandbox
        rows = connection.execute(
            "SELECT definition FROM merge_policy WHERE sandbox = ? ORDER BY position", (sandbox,)
        ).fetchall()
        self._by_id = {policy.id: policy for policy in (_load(text) for (text,) in rows)}

    def all(self) -> list[MergePolicy]:
        """In the order in which they were made."""
        return list(self._by_id.values())

    def get(self, policy_id: str) -> MergePolicy | None:
        return self._by_id.get(policy_id)

    def default(self, schema_name: str) -> MergePolicy | None:
        return next(
            (policy for policy in self._by_id.values() if policy.default and policy.schema_name == schema_name), None
        )

    def add(self, policy: MergePolicy) -> MergePolicy:
        """Keep a new policy; a former default of its class, or the one on the edge, gives way to it."""
        _check(policy)
        if policy.id in self._by_id:
            raise StoreError(f"a merge policy with id {policy.id!r} exists already")
        self._give_way(policy)
        self._connection.execute(
            "INSERT INTO merge_policy (sandbox, id, definition) VALUES (?, ?, ?)",
            (self._sandbox, policy.id, _dump(policy)),
        )
        self._by_id[policy.id] = policy
        return policy

    def change(self, policy: MergePolicy) -> MergePolicy:
        """Put a policy in the place of the one with its id; the version counts on when anything differs."""
        _check(policy)
        previous = self._by_id[policy.id]
        if policy == replace(previous, update_epoch=policy.update_epoch, version=policy.version):
            return previous
        self._give_way(policy)
        changed = replace(policy, version=previous.version + 1)
        self._write(changed)
        return changed

    def remove(self, policy_id: str) -> None:
        self._connection.execute("DELETE FROM merge_policy WHERE sandbox = ? AND id = ?", (self._sandbox, policy_id))
        del self._by_id[policy_id]

    def _give_way(self, policy: MergePolicy) -> None:
        for other in self.all():
            if other.id == policy.id:
                continue
            loses_default = policy.default and other.default and other.schema_name == policy.schema_name
            loses_edge = policy.is_active_on_edge and other.is_active_on_edge
            if loses_default or loses_edge:
                self._write(
                    replace(
                        other,
                        default=other.default and not loses_default,
                        is_active_on_edge=other.is_active_on_edge and not loses_edge,
                        version=other.version + 1,
                        update_epoch=policy.update_epoch,
                    )
                )

    def _write(self, policy: MergePolicy) -> None:
        self._connection.execute(
            "UPDATE merge_policy SET definition = ? WHERE sandbox = ? AND id = ?",
            (_dump(policy), self._sandbox, policy.id),
        )
        self._by_id[policy.id] = policy


def _check(policy: MergePolicy) -> None:
    _one_of("identity_graph", policy.identity_graph, (NO_GRAPH, PRIVATE_GRAPH))
    _one_of("attribute_merge", policy.attribute_merge, (TIMESTAMP_ORDERED, DATASET_PRECEDENCE))
    if policy.attribute_merge == DATASET_PRECEDENCE and not policy.order:
        raise StoreError(f"attribute_merge {DATASET_PRECEDENCE!r} needs an order of datasets")
    if not policy.schema_name:
        raise StoreError("a merge policy needs the name of a class")


def _one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise StoreError(f"{name} is {value!r}, but must be one of {', '.join(allowed)}")


def _dump(policy: MergePolicy) -> str:
    return json.dumps(asdict(policy))


def _load(text: str) -> MergePolicy:
    fields: dict[str, Any] = json.loads(text)
    return MergePolicy(**{**fields, "order": tuple(fields["order"])})
