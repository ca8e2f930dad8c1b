"""Files as text, line by line: compressed or not, in any encoding; a line that cannot be read is told, not raised."""

from __future__ import annotations

import codecs
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, cast

from rtcp._optional import require
from rtcp.errors import InvalidArgumentError

COMPRESSED: Final = (".gz", ".zst")
_SAMPLE: Final = 64 * 1024
# Stands where bytes could not be read: no encoding has it, as it is half a surrogate pair.
_UNREADABLE: Final = "\udcff"
# UTF-32 before UTF-16, with whose mark its own begins.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What begins so is no text, whatever its name says.
_OTHER_KINDS: Final = (
    (b"\x1f\x8b", "is compressed; let its name end in .gz"),
    (b"\x28\xb5\x2f\xfd", "is compressed; let its name end in .zst"),
    (b"BZh", "is compressed with bzip2; unpack it"),
    (b"\xfd7zXZ", "is compressed with xz; unpack it"),
    (b"PK\x03\x04", "is a zip archive or a workbook; unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "is a workbook; save the sheet as CSV"),
    (b"PAR1", "is a Parquet file; let its name end in .parquet"),
    (b"Obj\x01", "is an Avro file; write it as Parquet or as JSON lines"),
    (b"%PDF", "is a PDF; save the table as CSV"),
)
codecs.register_error("rtcp-unreadable", lambda exc: (_UNREADABLE, cast(UnicodeDecodeError, exc).end))


class Line(NamedTuple):
    """One line of a file; `problem` says why it cannot be read."""

    number: int
    text: str
    problem: str | None = None


def file_kind(path: Path) -> str:
    """The ending that tells what is in a file, in small letters, that of its compression left aside."""
    names = [suffix.lower() for suffix in path.suffixes]
    if names and names[-1] in COMPRESSED:
        names.pop()
    return names[-1] if names else ""


def open_binary(path: Path) -> IO[bytes]:
    """The bytes of a file, decompressed.

    Raises:
        MissingExtraError: .zst takes pyarrow.
    """
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    if suffix == ".zst":
        pyarrow = require("pyarrow", extra="arrow")
        return cast(IO[bytes], io.BufferedReader(_Raw(pyarrow.input_stream(str(path), compression="zstd"))))
    return path.open("rb")


def encoding_of(path: Path, encoding: str | None) -> str:
    """The encoding to read a file in: as asked, else by its first bytes, else UTF-8.

    Raises:
        InvalidArgumentError: the encoding is unknown, or the file is in none that can be guessed, or is no text at all.
    """
    with reading(path), open_binary(path) as file:
        start = file.read(_SAMPLE)
    _refuse_other_kinds(path, start)
    if encoding is not None:
        try:
            name = codecs.lookup(encoding).name
        except (LookupError, TypeError):
            name = ""
        if not name:
            raise InvalidArgumentError(f"there is no encoding {encoding!r}; known are utf-8, utf-16, cp1252, ...")
        return "utf-8-sig" if name == "utf-8" else name
    for mark, found in _MARKS:
        if start.startswith(mark):
            return found
    # A stray one is a character of its line; of UTF-16, many bytes are so.
    if start.count(b"\x00") * 5 > len(start):
        raise InvalidArgumentError(f"{path.name!r} is no UTF-8 text; name its encoding, such as utf-16-le")
    return "utf-8"


def refuse_other_kinds(path: Path) -> None:
    """Refuse a file that is no text, as what it is.

    Raises:
        InvalidArgumentError: says what to do with it.
    """
    with path.open("rb") as file:
        _refuse_other_kinds(path, file.read(_SAMPLE))


def _refuse_other_kinds(path: Path, start: bytes) -> None:
    for mark, problem in _OTHER_KINDS:
        if start.startswith(mark):
            raise InvalidArgumentError(f"{path.name!r} {problem}")


def lines_of(path: Path, encoding: str) -> Iterator[Line]:
    """Yield the lines of a file, from 1, without their ends."""
    said = "UTF-8" if encoding.startswith("utf-8") else encoding
    problem = f"is not in {said}; name the encoding of the file, such as cp1252"
    with reading(path), open_binary(path) as raw:
        text = io.TextIOWrapper(raw, encoding=encoding, errors="rtcp-unreadable", newline="")
        for number, line in enumerate(text, start=1):
            yield Line(number, line, problem if _UNREADABLE in line else None)


class reading:  # noqa: N801 - used like a function
    """Errors of a compressed file that is damaged say which file it is, and that it is so."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, traceback: object) -> None:
        if isinstance(exc, EOFError | gzip.BadGzipFile) or (kind is not None and kind.__module__ == "zlib"):
            raise InvalidArgumentError(f"{self._path.name!r} is damaged: what is compressed in it breaks off") from None
        if isinstance(exc, OSError) and exc.filename is None and exc.errno is None:
            raise InvalidArgumentError(f"{self._path.name!r} cannot be decompressed") from None


class _Raw(io.RawIOBase):
    """A stream of pyarrow as Python knows streams."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data: bytes = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()
