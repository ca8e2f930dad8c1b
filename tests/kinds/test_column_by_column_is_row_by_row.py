"""A table written column by column has the same rows, the same refusals in the same words, and the same values."""

from __future__ import annotations

import csv
import json
from unittest import mock

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rtcp
from rtcp.rows import batch_file
from rtcp.rows.batch_file import RowFile
from rtcp.rows.export_files import without_nulls
from rtcp.rows.sources import read_rows

MAPPING = {
    "_harbour.crmId": "id",
    "person.name.firstName": "name",
    "person.age": {"column": "age", "type": "integer"},
    "loyalty.points": {"column": "points", "type": "number"},
    "loyalty.isMember": {"column": "member", "type": "boolean"},
    "loyalty.since": {"column": "since", "type": "date"},
    "loyalty.seen": {"column": "since", "type": "date-time"},
    "source.key": {"template": "{id}-{line}"},
    "source.kind": {"constant": "till"},
}
CELLS = {
    "id": ["C-1", "", " ", "ü", "1"],
    "name": ["Ada", "", 'O"Hara', "a,b", "two\nlines", "  "],
    "age": ["1", "", "-7", "+3", " 4 ", "1_0", "x", "9223372036854775807", "9223372036854775808", "٣", "1.0"],
    "points": ["1", "", "0.1", "1e3", "nan", "x", "-0.0", "1_0", " 2 ", ".5", "12345678901234567890"],
    "member": ["true", "", "0", "TRUE", "yes", " false "],
    "since": ["2026-03-02", "", "2026-02-30", "2026-03-02T08:15:00Z", "x", "20260302"],
}
ROWS = st.lists(st.tuples(*(st.sampled_from(cells) for cells in CELLS.values())), min_size=1, max_size=12)
FORMS = [
    rtcp.RowForm(mapping=MAPPING),
    rtcp.RowForm(mapping=MAPPING, identity="_harbour.crmId"),
    rtcp.RowForm(mapping={path: MAPPING[path] for path in list(MAPPING)[:4]}, identity="_harbour.crmId"),
]


def read(path, format):
    if format == "json":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [without_nulls(row) for row in pq.read_table(path).to_pylist()]


def written(source, format, form, path):
    file = RowFile(source, format, form)
    count = file.write(path)
    return count, file.refused, read(path, format) if count else []


@pytest.mark.parametrize("format", ["json", "parquet"])
@pytest.mark.parametrize("form", FORMS, ids=["plain", "identity", "few"])
@settings(deadline=None, max_examples=60)
@given(rows=ROWS, damage=st.sampled_from(["", "one,value\n", '"open,x\n', 'a"b",c"\n']))
def test_both_ways_agree(tmp_path_factory, form, format, rows, damage):
    folder = tmp_path_factory.mktemp("ways")
    path = folder / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(CELLS)
        writer.writerows(rows[: len(rows) // 2])
        file.write(damage)
        writer.writerows(rows[len(rows) // 2 :])
    source = read_rows(path)

    by_columns = written(source, format, form, folder / "columns")
    with mock.patch.object(batch_file, "columnar_table", return_value=None):
        by_rows = written(source, format, form, folder / "rows")

    assert by_columns == by_rows
