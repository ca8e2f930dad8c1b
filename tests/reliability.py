"""Runs what tries to break rtcp, sums what every process counted, and shows it; run as a module.

The short form fits continuous integration. `--full` tries more, shares one client for ten minutes, and writes the
figures into docs/reliability.md.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests import suite

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "reliability.md"
_MARKED: Final = re.compile(r"(<!-- figures -->\n).*(<!-- end of figures -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        counted: the counter of the tests.
        meaning: what it counts, for readers.
        most: what it may be at most; None where more is better, and none at all is a failure.
        only_full: in the short form it says too little to be judged.
    """

    counted: str
    meaning: str
    most: int | None = None
    only_full: bool = False


FIGURES: Final = (
    Figure("cells", "calls in which an operation met a fault"),
    Figure("failed cells", "of them ended otherwise than they should", most=0),
    Figure("requests", "requests sent by these calls"),
    Figure("duplicates", "things made twice", most=0),
    Figure("rows lost", "rows lost", most=0),
    Figure("secrets", "secrets or people found in what was said", most=0),
    Figure("crashes", "errors that are not rtcp's own", most=0),
    Figure("secret searches", "calls watched for secrets and people, failing at each stage"),
    Figure("hostile cases", "cases of a hostile environment"),
    Figure("fuzz cases", "generated requests to the emulator, and answers to the client"),
    Figure("accounted rows", "rows of damaged files through a failing service, each found in the count that it is in"),
    Figure("soak seconds", "seconds of 16 threads sharing one client, a request in twenty failing"),
    Figure("soak calls", "calls of these threads"),
    Figure("upserts killed", "upserts killed at any moment"),
    Figure("soak requests", "requests of these threads, by the counts of both sides"),
    Figure("soak rows", "rows streamed by these threads"),
    Figure("soak lost", "calls of theirs without an outcome", most=0),
    Figure("soak wrong answers", "answers of theirs that were wrong", most=0),
    Figure("soak leak slope KiB/min", "growth of memory after the warm-up, KiB a minute", most=1024, only_full=True),
    Figure("soak threads left", "threads left behind", most=0),
    Figure("soak sockets left", "sockets left behind", most=0),
)
# The soak comes last and alone: beside other work its memory would say nothing. What threads leave, its allocators give
# back.
_LEGS: Final = (
    ("tests/faults", "tests/fuzz", "tests/secrets", "tests/hostile", "tests/kills", "-n", "auto"),
    ("tests/soak",),
)
_ALLOCATORS: Final = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}
_SHORT: Final = {
    "RELIABILITY_STEP": "7",
    "RELIABILITY_EXAMPLES": "4",
    "RELIABILITY_SOAK_SECONDS": "25",
    # The other suites, and the full form, run with it.
    "RTCP_TESTS_WITHOUT": "orjson",
}
_FULL: Final = {
    "RELIABILITY_STEP": "1",
    "RELIABILITY_EXAMPLES": "60",
    "RELIABILITY_SOAK_SECONDS": "600",
    "RELIABILITY_KILLS": "30",
    "RELIABILITY_RANDOM": "1",
}


def main() -> int:
    """Run all legs and return 0 when every figure is as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="try more, for about half an hour, and write the page when all is well"
    )
    is_full = parser.parse_args().full
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **suite.environment(),
            **_ALLOCATORS,
            **(_FULL if is_full else _SHORT),
            "RELIABILITY_FIGURES": folder,
        }
        passed = [_passes(leg, environment) for leg in _LEGS]
        counts = summed(Path(folder))
    wrong = {figure: _wrong(figure, counts) for figure in FIGURES if is_full or not figure.only_full}
    for figure in FIGURES:
        print(f"{counts[figure.counted]:>12,}  {figure.meaning}{wrong.get(figure, '')}")
    print(f"{sum(not text for text in wrong.values())} of {len(wrong)} figures are as they must be")
    is_good = all(passed) and not any(wrong.values())
    if is_full and is_good:
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(_MARKED.sub(rf"\1{table(counts, time.monotonic() - started)}\2", text), encoding="utf-8")
    return int(not is_good)


def summed(folder: Path) -> Counter[str]:
    """The counters of all test processes together."""
    counts: Counter[str] = Counter()
    for path in folder.glob("*.json"):
        counts.update(json.loads(path.read_text(encoding="utf-8")))
    return counts


def table(counts: Mapping[str, int], seconds: float) -> str:
    """The figures as a table in Markdown."""
    return "\n".join(_lines(counts, seconds)) + "\n"


def _lines(counts: Mapping[str, int], seconds: float) -> Iterator[str]:
    made = f"{datetime.now(UTC):%d %B %Y}, Python {platform.python_version()}, {seconds / 60:.0f} minutes"
    yield f"`make reliability` of {made}:\n"
    yield "| what | figure | at most |"
    yield "|---|---|---|"
    for figure in FIGURES:
        most = "" if figure.most is None else f"{figure.most:,}"
        yield f"| {figure.meaning} | {counts[figure.counted]:,} | {most} |"
    yield ""


def _passes(leg: tuple[str, ...], environment: Mapping[str, str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "--dist", "worksteal", *leg]
    return subprocess.run(command, cwd=ROOT, env=dict(environment), check=False).returncode == 0


def _wrong(figure: Figure, counts: Mapping[str, int]) -> str:
    """What is wrong with a figure; empty where nothing is."""
    count = counts[figure.counted]
    if figure.counted not in counts or (figure.most is None and count == 0):
        return "  <- nothing was counted"
    if figure.most is None:
        return ""
    return f"  <- at most {figure.most:,}" if count > figure.most else ""


if __name__ == "__main__":
    sys.exit(main())
