"""Whatever the service answers to any verb: a value, or an error of ours; and what it adds tomorrow is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from tests.contract.calls import CALLS
from tests.fuzz.extent import ONCE, SEED, refusal
from tests.fuzz.spoiling import RECIPES, Recipe, Spoiler
from tests.fuzz.worlds import World
from tests.helpers.clock import FakeClock

import rtcp

ADDED = {"addedNextYear": {"deep": [1, None, {"x": "y"}]}}

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


@pytest.fixture
def world(world_of: Callable[[str], World]) -> World:
    world = world_of("guide")
    world.refill()
    return world


def calling(world: World, call: Callable[[rtcp.Client], Any], adapter: HTTPAdapter) -> Any:
    clock = FakeClock(on_sleep=world.emulator.clock.advance)
    with rtcp.Client.for_emulator(world.emulator.url, clock=clock) as client:
        client.http.mount("http://", adapter)
        return call(client)


@pytest.mark.parametrize("name", CALLS)
def test_no_answer_breaks_a_verb(name, world, figures):
    @seed(SEED)
    @ONCE
    @given(recipe=RECIPES, position=st.sampled_from([0, 1, 1, 1, 2, 2, 3, 4, 5, 7]))
    def call_and_spoil(recipe: Recipe, position: int) -> None:
        spoiler = Spoiler(recipe, position=position)
        error = refusal(lambda: calling(world, CALLS[name], spoiler), rtcp.RtcpError)
        # An error can be shown, too.
        assert error is None or (str(error) and repr(error))
        figures.add("fuzz cases")

    call_and_spoil()
