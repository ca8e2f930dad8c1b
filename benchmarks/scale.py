"""Which way for how many people: hours and requests, simulated under the documented limits; run as a module.

`python -m benchmarks.scale` writes the table and the chart of docs/scale.md anew. A way is simulated for a minute of
the emulator's clock, which is stepped: tasks wait for answers, share the cores of their machines, and meet the limits.
The rate of that minute is the rate of the job.
"""

from __future__ import annotations

import heapq
import math
import re
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rtcp.emulator.clock import Clock
from rtcp.emulator.nouns.streaming.budgets import Budgets

PAGE: Final = Path(__file__).parents[1] / "docs" / "scale.md"
CHART: Final = PAGE.with_suffix(".svg")
PEOPLE: Final = tuple(10**power for power in range(3, 10))
# Beyond what was asked for: the same rates, for longer.
MEASURED_UP_TO: Final = 10**8
CORES: Final = 4
_SIMULATED: Final = 60.0
_HOUR: Final = 3600.0
_DAY: Final = 24.0


@dataclass(frozen=True)
class Way:
    """One way of getting people in or out.

    Attributes:
        batch: people of a request.
        messages: of a request to streaming ingestion; 0 elsewhere.
        seconds: until a request is answered.
        cpu: seconds of a core that a request costs its task.
        most: requests in any second; None where the limits of streaming ingestion hold.
        tasks: on one core.
    """

    name: str
    batch: float
    messages: int
    seconds: float
    cpu: float
    most: int | None
    tasks: int = 8


# docs/scale.md says where each number comes from.
LOOKUP: Final = Way("look-up", batch=100, messages=0, seconds=0.040, cpu=0.0080, most=100)
EVENTS: Final = Way("events", batch=1, messages=0, seconds=0.040, cpu=0.0006, most=100)
STREAM: Final = Way("stream", batch=1_000 / 3, messages=1_000, seconds=0.100, cpu=0.0500, most=None)
SENT: Final = (LOOKUP, EVENTS, STREAM)

# Files: a batch of upserts, and an export.
_UPSERT_ROWS: Final = 2_000_000
_UPSERTS_A_DAY: Final = 90
_ROW_BYTES: Final = 200
_LAKE_BYTES_AN_HOUR: Final = 20e9
_PERSON_BYTES: Final = 2_000
_FILE_BYTES: Final = 128 << 20
_READ_BYTES_A_SECOND: Final = 14e6


@dataclass(frozen=True)
class Plan:
    """What so many people take.

    Attributes:
        bound: what would have to be more for it to be faster.
    """

    way: str
    people: int
    hours: float
    requests: float
    machines: int
    bound: str


def rate(way: Way, machines: int) -> float:
    """Requests in a second, in the long run, of so many machines."""
    clock = Clock(frozen_at_ms=0)
    budgets = Budgets(clock, enforced=True)
    window: deque[float] = deque()
    cores = [0.0] * (machines * CORES)
    heapq.heapify(cores)
    tasks = [(0.0, number) for number in range(machines * CORES * way.tasks)]
    now = 0.0
    sent = 0
    while now < _SIMULATED:
        due, number = heapq.heappop(tasks)
        core = heapq.heappop(cores)
        start = max(due, core)
        now = max(now, start)
        clock.set_ms(math.floor(now * 1000))
        wait = _refused(way, budgets, window, now)
        if wait:
            heapq.heappush(cores, core)
            heapq.heappush(tasks, (now + wait, number))
            continue
        sent += 1
        heapq.heappush(cores, now + way.cpu)
        heapq.heappush(tasks, (now + way.cpu + way.seconds, number))
    return sent / _SIMULATED


def _refused(way: Way, budgets: Budgets, window: deque[float], now: float) -> float:
    """Seconds to wait before the request may go out; 0 when it may now."""
    if way.most is None:
        return budgets.spend("inlet", messages=way.messages, validates=False) or 0.0
    while window and window[0] + 1 <= now:
        window.popleft()
    if len(window) >= way.most:
        return window[0] + 1 - now
    window.append(now)
    return 0.0


def plans() -> Iterator[Plan]:
    """All ways for all numbers of people."""
    for way in SENT:
        machines, reached, bound = _enough(way)
        for people in PEOPLE:
            requests = math.ceil(people / way.batch)
            yield Plan(way.name, people, requests / reached / _HOUR, requests, machines, bound)
    for people in PEOPLE:
        yield _upsert(people)
        yield _export(people)


def _enough(way: Way) -> tuple[int, float, str]:
    """The fewest machines beyond which more bring nothing, what they reach, and what bounds them."""
    machines, reached = 1, rate(way, 1)
    while (more := rate(way, machines + 1)) > reached * 1.05:
        machines, reached = machines + 1, more
    bound = "1,000 requests and 10,000 messages a second" if way.most is None else f"{way.most} requests a second"
    return machines, reached, bound


def _upsert(people: int) -> Plan:
    batches = math.ceil(people / _UPSERT_ROWS)
    files = sum(math.ceil(rows * _ROW_BYTES / _FILE_BYTES) for rows in _cut(people, _UPSERT_ROWS))
    by_days = batches / _UPSERTS_A_DAY * _DAY if batches > 1 else 0.0
    by_bytes = people * _ROW_BYTES / _LAKE_BYTES_AN_HOUR
    bound = "90 batches a day" if by_days > by_bytes else "20 GB an hour"
    # Made, handed over, and looked at a few times; each file brought up, and looked at once.
    return Plan("upsert", people, max(by_days, by_bytes), batches * 6 + files * 2, 1, bound)


def _export(people: int) -> Plan:
    size = people * _PERSON_BYTES
    files = math.ceil(size / _FILE_BYTES)
    machines = max(1, min(10, math.ceil(files / CORES)))
    tasks = min(files, machines * CORES)
    return Plan(
        "export", people, size / (_READ_BYTES_A_SECOND * tasks) / _HOUR, 10 + files * 10, machines, "the job itself"
    )


def _cut(people: int, most: int) -> Iterator[int]:
    while people > 0:
        yield min(people, most)
        people -= most


def table() -> str:
    """The table of the page."""
    found: dict[str, list[Plan]] = {}
    for plan in plans():
        found.setdefault(plan.way, []).append(plan)
    lines = [
        "| people | " + " | ".join(found) + " |",
        "|---|" + "---|" * len(found),
    ]
    for number, people in enumerate(PEOPLE):
        cells = [f"{_span(of[number].hours)}, {_count(of[number].requests)} requests" for of in found.values()]
        note = "" if people <= MEASURED_UP_TO else " (extrapolated)"
        lines.append(f"| {people:,}{note} | " + " | ".join(cells) + " |")
    lines.append("| machines of 4 cores | " + " | ".join(str(of[-1].machines) for of in found.values()) + " |")
    lines.append("| what bounds it | " + " | ".join(of[-1].bound for of in found.values()) + " |")
    return "\n".join(lines)


def draw(path: Path) -> None:
    """The chart of the page."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "scale"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    found: dict[str, list[Plan]] = {}
    for plan in plans():
        found.setdefault(plan.way, []).append(plan)
    for name, of in found.items():
        axes.plot([plan.people for plan in of], [max(plan.hours, 1e-5) for plan in of], marker="o", label=name)
    for hours, name in ((1 / 60, "a minute"), (1, "an hour"), (_DAY, "a day"), (30 * _DAY, "a month")):
        axes.axhline(hours, color="0.8", linewidth=0.8, zorder=0)
        axes.annotate(name, (PEOPLE[0], hours), color="0.4", fontsize=8, va="bottom")
    axes.set(xscale="log", yscale="log", xlabel="people", ylabel="hours")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def _span(hours: float) -> str:
    seconds = hours * _HOUR
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:,.0f} {name}"
    return f"{max(1, math.ceil(seconds))} s"


def _count(number: float) -> str:
    for size, name in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:,.0f} {name}"
    return f"{number:,.0f}"


def main() -> int:
    """Write table and chart into the page."""
    text = PAGE.read_text()
    block = f"<!-- table -->\n\n{table()}\n\n<!-- end -->"
    written = re.sub(r"<!-- table -->.*?<!-- end -->", lambda _: block, text, flags=re.DOTALL)
    PAGE.write_text(written)
    draw(CHART)
    return 0


if __name__ == "__main__":
    sys.exit(main())
