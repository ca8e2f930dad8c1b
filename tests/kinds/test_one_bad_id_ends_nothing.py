"""An id that cannot be one has its error where it stands; what the ecosystem has for ids are ids."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rtcp.errors import InvalidArgumentError

# An object has an address in its name, which would differ from process to process.
BAD = [None, float("nan"), "", "  ", object(), 1.5, True, 2.0**60, b"1", ["1"], float("inf"), Decimal("1.5")]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: type(bad).__name__ if type(bad) is object else repr(bad))
def test_a_bad_id_has_its_error_and_the_others_are_looked_up(client, people, bad):
    first, second, third = client.entities.get_many(["1", bad, "2"], namespace="crmId", on_missing="yield")

    assert (first.entity.entity["crm"], third.entity.entity["crm"]) == ("1", "2")
    assert isinstance(second.error, InvalidArgumentError)
    assert (second.position, second.identity, second.is_missing) == (1, None, False)


@pytest.mark.parametrize(
    "ids",
    [
        [1, 2],
        [1.0, 2.0],
        [Decimal(1), Decimal(2)],
        np.array([1, 2]),
        np.array(["1", "2"]),
        pd.Series([1, 2]),
        pd.Series([1.0, 2.0]),
        pd.Series(["1", "2"]),
        pa.array([1, 2]),
        pa.chunked_array([["1"], ["2"]]),
        range(1, 3),
        {"1": "a", "2": "b"}.keys(),
    ],
    ids=lambda ids: type(ids).__name__,
)
def test_whole_numbers_of_every_library_are_ids(client, people, ids):
    found = [lookup.entity.entity["crm"] for lookup in client.entities.get_many(ids, namespace="crmId")]

    assert found == ["1", "2"]


def test_the_gaps_of_a_column_are_told_and_its_numbers_looked_up(client, people):
    column = pd.Series([1, None, 3])

    first, gap, third = client.entities.get_many(column, namespace="crmId")

    assert (first.entity.entity["crm"], third.entity.entity["crm"]) == ("1", "3")
    assert "position 1" in str(gap.error)


@pytest.mark.parametrize(
    "table",
    [pd.DataFrame({"email": ["a"], "age": [3]}), pa.table({"email": ["a"], "age": [3]})],
    ids=["pandas", "arrow"],
)
def test_a_whole_table_is_refused_with_the_column_to_take(client, emulator, table):
    with pytest.raises(InvalidArgumentError, match=r"frame\['email'\].*age"):
        client.entities.get_many(table, namespace="Email")

    assert emulator.requests.count() == 0


def test_a_single_look_up_takes_a_number_too(client, people):
    assert client.entities.get(7, namespace="crmId").entity["crm"] == "7"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(st.lists(st.one_of(st.sampled_from(BAD), st.integers(1, 20), st.text(max_size=3)), max_size=30))
def test_every_input_has_exactly_one_outcome_in_its_place(client, people, ids):
    lookups = list(client.entities.get_many(ids, namespace="crmId", on_missing="yield", chunk_size=7))

    assert [lookup.position for lookup in lookups] == list(range(len(ids)))
    assert all((lookup.identity is None) <= (lookup.error is not None) for lookup in lookups)
