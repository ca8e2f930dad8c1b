"""Programs of their own, on a machine that is set up badly; the fixtures that start them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from tests.helpers.figures import Figures
from tests.helpers.harbour import load_harbour

import rtcp
from rtcp.emulator import Emulator
from rtcp.emulator.store import Dataset, IdentityPath

Run = Callable[..., subprocess.CompletedProcess[str]]
SCHEMA = "https://ns.adobe.com/xdm/context/profile"
# What the programs of these tests begin with.
PREAMBLE = f"""
import os, signal, sys, threading
from pathlib import Path
import rtcp
from rtcp.media import Recorder, SessionDetails

DETAILS = SessionDetails(id="ferry-1", length=60, content_type="VOD", player_name="web", channel="harbour")
client = rtcp.Client.for_emulator(os.environ["SERVICE"], sandbox="dev", retries=0)


def writer(**options):
    form = rtcp.RowForm(dataset_id="dev-crm", schema_id={SCHEMA!r})
    return client.streaming.writer(os.environ["INLET"], form=form, **options)
"""


@pytest.fixture(scope="session")
def _harbour() -> Iterator[Emulator]:
    with Emulator(seed=1, job_seconds=0.01) as harbour:
        yield harbour


@pytest.fixture
def world(_harbour: Emulator) -> Emulator:
    """A running emulator with the world Harbour, and a dataset in the sandbox `dev`."""
    load_harbour(_harbour)
    crm = Dataset("dev-crm", "CRM", "_xdm.context.profile", (IdentityPath("crmId", "crmId", primary=True),))
    _harbour.store.sandbox("dev").put_dataset(crm)
    return _harbour


@pytest.fixture
def inlet(world: Emulator, client: Any) -> str:
    made = client.inlets.create(name="Tills")
    assert made.inlet_id is not None
    return str(made.inlet_id)


@pytest.fixture
def client(world: Emulator) -> Iterator[rtcp.Client]:
    with rtcp.Client.for_emulator(world.url, sandbox="dev", retries=0) as client:
        yield client


@pytest.fixture
def program(world: Emulator, inlet: str) -> Run:
    """Runs Python code behind the preamble, and returns what became of it."""

    def run(code: str, *arguments: str, environment: Mapping[str, str] | None = None, **options: Any) -> Any:
        return subprocess.run(
            [sys.executable, "-c", PREAMBLE + code, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            # What it has printed before a fork must not be printed once more by the child.
            env={**os.environ, "PYTHONUNBUFFERED": "1", "SERVICE": world.url, "INLET": inlet, **(environment or {})},
            **options,
        )

    return run


@pytest.fixture
def command(world: Emulator) -> Run:
    """Runs `rtcp` in a shell: `command("config show | head -n 1")`."""

    def run(words: str, *, environment: Mapping[str, str | None] | None = None, **options: Any) -> Any:
        changed = {**os.environ, "RTCP_EMULATOR": world.url, **(environment or {})}
        rtcp = f"rtcp() {{ '{sys.executable}' -P -c 'from rtcp.cli import main; main()' \"$@\"; }}; set -o pipefail; "
        return subprocess.run(
            ["bash", "-c", rtcp + words],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={name: value for name, value in changed.items() if value is not None},
            **options,
        )

    return run


@pytest.fixture(autouse=True)
def _counted(figures: Figures) -> None:
    """Every test of this folder is one hostile case."""
    figures.add("hostile cases")
