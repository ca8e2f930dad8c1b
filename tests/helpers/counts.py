"""Counters of what a test process did, left behind for the page of figures."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Counts:
    """Counters by name; one that was only ever raised by 0 is kept."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, name: str, amount: int = 1) -> None:
        self.counts[name] += amount


@contextmanager
def counting(part: str) -> Iterator[Counts]:
    """Count, then write the sums into the folder that `RELIABILITY_FIGURES` names; each process has its own file."""
    counts = Counts()
    yield counts
    folder = os.environ.get("RELIABILITY_FIGURES")
    if folder:
        text = json.dumps(counts.counts, indent=2, sort_keys=True)
        Path(folder, f"{part}-{os.getpid()}.json").write_text(f"{text}\n", encoding="utf-8")
