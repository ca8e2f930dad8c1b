"""A folder that one download at a time writes to, and the names that files may have in it."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from rtcp._private import open_private, private_folder
from rtcp._system import held
from rtcp.errors import RtcpError
from rtcp.models.file import RemoteFile

MARKER: Final = ".rtcp-download"
PART: Final = ".part"
"""The end of a name while the file is not complete."""
STATE: Final = ".part-of"
"""The end of a name that tells which state of a file its unfinished bytes are of."""
_UNSAFE: Final = re.compile(r"[^\w.=+@ -]")
# Bytes: file systems take 255, and ours adds an ending and a number.
_LONGEST_NAME: Final = 200
# To Windows, a device, whatever ending stands behind.
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)", re.IGNORECASE)


@contextmanager
def claimed(folder: Path, contents: Any) -> Iterator[None]:
    """Make the folder and hold it, so that two downloads do not mix, at the same time or one after the other.

    Args:
        contents: what is downloaded, as JSON; a folder that holds something else is refused.

    Raises:
        RtcpError: another download holds the folder, or what is in it is something else.
    """
    private_folder(folder)
    marker = folder / MARKER
    # The lock is the operating system's: it ends with the process, however that ends.
    with (
        os.fdopen(open_private(marker, os.O_RDWR | os.O_CREAT | os.O_APPEND), "a+b") as file,
        held(file.fileno()) as is_ours,
    ):
        if not is_ours:
            raise RtcpError(f"another download is writing to {str(folder)!r}; let it end, or choose another directory")
        file.seek(0)
        known = file.read()
        wanted = json.dumps(contents, sort_keys=True).encode()
        if known and known != wanted:
            raise RtcpError(
                f"{str(folder)!r} holds the files of something else; choose another directory, or remove it"
            )
        if not known:
            file.write(wanted)
            file.flush()
        yield


def local_names(files: Sequence[RemoteFile]) -> list[str]:
    """A safe relative path for each file, no two the same.

    Files of one name get folders named after their ids; what is the same even then, as two files of one directory may
    be, gets a number in front.
    """
    names = [safe_name(file.name) for file in files]
    counts = Counter(map(_key, names))
    # A file cannot have the name of a folder beside it.
    folders = {_key(safe_name(file.file_id)) for file, name in zip(files, names, strict=True) if counts[_key(name)] > 1}
    paths: dict[str, str] = {}
    for file, name in zip(files, names, strict=True):
        is_alone = counts[_key(name)] == 1 and _key(name) not in folders
        path = name if is_alone else f"{safe_name(file.file_id)}/{name}"
        number = 1
        while _key(path) in paths:
            number += 1
            path = f"{safe_name(file.file_id)}/{number}~{name}"
        paths[_key(path)] = path
    return list(paths.values())


def _key(path: str) -> str:
    """What names have in common that a file system may take for the same: some tell no capitals from small letters, and
    no two ways to compose a letter.
    """
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def safe_name(text: str) -> str:
    """The text as one name of a file: no separators, no leading dot, not too long, and none of an unfinished file."""
    name = _UNSAFE.sub("_", text)
    name = re.sub(r"^\.+", "_", name).strip() or "_"
    # Windows drops dots and spaces at the end: two names would become one.
    name = re.sub(r"[. ]+$", "_", _DEVICE.sub(r"\1_", name, count=1) if _DEVICE.match(name) else name)
    if name.casefold().endswith((PART, STATE)):
        name += "_"
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    # The end is kept: it tells the format.
    return f"{_cut(name[:20], 60)}~{_cut(name[::-1], _LONGEST_NAME - 61)[::-1]}"


def _cut(text: str, size: int) -> str:
    """The beginning of a text that has so many bytes at most."""
    sizes = accumulate(len(letter.encode()) for letter in text)
    return text[: sum(1 for each in sizes if each <= size)]
