"""What the dialects of all nouns share: the form of a change, and how parts of an answer are left out or shuffled."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from rtcp.emulator.http.wire import Answer, Request

Body = dict[str, Any]
Change = Callable[[Request, Body], Any]
Refused = Callable[[Request, Answer], Answer]


def without(entry: Mapping[str, Any], *names: str) -> Body:
    """A copy that lacks some names."""
    return {name: value for name, value in entry.items() if name not in names}


def shuffled(value: Any, request: Request) -> Any:
    """The same value with the keys of every object in another order, the same order for the same request."""
    seed = zlib.crc32(urlencode(request.query.pairs).encode() + request.body)
    return _shuffled(value, random.Random(seed))  # noqa: S311 - chaos, not secrets


def _shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, list):
        return [_shuffled(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    chance.shuffle(names)
    return {name: _shuffled(value[name], chance) for name in names}
