"""The fenced blocks of a page that are no code: what they ask for is drawn, run or listed in their place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from docs._site import listings, notebooks, terminal, ways
from docs._site.world import World

KINDS: Final = ("way", "terminal", "plot", "card", "list", "notebook")
_BLOCK: Final = re.compile(rf"^```(?P<kind>{'|'.join(KINDS)})\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Filler:
    """Fills blocks, and keeps an emulator with the embedded world while it does.

    Args:
        folder: where pictures go that are files of their own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._world = World()
        self._kinds: dict[str, Callable[[str, Path], str]] = {
            "way": lambda text, page: ways.draw(text),
            "terminal": self._terminal,
            "plot": self._plot,
            "card": lambda text, page: f'<div class="shown">{self._world.card(text)}</div>\n',
            "notebook": self._notebook,
            "list": lambda text, page: listings.LISTS[text.strip()](),
        }

    def fill(self, markdown: str, page: Path) -> str:
        """The page with something in the place of each of its blocks."""
        return _BLOCK.sub(lambda block: self._kinds[block["kind"]](block["text"], page), markdown)

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._world.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._world.__exit__(kind, exc, traceback)

    def _terminal(self, text: str, page: Path) -> str:
        command = text.strip()
        return self._picture(terminal.draw(command, self._world.url), f"A terminal in which was typed: {command}", page)

    def _plot(self, text: str, page: Path) -> str:
        return self._picture(self._world.plot(text), f"Bars of {text.strip()}", page)

    def _notebook(self, text: str, page: Path) -> str:
        return notebooks.show(text.strip(), self._folder, self._link(page))

    def _picture(self, svg: str, told: str, page: Path) -> str:
        name = f"{hashlib.sha256(told.encode()).hexdigest()[:12]}.svg"
        (self._folder / name).write_text(svg, encoding="utf-8")
        return f"![{told}]({self._link(page)}/{name})\n"

    def _link(self, page: Path) -> str:
        up = "../" * (len(page.relative_to(self._folder.parent).parts) - 1)
        return f"{up}{self._folder.name}"
