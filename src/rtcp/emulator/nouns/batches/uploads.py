"""The files of a batch while they are brought up: whole, or in parts that a last call puts together."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtcp.emulator.file_store import FileStore
from rtcp.emulator.store import Store

MOST_BYTES = 256 * 1024 * 1024
MOST_PART_BYTES = 512_000_000
_RANGE = re.compile(r"bytes[ =](\d{1,15})-(\d{1,15})(/(\d{1,15}|\*))?")


class UploadError(ValueError):
    """A part or a whole that cannot be; the text says why."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file: `stored` is its name in the folder of the batch, empty while it is in parts."""

    name: str
    length: int
    stored: str
    parts: tuple[tuple[int, int, str], ...] = ()

    @property
    def is_complete(self) -> bool:
        return self.stored != ""


class Uploads:
    """The uploads of all batches: what is known of them in documents, their bytes in the folder of their batch."""

    def __init__(self, store: Store, files: FileStore) -> None:
        self._store = store
        self._files = files

    def all(self, sandbox: str, batch_id: str) -> list[Upload]:
        return [_read(document) for document in self._store.documents.of_kind(sandbox, _kind(batch_id))]

    def get(self, sandbox: str, batch_id: str, name: str) -> Upload | None:
        document = self._store.documents.get(sandbox, _kind(batch_id), name)
        return None if document is None else _read(document)

    def put(self, sandbox: str, batch_id: str, name: str, content: bytes) -> None:
        """Keep a whole file, in the place of the one of its name."""
        before = self.get(sandbox, batch_id, name)
        # Written before the old one goes: a batch is never without the file that it says it has.
        stored = self._write(sandbox, batch_id, content)
        self._keep(sandbox, batch_id, Upload(name, len(content), stored))
        if before is not None:
            self._drop(sandbox, batch_id, before)

    def begin(self, sandbox: str, batch_id: str, name: str) -> None:
        """Wait for parts; what was there under the name is gone."""
        before = self.get(sandbox, batch_id, name)
        if before is not None:
            self._drop(sandbox, batch_id, before)
        self._keep(sandbox, batch_id, Upload(name, 0, ""))

    def add_part(self, sandbox: str, batch_id: str, upload: Upload, content_range: str, content: bytes) -> None:
        """Keep one part; how it fits the others is looked at when all are there.

        Raises:
            UploadError: the range is none, or not as long as the part.
        """
        asked = _RANGE.fullmatch(content_range.strip())
        if asked is None:
            raise UploadError("Content-Range is missing, or not in the form bytes 0-99")
        first, last = int(asked[1]), int(asked[2])
        if last - first + 1 != len(content):
            raise UploadError("Content-Range is not as long as the body")
        stored = self._write(sandbox, batch_id, content)
        # The same part again is a caller who did not hear the answer.
        kept = tuple(part for part in upload.parts if part[:2] != (first, last))
        self._keep(sandbox, batch_id, Upload(upload.name, 0, "", (*kept, (first, last, stored))))

    def complete(self, sandbox: str, batch_id: str, upload: Upload) -> None:
        """Put the parts together.

        Raises:
            UploadError: some are missing, or overlap.
        """
        if upload.is_complete:
            return
        parts = sorted(upload.parts)
        expected = 0
        for first, last, _ in parts:
            if first != expected:
                raise UploadError("parts overlap" if first < expected else "parts are missing")
            expected = last + 1
        if not parts:
            raise UploadError("parts are missing")
        stored = f"{self._store.new_id()}.whole"
        folder = self._folder(sandbox, batch_id)
        with (folder / stored).open("wb") as whole:
            for *_, name in parts:
                with (folder / name).open("rb") as part:
                    shutil.copyfileobj(part, whole)
        self._keep(sandbox, batch_id, Upload(upload.name, expected, stored))
        self._drop(sandbox, batch_id, upload)

    def received(self, upload: Upload) -> int:
        """How many bytes are there from the beginning on, up to the first gap."""
        if upload.is_complete:
            return upload.length
        end = 0
        for first, last, _ in sorted(upload.parts):
            # What stands behind a gap does not count: whoever goes on, goes on at the gap.
            if first > end:
                break
            end = max(end, last + 1)
        return end

    def _folder(self, sandbox: str, batch_id: str) -> Path:
        return self._files.folder(sandbox, batch_id)

    def _write(self, sandbox: str, batch_id: str, content: bytes) -> str:
        # The caller's names are no paths on this machine.
        stored = self._store.new_id()
        folder = self._folder(sandbox, batch_id)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / stored).write_bytes(content)
        return stored

    def _keep(self, sandbox: str, batch_id: str, upload: Upload) -> None:
        document: dict[str, Any] = {
            "name": upload.name,
            "length": upload.length,
            "stored": upload.stored,
            "parts": [list(part) for part in upload.parts],
        }
        self._store.documents.put(sandbox, _kind(batch_id), upload.name, document)

    def _drop(self, sandbox: str, batch_id: str, upload: Upload) -> None:
        names: Sequence[str] = [name for *_, name in upload.parts] + ([upload.stored] if upload.stored else [])
        for name in names:
            (self._folder(sandbox, batch_id) / name).unlink(missing_ok=True)


def _kind(batch_id: str) -> str:
    return f"upload:{batch_id}"


def _read(document: dict[str, Any]) -> Upload:
    parts = tuple((first, last, stored) for first, last, stored in document["parts"])
    return Upload(document["name"], document["length"], document["stored"], parts)
