"""What a sandbox knows besides data, kept in memory beside the tables: its namespaces, datasets and merge policies."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from typing import Any

from rtcp.emulator.store.ingest import KnownNodes
from rtcp.emulator.store.namespaces import Namespaces
from rtcp.emulator.store.policies import Policies
from rtcp.emulator.store.values import Dataset, Identity, IdentityPath, StoreError


class Catalogue:
    """The declarations of one sandbox; the caller holds the lock, and a transaction when it writes."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        row = connection.execute("SELECT key FROM sandbox WHERE name = ?", (name,)).fetchone()
        # A sandbox that a reset removed answers as an empty one.
        self.sandbox: int = row[0] if row else -1
        self.namespaces = Namespaces(connection, self.sandbox)
        self.policies = Policies(connection, self.sandbox)
        self.known_nodes = KnownNodes()
        self.dataset_keys: dict[str, int] = {}
        self.datasets_by_key: dict[int, Dataset] = {}
        self._connection = connection
        rows = connection.execute("SELECT key, definition FROM dataset WHERE sandbox = ? ORDER BY key", (self.sandbox,))
        for key, text in rows:
            self._remember(key, _load(text))

    def identity(self, namespace: int, value: str) -> Identity:
        code = self.namespaces.code(namespace)
        assert code is not None, "every stored identity has a declared namespace"
        return Identity(code, value)

    def dataset(self, dataset_id: str) -> Dataset | None:
        key = self.dataset_keys.get(dataset_id)
        return None if key is None else self.datasets_by_key[key]

    def put_dataset(self, dataset: Dataset) -> None:
        """Declare a dataset, or declare it anew under its id.

        Raises:
            StoreError: it has no primary identity or several, or is kept under another class.
        """
        primaries = sum(path.primary for path in dataset.identities)
        if primaries > 1 or (primaries == 0 and not dataset.identity_map):
            raise StoreError(f"dataset {dataset.id!r} needs exactly one primary identity, or identity_map")
        previous = self.dataset(dataset.id)
        if previous is not None and previous.schema_class != dataset.schema_class:
            raise StoreError(f"dataset {dataset.id!r} is of class {previous.schema_class}, which cannot change")
        for path in dataset.identities:
            self.namespaces.declare(path.namespace)
        (key,) = self._connection.execute(
            "INSERT INTO dataset (sandbox, id, definition) VALUES (?, ?, ?)"
            " ON CONFLICT (sandbox, id) DO UPDATE SET definition = excluded.definition RETURNING key",
            (self.sandbox, dataset.id, json.dumps(asdict(dataset))),
        ).fetchone()
        self._remember(key, dataset)

    def _remember(self, key: int, dataset: Dataset) -> None:
        self.dataset_keys[dataset.id] = key
        self.datasets_by_key[key] = dataset


def _load(text: str) -> Dataset:
    fields: dict[str, Any] = json.loads(text)
    paths = tuple(IdentityPath(**path) for path in fields["identities"])
    return Dataset(**{**fields, "identities": paths})
