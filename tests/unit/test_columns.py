"""The type of a column is that of most rows."""

from __future__ import annotations

import pytest

import rtcp
from rtcp.rows.columns import Columns


def test_a_number_among_texts_is_the_odd_one_though_it_comes_first():
    columns = Columns()
    for value in (1, "x", "y"):
        columns.learn({"code": value})
    columns.settle()

    assert columns.arrow_row({"code": "x"}) == {"code": "x"}
    with pytest.raises(rtcp.InvalidArgumentError, match="code is of the type integer, and text in most rows"):
        columns.arrow_row({"code": 1})
