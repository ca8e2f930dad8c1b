"""Texts of others with the identities and secrets in them masked; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Final
from urllib.parse import quote

_EMAIL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
# An XID is opaque, but encodes an identity: a long word of small and capital letters and digits. Ids of the service's
# own things are hexadecimal, its codes are in capitals.
_XID: Final = re.compile(r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9])[\w-]{16,}(?![\w-])", re.ASCII)
# A short id occurs inside ordinary words by chance; masking it there would spell it out.
_SHORT: Final = 3
_LONGEST_TEXT: Final = 400
# Masking costs the square of an endless word's length, so no more than this is read.
_LONGEST_READ: Final = 2000


def scrub(text: str, private: Iterable[str] = ()) -> str:
    """The text with the given values masked, plain or encoded for an address or a page, and with whatever looks like an
    e-mail address or an XID.
    """
    for value in sorted(filter(None, private), key=len, reverse=True):
        bounds = ("", "") if len(value) > _SHORT else (r"(?<!\w)", r"(?!\w)")
        text = re.sub("".join(map(_spellings, value)).join(bounds), "***", text, flags=re.IGNORECASE)
    return _XID.sub("***", _EMAIL.sub("***", text))


def shortened(text: str, private: Iterable[str] = ()) -> str:
    """The scrubbed beginning of a text of any length."""
    scrubbed = scrub(_beginning(text), private)
    return scrubbed if len(scrubbed) <= _LONGEST_TEXT else f"{scrubbed[:_LONGEST_TEXT]}..."


def _spellings(character: str) -> str:
    """A pattern for one character in all the ways that it is written."""
    if character.isascii() and character.isalnum():
        return character
    ways = {character, quote(character.encode("utf-8", "replace"), safe=""), escape(character)}
    if character == " ":
        ways.add("+")
    return f"(?:{'|'.join(re.escape(way) for way in sorted(ways, key=len, reverse=True))})"


def _beginning(text: str) -> str:
    if len(text) <= _LONGEST_READ:
        return text
    # The last word goes with the rest: half an identity would not be recognised.
    return text[:_LONGEST_READ].rpartition(" ")[0]
