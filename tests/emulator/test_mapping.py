"""Mapping flat rows to XDM: paths, types, templates, and errors that name what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp.emulator.manifest.mapping import MappingError, compile_mapping


def mapped(table, row, *, line=2, columns=None):
    return compile_mapping(table, columns=columns)(row, line=line)


def test_a_column_goes_to_a_path():
    assert mapped({"person.name.firstName": "first", "_id": "id"}, {"first": "Ann", "id": "7"}) == {
        "person": {"name": {"firstName": "Ann"}},
        "_id": "7",
    }


def test_a_path_may_go_into_an_array():
    table = {"items[0].SKU": "sku", "items[0].quantity": {"column": "count", "type": "integer"}, "grid[0][1]": "sku"}

    assert mapped(table, {"sku": "S", "count": "3"}) == {"items": [{"SKU": "S", "quantity": 3}], "grid": [["S"]]}


def test_array_places_that_stay_empty_are_closed():
    assert mapped({"tags[0]": "a", "tags[1]": "b"}, {"a": "", "b": "y"}) == {"tags": ["y"]}


@pytest.mark.parametrize("blank", [None, ""])
def test_a_blank_column_leaves_its_path_out(blank):
    assert mapped({"a.b": {"column": "x", "type": "number"}}, {"x": blank}) == {}


def test_a_missing_key_leaves_its_path_out_when_the_columns_are_not_known():
    assert mapped({"a": "x"}, {}) == {}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", "007", "007"),
        ("string", 7, "7"),
        ("string", True, "true"),
        ("string", False, "false"),
        ("integer", " 42 ", 42),
        ("integer", "-3", -3),
        ("integer", 5, 5),
        ("number", "11.77", 11.77),
        ("number", " 1e3 ", 1000.0),
        ("number", 3, 3),
        ("boolean", "TRUE", True),
        ("boolean", "0", False),
        ("boolean", False, False),
        ("date", "2026-05-01", "2026-05-01"),
        ("date-time", "2026-05-01", "2026-05-01T00:00:00Z"),
        ("date-time", "2026-05-01T10:00:00.5+02:00", "2026-05-01T08:00:00.500000Z"),
    ],
)
def test_values_take_the_type_of_their_rule(kind, value, expected):
    result = mapped({"x": {"column": "c", "type": kind}}, {"c": value})["x"]

    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("kind", "pattern", "value", "expected"),
    [
        ("date", "%d.%m.%Y", "31.12.2025", "2025-12-31"),
        ("date-time", "%Y%m%d", "19980630", "1998-06-30T00:00:00Z"),
        ("date-time", "%Y%m%d", 19980630, "1998-06-30T00:00:00Z"),
        ("date-time", "%d/%m/%Y %H:%M %z", "01/02/2026 12:00 +0100", "2026-02-01T11:00:00Z"),
    ],
)
def test_dates_are_read_in_the_form_that_the_rule_names(kind, pattern, value, expected):
    assert mapped({"x": {"column": "c", "type": kind, "format": pattern}}, {"c": value}) == {"x": expected}


@pytest.mark.parametrize(
    ("rule", "value", "reason"),
    [
        ({"type": "integer"}, "1.0", "is no whole number"),
        ({"type": "integer"}, 1.0, "is no whole number"),
        ({"type": "integer"}, True, "is no whole number"),
        ({"type": "number"}, "abc", "is no number"),
        ({"type": "number"}, "nan", "is no number"),
        ({"type": "number"}, "inf", "is no number"),
        ({"type": "number"}, [1], "is no number"),
        ({"type": "boolean"}, "yes", "is no boolean"),
        ({"type": "date"}, "31.12.2025", "is no date"),
        ({"type": "date", "format": "%Y"}, "x", "in the form '%Y'"),
        ({"type": "date-time"}, "soon", "in the form ISO 8601"),
        ({"type": "string"}, {"a": 1}, "is an object"),
    ],
)
def test_a_value_of_another_type_is_an_error_that_names_the_column(rule, value, reason):
    with pytest.raises(MappingError, match=rf"column 'c' .*{reason}"):
        mapped({"x": {"column": "c", **rule}}, {"c": value})


def test_an_error_does_not_show_the_value():
    with pytest.raises(MappingError) as caught:
        mapped({"x": {"column": "c", "type": "number"}}, {"c": "jane@example.com"})

    assert "jane" not in str(caught.value)


def test_a_constant_is_the_same_in_each_row():
    assert mapped({"a": {"constant": "x"}, "b": {"constant": 1}, "c": {"constant": False}}, {}) == {
        "a": "x",
        "b": 1,
        "c": False,
    }


def test_a_template_joins_columns_and_the_line_number():
    assert mapped({"_id": {"template": "order-{id}-{line}"}}, {"id": 5}, line=9) == {"_id": "order-5-9"}


def test_a_template_with_a_blank_column_leaves_its_path_out():
    assert mapped({"_id": {"template": "{a}-{b}"}}, {"a": "1", "b": ""}) == {}


def test_a_template_may_hold_braces():
    assert mapped({"x": {"template": "{{{a}}}"}}, {"a": 1}) == {"x": "{1}"}


def test_a_column_named_line_wins_over_the_line_number():
    assert mapped({"x": "line"}, {"line": "own"}, line=9) == {"x": "own"}


def test_the_mapper_knows_its_paths():
    assert compile_mapping({"a.b": "x", "c[0]": "y"}).paths == ("a.b", "c[0]")


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"a": "nmae"}, r"names the column 'nmae'; did you mean 'name'\?"),
        ({"a": "zzz"}, "known are: name, age, line"),
        ({"a": {"template": "{nmae}"}}, "did you mean 'name'"),
        ({"a": {"column": "name", "typ": "x"}}, "unknown key 'typ'; did you mean 'type'"),
        ({"person": {"name": {"column": "name"}}}, r"unknown key 'name'.*in quotes: 'person\.name'"),
        ({"a": {"column": "age", "type": "int"}}, "unknown type 'int'; did you mean 'integer'"),
        ({"a": {"column": "age", "type": "number", "format": "%Y"}}, "format is a text"),
        ({"a": {"column": "age", "type": "date", "format": 5}}, "format is a text"),
        ({"a": {}}, "exactly one of"),
        ({"a": {"column": "name", "constant": 1}}, "exactly one of"),
        ({"a": {"constant": 1, "type": "string"}}, "with a column only"),
        ({"a": {"constant": [1]}}, "a constant is"),
        ({"a": {"template": 1}}, "a template is a text"),
        ({"a": {"template": "{"}}, "in the template"),
        ({"a": {"template": "{name!r}"}}, "names columns only"),
        ({"a": {"template": "{name:>9}"}}, "names columns only"),
        ({"a": {"template": "{}"}}, "names columns only"),
        ({"a": {"column": 5}}, "column and type are texts"),
        ({"a": 5}, "name of a column, or a table"),
        ({"a..b": "name"}, "is no path"),
        ({"a[x]": "name"}, "is no path"),
        ({"": "name"}, "is no path"),
        ({"a": "name", "a.b": "age"}, "'a' and 'a.b' exclude each other"),
        ({"a[0]": "name", "a[0].b": "age"}, "exclude each other"),
        ({"a[0]": "name", "a.b": "age"}, "exclude each other"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_with_the_reason(table, reason):
    with pytest.raises(MappingError, match=reason):
        compile_mapping(table, columns=("name", "age"))


@given(st.dictionaries(st.from_regex(r"[a-z]{1,3}(\.[a-z]{1,3}){0,2}", fullmatch=True), st.just("c"), max_size=6))
def test_every_path_of_an_accepted_mapping_is_filled(table):
    try:
        mapper = compile_mapping(table, columns=("c",))
    except MappingError:
        return
    row = mapper({"c": "v"}, line=1)

    for path in table:
        value = row
        for name in path.split("."):
            value = value[name]
        assert value == "v"
