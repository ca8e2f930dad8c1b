"""Texts of others with the identities and secrets in them masked; pure."""

from __future__ import annotations

import binascii
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from rtcp._terminal import visible_line

# However often it was encoded.
_AT: Final = r"(?:@|%(?:25)*(?:u00)?40|=40|&(?:amp;)*(?:#0*64|#x0*40|commat);|\\+(?:u00|u\{0*|x|U000000)40\}?)"
_EMAIL: Final = re.compile(rf"[\w.!#$%&'*+/=?^`{{|}}~-]+{_AT}[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
# An XID is opaque, but encodes an identity: a long word of small and capital letters and digits. Ids of the service's
# own things are hexadecimal, its codes are in capitals.
_XID: Final = re.compile(r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9])[\w-]{16,}(?![\w-])", re.ASCII)
# One character as others may write it: percent-encoded, as an entity, or escaped as JSON and programming languages do.
_WRITTEN: Final = re.compile(
    r"(?P<bytes>(?:(?:%(?:25)*|\\+x)[0-9a-f]{2})+)"
    r"|\\+u(?P<eight>000[0-9a-f]{5}|0010[0-9a-f]{4})|\\+u\{(?P<braced>[0-9a-f]{1,6})\}"
    r"|(?:%(?:25)*u|\\+u)(?P<four>[0-9a-f]{4})"
    r"|&(?:amp;)*(?:(?P<number>#[0-9]{1,7}|#x[0-9a-f]{1,6});?|(?P<entity>[a-z]{2,10});)"
    r"|\\+(?P<letter>[nrtbf\"'/])|(?P<slashes>\\+)",
    re.IGNORECASE,
)
_MAY_BE_WRITTEN: Final = re.compile(r"[%&\\]")
_BYTE: Final = re.compile(r"(?:%(?:25)*|\\+x)([0-9a-f]{2})", re.IGNORECASE)
_LETTERS: Final = dict(zip("nrtbf", "\n\r\t\b\f", strict=True))
# In mails; elsewhere an equals sign means something else.
_QUOTED: Final = re.compile(r"=(?=[0-9A-F]{2})")
# One in another, as a text of JSON within one in an address.
_MOST_PASSES: Final = 4
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]{2,}")
_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]{2}(?:[:]?[0-9A-Fa-f]{2})+")
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
_SPACE: Final = re.compile(r"[\s+]")
Span = tuple[int, int]
# What it is, and where in the text it begins and ends.
Character = tuple[str, int, int]


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
    """A text in each of the ways that it may be meant, and where in it each character stands."""

    def __init__(self, text: str) -> None:
        self._readings = list(_readings(text))
        self._encoded: list[tuple[Span, bytes]] | None = None
        self._all_encoded = b""
        self._numbers: list[tuple[Span, str]] | None = None

    def spans_of(self, value: str) -> Iterator[Span]:
        wanted = _plain(value)
        for reading in self._readings:
            # What is written in the text may be so in the value itself: both are read, or neither.
            yield from reading.spans_of(wanted, is_short=len(value) <= _SHORT)
            yield from reading.spans_of(_folded(value), is_short=len(value) <= _SHORT)
        yield from self._encodings(value)
        if _PHONE.fullmatch(value):
            yield from self._phones(value)

    def _encodings(self, value: str) -> Iterator[Span]:
        """The words that say it in base64 or in hexadecimal digits, wherever in them it begins."""
        if self._encoded is None:
            self._encoded = [
                (reading.span(*found.span()), decoded)
                for reading in self._readings
                for pattern, decode in ((_ENCODED, _decoded), (_HEXADECIMAL, _unhexed))
                for found in pattern.finditer(reading.text)
                for decoded in decode(found[0])
            ]
            self._all_encoded = b"\0".join(decoded for _, decoded in self._encoded)
        wanted = value.encode("utf-8", "replace").lower()
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
                (reading.span(*found.span()), _only_digits(found[0]))
                for reading in self._readings
                for found in _DIGITS.finditer(reading.text)
            ]
        for span, number in self._numbers:
            if len(number) >= _FEWEST_DIGITS and (number.endswith(wanted) or wanted.endswith(number)):
                yield span


class _Reading:
    """One way to read a text.

    Attributes:
        text: as it is read.
    """

    def __init__(self, characters: Sequence[Character]) -> None:
        self.text = "".join(character for character, _, _ in characters)
        self._places = [(start, end) for _, start, end in characters]
        folded = list(_fold(characters))
        self._folded = "".join(character for character, _, _ in folded)
        self._folded_places = [(start, end) for _, start, end in folded]

    def span(self, start: int, end: int) -> Span:
        """Where in the whole it stands."""
        return self._places[start][0], self._places[end - 1][1]

    def spans_of(self, wanted: str, *, is_short: bool) -> Iterator[Span]:
        """Where a folded text is said."""
        at = self._folded.find(wanted) if wanted else -1
        while at >= 0:
            end = at + len(wanted)
            if not is_short or self._stands_alone(at, end):
                yield self._folded_places[at][0], self._folded_places[end - 1][1]
            at = self._folded.find(wanted, at + 1)

    def _stands_alone(self, start: int, end: int) -> bool:
        around = self._folded[max(0, start - 1) : start], self._folded[end : end + 1]
        return not any(re.match(r"\w", character) for character in around)


def _readings(text: str) -> Iterator[_Reading]:
    given: list[Character] = [(character, at, at + 1) for at, character in enumerate(text)]
    yield _Reading(given)
    if _MAY_BE_WRITTEN.search(text):
        yield _Reading(_meant(given))
    if _QUOTED.search(text):
        yield _Reading(
            _meant([("%" if _QUOTED.match(text, at) else character, at, end) for character, at, end in given])
        )


def _plain(value: str) -> str:
    """A value as `_Reading` reads and folds it."""
    if not _MAY_BE_WRITTEN.search(value):
        return _folded(value)
    return _folded("".join(character for character, _, _ in _meant([(each, 0, 0) for each in value])))


def _meant(characters: Sequence[Character]) -> Sequence[Character]:
    """The characters with each that is written in another way put in its place, however often it was encoded."""
    for _ in range(_MOST_PASSES):
        read = list(_unwritten(characters))
        if len(read) == len(characters):
            break
        characters = read
    return characters


def _unwritten(characters: Sequence[Character]) -> Iterator[Character]:
    text = "".join(character for character, _, _ in characters)
    done = 0
    for found in _WRITTEN.finditer(text):
        yield from characters[done : found.start()]
        done = found.end()
        first, last = characters[found.start()][1], characters[done - 1][2]
        if found["bytes"]:
            yield from _from_bytes(found, characters)
        elif found["slashes"]:
            yield "\\", first, last
        elif found["letter"]:
            yield _LETTERS.get(found["letter"].lower(), found["letter"]), first, last
        elif found["number"] or found["entity"]:
            meant = html.unescape(f"&{found['number'] or found['entity'].lower()};")
            if len(meant) == 1:
                yield meant, first, last
            else:
                yield from characters[found.start() : done]
        else:
            code = int(found["four"] or found["eight"] or found["braced"], 16)
            yield chr(min(code, 0x10FFFF)), first, last
    yield from characters[done:]


def _from_bytes(found: re.Match[str], characters: Sequence[Character]) -> Iterator[Character]:
    """The characters of some bytes, in UTF-8; those that are none, in Latin-1."""
    pieces = list(_BYTE.finditer(found.string, *found.span()))
    data = bytes(int(piece[1], 16) for piece in pieces)
    at = 0
    while at < len(data):
        character = next(filter(None, (_letter(data[at : at + size]) for size in (1, 2, 3, 4))), chr(data[at]))
        size = len(character.encode()) if _letter(data[at : at + len(character.encode())]) else 1
        yield character, characters[pieces[at].start()][1], characters[pieces[at + size - 1].end() - 1][2]
        at += size


def _letter(data: bytes) -> str | None:
    with suppress(UnicodeDecodeError):
        letter = data.decode()
        return letter if len(letter) == 1 else None
    return None


def _fold(characters: Sequence[Character]) -> Iterator[Character]:
    """Without what tells capitals from small letters, one kind of space from another, and one way to compose a letter
    from another; what cannot be seen is left out.
    """
    at = 0
    while at < len(characters):
        letter, start, end = characters[at]
        at += 1
        if letter > "\x7f":
            while at < len(characters) and _belongs(letter, characters[at][0]):
                letter, end = letter + characters[at][0], characters[at][2]
                at += 1
        elif at < len(characters) and characters[at][0] > "\x7f" and unicodedata.combining(characters[at][0]):
            while at < len(characters) and unicodedata.combining(characters[at][0]):
                letter, end = letter + characters[at][0], characters[at][2]
                at += 1
        for each in _folded(letter):
            yield each, start, end


def _belongs(letter: str, following: str) -> bool:
    """True for a mark on a letter, and for the second half of a surrogate pair."""
    return bool(unicodedata.combining(following)) or (
        "\ud800" <= letter < "\udc00" and "\udc00" <= following < "\ue000"
    )


def _folded(text: str) -> str:
    if text.isascii():
        return _SPACE.sub(" ", text.lower())
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    same = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", whole).casefold())
    return _SPACE.sub(" ", "".join(letter for letter in same if unicodedata.category(letter) != "Cf"))


def _decoded(word: str, *, is_inner: bool = False) -> Iterator[bytes]:
    standard = word.translate(_STANDARD)
    for begin in range(4):
        # What is left of four characters tells one byte less, or nothing.
        size = len(standard) - begin
        size -= size % 4 == 1
        with suppress(ValueError):
            decoded = binascii.a2b_base64(standard[begin : begin + size] + "==="[: -size % 4])
            yield decoded.lower()
            if not is_inner and decoded.isascii() and (inner := _ENCODED.match(decoded.decode("ascii"))):
                yield from _decoded(inner[0], is_inner=True)


def _unhexed(word: str) -> Iterator[bytes]:
    digits = word.replace(":", "")
    for begin in range(2):
        yield bytes.fromhex(digits[begin : begin + (len(digits) - begin) // 2 * 2]).lower()


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
