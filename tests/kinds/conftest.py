"""The people and the emulator of the tests of resources, and a world that takes rows in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.helpers.clock import FakeClock
from tests.helpers.row_world import RowWorld, upsert_world
from tests.resources.conftest import dialect, emulator, emulator_of, people, sandbox

from rtcp.emulator import Emulator

__all__ = ["dialect", "emulator", "emulator_of", "people", "sandbox"]


@pytest.fixture(scope="session")
def _intake() -> Iterator[Emulator]:
    with Emulator(seed=1, job_seconds=0.01, streaming_seconds=0.0) as running:
        yield running


@pytest.fixture
def world(_intake: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RowWorld]:
    """A running emulator with a dataset of people that takes upserts and one of events; the command talks to it."""
    monkeypatch.setenv("RTCP_EMULATOR", _intake.url)
    monkeypatch.chdir(tmp_path)
    with upsert_world(_intake, FakeClock(on_sleep=_intake.clock.advance), tmp_path) as world:
        yield world
