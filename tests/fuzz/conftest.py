"""One world for each dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.contract.description import Description
from tests.fuzz.worlds import World


@pytest.fixture(scope="session")
def description() -> Description:
    return Description()


@pytest.fixture(scope="session")
def world_of(description: Description) -> Iterator[Callable[[str], World]]:
    """One world for each dialect, filled when first asked for."""
    made: dict[str, World] = {}

    def of(dialect: str) -> World:
        if dialect not in made:
            made[dialect] = World(dialect, description)
        return made[dialect]

    yield of
    for world in made.values():
        world.close()
