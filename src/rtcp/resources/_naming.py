"""Finding the one thing of a name among those that the service lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final, TypeVar

from rtcp.errors import InvalidArgumentError, NotFoundError

T = TypeVar("T")

# Names to compare with when one is unknown: more would take longer than reading the list oneself.
_MOST_COMPARED: Final = 1000
_MOST_NEAR: Final = 3


def find_one(name: str, named: Iterable[T], everything: Callable[[], Iterable[T]], *, what: str) -> T:
    """The one of exactly this name among `named`, which may hold others, too.

    Args:
        everything: lists what near names are looked for in, when there is none of this one.
        what: the noun, for the error texts.

    Raises:
        NotFoundError: there is none of this name; the message has near ones.
        InvalidArgumentError: there are several; the message has their ids.
    """
    if not name.strip():
        raise InvalidArgumentError("name is empty")
    found = [each for each in named if _name(each) == name]
    if len(found) == 1:
        return found[0]
    if found:
        ids = " and ".join(str(getattr(each, "id", "")) for each in found)
        raise InvalidArgumentError(
            f"there are {len(found)} {_plural(what)} of the name {name!r}: take one of the ids {ids}"
        )
    names = {_name(each) for each in islice(everything(), _MOST_COMPARED)}
    near = near_names(name, names)
    meant = f"; near it: {', '.join(map(repr, near))}" if near else ""
    raise NotFoundError(f"there is no {what} of the name {name!r} in this sandbox{meant}", status=404)


def near_names(name: str, names: Iterable[str | None]) -> list[str]:
    """Those of the names that somebody may have meant, the nearest first; case does not count."""
    known = {each.casefold(): each for each in names if each}
    return [known[each] for each in get_close_matches(name.casefold(), known, n=_MOST_NEAR)]


def _name(thing: Any) -> str | None:
    return getattr(thing, "name", None)


def _plural(what: str) -> str:
    return what[:-1] + "ies" if what.endswith("y") else what + "s"
