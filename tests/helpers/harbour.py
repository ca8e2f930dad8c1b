"""The world Harbour, read from its files once in a process and copied into an emulator for each test that asks."""

from __future__ import annotations

import functools
import sqlite3
from typing import Any

from rtcp.emulator import Emulator, worlds


def load_harbour(emulator: Emulator) -> None:
    """Empty an emulator that was made with `seed=1`, and fill it as `emulator.load(worlds.path("harbour"))` does."""
    loaded, state = _loaded()
    emulator.reset()
    database = emulator.store.database
    with database.lock:
        loaded.backup(database.connection)
        database._random.setstate(state)
    database.forget()


@functools.cache
def _loaded() -> tuple[sqlite3.Connection, Any]:
    """The database with the world in it, and where its ids go on."""
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    emulator = Emulator(seed=1)
    emulator.load(worlds.path("harbour"))
    database = emulator.store.database
    with database.lock:
        database.connection.backup(copy)
        state = database._random.getstate()
    emulator.stop()
    return copy, state
