"""Delimiters, encodings, marks, compression and pipes as people's exports have them: the right values arrive."""

from __future__ import annotations

import codecs
import json
import subprocess
import sys

import pandas
import pytest
from tests.helpers.row_world import compressed, csv_of, rows_as

import rtcp
from rtcp.rows.shaping import RowShaper

PEOPLE = [{"crm": f"c-{n}", "city": "Łódź, Köln", "note": 'she said "hi; a|b\tc"'} for n in range(3)]
LATIN = [{"crm": f"c-{n}", "city": "Köln, Málaga", "note": "a;b|c"} for n in range(3)]


def check(world, rows):
    found = world.found([row["crm"] for row in rows])
    assert {crm: (entity["city"], entity["note"]) for crm, entity in found.items()} == {
        row["crm"]: (row["city"], row["note"]) for row in rows
    }


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_delimiter_is_found_by_the_header(world, tmp_path, delimiter, end):
    (tmp_path / "people.csv").write_bytes(csv_of(PEOPLE, delimiter, end).encode())

    assert world.stream(tmp_path / "people.csv").summary.sent == 3
    check(world, PEOPLE)
    assert world.upsert(tmp_path / "people.csv").written == 3
    check(world, PEOPLE)
    assert world.command_stream("people.csv").exit_code == 0
    assert world.command_upsert("people.csv").exit_code == 0


@pytest.mark.parametrize(("said", "meant"), [("^", "^"), ("tab", "\t"), ("\\t", "\t"), (";", ";")])
def test_or_named(world, tmp_path, said, meant):
    (tmp_path / "people.csv").write_text(csv_of(PEOPLE, meant))

    result = world.command_stream("people.csv", "--delimiter", said)

    assert result.exit_code == 0, result.stderr
    check(world, PEOPLE)
    assert world.stream(rtcp.read_rows("people.csv", delimiter=meant)).summary.sent == 3


def test_a_tsv_is_parted_by_tabs(world, tmp_path):
    (tmp_path / "people.tsv").write_text(csv_of(PEOPLE, "\t"))

    assert world.upsert("people.tsv").written == 3
    check(world, PEOPLE)


ENCODED = [
    ("utf-8", b"", None),
    ("utf-8", codecs.BOM_UTF8, None),
    ("utf-16-le", codecs.BOM_UTF16_LE, None),
    ("utf-16-be", codecs.BOM_UTF16_BE, None),
    ("utf-16-le", b"", "utf-16-le"),
    ("utf-16-be", b"", "utf-16-be"),
    ("utf-32-le", codecs.BOM_UTF32_LE, None),
    ("cp1252", b"", "cp1252"),
    ("latin-1", b"", "latin-1"),
    ("utf-8", codecs.BOM_UTF8, "utf-8"),
]


@pytest.mark.parametrize(("encoding", "mark", "named"), ENCODED, ids=lambda value: str(value)[:10])
@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_texts_in_any_encoding_are_the_same_rows(world, tmp_path, encoding, mark, named, form):
    path = rows_as(form, LATIN, tmp_path)
    path.write_bytes(mark + json_text(path).encode(encoding))
    options = [] if named is None else ["--encoding", named]

    assert world.stream(rtcp.read_rows(path, encoding=named)).summary.sent == 3
    check(world, LATIN)
    assert world.upsert(rtcp.read_rows(path, encoding=named)).written == 3
    result = world.command_upsert(path.name, *options)
    assert result.exit_code == 0, result.stderr
    check(world, LATIN)


def json_text(path):
    """What is in the file, with letters that are not ASCII as they are."""
    text = path.read_text()
    if path.suffix == ".csv":
        return text
    return "\n".join(json.dumps(json.loads(line), ensure_ascii=False) for line in text.splitlines())


def test_utf_16_without_a_mark_is_refused_with_what_to_name(world, tmp_path):
    (tmp_path / "people.csv").write_bytes(csv_of(LATIN).encode("utf-16-le"))

    with pytest.raises(rtcp.InvalidArgumentError, match="name its encoding, such as utf-16-le"):
        world.stream("people.csv")
    assert world.command_stream("people.csv").exit_code == 2


def test_cp1252_that_nobody_names_is_told_by_line(world, tmp_path):
    (tmp_path / "people.csv").write_bytes(csv_of([*LATIN, {"crm": "c-9", "city": "Hull", "note": ""}]).encode("cp1252"))

    writer = world.stream("people.csv")

    assert writer.summary.sent == 1
    assert {reject.line for reject in writer.rejects()} == {2, 3, 4}
    assert "such as cp1252" in next(writer.rejects()).message


@pytest.mark.parametrize("kind", [".gz", ".zst", ".GZ"])
@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_compressed_files_are_read_as_they_are(world, tmp_path, kind, form):
    path = compressed(rows_as(form, PEOPLE, tmp_path), kind.lower())
    path = path.rename(path.with_suffix(kind))

    assert world.stream(path).summary.sent == world.upsert(path).written == 3
    assert world.command_stream(path.name).exit_code == 0
    check(world, PEOPLE)


@pytest.mark.parametrize("form", ["csv", "jsonl", "json", "parquet"])
@pytest.mark.parametrize("verb", ["stream", "upsert"])
def test_a_pipe_is_read_by_its_first_bytes(world, tmp_path, form, verb):
    path = rows_as(form, PEOPLE, tmp_path)
    where = ["stream", "--inlet", world.inlet, "--dataset-id", "people"]
    words = where if verb == "stream" else ["batches", "upsert", "people", "--interval", "0.05"]

    with path.open("rb") as pipe:
        run = subprocess.run(
            [sys.executable, "-P", "-c", "from rtcp.cli import main; main()", *words, "-"],
            stdin=pipe, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert run.returncode == 0, run.stderr
    world.emulator.clock.advance(3600)
    check(world, PEOPLE)


def test_a_mark_does_not_become_part_of_the_first_name(world, tmp_path):
    (tmp_path / "people.csv").write_bytes(codecs.BOM_UTF8 + csv_of(PEOPLE).encode())

    assert rtcp.read_rows(tmp_path / "people.csv").columns == ("crm", "city", "note")
    assert world.upsert("people.csv", mapping={"crm": "crm", "city": "city", "note": "note"}).written == 3
    check(world, PEOPLE)


def test_a_value_of_several_lines_is_one_value_and_the_lines_behind_keep_their_numbers(world, tmp_path):
    (tmp_path / "people.csv").write_text('crm,note\nc-0,"one\ntwo\nthree"\nc-1,x,y\nc-2,z\n')

    writer = world.stream("people.csv")

    assert [reject.line for reject in writer.rejects()] == [5]
    assert world.found(["c-0"])["c-0"]["note"] == "one\ntwo\nthree"


def test_one_column_with_another_mark_in_its_name_is_one_column(tmp_path):
    (tmp_path / "x.csv").write_text("crm\nc-1\nc-2\n")

    assert rtcp.read_rows(tmp_path / "x.csv").columns == ("crm",)


def test_a_frame_and_an_arrow_table_have_the_same_rows(world, tmp_path):
    for form in ("frame", "arrow"):
        assert world.upsert(rows_as(form, PEOPLE, tmp_path)).written == 3
        check(world, PEOPLE)
    frame = pandas.DataFrame(PEOPLE).set_index("crm", drop=False)
    assert world.stream(frame).summary.sent == 3


@pytest.mark.parametrize(
    ("what", "options"),
    [("people.parquet", {"encoding": "utf-8"}), ("people.jsonl", {"delimiter": ";"}), ([{"a": 1}], {"delimiter": ";"})],
    ids=range(3),
)
def test_options_of_other_files_are_refused(tmp_path, what, options, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows_as("parquet", PEOPLE, tmp_path).rename("people.parquet")
    rows_as("jsonl", PEOPLE, tmp_path).rename("people.jsonl")

    with pytest.raises(rtcp.InvalidArgumentError):
        rtcp.read_rows(what, **options)


@pytest.mark.parametrize("wrong", [{"delimiter": ";;"}, {"delimiter": '"'}, {"delimiter": ""}, {"encoding": "klingon"}])
def test_options_that_cannot_be_right_are_refused(tmp_path, wrong):
    path = rows_as("csv", PEOPLE, tmp_path)

    with pytest.raises(rtcp.InvalidArgumentError):
        rtcp.read_rows(path, **wrong)


def address(world, path):
    return f"{world.emulator.url}{path}".replace("ID", world.inlet)


@pytest.mark.parametrize("path", ["/collection/ID", "/collection/batch/ID", "/collection/ID/"])
def test_an_inlet_may_be_given_by_its_whole_address(world, path):
    rows = [{"crm": "c-1"}]
    whole = address(world, path)

    with world.client.streaming.writer(whole, form=world.form()) as writer:
        writer.write_many(rows)
    receipt = world.client.streaming.send(f" {whole} ", rtcp.envelope({"crm": "c-2"}, form=world.form()))
    (world.folder / "rows.jsonl").write_text('{"crm": "c-3"}\n')
    result = world.command("stream", "rows.jsonl", "--inlet", whole, "--dataset-id", "people")

    assert writer.summary.sent == 1
    assert receipt.xaction_id
    assert result.exit_code == 0, result.stderr
    world.emulator.clock.advance(3600)
    assert set(world.found(["c-1", "c-2", "c-3"])) == {"c-1", "c-2", "c-3"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("https://dcs.adobedc.net/collection/ID", "the inlet is at 'dcs.adobedc.net', and this client sends to"),
        ("dcs.adobedc.net/collection/ID", "the inlet is at 'dcs.adobedc.net'"),
        ("URL/collection/", "the address of an inlet is"),
        ("URL/elsewhere/ID", "the address of an inlet is"),
        ("URL/collection/ID?syncValidation=true", "with nothing behind it"),
        ("http://[::1/collection/ID", "neither an id nor an address"),
        ("", "inlet_id is empty"),
        (None, "inlet_id"),
        ("0f0e0d0c-0b0a-0908-0706-050403020100", "is the id of a connection"),
    ],
)
def test_an_address_of_somebody_else_is_refused_before_anything_is_sent(world, wrong, said):
    given = wrong and wrong.replace("URL", world.emulator.url).replace("ID", world.inlet)

    with pytest.raises(rtcp.InvalidArgumentError) as caught:
        world.client.streaming.writer(given, form=world.form())
    assert said in str(caught.value)
    with pytest.raises(rtcp.InvalidArgumentError):
        world.client.streaming.send(given, {})
    assert world.sent() == []


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "\ufeffsep=;"])
def test_the_line_by_which_excel_is_told_the_delimiter_is_no_header(world, tmp_path, first):
    (tmp_path / "people.csv").write_text(f"{first}\r\n{csv_of(PEOPLE, ';')}", encoding="utf-8")

    assert world.stream("people.csv").summary.sent == 3
    check(world, PEOPLE)
    assert world.upsert("people.csv").written == 3


def test_with_such_a_line_a_reject_names_the_line_of_the_file(world, tmp_path):
    (tmp_path / "people.csv").write_text("sep=;\ncrm;city;note\nc-1;Hull;a\nc-2;Hull\n")

    writer = world.stream("people.csv")

    assert [reject.line for reject in writer.rejects()] == [4]
    assert writer.summary.sent == 1


def test_columns_without_names_that_are_blank_are_left_out(world, tmp_path):
    (tmp_path / "people.csv").write_text("crm,city,note,,\nc-1,Hull,a,,\nc-2,York,b,,\n")

    assert world.stream("people.csv").summary.sent == 2
    assert world.upsert("people.csv").written == 2


def test_what_stands_in_a_column_without_a_name_is_not_lost_in_silence(world, tmp_path):
    (tmp_path / "people.csv").write_text("_tenant.crm,city,,\nc-1,Hull,note,\nc-2,Hull,,\n")

    rows = list(rtcp.read_rows("people.csv").read())

    assert [row.given[""] for row in rows] == ["note", ""]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x1f\x8b\x08\x00", "let its name end in .gz"),
        (b"\x28\xb5\x2f\xfd\x00", "let its name end in .zst"),
        (b"PK\x03\x04\x14\x00", "save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1", "save the sheet as CSV"),
        (b"PAR1\x15\x04", "let its name end in .parquet"),
        (b"%PDF-1.7\n", "is a PDF"),
    ],
)
@pytest.mark.parametrize("name", ["people.csv", "people.jsonl", "people.json", "people.txt"])
def test_what_is_no_text_is_refused_as_what_it_is(world, tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(rtcp.InvalidArgumentError, match=told):
        world.stream(name)
    with pytest.raises(rtcp.InvalidArgumentError, match=told):
        world.upsert(name)


def test_a_file_without_a_header_is_told_without_repeating_who_is_in_its_first_line(world, tmp_path):
    (tmp_path / "people.csv").write_text("jane@example.com,447700900123,Hull\n")

    with pytest.raises(rtcp.InvalidArgumentError, match="give the file a header") as caught:
        world.stream("people.csv")
    result = world.command_upsert("people.csv")

    assert result.exit_code == 2
    assert "jane" not in result.stderr

    assert "jane" not in str(caught.value)
    assert "4477" not in str(caught.value)


def test_a_value_that_stands_twice_in_a_first_line_is_not_repeated(tmp_path):
    (tmp_path / "people.csv").write_text("447700900123,447700900123\n")

    with pytest.raises(rtcp.InvalidArgumentError, match="is the header missing") as caught:
        rtcp.read_rows(tmp_path / "people.csv")

    assert "4477" not in str(caught.value)


def test_a_mapping_the_other_way_round_is_told_as_that(tmp_path):
    (tmp_path / "people.csv").write_text("email,city\njane@example.com,Hull\n")
    form = rtcp.RowForm(
        dataset_id="harbour-crm",
        schema_id="https://ns.adobe.com/harbour/crm",
        mapping={"email": "personalEmail.address"},
    )

    with pytest.raises(rtcp.InvalidArgumentError, match="a mapping says path = 'column'"):
        RowShaper(form, rtcp.read_rows(tmp_path / "people.csv"))


def test_parquet_that_only_begins_and_ends_like_it_is_bad_input(world, tmp_path):
    (tmp_path / "people.parquet").write_bytes(b"PAR1 and nothing of the sort PAR1")

    with pytest.raises(rtcp.InvalidArgumentError, match="Parquet that cannot be read"):
        world.stream("people.parquet")
    assert world.command_stream("people.parquet").exit_code == 2
