"""Every operation of the description meets every fault, once and for ever: what the caller gets, what was sent, what
the service holds afterwards, and what was said of it. `RELIABILITY_STEP` tries one cell in
so many; 1 tries all.
"""

from __future__ import annotations

import os
from typing import Final

import pytest
from tests.faults.cells import Bench
from tests.faults.counting import note_cell
from tests.faults.faults import FAULTS
from tests.faults.rules import OPERATIONS, complaints
from tests.helpers.description import DESCRIPTION
from tests.helpers.figures import Figures

# No verb of the client comes there.
UNREACHED = {
    each["operationId"]
    for item in DESCRIPTION["paths"].values()
    for each in item.values()
    if isinstance(each, dict) and each.get("x-rtcp-internal") == "unreached"
}
ALL: Final = [
    (operation, name, times)
    for operation in sorted(OPERATIONS.keys() - UNREACHED)
    for name, fault in FAULTS.items()
    for times in ((None,) if fault.lasts else (None, 1))
]
# A prime, so that the few that run by default come by every fault and every operation.
FEW: Final = 37
CELLS: Final = ALL[:: int(os.environ.get("RELIABILITY_STEP", FEW))]


def test_every_operation_has_a_call_that_shows_it(bench):
    assert set(OPERATIONS) - set(bench.usual) == UNREACHED


def test_a_few_cells_show_every_operation_and_every_fault():
    few = ALL[::FEW]

    assert {operation for operation, _, _ in few} == OPERATIONS.keys() - UNREACHED
    assert {name for _, name, _ in few} == set(FAULTS)


@pytest.mark.parametrize(
    ("operation", "name", "times"),
    CELLS,
    ids=[f"{operation}-{name}-{'for ever' if times is None else 'once'}" for operation, name, times in CELLS],
)
def test_a_fault_is_survived_or_told(bench: Bench, figures: Figures, operation: str, name: str, times: int | None):
    usual = bench.usual[operation]

    outcome = bench.call(usual.call, fault=FAULTS[name], operation=operation, times=times)

    found = list(complaints(name, FAULTS[name], outcome, usual, times=times))
    note_cell(figures, outcome, usual, found)
    assert found == []
