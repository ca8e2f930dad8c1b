"""A .json file may hold one object, or several over many lines; what is no line of JSON says what it is instead."""

from __future__ import annotations

import json

import pytest

import rtcp

ROWS = [{"crm": "c-1", "city": "Hull"}, {"crm": "c-2", "city": "York"}]
SPREAD = {
    "one object": json.dumps(ROWS[0], indent=2),
    "several": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "in one line": "".join(map(json.dumps, ROWS)),
    "with a mark": "\ufeff" + "\n\n".join(json.dumps(row, indent=2) for row in ROWS),
}


@pytest.mark.parametrize("kind", SPREAD)
def test_objects_over_several_lines_are_rows(world, tmp_path, kind):
    (tmp_path / "people.json").write_text(SPREAD[kind], encoding="utf-8")
    expected = ROWS[:1] if kind == "one object" else ROWS

    assert world.stream("people.json").summary.sent == len(expected)
    assert world.upsert("people.json").written == len(expected)
    assert world.sent() == expected


def test_each_has_the_line_where_it_begins(world, tmp_path):
    (tmp_path / "people.json").write_text(json.dumps(ROWS[0], indent=2) + '\n7\n{"crm": ""}\n')

    assert [(each.line, each.message) for each in world.stream("people.json", identity="crm").rejects()] == [
        (5, "the row is no object but int"),
        (6, "no identity: neither crm nor identityMap has a value"),
    ]


@pytest.mark.parametrize("name", ["data", "records", "results"])
@pytest.mark.parametrize("indent", [None, 2])
def test_rows_inside_of_an_object_are_not_taken_for_one_row(world, tmp_path, name, indent):
    (tmp_path / "people.json").write_text(json.dumps({"count": 2, name: ROWS}, indent=indent))

    for call in (world.stream, world.upsert):
        with pytest.raises(rtcp.InvalidArgumentError, match=f"'{name}' seems to hold the rows"):
            call("people.json")
    assert (world.sent(), world.uploads()) == ([], 0)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"crm": "c-1"},', "no JSON object: the line ends in a comma, as in an array"),
        ('[{"crm": "c-1"}', "no JSON object, but an array begins: let the name of the file end in .json"),
        ('{"crm": "c-1"} {"crm": "c-9"}', "no JSON object but several values in a line"),
        ('[{"crm": "c-1"}]', "no JSON object but an array"),
        ('"c-1"', "no JSON object"),
        ("{'crm': 'c-1'}", "no JSON object"),
    ],
)
def test_a_line_that_is_no_object_says_what_it_is_and_repeats_nothing(world, tmp_path, line, said):
    (tmp_path / "people.jsonl").write_text(f'{line}\n{{"crm": "c-2"}}\n')

    for outcome in (world.stream("people.jsonl"), world.upsert("people.jsonl")):
        assert [(each.line, each.message) for each in outcome.rejects()] == [(1, said)]


def test_lines_stay_lines_when_the_first_of_them_is_broken(world, tmp_path):
    (tmp_path / "people.json").write_text('{"crm": "c-1", "ci\n{"crm": "c-2"}\n{"crm": "c-3"}\n')

    assert [each.line for each in world.stream("people.json").rejects()] == [1]
    assert world.stream("people.json").summary.sent == 2


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"], ids=["nothing", "blanks", "a mark alone"])
@pytest.mark.parametrize("name", ["people.json", "people.jsonl"])
def test_an_empty_file_has_no_row(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)

    assert list(rtcp.read_rows(path).read()) == []
