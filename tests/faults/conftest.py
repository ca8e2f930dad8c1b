"""Counts what the reliability tests do; `RELIABILITY_FIGURES` names a folder for the sums of each process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.cells import Bench
from tests.faults.figures import Figures


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    with Bench() as bench:
        yield bench


@pytest.fixture(scope="session")
def figures() -> Iterator[Figures]:
    figures = Figures()
    yield figures
    wanted = os.environ.get("RELIABILITY_FIGURES")
    if wanted:
        figures.write(Path(wanted) / f"{os.getpid()}.json")
