"""Tables on a terminal, by rich; NO_COLOR and narrow windows are honoured."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rtcp.cli.cells import cell

# Piped, a table is as wide as it needs to be: cutting it to a window that is not there would lose data.
_PIPED_WIDTH: Final = 1000
# Whole records: in a window their beginning must do, the other forms have all of them.
_CUT: Final = frozenset({"event", "entity"})
# To be copied into the next command.
_WHOLE: Final = frozenset({"id", "timestamp", "dataset", "merge policy", "assumption", "tried"})
# What a list can do without in a narrow window, the first first.
_SPARED: Final = ("changed", "updated", "created", "evaluated", "origin", "type")
_GAP: Final = 3
_STYLES: Final = {
    "ok": "green",
    "confirmed": "green",
    "COMPLETED": "green",
    "SUCCESS": "green",
    "SUCCEEDED": "green",
    "PROCESSED": "green",
    "failed": "red",
    "refuted": "red",
    "missing": "yellow",
    "ERROR": "red",
    "FAILED": "red",
}


def console() -> Console:
    """A console on stdout that takes texts as they are."""
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    return Console(file=sys.stdout, width=width, markup=False, highlight=False, emoji=False)


def print_table(titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under titles; numbers stand to the right."""
    is_cut = sys.stdout.isatty() and bool(_CUT & set(titles))
    titles, rows, left_out = _fitting(titles, rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", expand=is_cut)
    for position, title in enumerate(titles):
        is_number = all(_is_number(row[position]) for row in rows)
        takes_rest = is_cut and title in _CUT
        table.add_column(
            title,
            justify="right" if is_number else "left",
            overflow="ellipsis" if takes_rest else "fold",
            no_wrap=takes_rest or title in _WHOLE,
            ratio=1 if takes_rest else None,
        )
    for row in rows:
        table.add_row(*(_text(value) for value in row))
    console().print(table)
    if left_out:
        print(f"no room for: {', '.join(left_out)}; -o json has all", file=sys.stderr)


def _fitting(
    titles: Sequence[str], rows: Sequence[Sequence[Any]]
) -> tuple[Sequence[str], Sequence[Sequence[Any]], list[str]]:
    """The table without the columns that can be missed, as far as the window is too narrow for them."""
    kept = list(range(len(titles)))
    widths = [max([len(title), *(len(cell(row[place])) for row in rows)]) for place, title in enumerate(titles)]
    if sys.stdout.isatty() and not _CUT & set(titles):
        for place in [titles.index(title) for title in _SPARED if title in titles]:
            if sum(widths[each] + _GAP for each in kept) - _GAP > console().width:
                kept.remove(place)
    left_out = [title for place, title in enumerate(titles) if place not in kept]
    return [titles[place] for place in kept], [[row[place] for place in kept] for row in rows], left_out


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print one thing: a name and a value a line."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", overflow="fold")
    table.add_column(overflow="fold", ratio=1 if sys.stdout.isatty() else None)
    for name, value in facts.items():
        table.add_row(Text(cell(name)), _text(value))
    console().print(table)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _text(value: Any) -> Text:
    shown = cell(value)
    return Text(shown, style=_STYLES.get(shown, ""))
