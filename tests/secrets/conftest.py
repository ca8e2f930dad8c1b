"""One emulator behind a proxy that repeats whatever it hears, and a count of what was looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.figures import Figures
from tests.secrets.listening import Listening


@pytest.fixture(scope="session")
def figures() -> Iterator[Figures]:
    figures = Figures()
    yield figures
    wanted = os.environ.get("RELIABILITY_FIGURES")
    if wanted:
        figures.write(Path(wanted) / f"secrets-{os.getpid()}.json")


@pytest.fixture(scope="session")
def listening() -> Iterator[Listening]:
    with Listening() as listening:
        yield listening
