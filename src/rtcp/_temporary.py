"""Temporary files and folders that a fork leaves alone: only the process that has made one removes it."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any


def at_end_of(owner: Any, act: Callable[[], object]) -> weakref.finalize[[], Any]:  # noqa: TID251 - its one home
    """Have something done when an object goes, or the process ends with it; in forked children, nothing."""
    return weakref.finalize(owner, partial(_in, os.getpid(), act))  # noqa: TID251


class TemporaryFolder:
    """A folder that goes with its `with` statement, with this object, or with the process, whatever comes first."""

    def __init__(self, *, prefix: str) -> None:
        self.path = path = Path(tempfile.mkdtemp(prefix=prefix))
        self.remove = at_end_of(self, lambda: shutil.rmtree(path, ignore_errors=True))
        """Remove it. A second time is nothing."""

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.remove()


def _in(pid: int, act: Callable[[], object]) -> None:
    if pid == os.getpid():
        act()
