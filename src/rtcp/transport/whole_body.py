"""The body of an answer in one piece, which has bounds, also of what it becomes when it is decompressed."""

from __future__ import annotations

import zlib
from typing import Any, Final

from urllib3.exceptions import DecodeError

# Of an answer that is no success: what it says stands at its beginning.
MOST_OF_ERROR: Final = 1_000_000
_PIECE: Final = 1 << 20
_GZIP: Final = zlib.MAX_WBITS | 16
_GZIP_BEGINS: Final = b"\x1f\x8b"
_STEP: Final = 1 << 12
# Of a gzip; programs make one of each block of 64 KiB at the smallest.
_MOST_MEMBERS: Final = 20_000


class TooLargeError(Exception):
    """The answer is larger than any that the service documents.

    Attributes:
        most: bytes that it might have had.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


def read_whole(raw: Any, *, most: int | None, status: int) -> bytes:
    """The body, decompressed.

    Args:
        raw: the answer of urllib3.
        most: bytes at most; of an answer that is no success, the first `MOST_OF_ERROR` are taken in any case.

    Raises:
        TooLargeError: a success has more.
    """
    if most is None:
        body: bytes = raw.read(decode_content=True)
        return body
    is_success = 200 <= status < 300
    most = most if is_success else MOST_OF_ERROR
    told = getattr(raw, "length_remaining", None)
    # Announced, and small enough: one read, instead of one for each piece.
    if told is not None and told <= most:
        body = raw.read(decode_content=False)
    else:
        if is_success and told is not None:
            _refuse(raw, most)
        body = _beginning(raw, most)
        if len(body) > most and is_success:
            _refuse(raw, most)
        if len(body) > most:
            raw.close()
    encoding = raw.headers.get("Content-Encoding")
    if encoding is not None:
        body = _decompressed(body, encoding, most)
    if len(body) > most:
        if is_success:
            _refuse(raw, most)
        body = body[:most]
    return body


def _refuse(raw: Any, most: int) -> None:
    # What is left of it is not worth reading, so the connection cannot be used again.
    raw.close()
    raise TooLargeError(most)


def _beginning(raw: Any, most: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while size <= most and (piece := raw.read(min(_PIECE, most + 1 - size), decode_content=False)):
        pieces.append(piece)
        size += len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _decompressed(body: bytes, encoding: str, most: int) -> bytes:
    """The body without the encodings that we ask for; one byte more than `most` where it would be more.

    Raises:
        DecodeError: it is not what the header says.
    """
    # Undone in the reverse order that they were applied in.
    for name in reversed([name.strip().lower() for name in encoding.split(",")]):
        try:
            if name in ("gzip", "x-gzip"):
                body = _inflated(body, _GZIP, most)
            elif name == "deflate":
                body = _deflated(body, most)
        except zlib.error as exc:
            raise DecodeError(name, exc) from None
    return body


def _deflated(body: bytes, most: int) -> bytes:
    try:
        return _inflated(body, zlib.MAX_WBITS, most)
    except zlib.error:
        # Some servers leave the header of zlib away.
        return _inflated(body, -zlib.MAX_WBITS, most)


def _inflated(body: bytes, bits: int, most: int) -> bytes:
    if not body:
        return body
    is_whole = len(body) <= most
    rest = memoryview(body)
    pieces: list[bytes] = []
    room = most + 1
    for _ in range(_MOST_MEMBERS):
        size, room = _read_member(rest, bits, pieces, room=room, is_whole=is_whole)
        rest = rest[size:]
        # Behind a first member of gzip may stand another one, and what is none, as zeros that fill a block.
        if room <= 0 or bits != _GZIP or bytes(rest[:2]) != _GZIP_BEGINS:
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    raise zlib.error("it has too many members")


def _read_member(rest: memoryview, bits: int, pieces: list[bytes], *, room: int, is_whole: bool) -> tuple[int, int]:
    """Decompress what begins here up to its end; returns the bytes that were read, and the room that is left."""
    inflater = zlib.decompressobj(bits)
    read, step = 0, len(rest) if not pieces else _STEP
    while not inflater.eof and room > 0 and read < len(rest):
        # What stands behind a member is copied to say so: of many small ones, all of it would be each time.
        window = rest[read : read + step]
        piece = inflater.decompress(window, room)
        pieces.append(piece)
        room -= len(piece)
        read += len(window) - len(inflater.unused_data)
        step *= 2
    if not inflater.eof and room > 0 and is_whole:
        raise zlib.error("it ends before its end")
    return read, room
