"""Fixtures for the tests of programs that use rtcp: an emulator and a client that talks to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def rtcp_emulator_dialect() -> str:
    """The dialect of `rtcp_emulator`: "guide", "spec" or "hostile"; override it to choose."""
    return "guide"


@pytest.fixture(scope="session")
def rtcp_emulator_server(rtcp_emulator_dialect: str) -> Iterator[Any]:
    """One running emulator for the whole run; tests take `rtcp_emulator`, which is emptied for each of them."""
    # The emulator needs an extra, and this plugin is loaded by every run of pytest.
    from rtcp.emulator import Emulator

    with Emulator(dialect=rtcp_emulator_dialect, seed=1) as emulator:
        yield emulator


@pytest.fixture
def rtcp_emulator(rtcp_emulator_server: Any) -> Any:
    """An empty `rtcp.emulator.Emulator`: no data, no faults, no recorded requests."""
    rtcp_emulator_server.reset()
    return rtcp_emulator_server


@pytest.fixture
def rtcp_client(rtcp_emulator: Any) -> Iterator[Any]:
    """An `rtcp.Client` of `rtcp_emulator`, closed at the end of the test."""
    # Importing the client here keeps it out of runs that do not ask for it.
    import rtcp

    with rtcp.Client.for_emulator(rtcp_emulator.url) as client:
        yield client
