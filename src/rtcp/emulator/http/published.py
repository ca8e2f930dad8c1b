"""What Adobe has published on Profile, ingestion and media: read when somebody asks for what the emulator has not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PUBLISHED = Path(__file__).parents[1] / "published.json"


@dataclass(frozen=True, slots=True)
class Published:
    """One published operation; ids stand in braces in its path.

    Attributes:
        name: what it is about, for people.
        source: the description that it stands in.
        out_of_scope: why the emulator will not have it; None where it may.
    """

    method: str
    path: str
    name: str
    source: str
    out_of_scope: str | None = None

    def is_at(self, parts: Sequence[str]) -> bool:
        """Whether a path in its parts is this operation's."""
        own = self.path.split("/")
        return len(own) == len(parts) and all(
            bool(part) if name.startswith("{") else name == part for name, part in zip(own, parts, strict=True)
        )


@cache
def load_published() -> tuple[Published, ...]:
    """All published operations, in the order of their descriptions."""
    return tuple(Published(**each) for each in json.loads(PUBLISHED.read_bytes()))


def published_at(path: str) -> dict[str, Published]:
    """The published operations of a path by their methods; a fixed name goes before an id."""
    parts = path.rstrip("/").split("/")
    found: dict[str, Published] = {}
    for each in load_published():
        if each.is_at(parts) and (each.method not in found or "{" not in each.path.rpartition("/")[2]):
            found[each.method] = each
    return found
