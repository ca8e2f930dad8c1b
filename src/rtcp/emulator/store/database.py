"""The one connection of a store, guarded by a lock, with its transactions and its source of ids."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rtcp.emulator.clock import Clock
from rtcp.emulator.store.schema import clear, connect
from rtcp.emulator.store.values import StoreError


class Database:
    """Shared by the store and its sandboxes; `lock` must be held around every use of `connection`."""

    def __init__(self, path: str | None, *, clock: Clock, seed: int | None) -> None:
        # Whether graphs that grow too large let their oldest identities go.
        self.drops_oldest = False
        self.connection: sqlite3.Connection = connect(path)
        self._path = path
        self._pid = os.getpid()
        self.lock = threading.RLock()
        self.clock = clock
        self._seed = seed
        self._forget: list[Callable[[], None]] = []
        self._notes: list[Callable[[str], None]] = []
        self._depth = 0
        with self.transaction() as connection:
            connection.execute("UPDATE meta SET opened = opened + 1")
        self._random = self._new_random()

    def close(self) -> None:
        # In a forked child, the lock may be held for ever by a thread that only the parent has.
        if self._pid != os.getpid():
            return
        with self.lock:
            self.connection.close()

    def on_forget(self, forget: Callable[[], None]) -> None:
        """Have a function called when what was cached may no longer be what the tables hold."""
        self._forget.append(forget)

    def on_change(self, note: Callable[[str], None]) -> None:
        """Have a function called with a sandbox's name, inside the transaction that changed its people or events."""
        self._notes.append(note)

    def note_change(self, sandbox: str) -> None:
        for note in self._notes:
            note(sandbox)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; a transaction inside another is part of it.

        Raises:
            StoreError: the file is the parent's of this process.
        """
        if self._path is not None and self._pid != os.getpid():
            raise StoreError(f"the store {self._path!r} was opened before a fork: it stays the parent's")
        with self.lock:
            # The lock may be taken again by its own thread: a transaction inside another neither begins nor ends one.
            if self._depth == 0:
                self.connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self.connection
            except BaseException:
                if self._depth == 1:
                    # What is kept in memory beside the tables has seen what is now taken back.
                    self.connection.execute("ROLLBACK")
                    self.forget()
                raise
            else:
                if self._depth == 1:
                    self.connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def clear(self) -> None:
        """Empty all tables and start the ids anew, so that a reset store makes the ids of a fresh one."""
        with self.transaction() as connection:
            clear(connection)
        self._random = self._new_random()
        self.forget()

    def forget(self) -> None:
        for forget in self._forget:
            forget()

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _new_random(self) -> random.Random:
        if self._seed is None:
            return random.SystemRandom()
        # A reopened file goes on with other ids: the ones of its first run are taken.
        (opened,) = self.connection.execute("SELECT opened FROM meta").fetchone()
        return random.Random(f"{self._seed}:{opened}")  # noqa: S311 - ids that tests can predict, no secrets
