"""Blocks called `way`: what passes through which rooms, drawn as SVG."""

from __future__ import annotations

import textwrap
from html import escape
from typing import Final

_WIDTH: Final = 860
_ROOM: Final = 340
_LINE: Final = 18
_GAP: Final = 22


def draw(text: str) -> str:
    """The picture of a way: each line is `room: what happens there`; a line `-- title` begins another floor."""
    parts: list[str] = []
    y = 8
    before: int | None = None
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("--"):
            y += 6
            x = 8 if before is None else _ROOM / 2 + 12
            parts.append(f'<text x="{x:.0f}" y="{y + 14}" class="floor">{escape(line.strip("- "))}</text>')
            y += 26
            continue
        room, _, what = line.partition(": ")
        said = textwrap.wrap(what, 68)
        height = max(1, len(said)) * _LINE + 14
        if before is not None:
            parts.append(f'<path d="M{_ROOM / 2:.0f} {before} V{y - 2}" class="arrow" marker-end="url(#tip)"/>')
        parts.append(f'<rect x="8" y="{y}" width="{_ROOM - 8}" height="{height}" rx="6" class="room"/>')
        parts.append(f'<text x="18" y="{y + height / 2 + 5:.0f}" class="name">{escape(room)}</text>')
        parts.extend(
            f'<text x="{_ROOM + 14}" y="{y + 20 + number * _LINE}" class="what">{escape(each)}</text>'
            for number, each in enumerate(said)
        )
        before = y + height
        y += height + _GAP
    body = "".join(parts)
    return (
        f'<svg class="way" viewBox="0 0 {_WIDTH} {y}" role="img" aria-label="{escape(_title(text), quote=True)}" '
        f'xmlns="http://www.w3.org/2000/svg" style="max-width:{_WIDTH}px;width:100%">'
        "<style>.way .room{fill:none;stroke:currentColor;stroke-width:1.2}.way .arrow{stroke:currentColor;fill:none}"
        ".way text{fill:currentColor;font-size:13px}.way .name{font-weight:600}.way .floor{font-style:italic}</style>"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0 L8 4 L0 8 z" fill="currentColor"/></marker></defs>{body}</svg>'
    )


def _title(text: str) -> str:
    return " then ".join(line.partition(": ")[0] for line in text.splitlines() if ": " in line)
