"""A card for any value with fields: what its class is called, how it stands, what its fields hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final

from rtcp._notebook.cards import Card, Cell, Part, Private, Table, Tone

_IN_THE_TITLE: Final = ("id", "name", "status")
_OF_THE_ORGANISATION: Final = ("ims_org_id", "ims_org", "etag", "version")
_COUNTS: Final = ("profile_count", "records")
_MOST_ROWS: Final = 10
_MOST_REPORT_ROWS: Final = 50
_MOST_COLUMNS: Final = 7
_PARTS_OF_A_NAME: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def describe(thing: Any) -> Card:
    """The card of a value: those of its fields that hold something, its rows as tables."""
    facts: list[tuple[str, Any]] = []
    parts: list[Part] = []
    for name, value in _tell_fields(thing):
        if _is_rows(value):
            parts.append(table_of(value, title=name, most=_MOST_REPORT_ROWS))
        elif _tells(value) and (name not in _IN_THE_TITLE or name in private_names(type(thing))):
            facts.extend(_facts(thing, name, value))
    return Card(_title(thing), _state(thing), facts, parts, _notes(thing))


def table_of(items: Sequence[Any], *, title: str = "", most: int = _MOST_ROWS) -> Table:
    """The first of several values, in a row each; columns are what most of a kind tell first."""
    shown = items[:most]
    columns = _columns(shown)
    largest = {name: _largest(items, name) for name in columns if name in _COUNTS}
    rows = [[_cell(item, name, largest.get(name)) for name in columns] for item in shown]
    more = len(items) - len(shown)
    # What is no value with fields has no columns, and is shown as it is.
    if not columns:
        columns, rows = ["value"], [[item] for item in shown]
    return Table([spaced(name) for name in columns], rows, spaced(title), f"and {more:,} more" if more else "")


def part_of(items: Sequence[Any]) -> Part:
    """Several values as their class shows them."""
    kind: Any = type(items[0])
    is_one_kind = all(type(item) is kind for item in items) and hasattr(kind, "_many")
    part: Part = kind._many(items) if is_one_kind else table_of(items)
    return part


def words_of(kind: type) -> str:
    """What a class is called in prose: `ExportJob` is an export job."""
    return _PARTS_OF_A_NAME.sub(" ", kind.__name__).capitalize()


def spaced(name: str) -> str:
    """The name of a field as words."""
    return name.replace("_", " ")


def private_names(kind: Any) -> frozenset[str]:
    """The fields that hold people: those that the class names, and those that its repr leaves out."""
    hidden = [name for name, field in getattr(kind, "model_fields", {}).items() if not field.repr]
    if is_dataclass(kind):
        hidden += [field.name for field in fields(kind) if not field.repr]
    return frozenset([*hidden, *getattr(kind, "_private", ())])


def _tell_fields(thing: Any) -> Iterator[tuple[str, Any]]:
    for name in getattr(type(thing), "_told", ()) or _field_names(type(thing)):
        yield name, getattr(thing, name)


def _field_names(kind: Any) -> list[str]:
    if is_dataclass(kind):
        return [field.name for field in fields(kind) if not field.name.startswith("_")]
    return [name for name in getattr(kind, "model_fields", ()) if name not in _OF_THE_ORGANISATION]


def _facts(thing: Any, name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The fact that a field tells, or the facts of what it holds."""
    if name in private_names(type(thing)):
        yield name, Private(value)
    elif _is_displayed(value) and not private_names(type(value)) and not _has_own_words(value):
        for inner, each in _tell_fields(value):
            if each not in (None, [], {}, ()):
                yield from ((f"{name} {told}", what) for told, what in _facts(value, inner, each))
    else:
        yield name, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Exception):
        return f"{type(value).__name__}: {value}"
    if _is_displayed(value) and private_names(type(value)):
        (private, *_) = [*private_names(type(value))]
        return Private(getattr(value, private), instead=repr(value))
    if isinstance(value, list | tuple):
        return [_plain(each) if _is_displayed(each) else each for each in value]
    return value


def _is_displayed(value: Any) -> bool:
    return hasattr(type(value), "_told")


def _has_own_words(value: Any) -> bool:
    """True when its class has a repr that somebody wrote."""
    return "__repr__" in vars(type(value)) and not is_dataclass(value)


def _title(thing: Any) -> str:
    named = [
        str(value)
        for name in ("name", "id")
        if (value := getattr(thing, name, None)) is not None and name not in private_names(type(thing))
    ]
    return " \N{MIDDLE DOT} ".join([words_of(type(thing)), *named])


def _state(thing: Any) -> tuple[str, Tone] | None:
    status = getattr(thing, "status", None)
    if status is None:
        return None
    if not hasattr(thing, "is_final"):
        return str(status), "plain"
    if not thing.is_final:
        return str(status), "moving"
    return str(status), "good" if thing.is_success else "bad"


def _notes(thing: Any) -> list[str]:
    extra = [*(getattr(thing, "model_extra", None) or ())]
    return [f"Other fields of the service: {', '.join(map(str, extra[:8]))}"] if extra else []


def _tells(value: Any) -> bool:
    return value is not None and value != "" and value != [] and value != {} and value != ()


def _is_rows(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(hasattr(each, "to_wire") for each in value)


def _columns(items: Sequence[Any]) -> list[str]:
    """Names that tell something of one of them at least, what is in the titles of cards first."""
    names: dict[str, None] = {}
    for item in items:
        for name in (
            *(each for each in _IN_THE_TITLE if hasattr(item, each)),
            *(name for name, _ in _tell_fields(item)),
        ):
            value = getattr(item, name)
            if _tells(value) and not _is_rows(value):
                names[name] = None
    return [*names][:_MOST_COLUMNS]


def _cell(item: Any, name: str, largest: float | None) -> Any:
    value = getattr(item, name, None)
    if name in private_names(type(item)):
        return Private(value)
    if largest and isinstance(value, int):
        return Cell(value, share=value / largest)
    return _plain(value)


def _largest(items: Sequence[Any], name: str) -> float:
    return max((value for each in items if isinstance(value := getattr(each, name, None), int)), default=0)
