"""Blocks called `notebook`: a notebook of `examples/notebooks` as it was executed, its pictures and cards included."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parents[2] / "examples" / "notebooks"
_ESCAPES: Final = re.compile(r"\x1b\[[0-9;]*m")


def show(name: str, folder: Path, link: str) -> str:
    """The cells of a notebook in Markdown; pictures become files in a folder, to which `link` leads."""
    cells = json.loads((_FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    # The page has a title of its own.
    return "\n\n".join(
        part for number, cell in enumerate(cells[1:]) for part in _cell(cell, f"{name}-{number}", folder, link)
    )


def _cell(cell: dict[str, Any], name: str, folder: Path, link: str) -> Iterator[str]:
    source = _text(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    yield f"```python\n{source}\n```"
    for number, output in enumerate(cell["outputs"]):
        yield from _output(output, f"{name}-{number}", folder, link)


def _output(output: dict[str, Any], name: str, folder: Path, link: str) -> Iterator[str]:
    if output["output_type"] == "stream":
        # A bar writes over itself: what stands there in the end is shown.
        lines = [line.rpartition("\r")[2] for line in _text(output["text"]).splitlines()]
        yield "```text\n" + "\n".join(_ESCAPES.sub("", line) for line in lines) + "\n```"
        return
    data = output["data"]
    if "image/png" in data:
        (folder / f"{name}.png").write_bytes(base64.b64decode(_text(data["image/png"])))
        yield f"![What the cell above draws]({link}/{name}.png)"
    elif "text/html" in data:
        yield f'<div class="shown">{_flat(_text(data["text/html"]))}</div>'
    elif "text/plain" in data and "application/vnd.jupyter.widget-view+json" not in data:
        yield f"```text\n{_text(data['text/plain'])}\n```"


def _text(given: str | list[str]) -> str:
    return given if isinstance(given, str) else "".join(given)


def _flat(html: str) -> str:
    """HTML that Markdown takes for one block: it has no empty line."""
    return "\n".join(line for line in html.splitlines() if line.strip())
