"""One emulator behind a proxy that repeats whatever it hears."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.secrets.listening import Listening


@pytest.fixture(scope="session")
def listening() -> Iterator[Listening]:
    with Listening() as listening:
        yield listening
