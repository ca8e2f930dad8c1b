"""The store: sandboxes by name, in memory or in a file, with everything else below them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rtcp.emulator.clock import Clock
from rtcp.emulator.store.database import Database
from rtcp.emulator.store.documents import DocumentTable
from rtcp.emulator.store.pending import PendingTable
from rtcp.emulator.store.sandbox import DEFAULT_SANDBOX, Sandbox
from rtcp.emulator.store.values import StoreError

_FRESH_SANDBOXES = (DEFAULT_SANDBOX, "dev")


class Store:
    """People, events and merge policies of all sandboxes; safe to use from any thread.

    Args:
        path: a SQLite file that keeps everything over a restart; None keeps it in memory.
        clock: where ingestion times come from.
        seed: makes the ids that the store gives predictable.

    Raises:
        StoreError: the file cannot be opened as a store.
    """

    def __init__(self, path: str | None = None, *, clock: Clock, seed: int | None = None) -> None:
        self.database = Database(path, clock=clock, seed=seed)
        self.sandboxes: dict[str, Sandbox] = {}
        self._read_sandboxes()
        if not self.sandboxes:
            self._create_fresh()
        self.database.on_forget(self._read_sandboxes)
        self.clock = clock
        self.documents = DocumentTable(self.database)
        self.pending = PendingTable(self.database)

    def close(self) -> None:
        """Close the database; closing twice is harmless."""
        self.database.close()

    def reset(self) -> None:
        """Become a fresh store: no data, the sandboxes `prod` and `dev` with their built-in merge policy."""
        with self.database.transaction():
            held = list(self.sandboxes.values())
            self.database.clear()
            self._create_fresh()
            # Callers hold on to sandboxes: those objects live on under the names that are still there.
            for sandbox in held:
                sandbox.reload()
                if sandbox.name in self.sandboxes:
                    self.sandboxes[sandbox.name] = sandbox

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing of it when an exception leaves it; other threads wait."""
        with self.database.transaction():
            yield

    def on_change(self, note: Callable[[str], None]) -> None:
        """Have a function called with the sandbox's name whenever people or events came in or went."""
        self.database.on_change(note)

    def new_id(self) -> str:
        with self.database.lock:
            return self.database.new_id()

    def create_sandbox(self, name: str) -> None:
        """Make an empty sandbox.

        Raises:
            StoreError: there is one of this name.
        """
        with self.database.transaction():
            if name in self.sandboxes:
                raise StoreError(f"there is a sandbox {name!r} already")
            self.sandboxes[name] = Sandbox.create(self.database, name)

    def sandbox(self, name: str) -> Sandbox:
        """The sandbox of a name.

        Raises:
            StoreError: there is none.
        """
        try:
            return self.sandboxes[name]
        except KeyError:
            raise StoreError(f"there is no sandbox {name!r}") from None

    def _create_fresh(self) -> None:
        for name in _FRESH_SANDBOXES:
            self.create_sandbox(name)

    def _read_sandboxes(self) -> None:
        with self.database.lock:
            rows = self.database.connection.execute("SELECT name FROM sandbox ORDER BY key").fetchall()
            known, self.sandboxes = self.sandboxes, {}
            for sandbox in known.values():
                sandbox.reload()
            for (name,) in rows:
                # The object that callers hold, where there is one.
                self.sandboxes[name] = known.get(name) or Sandbox(self.database, name)
