"""Verbs of several requests meet faults in the midst of it: none of them calls done what is not."""

from __future__ import annotations

import os
from typing import Final

import pytest
from tests.faults import composed
from tests.faults.cells import Bench
from tests.faults.counting import note_cell
from tests.faults.faults import FAULTS
from tests.faults.rules import complaints_of_composed
from tests.helpers.figures import Figures

ALL: Final = [
    (verb, operation, name, times)
    for verb, (_, operations) in composed.COMPOSED.items()
    for operation in operations
    for name in FAULTS
    for times in ((None,) if FAULTS[name].lasts else (None, 1))
]
# These cells cost more than those of single operations: of the short forms, they take a quarter of the share.
STEP: Final = int(os.environ.get("RELIABILITY_STEP", "33"))
CELLS: Final = ALL[:: STEP if STEP == 1 else 4 * STEP - 1]


def test_every_composed_verb_goes_well_when_nothing_fails(bench: Bench):
    for verb, (_, operations) in composed.COMPOSED.items():
        outcome = bench.call(f"whole {verb}")

        assert (verb, outcome.error) == (verb, None)
        assert set(operations) <= set(outcome.sent)


@pytest.mark.parametrize(
    ("verb", "operation", "name", "times"),
    CELLS,
    ids=[
        f"{verb}-{operation}-{name}-{'for ever' if times is None else 'once'}" for verb, operation, name, times in CELLS
    ],
)
def test_a_verb_survives_a_fault_or_tells_it(
    bench: Bench, figures: Figures, verb: str, operation: str, name: str, times: int | None
):
    usual = bench.usual_of(f"whole {verb}", operation)

    outcome = bench.call(usual.call, fault=FAULTS[name], operation=operation, times=times)

    found = list(complaints_of_composed(FAULTS[name], outcome, usual, bench.going_well(usual.call)))
    note_cell(figures, outcome, usual, found)
    assert found == []
