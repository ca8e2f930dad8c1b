"""The emulator with many people: what loading them costs, and how long others wait while all of them are exported."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import rtcp
from benchmarks.measure import Result
from benchmarks.sizes import Sizes
from rtcp.emulator import Emulator

_MANIFEST: Final = """
[[datasets]]
id = "bench-people"
name = "Bench people"
class = "_xdm.context.profile"
identities = [{ path = "personalEmail.address", namespace = "Email", primary = true }]
file = "people.jsonl"
ingested_at = 2026-03-02T06:00:00Z

[[merge_policies]]
id = "bench-newest"
name = "Bench: newest wins"
identity_graph = "pdg"
attribute_merge = "timestampOrdered"
default = true
"""
_PAUSE: Final = 0.02


def run(url: str, sizes: Sizes) -> Iterator[Result]:
    """Load, export, and look-ups meanwhile, of an emulator in this process."""
    case = f"emulator of {sizes.table:,} people"
    with TemporaryDirectory() as name, Emulator(db=Path(name) / "store.sqlite", job_seconds=0.0) as emulator:
        manifest = write_people(Path(name), sizes.table)
        cpu = time.process_time()
        emulator.load(manifest)
        per_thousand = (time.process_time() - cpu) * 1e6 / sizes.table
        yield Result(case, "load of a thousand", "time", per_thousand, bound=28.0, aim=22.0)
        with rtcp.Client.for_emulator(emulator.url) as client, rtcp.Client.for_emulator(emulator.url) as other:
            destination = client.datasets.create_for_export(name="Everybody").id
            slowest = _Slowest(other)
            started = time.perf_counter()
            job = client.export_jobs.create(destination_dataset_id=destination)
            while client.export_jobs.get(job.id).status != "SUCCEEDED":
                slowest.note(lambda: client.export_jobs.get(job.id))
                time.sleep(_PAUSE)
            seconds = time.perf_counter() - started
            slowest.stop()
    yield Result(case, "export of a thousand", "time", seconds * 1e6 / sizes.table, bound=120.0, aim=60.0)
    yield Result(case, "slowest answer meanwhile", "time", slowest.seconds * 1000, bound=1000.0)


class _Slowest:
    """Looks one person up again and again in a thread of its own, and keeps how long the slowest call took."""

    def __init__(self, client: rtcp.Client) -> None:
        self.seconds = 0.0
        self._client = client
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look_up)
        self._thread.start()

    def note(self, call: Callable[[], object]) -> None:
        started = time.perf_counter()
        call()
        self.seconds = max(self.seconds, time.perf_counter() - started)

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _look_up(self) -> None:
        while not self._stopped.wait(_PAUSE):
            self.note(lambda: self._client.entities.get("person-7@bench.example", namespace="Email"))


def write_people(folder: Path, people: int) -> Path:
    """A manifest with so many people; returns its path."""
    with (folder / "people.jsonl").open("w") as file:
        for number in range(people):
            person = {
                "personalEmail": {"address": f"person-{number}@bench.example"},
                "person": {"name": {"firstName": "Ada", "lastName": f"Quill{number % 977}"}, "birthYear": 1984},
                "homeAddress": {"city": "Tidewater", "postalCode": "04410"},
            }
            file.write(json.dumps(person) + "\n")
    manifest = folder / "manifest.toml"
    manifest.write_text(_MANIFEST)
    return manifest
