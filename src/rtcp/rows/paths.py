"""Dot paths such as `person.name.firstName` and `productListItems[0].SKU`: read them, and get and set what is there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, cast

from rtcp.errors import InvalidArgumentError

Steps = tuple[str | int, ...]

# Four digits: a longer index would fill the memory with the empty places before it.
_PART: Final = re.compile(r"([^.\[\]]+)((?:\[\d{1,4}\])*)")


# A table is read by the same few paths in each row.
@lru_cache(maxsize=4096)
def parse_path(path: str) -> Steps:
    """The steps of a dot path: names, and numbers in brackets.

    Raises:
        InvalidArgumentError: the text is no path.
    """
    text = str(path)
    steps: list[str | int] = []
    for part in text.split("."):
        found = _PART.fullmatch(part)
        if found is None:
            raise InvalidArgumentError(f"{text!r} is no path such as person.name.firstName or items[0].SKU")
        steps.append(found[1])
        steps.extend(int(number) for number in re.findall(r"\d+", found[2]))
    return tuple(steps)


def put(row: dict[str, Any], steps: Steps, value: Any) -> None:
    """Set the value at the place that the steps lead to, making objects and arrays on the way."""
    place: Any = row
    for step, following in zip(steps, (*steps[1:], None), strict=True):
        if isinstance(step, int):
            place.extend([None] * (step + 1 - len(place)))
        inner: Any = value if following is None else [] if isinstance(following, int) else {}
        present = place[step] if isinstance(step, int) else place.get(step)
        if following is None or present is None:
            place[step] = present = inner
        place = present


def with_value(row: Mapping[str, Any], steps: Steps, value: Any) -> dict[str, Any]:
    """A copy of the row with this value at a place that it has; what lies beside the way there is the row's own."""
    copy: Any = dict(row)
    place = copy
    for step in steps[:-1]:
        inner = place[step]
        place[step] = dict(inner) if isinstance(inner, Mapping) else list(inner)
        place = place[step]
    place[steps[-1]] = value
    return cast(dict[str, Any], copy)


def value_at(row: Any, path: str | Steps) -> Any:
    """What stands at a path, or None where the row has no such place.

    Raises:
        InvalidArgumentError: the path is none.
    """
    place = row
    for step in parse_path(path) if isinstance(path, str) else path:
        if type(place) is dict and type(step) is str:
            place = place.get(step)
        elif isinstance(step, int):
            if not isinstance(place, list | tuple) or step >= len(place):
                return None
            place = place[step]
        elif isinstance(place, Mapping):
            place = place.get(step)
        else:
            return None
    return place
