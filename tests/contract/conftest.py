"""The world Harbour in an emulator of each dialect, and a client whose every exchange is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.contract.description import Description, Recorder
from tests.helpers.clock import FakeClock

import rtcp
from rtcp.emulator import Emulator, worlds
from rtcp.emulator.store import Dataset, IdentityPath


@pytest.fixture(scope="session")
def description() -> Description:
    return Description()


@pytest.fixture(scope="session")
def harbour_of() -> Iterator[Callable[[str], Emulator]]:
    """One running emulator for each dialect, with the world in it."""
    with ExitStack() as stack:
        running: dict[str, Emulator] = {}

        def of(dialect: str) -> Emulator:
            if dialect not in running:
                running[dialect] = stack.enter_context(Emulator(dialect=dialect, seed=1))
                running[dialect].load(worlds.path("harbour"))
            return running[dialect]

        yield of


@pytest.fixture(params=["guide", "spec", "hostile"])
def emulator(request: pytest.FixtureRequest, harbour_of: Callable[[str], Emulator]) -> Emulator:
    """Every test of this folder that asks for an emulator runs against each dialect.

    The world is loaded once: who changes something does it in the sandbox `dev`.
    """
    emulator = harbour_of(request.param)
    emulator.faults.clear()
    emulator.requests.clear()
    dev = emulator.store.sandbox("dev")
    dev.put_dataset(Dataset("dev-crm", "CRM", "_xdm.context.profile", (IdentityPath("crmId", "crmId", primary=True),)))
    dev.ingest("dev-crm", [{"crmId": "D-1"}], batch_id="dev-batch")
    return emulator


@pytest.fixture
def clock(emulator: Emulator) -> FakeClock:
    """Who waits moves the emulator's time as well, so that jobs end."""
    return FakeClock(on_sleep=emulator.clock.advance)


@pytest.fixture
def recorder(client: rtcp.Client) -> Recorder:
    recorder = Recorder()
    client.http.mount("http://", recorder)
    return recorder
