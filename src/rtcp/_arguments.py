"""What an argument may be, read from the signature of the verb that takes it; anything else is refused in one way."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache, wraps
from inspect import isfunction, signature
from pathlib import PurePath
from typing import (
    IO,
    Annotated,
    Any,
    BinaryIO,
    Final,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from rtcp._instants import require_aware
from rtcp._numbers import MOST_BITS
from rtcp.errors import InvalidArgumentError

K = TypeVar("K")


class _Rule(NamedTuple):
    """What is taken, as a test and in words."""

    accepts: Callable[[Any], bool]
    said: str


def check_verbs(kind: type[K]) -> type[K]:
    """The class, with public methods that refuse arguments that are not what their signatures say."""
    for name, member in list(vars(kind).items()):
        if isfunction(member) and not name.startswith("_"):
            setattr(kind, name, _checked(member))
    return kind


def check_fields(value: Any) -> None:
    """Refuse a dataclass whose fields are not what their annotations say.

    Raises:
        InvalidArgumentError: names the field.
    """
    rules = _rules(cast(Hashable, type(value)))
    for field in fields(value):
        _check(field.name, getattr(value, field.name), rules[field.name])


def check_page_size(page_size: int | None, *, most: int | None = None) -> None:
    """Refuse a number of items in a page that no page can have; None leaves it to the service.

    Raises:
        InvalidArgumentError: it is below 1, or above `most`.
    """
    if page_size is not None:
        check_number("page_size", page_size, least=1, most=most)


def check_number(name: str, number: int, *, least: int, most: int | None = None) -> None:
    """Refuse a whole number outside its bounds.

    Raises:
        InvalidArgumentError: it is outside.
    """
    if number < least or (most is not None and number > most):
        bounds = f"{least} or more" if most is None else f"{least} to {most}"
        raise InvalidArgumentError(f"{name} must be {bounds}, not {number}")


def checked_paths(paths: Sequence[str], *, name: str = "fields") -> list[str]:
    """The dot paths of an argument.

    Raises:
        InvalidArgumentError: they are one text, or none, or one of them is empty or would be read as two.
    """
    _check(name, paths, _PATHS)
    # The service reads an empty list as none at all, and would return everything.
    if not len(paths):
        raise InvalidArgumentError(f"{name} is empty; leave it out to get all fields")
    if any(not path.strip() or "," in path for path in paths):
        raise InvalidArgumentError(f"{name} must be a list of dot paths, none of them empty or with a comma")
    return list(paths)


def paths_in_one(paths: Sequence[str] | None, *, name: str = "fields") -> str | None:
    """The dot paths as the service takes them in queries and bodies; None asks for all."""
    return None if paths is None else ",".join(checked_paths(paths, name=name))


def sort_key(sort_by: str | None, keys: Mapping[str, str], *, descending: bool) -> str | None:
    """The service's name of what to sort by.

    Raises:
        InvalidArgumentError: nothing can be sorted by it, or only a direction is given.
    """
    if sort_by is None:
        if descending:
            raise InvalidArgumentError("descending=True needs sort_by=")
        return None
    if sort_by not in keys:
        raise InvalidArgumentError(f"sort_by must be {_one_of(tuple(keys))}, not {sort_by!r}")
    return keys[sort_by]


def _checked(verb: Callable[..., Any]) -> Callable[..., Any]:
    by_place = tuple(signature(verb).parameters)

    @wraps(verb)
    def checked(*args: Any, **kwargs: Any) -> Any:
        rules = _rules(verb)
        # The first is `self`; too many are told by Python, as everywhere.
        for name, value in zip(by_place[1:], args[1:], strict=False):
            _check(name, value, rules[name])
        for name, value in kwargs.items():
            # One that the verb does not have is told by Python, as everywhere.
            if name in rules:
                _check(name, value, rules[name])
        return verb(*args, **kwargs)

    return checked


@cache
def _rules(annotated: Hashable) -> dict[str, _Rule]:
    hints = get_type_hints(annotated, include_extras=False)
    return {name: _rule(hint) for name, hint in hints.items() if name != "return"}


def _check(name: str, value: Any, rule: _Rule) -> None:
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise InvalidArgumentError(f"{name} is a number with too many digits")
    if not rule.accepts(value):
        # A naive one gets the sentence that says what to write instead.
        if isinstance(value, dt.datetime) and rule.said.endswith(_INSTANT):
            require_aware(value, name=name)
        # A text may be a person's, so only one that stands for a word is repeated.
        is_word = rule.said.startswith("'")
        raise InvalidArgumentError(f"{name} must be {rule.said}, not {repr(value) if is_word else _what(value)}")
    if isinstance(value, str) and name.endswith("_id") and not value.strip():
        raise InvalidArgumentError(f"{name} is empty")


def _what(value: Any) -> str:
    return "None" if value is None else "one text" if isinstance(value, str) else type(value).__name__


def _one_of(words: Sequence[Any]) -> str:
    *others, last = map(repr, words)
    return f"{', '.join(others)} or {last}" if others else last


def _rule(hint: Any) -> _Rule:
    if get_origin(hint) is Annotated:
        return _rule(get_args(hint)[0])
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _union([_rule(each) for each in get_args(hint)])
    if origin is Literal:
        words = get_args(hint)
        return _Rule(lambda value: isinstance(value, str) and value in words, _one_of(words))
    if origin is not None:
        return _generic(origin, get_args(hint))
    if isinstance(hint, type) and issubclass(hint, PurePath):
        return _Rule(lambda value: isinstance(value, PurePath), "a path")
    # `isinstance` raises for protocols that were not made for it: those take anything.
    if isinstance(hint, type) and not getattr(hint, "_is_protocol", False):
        return _Rule(lambda value: isinstance(value, hint), f"a value of {hint.__name__}")
    return _ANYTHING


def _union(rules: Sequence[_Rule]) -> _Rule:
    tests = [rule.accepts for rule in rules]
    # That None is possible goes without saying.
    said = list(dict.fromkeys(rule.said for rule in rules if rule is not _NONE))
    return _Rule(lambda value: any(test(value) for test in tests), " or ".join(said))


def _generic(origin: Any, of: tuple[Any, ...]) -> _Rule:
    if origin is Callable or origin is type:
        return _Rule(callable, "a function")
    if origin is tuple and Ellipsis not in of:
        parts = [_rule(each).accepts for each in of]
        words = ", ".join(_rule(each).said for each in of)
        return _Rule(lambda value: _is_listed(value) and _fits(value, parts), f"a pair of {words}")
    if origin in (Sequence, Collection, list, tuple, set, frozenset):
        item = _rule(of[0]) if of else _ANYTHING
        test = item.accepts
        many = f"a list, each {item.said}" if item.said else "a list"
        return _Rule(lambda value: _is_listed(value) and all(map(test, value)), many)
    if origin in (Iterable, Iterator):
        return _Rule(_is_iterable, "an iterable of many")
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _Rule(lambda value: isinstance(value, Mapping), "a mapping")
    return _rule(origin)


def _fits(value: Any, parts: Sequence[Callable[[Any], bool]]) -> bool:
    return len(value) == len(parts) and all(test(each) for test, each in zip(parts, value, strict=True))


def _is_iterable(value: Any) -> bool:
    # A table of Arrow is none; who wants many of something says which column to take.
    if hasattr(value, "column_names"):
        return True
    # An array of no dimension is one value, though its class can be iterated.
    is_one = getattr(value, "ndim", None) == 0
    return hasattr(value, "__iter__") and not is_one and not isinstance(value, str | bytes | bytearray | Mapping)


def _is_listed(value: Any) -> bool:
    return _is_iterable(value) and hasattr(value, "__len__")


def _is_whole(value: Any) -> bool:
    # Whole numbers of numpy have it as well; no float has.
    return hasattr(value, "__index__") and not isinstance(value, bool | type)


_INSTANT: Final = "a datetime with a time zone"
_ANYTHING: Final = _Rule(lambda value: True, "")
_NONE: Final = _Rule(lambda value: value is None, "None")
_FILE: Final = _Rule(lambda value: hasattr(value, "read"), "a binary stream")
_PLAIN: Final[Mapping[Any, _Rule]] = {
    Any: _ANYTHING,
    object: _ANYTHING,
    type(None): _NONE,
    str: _Rule(lambda value: isinstance(value, str), "a text"),
    bool: _Rule(lambda value: isinstance(value, bool), "True or False"),
    int: _Rule(_is_whole, "a whole number"),
    float: _Rule(lambda value: isinstance(value, float) or _is_whole(value), "a number"),
    bytes: _Rule(lambda value: isinstance(value, bytes), "bytes"),
    dt.datetime: _Rule(lambda value: isinstance(value, dt.datetime) and value.tzinfo is not None, _INSTANT),
    # What pandas has for no date is one by its class, and differs from itself.
    dt.date: _Rule(lambda value: isinstance(value, dt.date) and value == value, "a date"),
    BinaryIO: _FILE,
    IO[bytes]: _FILE,
}
_PATHS: Final = _rule(Sequence[str])
