"""Columns found out from rows, and rows written to Parquet and read back."""

from __future__ import annotations

import builtins
import json

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp.emulator.nouns.export_jobs.parquet_columns import Shape
from rtcp.emulator.nouns.export_jobs.part_files import MissingPyarrowError, write_parts


def shape_of(*rows):
    shape = Shape()
    for row in rows:
        shape.observe(row)
    return shape


def column(*values):
    """Type and values of a column "a" as they are written."""
    rows = [{"a": value} for value in values]
    shape = shape_of(*rows)
    return shape.arrow_fields()[0].type, [shape.fit(row)["a"] for row in rows]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, None], pa.bool_()),
        ([1, 2], pa.int64()),
        ([1, 2.5], pa.float64()),
        (["x"], pa.string()),
        ([None], pa.string()),
        ([[1], []], pa.list_(pa.int64())),
        ([[]], pa.list_(pa.string())),
        ([{"b": 1}, {"c": "x"}], pa.struct([("b", pa.int64()), ("c", pa.string())])),
    ],
)
def test_a_column_has_the_type_of_its_values(values, kind):
    assert column(*values) == (kind, values)


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([1, "x"], ["1", '"x"']),
        ([{"b": 1}, [2]], ['{"b": 1}', "[2]"]),
        ([True, 1], ["true", "1"]),
        ([{}, {}], ["{}", "{}"]),
        ([2**63], [str(2**63)]),
    ],
)
def test_values_without_a_common_type_become_json(values, written):
    assert column(*values) == (pa.string(), written)


@pytest.mark.parametrize("name", ["identityMap", "segmentMembership"])
def test_what_xdm_calls_a_map_becomes_one(name):
    inner = {"Email": [{"id": "1"}]} if name == "identityMap" else {"ups": {"gold": {"status": "realized"}}}
    shape = shape_of({name: inner}, {name: {}})

    assert pa.types.is_map(shape.arrow_fields()[0].type)
    assert shape.fit({name: {}})[name] == []


def test_a_map_that_is_none_anywhere_is_a_column_all_the_same():
    shape = shape_of({"identityMap": {}})

    assert shape.fit({"identityMap": {}}) == {"identityMap": []}
    assert pa.types.is_map(shape.arrow_fields()[0].type)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2**53 + 1], pa.int64()),
        ([2**53 + 1, 1], pa.int64()),
        ([1, 0.5], pa.float64()),
        ([2**53, 0.5], pa.float64()),
        ([0.5, 2**53 + 1], pa.string()),
        ([-(2**53) - 1, 0.5], pa.string()),
    ],
)
def test_an_integer_that_a_double_cannot_hold_makes_texts_of_a_column_with_fractions(values, kind):
    found, fitted = column(*values)

    assert found == kind
    assert [json.loads(str(value)) for value in pa.array(fitted, found).to_pylist()] == values


leaves = st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text())
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "identityMap"]), values, max_size=3), max_size=4))
def test_any_rows_can_be_written(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("parts")

    parts = write_parts([{"id": 1, **row} for row in rows], folder, rows_per_file=3, file_format="parquet")

    assert sum(part.records for part in parts) == len(rows)
    assert sum(pyarrow.parquet.read_table(folder / part.name).num_rows for part in parts) == len(rows)


def test_all_files_of_an_export_have_the_same_columns(tmp_path):
    parts = write_parts([{"a": 1}, {"b": "x"}, {"a": 2.5}], tmp_path, rows_per_file=1, file_format="parquet")

    schemas = [pyarrow.parquet.read_schema(tmp_path / part.name) for part in parts]
    assert schemas == [pa.schema([("a", pa.float64()), ("b", pa.string())])] * 3


def test_without_pyarrow_the_package_is_named(tmp_path, monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest, **more):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingPyarrowError, match="pip install"):
        write_parts([{"a": 1}], tmp_path, rows_per_file=1, file_format="parquet")
