"""The identity graph as rows are written: identities that are new, and rows that join what was apart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rtcp.emulator.store.definitions import COOKIE, DEVICE, KnownNodes, Namespaces
from rtcp.emulator.store.extraction import links
from rtcp.emulator.store.schema import select_among
from rtcp.emulator.store.values import MAX_LINKED_IDENTITIES, Identity

# What goes first from a graph that is too large.
_GOES_FIRST = {COOKIE: 0, DEVICE: 1}

_Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Graph:
    """The graph of a sandbox, for rows of one class; the caller holds the transaction.

    Attributes:
        drops_oldest: a graph that grows beyond its limit lets its oldest identities go.
    """

    connection: sqlite3.Connection
    sandbox: int
    namespaces: Namespaces
    schema_class: str
    known: KnownNodes = field(default_factory=KnownNodes)
    drops_oldest: bool = False

    def link(self, rows: Sequence[tuple[Identity, ...]]) -> list[int]:
        """The number of each row's owner, its first identity, after the identities of each row have been linked."""
        self.known.trim()
        declare = self.namespaces.declare
        keys = [[(declare(identity.namespace), identity.id) for identity in row] for row in rows]
        self._add(rows, keys)
        ids = self.known.ids
        numbers = [tuple([ids[key] for key in row]) for row in keys]
        for row, found in zip(rows, numbers, strict=True):
            # Nothing to write where all are joined, which is so for most rows of people seen before.
            if len(found) > 1 and found not in self.known.joined:
                self._join(row, found)
        return [found[0] for found in numbers]

    def _add(self, rows: Sequence[tuple[Identity, ...]], keys: Sequence[Sequence[_Key]]) -> None:
        """Write the identities that are new, and remember the numbers of all."""
        ids = self.known.ids
        unknown = dict.fromkeys(key for row in keys for key in row if key not in ids)
        if not unknown:
            return
        self._find(unknown)
        (last,) = self.connection.execute("SELECT coalesce(max(id), 0) FROM identity").fetchone()
        made: list[tuple[int, int, int, str, int]] = []
        for row, of_row in zip(rows, keys, strict=True):
            new = [key for key in dict.fromkeys(of_row) if key not in ids]
            for number, key in enumerate(new, start=last + 1):
                ids[key] = number
            # Whom a row brings all at once is one component from the start, which bears the oldest number.
            is_whole = len(new) == len(of_row) > 1 and all(links(self.schema_class, each.namespace) for each in row)
            made += [
                (number, self.sandbox, *key, last + 1 if is_whole else number)
                for number, key in enumerate(new, start=last + 1)
            ]
            if is_whole:
                self.known.joined.add(tuple(range(last + 1, last + 1 + len(new))))
            last += len(new)
        self.connection.executemany("INSERT INTO identity VALUES (?, ?, ?, ?, ?)", made)

    def _find(self, unknown: Iterable[_Key]) -> None:
        by_namespace: dict[int, list[str]] = {}
        for namespace, value in unknown:
            by_namespace.setdefault(namespace, []).append(value)
        for namespace, values in by_namespace.items():
            found = select_among(
                self.connection,
                "SELECT value, id FROM identity WHERE sandbox = ? AND namespace = ? AND value IN",
                (self.sandbox, namespace),
                values,
            )
            self.known.ids.update(((namespace, value), number) for value, number in found)

    def _join(self, row: Sequence[Identity], numbers: tuple[int, ...]) -> None:
        """Make one component of those that the row's identities are in; the smaller ones are renumbered."""
        linked = [
            number
            for identity, number in zip(row, numbers, strict=True)
            if links(self.schema_class, identity.namespace)
        ]
        found = select_among(self.connection, "SELECT DISTINCT component FROM identity WHERE id IN", (), linked)
        components = {component for (component,) in found}
        if len(components) > 1:
            # The largest keeps its number, as every identity of the others is written anew; of equals, the oldest.
            keep = max(components, key=lambda component: (self._size(component), -component))
            for component in components - {keep}:
                self.connection.execute("UPDATE identity SET component = ? WHERE component = ?", (keep, component))
        if self.drops_oldest and len(linked) > 1 and self._drop_oldest(linked):
            # What was joined may have been taken apart.
            self.known.joined.clear()
        elif len(linked) == len(numbers):
            self.known.joined.add(numbers)

    def _size(self, component: int) -> int:
        # Beyond the stitching limit the exact size does not matter, and counting it at each row would be quadratic.
        (size,) = self.connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM identity WHERE component = ? LIMIT ?)",
            (component, MAX_LINKED_IDENTITIES + 1),
        ).fetchone()
        return int(size)

    def _drop_oldest(self, seen: Sequence[int]) -> bool:
        """Let identities go until the graph has as many as it may: by kind, and the oldest of a kind first.

        Those that have just been seen are the newest.

        What stays is one graph still, although the service may find it in pieces: links are not kept one by one here.
        """
        found = self.connection.execute(
            "SELECT id, namespace FROM identity WHERE component = (SELECT component FROM identity WHERE id = ?)",
            (seen[0],),
        ).fetchall()
        excess = len(found) - MAX_LINKED_IDENTITIES
        if excess <= 0:
            return False
        kinds, newest = self.namespaces, set(seen)
        found.sort(
            key=lambda each: (each[0] in newest, _GOES_FIRST.get(kinds.kind(each[1]), len(_GOES_FIRST)), each[0])
        )
        # A component bears the number of one of its own.
        rest = found[excess][0]
        moves = [(number, number) for number, _ in found[:excess]] + [(rest, number) for number, _ in found[excess:]]
        self.connection.executemany("UPDATE identity SET component = ? WHERE id = ?", moves)
        return True
