"""Counts what the soak did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.helpers.counts import Counts, counting


@pytest.fixture(scope="session")
def figures() -> Iterator[Counts]:
    with counting("soak") as counts:
        yield counts
