"""SQLite databases that a fork leaves alone: only the process that has opened one closes it."""

from __future__ import annotations

import os
import sqlite3
import weakref
from pathlib import Path
from typing import Any, Final

from rtcp import _system

_open: Final[weakref.WeakSet[Connection]] = weakref.WeakSet()
# Of the parents. Not for use: as long as they are here, and after, nothing closes them.
_inherited: Final[list[Connection]] = []


class Connection(sqlite3.Connection):
    """A connection whose copy in a forked child is never closed, by nobody and nothing.

    Closing writes the log into the database as the child knew them at the fork, and removes the log under its parent's
    hands: what the parent has committed since is gone.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._pid = os.getpid()
        _open.add(self)

    def close(self) -> None:
        """Close the database in the process that has opened it; elsewhere, do nothing."""
        if self._pid == os.getpid():
            super().close()


def connect(path: str | Path, **options: Any) -> Connection:
    """A connection, as `sqlite3.connect` makes them."""
    connection = sqlite3.connect(path, factory=Connection, **options)  # noqa: TID251 - its one home
    assert isinstance(connection, Connection)
    return connection


def _keep_for_ever() -> None:
    """Take the connections of the parent out of the reach of `del`, of the garbage collector and of the interpreter's
    end, all of which close what nobody refers to.
    """
    for connection in list(_open):
        _inherited.append(connection)
        try:
            import ctypes

            # A reference of nobody's: whatever is torn down at the end, this one stays.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
        except (ImportError, AttributeError):
            _spare_log(connection)
        _open.discard(connection)


def _spare_log(connection: sqlite3.Connection) -> None:
    """The second best, where a reference cannot be given away: closing leaves the log as it is."""
    switch = getattr(sqlite3, "SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE", None)
    if switch is not None:
        getattr(connection, "setconfig")(switch, True)  # noqa: B009 - since Python 3.12


_system.here.call_in_children(_keep_for_ever)
