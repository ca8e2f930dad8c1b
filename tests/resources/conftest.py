"""An emulator for each dialect with a small invented world in it, and a client that talks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rtcp.emulator import Emulator
from rtcp.emulator.store import Dataset, IdentityPath

PROFILE = "_xdm.context.profile"
EVENT = "_xdm.context.experienceevent"
DATASETS = (
    Dataset("crm", "CRM", PROFILE, (IdentityPath("crm", "crmId", True), IdentityPath("mail.address", "Email"))),
    Dataset("card", "Card", PROFILE, (IdentityPath("card", "cardId", True), IdentityPath("crm", "crmId"))),
    Dataset("devices", "Devices", PROFILE, identity_map=True),
    Dataset("visits", "Visits", EVENT, (IdentityPath("crm", "crmId", True),)),
    Dataset("accounts", "Accounts", "_xdm.context.account", identity_map=True),
    Dataset("deals", "Deals", "_xdm.context.opportunity", identity_map=True),
)
NAMES = ("Mara", "Oskar", "Amara", "Teun", "Ines", "Pavel", "Noor", "Lars", "Yuki", "Ada", "Rosa", "Emil")


@pytest.fixture(scope="session")
def emulator_of() -> Iterator[Callable[[str], Emulator]]:
    """One running emulator for each dialect that some test asks for."""
    with ExitStack() as stack:
        running: dict[str, Emulator] = {}

        def of(dialect: str) -> Emulator:
            if dialect not in running:
                running[dialect] = stack.enter_context(Emulator(dialect=dialect, seed=1))
            return running[dialect]

        yield of


@pytest.fixture
def dialect() -> str:
    """The dialect the service talks; tests parametrize it."""
    return "guide"


@pytest.fixture
def emulator(emulator_of: Callable[[str], Emulator], dialect: str) -> Emulator:
    running = emulator_of(dialect)
    running.reset()
    return running


@pytest.fixture
def sandbox(emulator: Emulator) -> Any:
    sandbox = emulator.store.sandbox("prod")
    for dataset in DATASETS:
        sandbox.put_dataset(dataset)
    return sandbox


@pytest.fixture
def people(sandbox: Any) -> Any:
    """Twelve people: crmId 1 to 12, an e-mail address each, and a card for the first three."""
    sandbox.ingest(
        "crm",
        [
            {
                "crm": str(number),
                "mail": {"address": f"{name.lower()}@example.com"},
                "person": {"name": {"firstName": name}},
                "city": "Whitby",
            }
            for number, name in enumerate(NAMES, start=1)
        ],
        ingested_ms=20,
    )
    sandbox.ingest(
        "card",
        [{"card": f"k{number}", "crm": str(number), "city": "Scarborough", "tier": "gold"} for number in range(1, 4)],
        ingested_ms=10,
    )
    return sandbox


@pytest.fixture
def crowd(people: Any) -> Any:
    """Somebody of whom 51 devices are known, which is one too many, beside the people."""
    # A row has 20 at most.
    for first in (1, 18, 35):
        others = [{"id": f"d{number}"} for number in range(first, min(first + 17, 51))]
        devices = [{"id": "d0", "primary": True}, *others]
        people.ingest("devices", [{"identityMap": {"deviceId": devices}, "model": "sextant"}])
    return people


@pytest.fixture
def visits(people: Any) -> Any:
    """Seven visits of the first person, an hour apart, the third and the last with a purchase; one of the second."""
    start = datetime(2026, 3, 1, 8, tzinfo=UTC)
    rows = [
        {
            "_id": f"visit-{number}",
            "timestamp": (start + timedelta(hours=number)).isoformat(),
            "crm": "1",
            "commerce": {"order": {"priceTotal": 12.5 * number}} if number in (2, 6) else {},
            "page": f"page {number}",
        }
        for number in range(7)
    ]
    people.ingest("visits", [*rows, {**rows[0], "_id": "visit-of-another", "crm": "2"}])
    return people
