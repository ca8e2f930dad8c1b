"""A line that cannot be read is one reject with its number; the others go, and every row is in one of the counts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.helpers.row_world import compressed

import rtcp
from rtcp.rows.sources import read_rows

BROKEN = "no JSON object"
RAGGED = "3 values, where the header names 2 columns"
OPEN = "a quote is opened and not closed"


def json_lines(bad):
    lines = [json.dumps({"crm": f"c-{n}", "city": "Whitby"}) for n in range(6)]
    lines[3] = bad
    return "\n".join(lines) + "\n"


def csv_lines(bad, end="\n"):
    return end.join(["crm,city", *(f"c-{n},Whitby" if n != 3 else bad for n in range(6))]) + end


FILES = [
    ("people.jsonl", json_lines('{"crm": "c-3", "ci'), 4, BROKEN),
    ("people.jsonl", json_lines("[1]"), 4, "no JSON object but an array"),
    ("people.jsonl", json_lines("null"), 4, BROKEN),
    ("people.jsonl", json_lines('{"n": ' + "9" * 5000 + "}"), 4, BROKEN),
    ("people.jsonl", json_lines('{"a":' * 100_000), 4, BROKEN),
    ("people.json", json_lines("oops"), 4, BROKEN),
    ("people.csv", csv_lines("c-3,Whitby,x"), 5, RAGGED),
    ("people.csv", csv_lines("c-3,Whitby,x", "\r\n"), 5, RAGGED),
    ("people.csv", csv_lines('c-3,"Whitby'), 5, OPEN),
    ("people.csv", csv_lines('c-3,"Whit"by'), 5, "no CSV (',' expected after '\"')"),
    ("people.txt", "crm city\n" + "\n".join(f"c-{n} W" if n != 3 else "c-3 W x" for n in range(6)), 5, RAGGED),
    ("people.jsonl", json_lines('{"crm": "c-3", "city": "\udce9"}'), 4,
     "is not in UTF-8; name the encoding of the file, such as cp1252"),
    ("people.csv", csv_lines("c-3,\udce9"), 5, "is not in UTF-8; name the encoding of the file, such as cp1252"),
]  # fmt: skip
IDS = [f"{name}-{number}" for number, (name, *_) in enumerate(FILES)]


def written(folder, name, text):
    path = folder / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


@pytest.mark.parametrize(("name", "text", "line", "said"), FILES, ids=IDS)
def test_streams_and_upserts_refuse_it_alone(world, tmp_path, name, text, line, said):
    path = written(tmp_path, name, text)

    streamed, upserted = world.stream(path), world.upsert(path)

    for outcome in (streamed, upserted):
        (reject,) = outcome.rejects()
        assert (reject.file, reject.line, reject.position, reject.message) == (name, line, 3, said)
    assert (streamed.summary.rows, streamed.summary.sent, streamed.summary.rejected) == (6, 5, 1)
    assert (upserted.rows, upserted.written, upserted.refused) == (6, 5, 1)
    assert set(world.found([f"c-{n}" for n in range(6)])) == {"c-0", "c-1", "c-2", "c-4", "c-5"}


@pytest.mark.parametrize(("name", "text", "line", "said"), FILES[::2], ids=IDS[::2])
def test_at_a_prompt_the_others_go_and_the_counts_add_up(world, tmp_path, name, text, line, said):
    path = written(tmp_path, name, text)

    streamed = world.command_stream(str(path), "--rejects", "left.jsonl")
    upserted = world.command_upsert(str(path))

    assert (streamed.exit_code, upserted.exit_code) == (6, 6), streamed.stderr
    summary = json.loads(streamed.stdout)
    parts = [summary[part] for part in ("rows", "sent", "rejected", "unknown", "waiting", "notRead")]
    assert parts == [6, 5, 1, 0, 0, 0]
    for result in (streamed, upserted):
        assert f"{name}, line {line}: {said}" in result.stderr
    (letter,) = map(json.loads, (tmp_path / "left.jsonl").read_text().splitlines())
    assert (letter["file"], letter["line"], letter["reason"], letter["can_retry"]) == (name, line, said, False)


def test_a_compressed_file_is_read_the_same_way(world, tmp_path):
    plain = written(tmp_path, "people.jsonl", json_lines("{"))

    for kind in (".gz", ".zst"):
        writer = world.stream(compressed(plain, kind))
        assert (writer.summary.sent, writer.summary.rejected) == (5, 1)


def test_a_file_that_breaks_off_in_the_midst_says_so_behind_the_rows_before(world, tmp_path):
    lines = "".join(json.dumps({"crm": f"c-{n}", "x": f"{n:x}" * 40}) + "\n" for n in range(20_000))
    whole = compressed(written(tmp_path, "people.jsonl", lines), ".gz")
    whole.write_bytes(whole.read_bytes()[:-20_000])
    writer = world.client.streaming.writer(world.inlet, form=world.form(), messages_per_second=None)

    with pytest.raises(rtcp.InvalidArgumentError, match=r"'people.jsonl.gz' is damaged"), writer:
        writer.write_many(whole)

    assert writer.summary.sent == writer.summary.rows > 1000
    result = world.command_stream(str(whole), "--messages-per-second", "1000000")
    assert result.exit_code == 6
    assert json.loads(result.stdout)["sent"] == writer.summary.sent
    assert "is damaged" in result.stderr


LINE = st.sampled_from(["ok", "broken", "ragged", "blank", "bytes", "quote", "nul", "middle"])
CSV_LINES = {
    "ok": b"c,d",
    "broken": b"c",
    "ragged": b"c,d,e",
    "blank": b"",
    "bytes": b"c,\xff",
    "quote": b'c,"d',
    "nul": b"c,\x00d",
    "middle": b'c,d"e',
}
JSON_LINES = {
    "ok": b'{"crm": "c"}',
    "broken": b'{"crm": ',
    "ragged": b"[1, 2]",
    "blank": b"  ",
    "bytes": b'{"crm": "\xff"}',
    "quote": b'{"crm": "c',
    "nul": b'{"crm": "\x00"}',
    "middle": b'{"crm": "c"} x',
}


@settings(max_examples=150)
@given(st.lists(LINE, max_size=25), st.sampled_from([b"\n", b"\r\n"]), st.sampled_from([".csv", ".jsonl"]))
def test_each_line_is_read_or_told_with_its_own_number(tmp_path_factory, kinds, end, suffix):
    path = tmp_path_factory.mktemp("lines") / f"x{suffix}"
    known = CSV_LINES if suffix == ".csv" else JSON_LINES
    head = [b"a,b"] if suffix == ".csv" else []
    path.write_bytes(end.join([*head, *(known[kind] for kind in kinds)]) + end)

    rows = list(read_rows(path).read())

    expected = [(number, kind) for number, kind in enumerate(kinds, start=1 + len(head)) if kind != "blank"]
    assert [row.position for row in rows] == list(range(len(rows)))
    good = {"ok", "middle", "nul"} if suffix == ".csv" else {"ok"}
    if suffix == ".csv" and "quote" in kinds:
        # What is behind an open quote may be the rest of the value up to the next quote, by the rules of CSV.
        first = next(number for number, kind in expected if kind == "quote")
        expected = [(number, kind) for number, kind in expected if number < first]
        rows = [row for row in rows if row.line < first]
    assert [(row.line, row.problem is None) for row in rows] == [(number, kind in good) for number, kind in expected]
