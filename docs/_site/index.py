"""`llms.txt`: the pages of the site as a list for programs that read, beside the pages themselves as Markdown."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def write_llms(pages: Path, site: Path, settings: dict[str, Any]) -> None:
    """Write the list, and copy the pages that it names."""
    lines = [f"# {settings['site_name']}", "", f"> {settings['site_description']}", ""]
    for title, items in _sections(settings["nav"]):
        lines += [f"## {title}", ""]
        for name, place in items:
            (site / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(pages / place, site / place)
            lines.append(f"- [{name}]({place})")
        lines.append("")
    (site / "llms.txt").write_text("\n".join(lines), encoding="utf-8")


def _sections(nav: list[Any]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    loose = [(title, place) for item in nav for title, place in item.items() if isinstance(place, str)]
    if loose:
        yield "Start", loose
    for item in nav:
        for title, inside in item.items():
            if isinstance(inside, list):
                yield title, [*_leaves(inside)]


def _leaves(items: list[Any]) -> Iterator[tuple[str, str]]:
    for item in items:
        if isinstance(item, str):
            yield item.rpartition("/")[2].removesuffix(".md"), item
            continue
        for title, inside in item.items():
            if isinstance(inside, str):
                yield title, inside
            else:
                yield from _leaves(inside)
