"""What one running emulator is made of, handed to every route; nouns add their own parts when they are needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from rtcp.emulator.clock import Clock
from rtcp.emulator.file_store import FileStore
from rtcp.emulator.http.description import Description, load_description
from rtcp.emulator.http.faults import Faults
from rtcp.emulator.http.gateway import Credential, Ims
from rtcp.emulator.http.operations import Dialect
from rtcp.emulator.http.wire import Requests
from rtcp.emulator.jobs import Jobs
from rtcp.emulator.noun_folders import load_noun
from rtcp.emulator.options import Options
from rtcp.emulator.store import Store

# The nouns that are told of every change; they are loaded at the first one.
_WATCHING = ("preview",)
_WATCHERS: list[Callable[[str, Service], None]] = []


class Part(Protocol):
    """What a noun keeps in memory beside the store, for one service."""

    def __init__(self, service: Service) -> None: ...

    def clear(self) -> None:
        """Forget everything, as a reset wants it."""


P = TypeVar("P", bound=Part)
Watcher = TypeVar("Watcher", bound=Callable[[str, "Service"], None])


class Service:
    """One emulated service: what it stores, whom it trusts, how it talks, and what was done to it.

    Args:
        db: file that keeps everything; None keeps it in memory.
    """

    def __init__(
        self,
        *,
        db: str | None = None,
        seed: int | None = None,
        dialect: str = "guide",
        clock: Clock | None = None,
        credentials: Mapping[str, Sequence[str] | Credential] | None = None,
        options: Options | None = None,
    ) -> None:
        self.dialect = Dialect(dialect)
        self.options = options or Options()
        self.seed = seed
        self.clock = clock or Clock()
        self.faults = Faults()
        self.requests = Requests()
        self.ims = Ims(self.clock, credentials)
        self.store = Store(db, clock=self.clock, seed=seed)
        self.store.database.drops_oldest = self.options.graph_overflow == "fifo"
        self.files = FileStore(db)
        self.jobs = Jobs(
            self.store, self, take_failure=self.faults.take_job_failure, seconds_factor=self.options.job_seconds
        )
        self._owns_clock = clock is None
        self._parts: dict[type[Any], Any] = {}
        self._making = threading.RLock()
        self.store.on_change(self._tell_watchers)

    @property
    def description(self) -> Description:
        return load_description()

    def part(self, kind: type[P]) -> P:
        """The part of a class, made when it is first asked for."""
        found: P | None = self._parts.get(kind)
        if found is None:
            with self._making:
                found = self._parts.get(kind) or self._parts.setdefault(kind, kind(self))
        return found  # pyright: ignore[reportReturnType]

    def tenant_of(self, sandbox: str) -> str:
        """The tenant's id: the one of the sandbox's manifest, else that of the options."""
        declared = self.store.documents.get(sandbox, "setting", "tenant")
        return self.options.tenant if declared is None else str(declared["value"])

    def reset(self) -> None:
        """Forget data, tokens, faults and requests; a clock of its own goes back to the system's time."""
        self.jobs.stop()
        self.store.reset()
        self.files.clear()
        for part in list(self._parts.values()):
            part.clear()
        self.ims.reset()
        self.faults.clear()
        self.requests.clear()
        if self._owns_clock:
            self.clock.reset()
        self.jobs.go_on()

    def close(self) -> None:
        """Close the store and remove what was temporary."""
        self.jobs.stop()
        self.store.close()
        self.files.close()

    def _tell_watchers(self, sandbox: str) -> None:
        for noun in _WATCHING:
            load_noun(noun)
        for tell in _WATCHERS:
            tell(sandbox, self)


def watch_changes(watcher: Watcher) -> Watcher:
    """Have a function told the sandbox, and the service, whenever people or events came in or went."""
    _WATCHERS.append(watcher)
    return watcher
