"""Whatever is sent to the emulator: never a crash, never a hang, and no answer that the description does not know.

`RELIABILITY_EXAMPLES` sets the cases of each operation, dialect and kind; `RELIABILITY_SEED` another seed.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import given, seed
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from tests.fuzz.extent import ONCE, SEED
from tests.fuzz.requests_of import almost_real, described
from tests.fuzz.worlds import World, shown


def described_operations() -> dict[str, Any]:
    document = json.loads(files("rtcp.emulator").joinpath("openapi.json").read_text(encoding="utf-8"))
    # schemathesis makes none of these events; the real requests with something changed have them all.
    document["components"]["schemas"]["MediaEdgeDownloaded"]["properties"]["mediaDownloadedEvents"].pop("items")
    found = (each.ok() for each in schemathesis.openapi.from_dict(document).get_all_operations())
    return {each.definition.raw["operationId"]: each for each in found}


OPERATIONS = described_operations()


@pytest.fixture(params=["guide", "spec", "hostile"])
def world(request: pytest.FixtureRequest, world_of: Callable[[str], World]) -> World:
    return world_of(request.param)


def complaints_about(world: World, cases: st.SearchStrategy[requests.PreparedRequest], figures: Any) -> list[str]:
    """Send so many cases; all of them, as one that is repeated later meets another state."""
    complaints: list[str] = []

    @seed(SEED)
    @ONCE
    @given(cases)
    def send(request: requests.PreparedRequest) -> None:
        assert request.url is not None
        request.url = request.url.replace("http://127.0.0.1", world.emulator.url, 1)
        complaints.extend(shown(request, each) for each in world.complaints(request))
        figures.add("fuzz cases")
        # Jobs that the requests began come to their work.
        world.emulator.clock.advance(1.0)

    # Nothing can be wrong about a request that may hold anything.
    with contextlib.suppress(Unsatisfiable):
        send()
    return complaints


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_generated_request_breaks_the_emulator(operation, mode, world, figures):
    cases = OPERATIONS[operation].as_strategy(generation_mode=mode)

    complaints = complaints_about(world, described(cases, world.known, world.sign_in()), figures)

    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_real_request_with_something_changed_breaks_the_emulator(operation, world, figures):
    requests_of = almost_real(world.known.of(operation), world.sign_in())

    complaints = complaints_about(world, requests_of, figures)

    assert not complaints, "\n".join(complaints)
