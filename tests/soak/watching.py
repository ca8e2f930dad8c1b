"""What a process holds: memory, sockets, threads and open files, looked at while it works."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024


@dataclass(frozen=True)
class Sample:
    """One look at a process, `at` seconds after the first."""

    at: float
    rss_kib: int
    files: int
    sockets: int
    threads: int


class Watcher:
    """Looks at a process every half second, from a thread of its own."""

    def __init__(self, pid: int, *, interval: float = 0.5) -> None:
        self.samples: list[Sample] = []
        self._pid = pid
        self._interval = interval
        self._stopped = threading.Event()
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._watch, name=f"watch-{pid}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(self._interval):
            self.samples.append(look(self._pid, time.monotonic() - self._began))

    def warm(self) -> list[Sample]:
        """The samples after the first third, in which pools and caches fill."""
        return self.samples[len(self.samples) // 3 :]


def look(pid: int, at: float = 0.0) -> Sample:
    """What a process holds now; Linux only."""
    process = Path(f"/proc/{pid}")
    links = []
    for link in process.joinpath("fd").iterdir():
        try:
            links.append(str(link.readlink()))
        except FileNotFoundError:
            # Closed since the folder was listed.
            continue
    rss_kib = int(process.joinpath("statm").read_text().split()[1]) * _PAGE_KIB
    sockets = sum(link.startswith("socket:") for link in links)
    return Sample(at, rss_kib, len(links), sockets, len(list(process.joinpath("task").iterdir())))


def lowest(samples: Sequence[Sample], *, parts: int = 20) -> list[Sample]:
    """The sample with the least memory of each part of the time: what a burst takes and gives back does not count."""
    size = max(1, len(samples) // parts)
    return [min(samples[start : start + size], key=lambda each: each.rss_kib) for start in range(0, len(samples), size)]


def slope_per_minute(samples: Sequence[Sample], of: str) -> float:
    """By how much something grows in a minute, by least squares."""
    if len(samples) < 2:
        return 0.0
    times, values = [each.at for each in samples], [float(getattr(each, of)) for each in samples]
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((at - middle) ** 2 for at in times)
    return 60 * sum((at - middle) * (value - mean) for at, value in zip(times, values, strict=True)) / spread
