"""What the tests of reliability count: each process leaves its sums in the folder that RELIABILITY_FIGURES names."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Final

FOLDER: Final = os.environ.get("RELIABILITY_FIGURES")


class Figures:
    """Counters by name; one that was only ever raised by 0 is kept, as it was counted."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, name: str, amount: int = 1) -> None:
        self.counts[name] += amount

    def leave(self) -> None:
        """Write the sums, if they are wanted."""
        if FOLDER and self.counts:
            text = json.dumps(self.counts, indent=2, sort_keys=True)
            Path(FOLDER, f"{os.getpid()}.json").write_text(f"{text}\n", encoding="utf-8")
