"""What a card tells, as values; how it looks is told in `html`.

Named tuples, where no value of a cell is meant: every client waits for the making of these classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

Tone: TypeAlias = Literal["good", "bad", "moving", "plain"]


@dataclass(frozen=True)
class Private:
    """A value of people; `instead` stands for it where people are not shown."""

    value: Any
    instead: str = "left out"


@dataclass(frozen=True)
class Cell:
    """A value in a table, with a bar of a share (0 to 1) behind it, or a mark: a color by number and its meaning."""

    value: Any
    share: float | None = None
    mark: int | None = None
    meaning: str = ""


class Table(NamedTuple):
    """Rows under columns; `left_out` says what there is beside them."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    title: str = ""
    left_out: str = ""
    is_private: bool = False


class Moment(NamedTuple):
    """Something that happened."""

    at: datetime | None
    what: str
    facts: Sequence[tuple[str, Any]] = ()
    more: int = 0


class Timeline(NamedTuple):
    """What happened, in the order that it came in."""

    moments: Sequence[Moment]
    title: str = ""
    left_out: str = ""
    is_private: bool = True


Part: TypeAlias = Table | Timeline


class Card(NamedTuple):
    """One value.

    Attributes:
        title: what it is, with its name or id.
        state: the word that says how it stands, and its tone.
        facts: names and values.
        parts: tables and timelines.
        notes: sentences below.
        is_asked_for: True where the value is somebody who was asked for: what is of people is shown unless it was
            forbidden. Else it is left out unless it was allowed.
    """

    title: str
    state: tuple[str, Tone] | None = None
    facts: Sequence[tuple[str, Any]] = ()
    parts: Sequence[Part] = ()
    notes: Sequence[str] = ()
    is_asked_for: bool = False
