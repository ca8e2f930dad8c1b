"""For the docs site: the nouns in its navigation are the pages of their folder, so that no list names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def on_config(config: Any, **kwargs: Any) -> Any:
    """Called by mkdocs before it reads the pages: puts the pages of a folder in the place of its name."""
    for section in config["nav"]:
        for title, place in section.items() if isinstance(section, dict) else ():
            if isinstance(place, str) and place.endswith("/"):
                section[title] = _pages(Path(config["docs_dir"]), place)
    return config


def _pages(docs: Path, folder: str) -> list[dict[str, str]]:
    pages = [
        (path.read_text(encoding="utf-8").splitlines()[0].lstrip("# "), path) for path in (docs / folder).glob("*.md")
    ]
    return [{title: f"{folder}{path.name}"} for title, path in sorted(pages)]
