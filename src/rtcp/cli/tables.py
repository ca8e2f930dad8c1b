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
