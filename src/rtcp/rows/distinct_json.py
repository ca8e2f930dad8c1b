"""JSON in which no object has a name twice: of two values under one name, most readers take the last in silence."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple


class RepeatedNameError(ValueError):
    """An object has a name twice; the text says which."""


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these names and values; a hook of the decoders of `json`.

    Raises:
        RepeatedNameError: a name is there twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        # Somebody's address may be the name of what is theirs.
        raise RepeatedNameError(f"the name {'of somebody' if '@' in twice.lstrip('@') else repr(twice)} stands twice")
    return found


_DECODER: Final = json.JSONDecoder(object_pairs_hook=distinct)
_PLAIN: Final = json.JSONDecoder()


def loads_distinct(text: str) -> Any:
    """The value of a text.

    Raises:
        RepeatedNameError: an object has a name twice.
        ValueError: it is no JSON, or nested too deeply.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


class Found(NamedTuple):
    """A value that stands among others: where it begins, and its text and what is wrong where a name stands twice."""

    place: int
    value: Any
    problem: str | None = None


def one_after_another(text: str, *, between: str = "") -> list[Found]:
    """The values of a text that stand one after another, over as many lines as they like.

    Args:
        between: what may stand between them, space apart.

    Raises:
        ValueError: it is no JSON.
    """
    values: list[Found] = []
    place = 0
    while place < len(text):
        if text[place].isspace() or text[place] in between:
            place += 1
            continue
        try:
            value, end = _DECODER.raw_decode(text, place)
            values.append(Found(place, value))
        except RepeatedNameError as exc:
            _, end = _PLAIN.raw_decode(text, place)
            values.append(Found(place, text[place:end], str(exc)))
        except RecursionError:
            raise ValueError("nested too deeply") from None
        place = end
    return values
