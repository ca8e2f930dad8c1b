"""How cost grows with the number of people; `python -m benchmarks.growth` measures it and writes it into the page.

Everything is asked of one emulator with a file, in a process of its own: its CPU is told beside that of the client.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import rtcp
from benchmarks import tables
from benchmarks.emulator import Served, serving
from benchmarks.large_store import write_people

PAGE: Final = Path(__file__).parents[1] / "docs" / "performance.md"
CHART: Final = PAGE.with_name("growth.svg")
PEOPLE: Final = (10_000, 100_000, 1_000_000)
_SINGLE: Final = 2_000
_SINGLE_LOOKUP: Final = "one look-up"
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_UPSERT_DATASET: Final = "bench-upserts"
_UPSERTS: Final = f"""
[[datasets]]
id = "{_UPSERT_DATASET}"
name = "Bench upserts"
class = "_xdm.context.profile"
identities = [{{ path = "_harbour.crmId", namespace = "crmId", primary = true }}]
"""


class Cost(NamedTuple):
    """What one way of getting people in or out cost.

    Attributes:
        people: in the emulator, and in the file or list.
        client, emulator: microseconds of CPU for each of them.
        seconds: of the whole, by the clock on the wall.
    """

    way: str
    people: int
    client: float
    emulator: float
    seconds: float


def costs(people: int) -> Iterator[Cost]:
    """All ways for so many people."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        manifest = write_people(folder, people)
        manifest.write_text(manifest.read_text() + _UPSERTS)
        with serving([]) as empty:
            start = _cpu_of(empty.pid)
        started = time.perf_counter()
        with serving(["--db", str(folder / "store.sqlite"), "--job-seconds", "0", "--load", str(manifest)]) as served:
            seconds = time.perf_counter() - started
            yield Cost("load", people, 0.0, (_cpu_of(served.pid) - start) * 1e6 / people, seconds)
            with rtcp.Client.for_emulator(served.url) as client:
                ids = [f"person-{number * people // _SINGLE}@bench.example" for number in range(_SINGLE)]
                yield _cost(_SINGLE_LOOKUP, people, served, lambda: _get(client, ids), of=_SINGLE)
                yield _cost("look-up", people, served, lambda: _get_many(client, people))
                yield _cost("export, as rows", people, served, lambda: _export(client, people))
                path = tables.write_csv(folder / "people.csv", people)
                client.datasets.enable_profile(_UPSERT_DATASET, upsert=True)
                yield _cost("upsert of a CSV file", people, served, lambda: _upsert(client, path, people))


def _cost(way: str, people: int, served: Served, act: Callable[[], object], *, of: int | None = None) -> Cost:
    before, cpu, wall = _cpu_of(served.pid), time.process_time(), time.perf_counter()
    act()
    client, seconds = time.process_time() - cpu, time.perf_counter() - wall
    each = 1e6 / (of or people)
    return Cost(way, people, client * each, (_cpu_of(served.pid) - before) * each, seconds)


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _get(client: rtcp.Client, ids: Iterable[str]) -> None:
    for each in ids:
        client.entities.get(each, namespace="Email")


def _get_many(client: rtcp.Client, people: int) -> None:
    ids = (f"person-{number}@bench.example" for number in range(people))
    found = sum(lookup.entity is not None for lookup in client.entities.get_many(ids, namespace="Email"))
    assert found == people, f"{found:,} of {people:,} were found"


def _export(client: rtcp.Client, people: int) -> None:
    destination = client.datasets.create_for_export(name="Everybody").id
    job = client.export_jobs.create(destination_dataset_id=destination)
    client.export_jobs.wait(job.id, interval=0.2, timeout=None)
    rows = sum(1 for _ in client.export_jobs.rows(job.id))
    assert rows == people, f"{rows:,} rows of {people:,} people"


def _upsert(client: rtcp.Client, path: Path, people: int) -> None:
    form = replace(tables.FORM, dataset_id=_UPSERT_DATASET)
    result = client.batches.upsert(_UPSERT_DATASET, path, form=form, format="json", interval=0.2)
    assert result.written == people, f"{result.written:,} of {people:,} were written"


def table(found: Iterable[Cost]) -> str:
    """The table of the page: microseconds of CPU a person, of the client and of the emulator."""
    by_way: dict[str, dict[int, Cost]] = {}
    for cost in found:
        by_way.setdefault(cost.way, {})[cost.people] = cost
    sizes = sorted({people for of in by_way.values() for people in of})
    lines = ["| µs of CPU a person: client + emulator | " + " | ".join(f"{size:,}" for size in sizes) + " |"]
    lines.append("|---|" + "---|" * len(sizes))
    for way, of in by_way.items():
        cells = [f"{of[size].client:,.0f} + {of[size].emulator:,.0f} ({of[size].seconds:,.1f} s)" for size in sizes]
        lines.append(f"| {way} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(found: Iterable[Cost], path: Path) -> None:
    """The chart of the page: a line for each way, level where cost grows with the people alone."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "growth"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    by_way: dict[str, list[Cost]] = {}
    for cost in found:
        by_way.setdefault(cost.way, []).append(cost)
    for way, of in by_way.items():
        axes.plot([cost.people for cost in of], [cost.client + cost.emulator for cost in of], marker="o", label=way)
    axes.set(xscale="log", yscale="log", xlabel="people", ylabel="µs of CPU for each, client and emulator")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def main() -> int:
    """Measure, print, and with `--write` put table and chart into the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--most", type=int, default=PEOPLE[-1], help="people of the largest step")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    found: list[Cost] = []
    for people in sorted({each for each in PEOPLE if each <= options.most} | {options.most}):
        for cost in costs(people):
            print(f"{cost.people:>9,} {cost.way}: {cost.client:.0f} + {cost.emulator:.0f} µs, {cost.seconds:.1f} s")
            found.append(cost)
    print(table(found))
    if options.write:
        block = f"<!-- growth -->\n\n{table(found)}\n\n<!-- end of growth -->"
        page = re.sub(r"<!-- growth -->.*?<!-- end of growth -->", lambda _: block, PAGE.read_text(), flags=re.DOTALL)
        PAGE.write_text(page)
        draw(found, CHART)
    return 0


if __name__ == "__main__":
    sys.exit(main())
