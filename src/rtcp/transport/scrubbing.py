"""Texts of others with the identities and secrets in them masked; pure."""

from __future__ import annotations

import binascii
import codecs
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from rtcp._terminal import visible_line

# However often it was encoded.
_AT: Final = r"(?:@|%(?:25)*40|&(?:amp;)*(?:#0*64|#x0*40|commat);|\\u0040)"
_EMAIL: Final = re.compile(rf"[\w.!#$%&'*+/=?^`{{|}}~-]+{_AT}[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
# An XID is opaque, but encodes an identity: a long word of small and capital letters and digits. Ids of the service's
# own things are hexadecimal, its codes are in capitals.
_XID: Final = re.compile(r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9])[\w-]{16,}(?![\w-])", re.ASCII)
# One character as others may write it: percent-encoded or as an entity, once or several times, or escaped for JSON.
_WRITTEN: Final = re.compile(
    r"(?P<bytes>(?:%(?:25)*[0-9a-f]{2})+)|&(?:amp;)*(?P<entity>#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,10});"
    r"|\\+u(?P<escape>[0-9a-f]{4})|.",
    re.IGNORECASE | re.DOTALL,
)
_MAY_BE_WRITTEN: Final = re.compile(r"[%&\\]")
_BYTE: Final = re.compile(r"%(?:25)*([0-9a-f]{2})", re.IGNORECASE)
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]{2,}")
_STANDARD: Final = str.maketrans("-_", "+/")
_PHONE: Final = re.compile(r"\+?[\d\s().\-/]*\d[\d\s().\-/]*")
_DIGITS: Final = re.compile(r"\d(?:[\s().\-/]*\d){6,}", re.ASCII)
# Digits of a phone number in its own country.
_FEWEST_DIGITS: Final = 7
# A short id occurs inside ordinary words by chance; masking it there would spell it out.
_SHORT: Final = 3
_LONGEST_TEXT: Final = 400
# Masking costs the square of an endless word's length, so no more than this is read.
_LONGEST_READ: Final = 2000
_MASK: Final = "***"
Span = tuple[int, int]


def scrub(text: str, private: Iterable[str] = ()) -> str:
    """The text with the given values masked, in whichever way they are written, and with whatever looks like an e-mail
    address or an XID.
    """
    return _XID.sub(_MASK, _EMAIL.sub(_MASK, _without(text, private)))


def shortened(text: str, private: Iterable[str] = ()) -> str:
    """The scrubbed beginning of a text of any length, as one line that does nothing to a terminal."""
    scrubbed = visible_line(scrub(_beginning(text), private))
    return scrubbed if len(scrubbed) <= _LONGEST_TEXT else f"{scrubbed[:_LONGEST_TEXT]}..."


def tells(text: str, private: Iterable[str]) -> bool:
    """True where the text says one of the values, in whichever way it is written."""
    return _without(text, private) != text


def values_in(document: Any) -> Iterator[str]:
    """The values of a row or of several, as texts: which of them say who somebody is, nobody can tell. Those of two or
    three characters say nothing, but as an identity.
    """
    pending: list[tuple[Any, str]] = [(document, "")]
    while pending:
        value, place = pending.pop()
        if isinstance(value, Mapping):
            within = "identityMap" if place.startswith("identityMap") else ""
            pending += [(inner, f"{within}.{name}" if within else str(name)) for name, inner in value.items()]
        elif isinstance(value, list | tuple):
            pending += [(inner, place) for inner in value]
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            text = str(value)
            if len(text) > _SHORT or place == "identityMap.id":
                yield text


def _without(text: str, private: Iterable[str]) -> str:
    values = {value for value in private if value}
    if not values or not text:
        return text
    read = _Read(text)
    spans = [span for value in values for span in read.spans_of(value)]
    return _masked(text, spans) if spans else text


class _Read:
    """A text as it is meant, and where in it each character stands."""

    def __init__(self, text: str) -> None:
        read = list(_characters(text)) if _MAY_BE_WRITTEN.search(text) else None
        self._places = None if read is None else [(start, end) for _, start, end in read]
        self._plain = text if read is None else "".join(character for character, _, _ in read)
        self._folded = _folded(self._plain)
        self._encoded: list[tuple[Span, bytes]] | None = None
        self._all_encoded = b""
        self._numbers: list[tuple[Span, str]] | None = None

    def spans_of(self, value: str) -> Iterator[Span]:
        wanted = _folded(value)
        at = self._folded.find(wanted) if wanted else -1
        while at >= 0:
            end = at + len(wanted)
            if len(value) > _SHORT or self._stands_alone(at, end):
                yield self._span(at, end)
            at = self._folded.find(wanted, at + 1)
        yield from self._encodings(value.encode("utf-8", "replace").lower())
        if _PHONE.fullmatch(value):
            yield from self._phones(value)

    def _stands_alone(self, start: int, end: int) -> bool:
        around = self._plain[max(0, start - 1) : start], self._plain[end : end + 1]
        return not any(re.match(r"\w", character) for character in around)

    def _encodings(self, wanted: bytes) -> Iterator[Span]:
        """The words that say it in base64, wherever in them it begins."""
        if self._encoded is None:
            self._encoded = [
                (self._span(*found.span()), decoded)
                for found in _ENCODED.finditer(self._plain)
                for decoded in _decoded(found[0])
            ]
            self._all_encoded = b"\0".join(decoded for _, decoded in self._encoded)
        if wanted in self._all_encoded:
            for span, decoded in self._encoded:
                if decoded == wanted or (len(wanted) > _SHORT and wanted in decoded):
                    yield span

    def _phones(self, value: str) -> Iterator[Span]:
        """The same number in another form: with and without its country, its zeros and what parts its digits."""
        wanted = _only_digits(value)
        if len(wanted) < _FEWEST_DIGITS:
            return
        if self._numbers is None:
            self._numbers = [
                (self._span(*found.span()), _only_digits(found[0])) for found in _DIGITS.finditer(self._plain)
            ]
        for span, number in self._numbers:
            if len(number) >= _FEWEST_DIGITS and (number.endswith(wanted) or wanted.endswith(number)):
                yield span

    def _span(self, start: int, end: int) -> Span:
        return (start, end) if self._places is None else (self._places[start][0], self._places[end - 1][1])


def _characters(text: str) -> Iterator[tuple[str, int, int]]:
    for found in _WRITTEN.finditer(text):
        start, end = found.span()
        if found["bytes"]:
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            begun = start
            for byte in _BYTE.finditer(text, start, end):
                character = decoder.decode(bytes.fromhex(byte[1]))
                if character:
                    yield character[-1], begun, byte.end()
                    begun = byte.end()
        elif found["entity"]:
            meant = html.unescape(f"&{found['entity']};")
            if len(meant) == 1:
                yield meant, start, end
            else:
                yield from ((text[at], at, at + 1) for at in range(start, end))
        else:
            yield chr(int(found["escape"], 16)) if found["escape"] else found[0], start, end


def _folded(text: str) -> str:
    """In small letters, and with one kind of space; as long as it was."""
    small = text.lower()
    if len(small) != len(text):
        small = "".join(letter if len(letter.lower()) != 1 else letter.lower() for letter in text)
    return re.sub(r"[\s+]", " ", small)


def _decoded(word: str) -> Iterator[bytes]:
    standard = word.translate(_STANDARD)
    for begin in range(4):
        # What is left of four characters tells one byte less, or nothing.
        size = len(standard) - begin
        size -= size % 4 == 1
        with suppress(ValueError):
            yield binascii.a2b_base64(standard[begin : begin + size] + "==="[: -size % 4]).lower()


def _only_digits(text: str) -> str:
    return re.sub(r"\D", "", text).lstrip("0")


def _masked(text: str, spans: list[Span]) -> str:
    pieces: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if start >= done:
            pieces += [text[done:start], _MASK]
        done = max(done, end)
    return "".join([*pieces, text[done:]])


def _beginning(text: str) -> str:
    if len(text) <= _LONGEST_READ:
        return text
    # The last word goes with the rest: half an identity would not be recognised.
    return text[:_LONGEST_READ].rpartition(" ")[0]
