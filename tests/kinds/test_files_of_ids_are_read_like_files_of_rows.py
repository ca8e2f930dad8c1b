"""Ids come out of the same files as rows: delimiters, encodings, compression, tables; a bad line ends nothing."""

from __future__ import annotations

import gzip
import json

import pandas
import pytest
from click.testing import CliRunner
from tests.helpers.harbour import load_harbour

from rtcp.cli.app import app

TABLE = "number;email\n1;jane@example.com\n2;nobody@example.com\n"


@pytest.fixture
def look_up(emulator, tmp_path, monkeypatch):
    """Runs `rtcp entities get-many` with these words; ids and outcomes printed, the exit code, and what was said."""
    load_harbour(emulator)
    monkeypatch.setenv("RTCP_EMULATOR", emulator.url)
    monkeypatch.chdir(tmp_path)

    def run(*words, given=None):
        result = CliRunner().invoke(
            app, ["entities", "get-many", *words, "--namespace", "Email", "-o", "jsonl"], input=given, prog_name="rtcp"
        )
        found = [json.loads(line) for line in result.stdout.splitlines()]
        return [(each["id"], each["outcome"]) for each in found], result.exit_code, result.stderr

    return run


BOTH = [("jane@example.com", "found"), ("nobody@example.com", "unknown")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("crm.csv", TABLE.encode()),
        ("crm.csv", TABLE.replace(";", "\t").encode("utf-16")),
        ("crm.csv", f"sep=;\n{TABLE}".encode()),
        ("crm.csv.gz", gzip.compress(TABLE.encode())),
        ("crm.txt", TABLE.replace(";", ",").encode()),
        ("crm", TABLE.replace(";", "|").encode()),
        ("crm.jsonl", b'{"email": "jane@example.com"}\n{"email": "nobody@example.com"}\n'),
    ],
    ids=["semicolons", "tabs in UTF-16", "for Excel", "compressed", "called a list", "called nothing", "JSON lines"],
)
def test_a_column_of_any_table(look_up, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)

    assert look_up(name, "--column", "email")[:2] == (BOTH, 0)


def test_a_column_of_parquet_and_a_path_of_objects(look_up, tmp_path):
    pandas.DataFrame({"email": ["jane@example.com", None, "nobody@example.com"]}).to_parquet(tmp_path / "crm.parquet")
    (tmp_path / "crm.json").write_text('[{"personalEmail": {"address": "jane@example.com"}}, {"personalEmail": null}]')

    assert look_up("crm.parquet", "--column", "email")[0] == BOTH
    assert look_up("crm.json", "--column", "personalEmail.address")[0] == BOTH[:1]


def test_encoding_and_delimiter_can_be_named(look_up, tmp_path):
    (tmp_path / "crm.csv").write_bytes("name^email\nJörg^jane@example.com\n".encode("cp1252"))

    found, code, _ = look_up("crm.csv", "--column", "email", "--encoding", "cp1252", "--delimiter", "^")

    assert (found, code) == (BOTH[:1], 0)


@pytest.mark.parametrize("content", [TABLE, TABLE.replace(";", ",")])
def test_a_table_of_which_no_column_is_named_is_refused_with_the_columns(look_up, tmp_path, content):
    (tmp_path / "crm.csv").write_text(content)

    found, code, said = look_up("crm.csv")

    assert (found, code) == ([], 2)
    assert "known are: number, email" in said


def test_a_table_without_a_header_is_refused_without_repeating_who_is_in_it(look_up, tmp_path):
    (tmp_path / "crm.csv").write_text("1,jane@example.com\n2,nobody@example.com\n")

    _, code, said = look_up("crm.csv", "--column", "email")

    assert code == 2
    assert "give the file a header" in said
    assert "jane" not in said


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("ids.txt", b"jane@example.com\nm\xfcller@example.com\nnobody@example.com\n", ()),
        (
            "crm.csv",
            b"n,email\n1,jane@example.com\n2,m\xfcller@example.com\n3,nobody@example.com\n",
            ("--column", "email"),
        ),
        ("crm.csv", b"n,email\n1,jane@example.com\n2\n3,nobody@example.com\n", ("--column", "email")),
    ],
    ids=["a list", "a column", "a ragged line"],
)
def test_a_line_that_cannot_be_read_fails_by_itself(look_up, tmp_path, name, content, options):
    (tmp_path / name).write_bytes(content)

    found, code, said = look_up(name, *options)

    assert [outcome for _, outcome in found] == ["found", "failed", "unknown"]
    assert code == 6
    assert f"{name}, line {2 if name == 'ids.txt' else 3}: " in said
    assert "ller@" not in said


def test_of_many_such_lines_the_first_are_told(look_up, tmp_path):
    (tmp_path / "ids.txt").write_bytes(b"m\xfcller@example.com\n" * 50)

    _, code, said = look_up("ids.txt")

    assert code == 1
    assert said.count("such as cp1252") == 10
    assert "and more lines" in said


@pytest.mark.parametrize("words", [(), ("--column", "email")])
def test_a_workbook_is_refused_as_one(look_up, tmp_path, words):
    (tmp_path / "crm.csv").write_bytes(b"PK\x03\x04\x14\x00")

    assert look_up("crm.csv", *words)[1] == 2


def test_a_plan_counts_the_same_ids(look_up, tmp_path):
    (tmp_path / "crm.csv").write_text(TABLE)
    words = ["plan", "lookup", "crm.csv", "--column", "email", "--namespace", "Email", "--seconds-per-request", "1"]

    result = CliRunner().invoke(app, [*words, "-o", "json"], prog_name="rtcp")

    assert json.loads(result.stdout)["ids"] == 2


def test_a_table_of_one_column_may_be_in_quotes_and_needs_no_header(look_up, tmp_path):
    (tmp_path / "ids.csv").write_text('"jane@example.com"\n\n"nobody@example.com"\n')
    assert look_up("ids.csv")[:2] == (BOTH, 0)
    (tmp_path / "ids.csv").write_text('"jane@example.com"\n"nobody@exam"ple.com"\n')
    found, code, said = look_up("ids.csv")
    assert ([outcome for _, outcome in found], code) == (["found", "failed"], 6)
    assert "ids.csv, line 2: no CSV" in said


def test_an_array_of_ids_has_no_columns(look_up, tmp_path):
    (tmp_path / "ids.json").write_text('["jane@example.com", " nobody@example.com ", null, "", {"id": "x"}, 12]')

    found, code, said = look_up("ids.json")

    assert found[:2] == BOTH
    assert [outcome for _, outcome in found[2:]] == ["failed", "unknown"]
    assert (code, "ids.json, line 5: is no id" in said) == (6, True)


def test_a_column_that_no_row_has_is_not_a_list_without_ids(look_up, tmp_path):
    (tmp_path / "crm.jsonl").write_text('{"email": "jane@example.com"}\n{"email": null}\n')
    pandas.DataFrame({"email": ["jane@example.com"]}).to_parquet(tmp_path / "crm.parquet")

    found, code, said = look_up("crm.jsonl", "--column", "emial")
    assert (found, code) == ([], 2)
    assert "no row of crm.jsonl has 'emial'" in said
    assert look_up("crm.jsonl", "--column", "email")[0] == BOTH[:1]
    _, code, said = look_up("crm.parquet", "--column", "emial")
    assert (code, "did you mean 'email'?" in said) == (2, True)


def test_rows_that_are_no_objects_fail_by_themselves(look_up, tmp_path):
    (tmp_path / "crm.json").write_text('["jane@example.com", {"email": "jane@example.com"}]')

    found, code, said = look_up("crm.json", "--column", "email")

    assert [outcome for _, outcome in found] == ["failed", "found"]
    assert "the row is no object but str" in said
    assert (code, "jane" in said) == (6, False)
