"""Records of a delimited file behind one that is broken."""

from __future__ import annotations

from rtcp.rows.delimited import records_of


def test_the_lines_that_an_open_quote_has_swallowed_come_in_their_order(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('"x,1\n2,3\n4,5\n')

    first, *others = records_of(path, "utf-8", ",")

    assert (first.line, first.problem) == (1, "a quote is opened and not closed")
    assert [(record.line, record.values) for record in others] == [(2, ["2", "3"]), (3, ["4", "5"])]
