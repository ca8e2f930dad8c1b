"""Builds the site into `site/`: python -m docs._site [--pages].

The pages of `docs/` are copied to `.cache/site/docs` with their blocks filled, so that what the engine reads is plain
Markdown: another one could build it, too. `--pages` stops there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from docs._site.blocks import Filler
from docs._site.index import write_llms

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "site"


def main() -> int:
    config = write_pages()
    if "--pages" in sys.argv:
        return 0
    engine = Path(sys.executable).with_name("zensical")
    built = subprocess.run([engine, "build", "--strict", "--clean", "-f", config], cwd=ROOT, check=False)
    if built.returncode:
        return built.returncode
    shutil.rmtree(ROOT / "site", ignore_errors=True)
    (CACHE / "built").rename(ROOT / "site")
    write_llms(CACHE / "docs", ROOT / "site", yaml.safe_load(config.read_text(encoding="utf-8")))
    return 0


def write_pages() -> Path:
    """Write the pages with their blocks filled, and the settings of the engine; return where those are."""
    shutil.rmtree(CACHE, ignore_errors=True)
    pages = CACHE / "docs"
    shutil.copytree(ROOT / "docs", pages, ignore=shutil.ignore_patterns("_site", "__pycache__"))
    with Filler(pages / "drawn") as filler:
        for page in sorted(pages.rglob("*.md")):
            page.write_text(filler.fill(page.read_text(encoding="utf-8"), page), encoding="utf-8")
    config = CACHE / "mkdocs.yml"
    config.write_text(yaml.safe_dump(read_settings(pages), sort_keys=False), encoding="utf-8")
    return config


def read_settings(pages: Path) -> dict[str, Any]:
    """The settings of `mkdocs.yml`, with the pages of a folder in the place of its name, and places that are whole."""
    settings: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    settings |= {"docs_dir": "docs", "site_dir": "built", "nav": [*map(_expanded(pages), settings["nav"])]}
    for plugin in settings["plugins"]:
        if isinstance(plugin, dict) and "mkdocstrings" in plugin:
            python = plugin["mkdocstrings"]["handlers"]["python"]
            python["paths"] = [str(ROOT / "src")]
            python["options"]["extensions"] = [str(ROOT / "docs" / "_site" / "docstrings.py")]
    return settings


def _expanded(pages: Path) -> Any:
    def expand(item: Any) -> Any:
        if isinstance(item, dict):
            return {title: expand(inside) for title, inside in item.items()}
        if isinstance(item, list):
            return [each for inside in item for each in _listed(expand(inside))]
        return _pages_of(pages, item) if item.endswith("/") else item

    return expand


def _listed(item: Any) -> list[Any]:
    return item if isinstance(item, list) else [item]


def _pages_of(pages: Path, folder: str) -> list[dict[str, str]]:
    found = [
        (path.read_text(encoding="utf-8").splitlines()[0].lstrip("# "), path) for path in (pages / folder).glob("*.md")
    ]
    return [{title: f"{folder}{path.name}"} for title, path in sorted(found)]


if __name__ == "__main__":
    sys.exit(main())
