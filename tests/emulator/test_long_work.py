"""A work that takes long: nobody waits for it, and a service that stops or forgets does not either."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import rtcp
from rtcp.emulator import Emulator
from rtcp.emulator.jobs import Kind, find_kind, work

KIND = "system_jobs.test_long"
_released = threading.Event()


@work(KIND, ((0.0, "NEW"), (1.0, "PROCESSING"), (3.0, "DONE")), failed="ERROR", is_atomic=False)
def _work_long(job, service):
    while not _released.wait(0.005):
        service.jobs.end_part()
    return {"rows": 7}


@pytest.fixture(autouse=True)
def held() -> Iterator[threading.Event]:
    _released.clear()
    yield _released
    _released.set()


def start(emulator: Emulator) -> None:
    emulator.service.jobs.start("prod", KIND, {}, job_id="j-1", due_ms=emulator.clock.now_ms())


def state(emulator: Emulator) -> str | None:
    job = emulator.service.jobs.get("prod", KIND, "j-1")
    return None if job is None else emulator.service.jobs.state(job)


def test_every_call_is_answered_while_it_goes_on(held: threading.Event) -> None:
    with Emulator() as emulator, rtcp.Client.for_emulator(emulator.url) as client:
        start(emulator)

        for _ in range(3):
            client.merge_policies.list().first()

        assert state(emulator) != "DONE"
        held.set()
        emulator.settle()
        assert state(emulator) == "DONE"


def test_work_that_has_no_second_part_is_waited_for() -> None:
    def work_short(job, service):
        time.sleep(0.1)
        return {}

    with Emulator() as emulator, rtcp.Client.for_emulator(emulator.url) as client:
        emulator.service.jobs._find = lambda name: (
            Kind(name, ((0.0, "NEW"), (1.0, "DONE")), "ERROR", work_short) if name == KIND else find_kind(name)
        )
        start(emulator)
        client.merge_policies.list().first()

        assert state(emulator) == "DONE"


def test_a_service_that_stops_leaves_it_to_be_done_again(
    tmp_path: Path, held: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "store.sqlite"
    with (
        caplog.at_level(logging.WARNING),
        Emulator(db=path) as emulator,
        rtcp.Client.for_emulator(emulator.url) as client,
    ):
        start(emulator)
        client.merge_policies.list().first()

    assert caplog.records == []
    with Emulator(db=path) as emulator:
        assert state(emulator) != "DONE"
        held.set()
        emulator.settle()
        assert state(emulator) == "DONE"


def test_a_reset_ends_it(held: threading.Event) -> None:
    with Emulator() as emulator, rtcp.Client.for_emulator(emulator.url) as client:
        start(emulator)
        client.merge_policies.list().first()

        emulator.reset()

        assert state(emulator) is None
        start(emulator)
        held.set()
        emulator.settle()
        assert state(emulator) == "DONE"
