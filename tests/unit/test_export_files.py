"""Rows of Parquet files are what the file says without its nulls, with and without maps in it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from rtcp.rows.export_files import read_file_rows, without_nulls

ITEM = pa.struct([("id", pa.string()), ("tags", pa.list_(pa.string()))])
SCHEMA = pa.schema([("name", pa.struct([("first", pa.string()), ("last", pa.string())])), ("items", pa.list_(ITEM))])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.none() | st.fixed_dictionaries({"first": st.none() | st.text(max_size=2), "last": st.none()}),
            "items": st.none()
            | st.lists(
                st.none()
                | st.fixed_dictionaries(
                    {"id": st.none() | st.just("a"), "tags": st.none() | st.lists(st.none() | st.just("t"), max_size=2)}
                ),
                max_size=3,
            ),
        }
    ),
    min_size=1,
    max_size=5,
)


def written(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> Path:
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return path


@given(rows=ROWS)
def test_nulls_and_what_is_empty_without_them_are_no_fields(tmp_path_factory: Any, rows: list[dict[str, Any]]) -> None:
    path = written(tmp_path_factory.mktemp("rows") / "part.parquet", rows, SCHEMA)

    assert list(read_file_rows(path)) == [without_nulls(copy.deepcopy(row)) or {} for row in rows]


def test_maps_are_objects_wherever_they_stand(tmp_path: Path) -> None:
    kind = pa.list_(pa.struct([("seen", pa.map_(pa.string(), pa.int64()))]))
    row = {"items": [{"seen": [("a", 1), ("b", None)]}, {"seen": None}]}
    path = written(tmp_path / "part.parquet", [row], pa.schema([("items", kind)]))

    assert list(read_file_rows(path)) == [{"items": [{"seen": {"a": 1}}, None]}]
