"""The files that data access serves, a folder for each batch: beside the file of the store, or in a temporary place."""

from __future__ import annotations

import shutil
from pathlib import Path

from rtcp._temporary import TemporaryFolder


class FileStore:
    """A folder that is made when it is first written to.

    Args:
        database: the store's file, which then has the folder `<name>.files` beside it; None takes a temporary folder.
    """

    def __init__(self, database: str | None = None) -> None:
        self._beside = None if database is None else Path(f"{database}.files")
        self._temporary: TemporaryFolder | None = None

    @property
    def root(self) -> Path:
        if self._beside is not None:
            return self._beside
        if self._temporary is None:
            self._temporary = TemporaryFolder(prefix="rtcp-emulator-")
        return self._temporary.path

    def folder(self, sandbox: str, batch_id: str) -> Path:
        """The folder of a batch, which may not exist."""
        # Names of sandboxes come from manifests: quoted, they cannot lead out of the root.
        return self.root / sandbox.encode().hex() / batch_id

    def clear(self) -> None:
        """Remove all files."""
        if self._temporary is not None:
            self._temporary.remove()
            self._temporary = None
        elif self._beside is not None:
            shutil.rmtree(self._beside, ignore_errors=True)

    def close(self) -> None:
        """Remove the folder if it was a temporary one."""
        if self._temporary is not None:
            self.clear()
