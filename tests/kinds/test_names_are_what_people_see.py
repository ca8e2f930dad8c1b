"""A column is called what people see, and what cannot be a field of XDM is a path or is refused, wherever it stands."""

from __future__ import annotations

import pandas
import pyarrow
import pyarrow.parquet
import pytest

import rtcp


@pytest.mark.parametrize("header", ["\u200bcrm,first name", " crm ,first\u00a0name", "c\u00adrm,first  name\u2060"])
def test_marks_without_width_and_kinds_of_space_are_none_of_a_name(world, tmp_path, header):
    (tmp_path / "people.csv").write_text(f"{header}\nc-1,Ann\n", encoding="utf-8")

    assert rtcp.read_rows("people.csv").columns == ("crm", "first name")
    assert world.stream("people.csv", mapping={"crm": "crm", "person.name": "first name"}).summary.sent == 1
    assert world.sent() == [{"crm": "c-1", "person": {"name": "Ann"}}]


def test_columns_of_parquet_with_dots_are_paths_as_in_other_tables(world, tmp_path):
    table = pyarrow.table({"crm": ["c-1"], "person.name.firstName": ["Ann"], "person.age": [float("nan")]})
    pyarrow.parquet.write_table(table, tmp_path / "people.parquet")

    assert (world.stream("people.parquet").summary.sent, world.upsert("people.parquet").written) == (1, 1)
    assert world.sent() == [{"crm": "c-1", "person": {"name": {"firstName": "Ann"}}}]
    assert world.found(["c-1"])["c-1"]["person"] == {"name": {"firstName": "Ann"}}


@pytest.mark.parametrize("form", ["dicts", "people.jsonl", "people.json"])
def test_a_name_with_dots_in_an_object_is_refused_with_what_to_do(world, tmp_path, form):
    rows = [{"crm": "c-1", "person.name": "Ann"}]
    (tmp_path / "people.jsonl").write_text('{"crm": "c-1", "person.name": "Ann"}\n')
    (tmp_path / "people.json").write_text('[{"crm": "c-1", "person.name": "Ann"}]')
    given = rows if form == "dicts" else form

    for outcome in (world.stream(given), world.upsert(given)):
        (reject,) = outcome.rejects()
        assert reject.message.startswith("'person.name' is a name with dots, which XDM does not have")
    assert world.stream(given, is_dotted=True).summary.sent == 1
    assert world.stream(given, mapping={"crm": "crm", "person.name": "person.name"}).summary.sent == 1
    assert world.sent() == [{"crm": "c-1", "person": {"name": "Ann"}}] * 2


def test_a_parquet_file_with_a_column_that_the_mapping_has_wrong_is_told_before(world, tmp_path):
    pyarrow.parquet.write_table(pyarrow.table({"crm": ["c-1"], "city": ["Hull"]}), tmp_path / "people.parquet")

    with pytest.raises(rtcp.InvalidArgumentError, match="did you mean 'city'"):
        world.stream("people.parquet", mapping={"crm": "crm", "homeAddress.city": "ctiy"})


@pytest.mark.parametrize("form", ["dicts", "people.jsonl"])
def test_elsewhere_a_column_that_no_row_has_is_told_at_the_end(world, tmp_path, caplog, form):
    rows = [{"crm": "c-1", "city": "Hull"}, {"crm": "c-2"}]
    (tmp_path / "people.jsonl").write_text('{"crm": "c-1", "city": "Hull"}\n{"crm": "c-2"}\n')
    given = rows if form == "dicts" else form

    for call in (world.stream, world.upsert):
        caplog.clear()
        call(given, mapping={"crm": "crm", "city": "city"})
        assert "takes from" not in caplog.text
        call(given, mapping={"crm": "crm", "city": "ctiy", "note": {"template": "{crm}-{nte}"}})
        assert "no row has what the mapping takes from: 'ctiy', 'nte'" in caplog.text


def test_a_dry_run_and_rows_one_by_one_tell_it_too(world, tmp_path, caplog):
    (tmp_path / "people.jsonl").write_text('{"crm": "c-1", "city": "Hull"}\n')
    (tmp_path / "map.toml").write_text('crm = "crm"\ncity = "ctiy"\n')

    told = world.command_stream("people.jsonl", "--mapping", "map.toml", "--dry-run")
    assert "no row has what the mapping takes from: 'ctiy'" in told.stderr
    form = world.form(mapping={"crm": "crm", "city": "ctiy"})
    with world.client.streaming.writer(world.inlet, form=form) as writer:
        writer.write({"crm": "c-1", "city": "Hull"})
    assert "no row has what the mapping takes from: 'ctiy'" in caplog.text


def test_the_name_of_an_index_is_a_column_as_where_pandas_writes_a_file(world, tmp_path):
    frame = pandas.DataFrame({"city": ["Hull", "York"]}, index=pandas.Index(["c-1", "c-2"], name="crm"))
    frame.to_csv(tmp_path / "people.csv")

    for rows in (frame, "people.csv"):
        assert world.upsert(rows).written == 2
    assert world.stream(frame).summary.sent == 2
    assert world.sent() == [{"crm": "c-1", "city": "Hull"}, {"crm": "c-2", "city": "York"}]
    assert world.stream(frame.rename_axis(None)).summary.sent == 2
    assert world.sent()[2:] == [{"city": "Hull"}, {"city": "York"}]


def test_columns_of_several_levels_are_refused_with_what_to_do(world):
    frame = pandas.DataFrame([["c-1", "Hull"]], columns=pandas.MultiIndex.from_tuples([("crm", ""), ("home", "city")]))

    for call in (world.stream, world.upsert):
        with pytest.raises(rtcp.InvalidArgumentError, match=r"several levels.*frame\.columns ="):
            call(frame)
    frame.columns = [".".join(filter(None, levels)) for levels in frame.columns]
    assert world.upsert(frame).written == 1


@pytest.mark.parametrize("header", ["447700900123,Hull", "c-1,447700900123", "1,2"])
def test_a_table_whose_columns_are_called_by_numbers_has_no_header(world, tmp_path, header):
    (tmp_path / "people.csv").write_text(f"{header}\nc-2,York\n")
    frame = pandas.DataFrame([["c-1", "Hull"]])

    for call in (world.stream, world.upsert):
        with pytest.raises(rtcp.InvalidArgumentError, match="give the file a header") as caught:
            call("people.csv")
        assert "4477" not in str(caught.value)
        with pytest.raises(rtcp.InvalidArgumentError, match="name all columns"):
            call(frame)
    assert world.stream(frame, mapping={"crm": "0", "city": "1"}).summary.sent == 1
    assert world.sent() == [{"crm": "c-1", "city": "Hull"}]


def test_blank_cells_behind_the_last_column_are_none(world, tmp_path):
    (tmp_path / "people.csv").write_text("crm,city\nc-1,Hull,\nc-2,York, ,\nc-3,Leeds,x\n")
    mapping = {"crm": "crm", "city": "city"}

    for rules in (None, mapping):
        for outcome in (world.stream("people.csv", mapping=rules), world.upsert("people.csv", mapping=rules)):
            assert [(each.line, each.message) for each in outcome.rejects()] == [
                (4, "3 values, where the header names 2 columns")
            ]
    assert set(world.found(["c-1", "c-2", "c-3"])) == {"c-1", "c-2"}


def test_a_value_in_a_column_without_a_name_is_told_as_that(world, tmp_path):
    (tmp_path / "people.csv").write_text("crm,city,\nc-1,Hull,x\nc-2,York,\n")

    for outcome in (world.stream("people.csv"), world.upsert("people.csv")):
        (reject,) = outcome.rejects()
        assert reject.message == "there is a value in a column without a name"


def test_a_folder_and_a_workbook_are_told_as_what_they_are(world, tmp_path):
    (tmp_path / "people").mkdir()
    (tmp_path / "people.xlsx").write_bytes(b"PK\x03\x04\x14\x00")

    with pytest.raises(rtcp.InvalidArgumentError, match="is a folder"):
        world.stream("people")
    with pytest.raises(rtcp.InvalidArgumentError, match="save the sheet as CSV"):
        world.stream("people.xlsx")


@pytest.mark.parametrize("text", ['{"jane@example.com": {"city": "Hull"}}', '{"jane@x": 1, "jane@x": 2}'])
def test_a_name_that_is_somebodys_address_is_not_repeated(world, tmp_path, text):
    (tmp_path / "people.jsonl").write_text(text + "\n")

    for outcome in (world.stream("people.jsonl"), world.upsert("people.jsonl")):
        (reject,) = outcome.rejects()
        assert "jane" not in reject.message
    frame = pandas.DataFrame([["c-1"]], columns=["jane@example.com"])
    with pytest.raises(rtcp.InvalidArgumentError, match="called by a value") as caught:
        world.stream(frame)
    assert "jane" not in str(caught.value)
