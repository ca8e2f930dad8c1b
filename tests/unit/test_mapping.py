"""Mappings from columns to XDM: types, templates, arrays, and errors that name places and no values."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp.errors import InvalidArgumentError
from rtcp.rows.mapping import compile_mapping


def mapped(rule, value, line=1):
    return compile_mapping({"x": rule})({"c": value}, line=line).get("x")


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        ("string", "007", "007"),
        ("string", 7, "7"),
        ("string", True, "true"),
        ("integer", " -12 ", -12),
        ("integer", 12.0, 12),
        ("number", "12.50", 12.5),
        ("number", 3, 3),
        ("boolean", "TRUE", True),
        ("boolean", 0, False),
        ("date", "2026-02-03", "2026-02-03"),
        ("date", date(2026, 2, 3), "2026-02-03"),
        ("date", datetime(2026, 2, 3, 4, tzinfo=UTC), "2026-02-03"),
        ("date-time", "2026-02-03", "2026-02-03T00:00:00Z"),
        ("date-time", "2026-02-03T04:05:06+02:00", "2026-02-03T02:05:06Z"),
        ("date-time", datetime(2026, 2, 3, 4, tzinfo=UTC), "2026-02-03T04:00:00Z"),
    ],
)
def test_values_take_the_type_that_is_named(kind, value, result):
    found = mapped({"column": "c", "type": kind}, value)

    assert (found, type(found)) == (result, type(result))


def test_times_are_read_in_a_named_form():
    assert mapped({"column": "c", "type": "date-time", "format": "%Y%m%d"}, "19970101") == "1997-01-01T00:00:00Z"
    assert mapped({"column": "c", "type": "date", "format": "%d/%m/%Y"}, "03/02/2026") == "2026-02-03"


@pytest.mark.parametrize("blank", [None, "", math.nan])
@pytest.mark.parametrize("rule", ["c", {"column": "c", "type": "integer"}, {"template": "a-{c}"}])
def test_what_is_blank_is_absent(rule, blank):
    assert compile_mapping({"x": rule, "y": {"constant": 1}})({"c": blank}, line=1) == {"y": 1}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", ["Jane"]),
        ("integer", "1.5 Jane"),
        ("integer", True),
        ("number", "Jane"),
        ("number", "inf"),
        ("number", False),
        ("boolean", "Jane"),
        ("date", "Jane"),
        ("date-time", "Jane"),
    ],
)
def test_a_value_of_another_type_is_an_error_that_names_column_and_path_only(kind, value):
    with pytest.raises(InvalidArgumentError, match="column 'c', for x, ") as caught:
        mapped({"column": "c", "type": kind}, value)
    assert "Jane" not in str(caught.value)
    assert caught.value.__context__ is None


def test_templates_know_columns_and_the_line():
    mapper = compile_mapping({"_id": {"template": "order-{number}-{line}"}}, columns=["number"])

    assert mapper({"number": 7}, line=3) == {"_id": "order-7-3"}


def test_arrays_have_no_gaps():
    mapper = compile_mapping({"items[0].SKU": "a", "items[1].SKU": "b", "items[2].SKU": "c"})

    assert mapper({"a": "A", "c": "C"}, line=1) == {"items": [{"SKU": "A"}, {"SKU": "C"}]}


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({}, "empty"),
        ({"a..b": "c"}, "no path"),
        ({"a": 7}, "neither the name"),
        ({"a": {"colum": "c"}}, "did you mean 'column'"),
        ({"a": {"column": "c", "constant": 1}}, "needs one of"),
        ({"a": {"column": "c", "type": "int"}}, "did you mean 'integer'"),
        ({"a": {"column": "c", "format": "%Y"}}, "format is"),
        ({"a": {"constant": 1, "type": "integer"}}, "go with column"),
        ({"a": {"template": "no column"}}, "a template is"),
        ({"a": {"template": "{c!r}"}}, "a template is"),
        ({"a": {"template": "{c"}}, "a template is"),
        ({"a": "cc"}, "no column 'cc'"),
        ({"a": {"template": "{d}"}}, "no column 'd'"),
        ({"a": "c", "a.b": "c"}, "cannot both"),
        ({"a[0]": "c", "a.b": "c"}, "cannot both"),
    ],
)
def test_a_mapping_that_cannot_be_right_is_refused_before_any_row(mapping, said):
    with pytest.raises(InvalidArgumentError, match=said):
        compile_mapping(mapping, columns=["c"])


@given(st.dictionaries(st.text(min_size=1), st.none() | st.text() | st.integers() | st.floats(allow_nan=False)))
def test_columns_as_texts_are_the_texts_of_their_values(row):
    mapper = compile_mapping({f"p{number}": {"column": column} for number, column in enumerate(row)} or {"p": "c"})

    values = [value for value in row.values() if value not in (None, "")]
    assert list(mapper(row, line=1).values()) == [str(value) for value in values]
