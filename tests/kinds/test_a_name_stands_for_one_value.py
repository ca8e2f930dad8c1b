"""Of two values under one name none is lost in silence: in tables, in JSON, in mappings."""

from __future__ import annotations

import json

import pandas
import pyarrow
import pyarrow.parquet
import pytest

import rtcp
from rtcp.rows.mapping_file import read_mapping

TWICE = pyarrow.table([pyarrow.array([each]) for each in ("c-1", "a", "b")], names=["crm", "city", "city"])


@pytest.mark.parametrize(
    "table",
    [
        TWICE,
        pandas.DataFrame([["c-1", "a", "b"]], columns=["crm", "city", "city"]),
        pandas.DataFrame([["c-1", "a", "b"]], columns=["crm", 5, "5"]),
    ],
    ids=["arrow", "pandas", "pandas with a number"],
)
def test_a_table_that_names_a_column_twice_is_refused(world, table):
    for call in (world.stream, world.upsert, rtcp.read_rows):
        with pytest.raises(rtcp.InvalidArgumentError, match="twice"):
            call(table)
    assert (world.sent(), world.uploads()) == ([], 0)


def test_a_parquet_file_too_also_where_it_would_go_as_it_is(world, tmp_path):
    pyarrow.parquet.write_table(TWICE, tmp_path / "twice.parquet")

    for call in (world.stream, world.upsert):
        with pytest.raises(rtcp.InvalidArgumentError, match=r"twice\.parquet.* names the column 'city' twice"):
            call("twice.parquet")
    assert world.command_upsert("twice.parquet").exit_code == 2
    assert world.uploads() == 0


FIRST, SECOND, THIRD = (
    '{"crm": "c-1", "city": "a", "city": "b"}',
    '{"crm": "c-2"}',
    '{"crm": "c-3", "a": {"b": 1, "b": 2}}',
)
JSON = {
    "people.jsonl": f"{FIRST}\n{SECOND}\n{THIRD}\n",
    "people.json": f"[{FIRST}, {SECOND},\n {THIRD}]",
    "spread.json": f" {FIRST} {SECOND}\n{THIRD}",
}


@pytest.mark.parametrize("name", JSON)
def test_a_json_row_that_has_a_name_twice_is_refused_alone(world, tmp_path, name):
    (tmp_path / name).write_text(JSON[name])

    for outcome in (world.stream(name), world.upsert(name)):
        assert [(each.position, each.message) for each in outcome.rejects()] == [
            (0, "the name 'city' stands twice"),
            (2, "the name 'b' stands twice"),
        ]
    assert set(world.found(["c-1", "c-2", "c-3"])) == {"c-2"}


def test_a_mapping_that_has_a_path_twice_is_refused(tmp_path):
    (tmp_path / "mapping.json").write_text('{"city": "a", "city": "b"}')

    with pytest.raises(rtcp.InvalidArgumentError, match="'city' stands twice"):
        read_mapping(tmp_path / "mapping.json", dataset_id=None)


def test_an_arrow_map_is_an_object_of_its_keys_and_a_key_that_stands_twice_refuses_its_row(world):
    kind = pyarrow.map_(pyarrow.string(), pyarrow.int64())
    table = pyarrow.table(
        {"crm": ["c-1", "c-2"], "points": pyarrow.array([[("a", 1), ("b", 2)], [("a", 1), ("a", 2)]], kind)}
    )

    for outcome in (world.stream(table), world.upsert(table)):
        assert [(each.position, each.message) for each in outcome.rejects()] == [
            (1, "points is a map that has a key twice")
        ]
        assert world.found(["c-1"])["c-1"]["points"] == {"a": 1, "b": 2}
    assert json.loads(json.dumps(world.sent())) == [{"crm": "c-1", "points": {"a": 1, "b": 2}}]
