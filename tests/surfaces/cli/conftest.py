"""The command, run in this process against an emulator of its own with a small world."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.helpers.harbour import load_harbour

from rtcp.cli.app import app
from rtcp.emulator import Emulator

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def _server() -> Iterator[Emulator]:
    # Jobs are over in a moment, so that waiting for one takes no time worth the name.
    with Emulator(seed=1, job_seconds=0.01) as server:
        yield server


@pytest.fixture
def world(_server: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """A running emulator with the world `harbour`, which every command talks to."""
    load_harbour(_server)
    monkeypatch.setenv("RTCP_EMULATOR", _server.url)
    return _server


@pytest.fixture
def run() -> Run:
    """Runs `rtcp` with these words, and `input` on stdin."""
    runner = CliRunner()

    def invoke(*words: str, input: str | None = None) -> Result:
        return runner.invoke(app, list(words), input=input, prog_name="rtcp")

    return invoke


@pytest.fixture
def rows(run: Run) -> Callable[..., list[Any]]:
    """Runs `rtcp`, expects success, and returns the lines of its output as JSON."""

    def read(*words: str, input: str | None = None) -> list[Any]:
        result = run(*words, input=input)
        assert result.exit_code == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    return read
