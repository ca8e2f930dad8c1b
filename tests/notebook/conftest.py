"""The embedded world, and a client that reads it as a notebook would."""

from __future__ import annotations

import pytest
from tests.helpers.harbour import load_harbour

import rtcp


@pytest.fixture
def client(emulator):
    load_harbour(emulator)
    with rtcp.Client.for_emulator(emulator.url) as client:
        yield client
