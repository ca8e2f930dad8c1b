"""Mappings from columns to XDM: types, templates, arrays, and errors that name places and no values."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp.errors import InvalidArgumentError
from rtcp.rows.mapping import compile_mapping
from rtcp.rows.paths import value_at


def mapped(rule, value, line=1):
    return compile_mapping({"x": rule})({"c": value}, line=line).get("x")


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        ("string", "007", "007"),
        ("string", 7, "7"),
        ("string", 70007.0, "70007"),
        ("string", 1.5, "1.5"),
        ("string", Decimal("12.50"), "12.50"),
        ("string", Decimal("1E+3"), "1000"),
        ("integer", Decimal("7.00"), 7),
        ("number", Decimal("0.10"), Decimal("0.10")),
        ("string", True, "true"),
        ("string", False, "false"),
        ("integer", " -12 ", -12),
        ("integer", 12.0, 12),
        ("integer", 5, 5),
        ("number", " 1e3 ", 1000.0),
        ("number", "12.50", 12.5),
        ("number", 3, 3),
        ("boolean", "TRUE", True),
        ("boolean", 0, False),
        ("boolean", False, False),
        ("date", "2026-02-03", "2026-02-03"),
        ("date", date(2026, 2, 3), "2026-02-03"),
        ("date", datetime(2026, 2, 3, 4, tzinfo=UTC), "2026-02-03"),
        ("date-time", "2026-02-03", "2026-02-03T00:00:00Z"),
        ("date-time", "2026-02-03T04:05:06+02:00", "2026-02-03T02:05:06Z"),
        ("date-time", "2026-05-01T10:00:00.5+02:00", "2026-05-01T08:00:00.500000Z"),
        ("date-time", datetime(2026, 2, 3, 4, tzinfo=UTC), "2026-02-03T04:00:00Z"),
    ],
)
def test_values_take_the_type_that_is_named(kind, value, result):
    found = mapped({"column": "c", "type": kind}, value)

    assert (found, type(found)) == (result, type(result))


def test_times_are_read_in_a_named_form():
    assert mapped({"column": "c", "type": "date-time", "format": "%Y%m%d"}, "19970101") == "1997-01-01T00:00:00Z"
    assert mapped({"column": "c", "type": "date-time", "format": "%Y%m%d"}, 19980630) == "1998-06-30T00:00:00Z"
    assert mapped({"column": "c", "type": "date", "format": "%d/%m/%Y"}, "03/02/2026") == "2026-02-03"
    zoned = {"column": "c", "type": "date-time", "format": "%d/%m/%Y %H:%M %z"}
    assert mapped(zoned, "01/02/2026 12:00 +0100") == "2026-02-01T11:00:00Z"


def test_a_time_in_another_form_is_refused_with_the_form():
    with pytest.raises(InvalidArgumentError, match="is no time in the form '%Y'"):
        mapped({"column": "c", "type": "date", "format": "%Y"}, "x")
    with pytest.raises(InvalidArgumentError, match="is no time in the form ISO 8601"):
        mapped({"column": "c", "type": "date-time"}, "soon")


@pytest.mark.parametrize("blank", [None, "", math.nan, Decimal("NaN"), Decimal("sNaN")])
@pytest.mark.parametrize("rule", ["c", {"column": "c", "type": "integer"}, {"template": "a-{c}"}])
def test_what_is_blank_is_absent(rule, blank):
    assert compile_mapping({"x": rule, "y": {"constant": 1}})({"c": blank}, line=1) == {"y": 1}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", ["Jane"]),
        ("integer", "1.5 Jane"),
        ("integer", "1.0"),
        ("integer", 1.5),
        ("integer", True),
        ("number", "Jane"),
        ("number", "inf"),
        ("number", "nan"),
        ("number", [1]),
        ("number", False),
        ("number", Decimal("Infinity")),
        ("integer", Decimal("1E+9999")),
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
        ({"a": {"colum": "c"}}, "unknown setting 'colum'; did you mean 'column'"),
        ({"person": {"name": {"column": "c"}}}, r"unknown setting 'name'.*in quotes: 'person\.name'"),
        ({"a": {}}, "needs one of"),
        ({"a": {"column": "c", "constant": 1}}, "needs one of"),
        ({"a": {"column": "c", "type": "int"}}, "did you mean 'integer'"),
        ({"a": {"column": "c", "format": "%Y"}}, "format is"),
        ({"a": {"column": "c", "type": ["int"]}}, "unknown type"),
        ({"a": {"column": "c", "type": "date", "format": 5}}, "format is"),
        ({"a": {"column": 5}}, "a column's name is a text"),
        ({"a": {"constant": 1, "type": "integer"}}, "go with column"),
        ({"a": {"constant": [1]}}, "a constant is"),
        ({"a": {"template": 1}}, "a template is"),
        ({"a": {"template": "{}"}}, "a template is"),
        ({"a": {"template": "{c:>9}"}}, "a template is"),
        ({"a": {"template": "no column"}}, "a template is"),
        ({"a": {"template": "{c!r}"}}, "a template is"),
        ({"a": {"template": "{c"}}, "a template is"),
        ({"a": "cc"}, r"no column 'cc'; did you mean 'c'\?"),
        ({"a": "zzz"}, "no column 'zzz'; known are: c, line"),
        ({"a[x]": "c"}, "no path"),
        ({"": "c"}, "no path"),
        ({"a[0]": "c", "a[0].b": "c"}, "cannot both"),
        ({"a": {"template": "{d}"}}, "no column 'd'"),
        ({"a": "c", "a.b": "c"}, "cannot both"),
        ({"a[0]": "c", "a.b": "c"}, "cannot both"),
    ],
)
def test_a_mapping_that_cannot_be_right_is_refused_before_any_row(mapping, said):
    with pytest.raises(InvalidArgumentError, match=said):
        compile_mapping(mapping, columns=["c"])


def test_a_path_may_lead_into_arrays():
    mapper = compile_mapping({"items[0].SKU": "sku", "grid[0][1]": "sku", "person.name.first": "name"})

    assert mapper({"sku": "S", "name": "Ann"}, line=1) == {
        "items": [{"SKU": "S"}],
        "grid": [["S"]],
        "person": {"name": {"first": "Ann"}},
    }
    assert mapper.paths == ("items[0].SKU", "grid[0][1]", "person.name.first")


def test_a_column_that_a_row_lacks_is_absent_when_the_columns_are_not_known():
    assert compile_mapping({"a": "x"})({}, line=1) == {}


def test_a_constant_is_the_same_in_each_row():
    mapper = compile_mapping({"a": {"constant": "x"}, "b": {"constant": 1}, "c": {"constant": False}})

    assert mapper({}, line=1) == {"a": "x", "b": 1, "c": False}


def test_a_template_may_hold_braces_and_lacks_no_column():
    assert mapped({"template": "{{{c}}}"}, 1) == "{1}"
    assert compile_mapping({"x": {"template": "{a}-{b}"}})({"a": "1", "b": ""}, line=1) == {}


def test_a_column_named_line_wins_over_the_number_of_the_line():
    assert compile_mapping({"x": "line"})({"line": "own"}, line=9) == {"x": "own"}


@given(st.dictionaries(st.from_regex(r"[a-z]{1,3}(\.[a-z]{1,3}){0,2}", fullmatch=True), st.just("c"), max_size=6))
def test_every_path_of_an_accepted_mapping_is_filled(table):
    try:
        mapper = compile_mapping(table, columns=("c",))
    except InvalidArgumentError:
        return
    row = mapper({"c": "v"}, line=1)

    assert all(value_at(row, path) == "v" for path in table)


@given(st.dictionaries(st.text(min_size=1), st.none() | st.text() | st.integers() | st.floats(allow_nan=False)))
def test_columns_as_texts_are_the_texts_of_their_values(row):
    mapper = compile_mapping({f"p{number}": {"column": column} for number, column in enumerate(row)} or {"p": "c"})

    values = [value for value in row.values() if value not in (None, "")]
    assert list(mapper(row, line=1).values()) == [
        str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else str(value)
        for value in values
    ]
