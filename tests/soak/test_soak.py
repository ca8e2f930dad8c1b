"""Sixteen threads share one client for a while, one request in twenty goes wrong: nothing is lost, nothing leaks.

`RELIABILITY_SOAK_SECONDS` says for how long: some seconds for a change, ten minutes for a release.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.soak.chaos import TOKEN_SECONDS
from tests.soak.mix import MIX, PURCHASES, Worker, WrongAnswerError, learn
from tests.soak.watching import Sample, Watcher, look, lowest, slope_per_minute

import rtcp
from rtcp.hooks import Event, RequestFailed, RequestFinished, TokenFetched

pytestmark = pytest.mark.filterwarnings("ignore:the event look-up:PendingDeprecationWarning")

SECONDS = float(os.environ.get("RELIABILITY_SOAK_SECONDS", "20"))
THREADS = 16
# A shorter soak sees the steps of allocators and caches that fill: it says that it does not measure memory.
FEWEST_MINUTES = 5.0
MOST_KIB = 1024
FAULT_SHARE = 0.05
# Seconds.
SOON = 10.0
# Allocators read it as the process starts.
QUIET = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}
ROOT = Path(__file__).parents[2]


class Counting:
    """A hook that counts events by kind, and the answers by status."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            self.counts[type(event).__name__] += 1
            if isinstance(event, RequestFinished):
                self.counts[f"status {event.status}"] += 1

    @property
    def requests(self) -> int:
        return self.counts[RequestFinished.__name__] + self.counts[RequestFailed.__name__]


@dataclass
class Soaked:
    """What a soak has left."""

    began: Counter[str]
    ended: Counter[str]
    wrong: list[str]
    hook: Counter[str]
    requests: int
    report: dict[str, Any]
    journals: list[Path]
    database: Path
    samples: list[Sample]
    emulator_samples: list[Sample]
    before: Sample
    after: Sample
    threads_left: list[str]
    minutes: float

    def streamed(self, mark: str) -> list[str]:
        return [line[1:] for each in self.journals for line in each.read_text().split() if line[0] == mark]

    def stored(self) -> list[str]:
        with sqlite3.connect(self.database) as connection:
            rows = connection.execute(
                "SELECT event_id FROM event JOIN dataset ON dataset.key = event.dataset WHERE dataset.id = ?",
                (PURCHASES,),
            ).fetchall()
        connection.close()
        return [name for (name,) in rows if name.startswith("soak")]


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soaked]:
    folder = tmp_path_factory.mktemp("soak")
    command = [
        sys.executable,
        "-m",
        "tests.soak.chaos",
        str(folder / "db"),
        str(folder / "report"),
        str(FAULT_SHARE),
        "9",
    ]
    environment = {
        **os.environ,
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    }
    # What allocators keep for each thread that there ever was looks like a leak for many minutes, and is none.
    assert QUIET.items() <= os.environ.items(), f"run it as make soak does, with {QUIET} in the environment"
    # pytest keeps what is logged until the test ends, which would be a leak of its own.
    logging.disable(logging.WARNING)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            yield _soak(url, process, folder)
        finally:
            process.kill()
            logging.disable(logging.NOTSET)


def _soak(url: str, process: subprocess.Popen[str], folder: Path) -> Soaked:
    hook = Counting()
    threads_before = threading.enumerate()
    before = look(os.getpid())
    began, ended, wrong = Counter[str](), Counter[str](), list[str]()
    with rtcp.Client.for_emulator(url, hooks=[hook], retries=8) as client:
        truth = learn(client)
        process.send_signal(signal.SIGUSR1)
        workers = [Worker(client, truth, number, folder / f"journal-{number}") for number in range(THREADS)]
        until = time.monotonic() + SECONDS
        threads = [
            threading.Thread(target=_work, args=(worker, until, began, ended, wrong), name=f"soak-{worker.number}")
            for worker in workers
        ]
        with Watcher(os.getpid()) as mine, Watcher(process.pid) as its:
            start = time.monotonic()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            minutes = (time.monotonic() - start) / 60
    for worker in workers:
        worker.close()
    # pyarrow has a pool of threads that are none of Python's.
    new = [thread for thread in threading.enumerate() if thread not in threads_before]
    # A look-up of many that fails does not wait for what is under way: that ends by itself, and soon.
    for thread in new:
        thread.join(SOON)
    left = [thread.name for thread in new if thread.is_alive()]
    after = look(os.getpid())
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    return Soaked(
        began, ended, wrong, hook.counts, hook.requests, json.loads((folder / "report").read_text()),
        [worker.journal for worker in workers], folder / "db", mine.warm(), its.warm(), before, after, left, minutes,
    )  # fmt: skip


_lock = threading.Lock()


def _work(worker: Worker, until: float, began: Counter[str], ended: Counter[str], wrong: list[str]) -> None:
    verbs, weights = list(MIX), list(MIX.values())
    while time.monotonic() < until:
        (verb,) = worker.random.choices(verbs, weights)
        with _lock:
            began[verb.__name__] += 1
        outcome = "right"
        try:
            verb(worker)
        except rtcp.RtcpError as error:
            outcome = type(error).__name__
        except WrongAnswerError as error:
            outcome = "wrong"
            wrong.append(f"{verb.__name__}: {error}")
        except Exception as error:  # noqa: BLE001 - whatever is none of ours is what is looked for
            outcome = "crash"
            wrong.append(f"{verb.__name__}: {error!r}")
        with _lock:
            ended[f"{verb.__name__} {outcome}"] += 1


def test_every_call_ends_with_the_right_answer_or_an_error_of_ours(soaked, figures):
    calls = soaked.began.total()
    figures.add("soak calls", calls)
    figures.add("soak lost", calls - soaked.ended.total())
    figures.add("soak wrong answers", len(soaked.wrong))
    figures.add("soak seconds", round(soaked.minutes * 60))
    print(_table(soaked))

    assert soaked.wrong == []
    assert calls == soaked.ended.total() > 0


def test_the_counts_of_both_sides_agree(soaked, figures):
    figures.add("soak requests", soaked.requests)

    received, faults = sum(soaked.report["requests"].values()), soaked.report["faults"]
    cut = sum(count for name, count in faults.items() if name.startswith("cut"))
    assert received - cut <= soaked.hook[RequestFinished.__name__] <= received
    # Cut after an answer without a body, a connection seems whole: the next request on it does not arrive.
    assert 0 <= soaked.requests - received <= faults["cut in the body"]
    assert sum(faults.values()) > FAULT_SHARE / 2 * soaked.requests


def test_every_received_row_is_in_the_store_once_and_no_other(soaked, figures):
    stored, received, unknown = soaked.stored(), soaked.streamed("+"), soaked.streamed("?")
    figures.add("soak rows", len(received))
    figures.add("rows lost", len(set(received) - set(stored)))
    figures.add("duplicates", len(stored) - len(set(stored)))

    assert set(received) - set(stored) == set()
    assert set(stored) - set(received) - set(unknown) == set()
    assert len(stored) == len(set(stored))


def test_a_token_is_fetched_when_one_ran_out_and_not_by_every_thread(soaked):
    asked = soaked.report["requests"]["auth.fetch_token"]
    ran_out = soaked.minutes * 60 / (TOKEN_SECONDS / 2) + 2
    failed = asked - soaked.hook[TokenFetched.__name__]

    assert soaked.hook[TokenFetched.__name__] >= 1
    assert asked <= ran_out + soaked.hook["status 401"] + failed


def test_memory_sockets_threads_and_files_stay_as_they_are(soaked, figures):
    slope = slope_per_minute(lowest(soaked.samples), "rss_kib")
    if soaked.minutes >= FEWEST_MINUTES:
        figures.add("soak leak slope KiB/min", round(slope))
    else:
        print(f"{soaked.minutes:.1f} minutes are too few to tell whether memory grows: it is not measured")
    figures.add("soak threads left", len(soaked.threads_left))
    figures.add("soak sockets left", soaked.after.sockets - soaked.before.sockets)

    assert slope < MOST_KIB or soaked.minutes < FEWEST_MINUTES
    for what in ("files", "sockets", "threads"):
        # Writers and look-ups of many have threads of their own while they work; what they have does not pile up.
        assert max(getattr(each, what) for each in soaked.samples) < 200
        assert slope_per_minute(soaked.samples, what) < 1 + 20 / soaked.minutes
    assert soaked.threads_left == []
    assert soaked.after.sockets <= soaked.before.sockets


def _table(soaked: Soaked) -> str:
    lines = [f"{soaked.minutes:.1f} min, {soaked.began.total()} calls, {soaked.requests} requests"]
    for verb, count in sorted(soaked.began.items()):
        ends = {name.split()[1]: n for name, n in sorted(soaked.ended.items()) if name.split()[0] == verb}
        lines.append(f"  {verb:16}{count:>8}  {ends}")
    for name, samples in (("client", soaked.samples), ("emulator", soaked.emulator_samples)):
        for what in ("rss_kib", "files", "sockets", "threads"):
            values = [getattr(each, what) for each in samples]
            slope = slope_per_minute(lowest(samples) if what == "rss_kib" else samples, what)
            lines.append(f"  {name:9}{what:10}{min(values):>8} to {max(values):<8}{slope:+8.1f} /min")
    return "\n".join([*lines, f"  faults {soaked.report['faults']}", f"  events {dict(soaked.hook)}"])
