"""Dot paths: what is one, and what stands at it."""

from __future__ import annotations

import pytest

from rtcp.errors import InvalidArgumentError
from rtcp.rows.paths import parse_path, put, value_at

ROW = {"person": {"name": {"first": "Ann"}}, "items": [{"SKU": "a"}, {"SKU": "b"}], "grid": [[1, 2]], "none": None}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("person.name.first", "Ann"),
        ("person.name", {"first": "Ann"}),
        ("items[1].SKU", "b"),
        ("grid[0][1]", 2),
        ("none", None),
        ("none.below", None),
        ("absent", None),
        ("items[2].SKU", None),
        ("items.SKU", None),
        ("person[0]", None),
        ("person.name.first.more", None),
    ],
)
def test_a_path_leads_to_a_value_or_to_nothing(path, expected):
    assert value_at(ROW, path) == expected
    assert value_at(ROW, parse_path(path)) == expected


@pytest.mark.parametrize("path", ["", ".", "a.", "a..b", "a[x]", "[0]", "a[-1]", "a[10000]"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(InvalidArgumentError, match="is no path such as"):
        value_at(ROW, path)


@pytest.mark.parametrize("path", ["a", "a.b.c", "a[0]", "a[1].b", "a[0][2]"])
def test_what_was_put_at_a_path_is_found_there(path):
    row = {}

    put(row, parse_path(path), "x")

    assert value_at(row, path) == "x"
