"""The identity graph: one row an identity, carrying the number of the component of linked identities it is in."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from rtcp.emulator.store.values import MAX_LINKED_IDENTITIES, TooManyIdentities

# A new identity is a component of its own, and bears its number.
_INSERT = """
INSERT INTO identity (id, sandbox, namespace, value, component)
SELECT next, ?, ?, ?, next FROM (SELECT coalesce(max(id), 0) + 1 AS next FROM identity) RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Node:
    """An identity as the tables know it."""

    id: int
    component: int


def find(connection: sqlite3.Connection, sandbox: int, namespace: int, value: str) -> Node | None:
    """The node of an identity, or None when the sandbox has never seen it."""
    try:
        row = connection.execute(
            "SELECT id, component FROM identity WHERE sandbox = ? AND namespace = ? AND value = ?",
            (sandbox, namespace, value),
        ).fetchone()
    except UnicodeEncodeError:
        # A lone surrogate from a JSON body: no stored value holds one.
        return None
    return None if row is None else Node(*row)


def ensure(connection: sqlite3.Connection, sandbox: int, namespace: int, value: str) -> Node:
    """The node of an identity, made as a component of its own when it is new."""
    node = find(connection, sandbox, namespace, value)
    if node is None:
        (number,) = connection.execute(_INSERT, (sandbox, namespace, value)).fetchone()
        node = Node(number, number)
    return node


def join(connection: sqlite3.Connection, nodes: Sequence[Node]) -> None:
    """Make one component of those that the nodes are in; the smaller ones are renumbered."""
    components = {node.component for node in nodes}
    if len(components) < 2:
        return
    keep = max(components, key=lambda component: (_size(connection, component), -component))
    for component in components - {keep}:
        connection.execute("UPDATE identity SET component = ? WHERE component = ?", (keep, component))


def members(connection: sqlite3.Connection, component: int) -> list[tuple[int, str]]:
    """Namespace number and value of the linked identities, in the order in which they were first seen.

    Raises:
        TooManyIdentities: there are more than the service stitches.
    """
    rows: list[tuple[int, str]] = connection.execute(
        "SELECT namespace, value FROM identity WHERE component = ? ORDER BY id LIMIT ?",
        (component, MAX_LINKED_IDENTITIES + 1),
    ).fetchall()
    if len(rows) > MAX_LINKED_IDENTITIES:
        raise TooManyIdentities
    return rows


def _size(connection: sqlite3.Connection, component: int) -> int:
    # Beyond the stitching limit the exact size does not matter, and counting it at each row would be quadratic.
    (size,) = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM identity WHERE component = ? LIMIT ?)",
        (component, MAX_LINKED_IDENTITIES + 1),
    ).fetchone()
    return int(size)
