"""XIDs: stable, opaque, URL-safe texts for an identity, made of a namespace number and the identity value."""

from __future__ import annotations

import binascii
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode

_CHECK_BYTES = 3


def encode_xid(namespace_id: int, value: str) -> str:
    """The XID of an identity; the same in every run and every sandbox that numbers the namespace alike."""
    # A value may hold a lone surrogate when it came out of JSON; such an identity is unknown, but must not fail here.
    payload = _varint(namespace_id) + value.encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(_check(payload) + payload).rstrip(b"=").decode("ascii")


def decode_xid(text: str) -> tuple[int, str] | None:
    """The namespace number and value inside an XID, or None when the text is not one.

    Plain identity values such as `14048` are base64 too: the check bytes are what tells them from an XID.
    """
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error):
        return None
    payload = raw[_CHECK_BYTES:]
    if not payload or raw[:_CHECK_BYTES] != _check(payload):
        return None
    namespace_id, used = _read_varint(payload)
    try:
        value = payload[used:].decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    # The decoder skips foreign characters and spare bits; only the text that we would write ourselves is an XID.
    return (namespace_id, value) if encode_xid(namespace_id, value) == text else None


def _check(payload: bytes) -> bytes:
    return (zlib.crc32(payload) & 0xFFFFFF).to_bytes(_CHECK_BYTES, "big")


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(payload: bytes) -> tuple[int, int]:
    number = 0
    for index, byte in enumerate(payload):
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return number, index + 1
    return number, len(payload)
