"""What most rows have decides the type of a column; the odd ones are refused, wherever they stand."""

from __future__ import annotations

import json

import pandas
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.row_world import rows_as

from rtcp.errors import InvalidArgumentError
from rtcp.rows.batch_file import RowFile
from rtcp.rows.columns import Columns
from rtcp.rows.form import RowForm
from rtcp.rows.sources import read_rows

ODD = "n/a"


def people(odd_at, count=20):
    return [{"crm": f"c-{n}", "loyalty.points": ODD if n == odd_at else n} for n in range(count)]


@pytest.mark.parametrize("odd_at", [0, 7, 19])
@pytest.mark.parametrize("form", ["dicts", "iterator", "frame", "jsonl", "json"])
def test_one_odd_row_is_refused_and_the_others_are_written(world, tmp_path, form, odd_at):
    rows = people(odd_at)

    result = world.upsert(rows_as(form, rows, tmp_path))

    assert (result.rows, result.written, result.failed, result.refused) == (20, 19, 0, 1)
    (reject,) = result.rejects()
    assert reject.position == odd_at
    assert reject.message == "loyalty.points is of the type text, and integer in most rows"
    found = world.found([row["crm"] for row in rows])
    assert {crm: entity["loyalty"]["points"] for crm, entity in found.items()} == {
        row["crm"]: row["loyalty.points"] for row in rows if row["loyalty.points"] != ODD
    }


@pytest.mark.parametrize("form", ["csv", "frame", "dicts"])
def test_with_a_mapping_the_type_that_it_names_decides(world, tmp_path, form):
    rows = [{"who": f"c-{n}", "points": ODD if n == 0 else str(n)} for n in range(20)]
    mapping = {"crm": "who", "loyalty.points": {"column": "points", "type": "integer"}}

    result = world.upsert(rows_as(form, rows, tmp_path), mapping=mapping)

    assert (result.written, result.refused) == (19, 1)
    assert [reject.position for reject in result.rejects()] == [0]
    assert world.found(["c-0", "c-7"])["c-7"]["loyalty"]["points"] == 7
    assert "c-0" not in world.found(["c-0"])


def test_a_streams_rows_are_each_what_they_are(world):
    rows = [{"crm": "c-0", "loyalty": {"points": ODD}}, {"crm": "c-1", "loyalty": {"points": 1}}]

    assert world.stream(rows).summary.sent == 2
    assert [row["loyalty"]["points"] for row in world.sent()] == [ODD, 1]


def test_at_a_prompt_the_odd_row_is_named_by_its_line(world, tmp_path):
    path = rows_as("jsonl", people(0), tmp_path)

    result = world.command_upsert(str(path), "--partial-ingestion-percent", "90")

    assert result.exit_code == 6, result.stderr
    summary = json.loads(result.stdout)
    assert (summary["rows"], summary["written"], summary["refused"]) == (20, 19, 1)
    assert "rows.jsonl, line 1: loyalty.points is of the type text, and integer in most rows" in result.stderr


def test_a_parquet_files_own_types_hold_for_all_of_its_rows(world, tmp_path):
    rows = [{"crm": f"c-{n}", "points": None if n == 0 else n} for n in range(5)]

    result = world.upsert(rows_as("parquet", rows, tmp_path), identity="crm")

    assert (result.written, result.refused) == (5, 0)
    assert world.found(["c-3"])["c-3"]["points"] == 3


def test_a_frame_with_gaps_and_an_odd_cell(world):
    frame = pandas.DataFrame({"crm": ["a", "b", "c", "d"], "points": [1.0, None, 3.0, ODD]}, dtype=object)

    result = world.upsert(frame)

    assert (result.written, result.refused) == (3, 1)
    assert [reject.position for reject in result.rejects()] == [3]
    assert world.found(["b"])["b"].get("points") is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, min_size=1), min_size=1, max_size=12)


@given(rows=ROWS)
def test_any_row_of_json_is_in_the_file_or_refused_and_never_ends_in_an_error_of_arrow(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "rows.parquet"
    file = RowFile(read_rows(rows), "parquet", RowForm())

    written = file.write(path)

    assert written + len(file.refused) == len(rows)
    assert written == (pyarrow.parquet.read_metadata(path).num_rows if written else 0)


@given(st.lists(st.sampled_from([1, 2.5, "x", True, [1], {"k": 1}]), min_size=3, max_size=15).map(tuple))
def test_the_order_of_the_rows_changes_nothing(values):
    def kept(given):
        columns = Columns()
        for value in given:
            columns.learn({"a": value})
        columns.settle()
        taken = []
        for value in given:
            try:
                columns.arrow_row({"a": value})
            except InvalidArgumentError:
                continue
            taken.append(repr(value))
        return sorted(taken)

    assert kept(values) == kept(tuple(reversed(values)))
