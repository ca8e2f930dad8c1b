"""No error but rtcp's own leaves a verb that takes rows, whatever is in them; those of the caller pass unchanged."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.row_world import EVENTS

import rtcp

FAR = 6_585_000  # days: the year 19999
HELD = "joined has a value that cannot be held, such as a date before 1 or after 9999"


def far_dates(folder):
    path = folder / "far.parquet"
    table = pyarrow.table(
        {"crm": ["c-1", "c-2", "c-3"], "joined": pyarrow.array([19_000, FAR, 19_001], pyarrow.int32()).cast("date32")}
    )
    pyarrow.parquet.write_table(table, path)
    return path


def spark_times(folder):
    path = folder / "spark.parquet"
    table = pyarrow.table(
        {
            "_id": ["e-1", "e-2"],
            "timestamp": pyarrow.array(
                [datetime(2026, 3, 2, 8, 15), datetime(2026, 3, 2, 9)],  # noqa: DTZ001
                pyarrow.timestamp("ns"),
            ),
            "crm": ["c-1", "c-1"],
        }
    )
    pyarrow.parquet.write_table(table, path, use_deprecated_int96_timestamps=True)
    return path


@pytest.mark.parametrize("mapping", [None, {"crm": "crm", "joined": {"column": "joined", "type": "date"}}])
def test_a_date_that_python_cannot_hold_refuses_its_row_alone(world, tmp_path, mapping):
    path = far_dates(tmp_path)

    streamed = world.stream(path, mapping=mapping)
    upserted = world.upsert(path, mapping=mapping, identity="crm")

    for outcome in (streamed, upserted):
        (reject,) = outcome.rejects()
        assert (reject.file, reject.line, reject.position, reject.message) == ("far.parquet", 2, 1, HELD)
    assert (streamed.summary.sent, upserted.written) == (2, 2)
    assert world.found(["c-3"])["c-3"]["joined"] == "2022-01-09"


def test_the_same_at_a_prompt_and_where_the_file_goes_as_it_is(world, tmp_path):
    path = far_dates(tmp_path)

    streamed = world.command_stream(str(path))
    checked = world.command_upsert(str(path), "--identity", "crm")
    as_it_is = world.upsert(path)

    for result in (streamed, checked):
        assert result.exit_code == 6
        assert f"far.parquet, line 2: {HELD}" in result.stderr
        assert "Traceback" not in result.stderr
    assert (as_it_is.rows, as_it_is.written, as_it_is.failed) == (3, 2, 1)


@pytest.mark.parametrize("mapping", [None, {"_id": "_id", "crm": "crm",
                                            "timestamp": {"column": "timestamp", "type": "date-time"}}])  # fmt: skip
def test_the_times_of_spark_are_utc(world, tmp_path, mapping):
    path = spark_times(tmp_path)

    assert world.stream(path, EVENTS, mapping=mapping).summary.sent == 2
    assert [row["timestamp"] for row in world.sent()] == ["2026-03-02T08:15:00Z", "2026-03-02T09:00:00Z"]


def test_the_times_of_spark_at_a_prompt(world, tmp_path):
    result = world.command_stream(str(spark_times(tmp_path)), dataset_id=EVENTS)

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["sent"] == 2


def holding_itself():
    row = {"crm": "c-1"}
    row["self"] = row
    return row


def deep(depth):
    value = "x"
    for _ in range(depth):
        value = {"a": value}
    return {"crm": "c-1", "deep": value}


ODD = [
    {"crm": "c-1", "n": 10**5000},
    {"crm": "c-1", "n": 10**400, "b": b""},
    {"crm": "c-1", "at": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))},
    {"crm": "c-1", "\ud800": 1},
    {"crm": "c-1", "x": "\ud800"},
    {"crm": "c-1", (1, 2): 1},
    {(1, 2): 1},
    holding_itself(),
    deep(5_000),
    {"crm": object()},
    {"crm": "c-1", "identityMap": {7: "x"}},
    "text",
    b"bytes",
    None,
    7,
    [],
    {},
]


@pytest.mark.parametrize("row", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("format", ["parquet", "json"])
@pytest.mark.parametrize("once", [False, True])
def test_an_odd_row_is_a_reject(world, tmp_path, row, format, once):
    rows = [row, {"crm": "c-2"}]

    for identity in (None, "crm"):
        streamed = world.stream(iter(rows) if once else rows, identity=identity)
        upserted = world.upsert(iter(rows) if once else rows, format=format, identity=identity)
        assert (streamed.summary.sent, streamed.summary.rejected) == (upserted.written, upserted.refused) == (1, 1)
        assert upserted.write_rejects(tmp_path / "rejects.jsonl") == 1
    with pytest.raises(rtcp.InvalidArgumentError):
        rtcp.envelope(row, form=world.form())


def test_columns_that_cannot_both_have_a_value_refuse_their_row(world):
    table = pyarrow.table({"crm": ["c-1", "c-2", "c-3"], "a": ["x", None, "y"], "a.b": ["z", "z", None]})

    streamed, upserted = world.stream(table), world.upsert(table)

    said = "'a' and 'a.b' cannot both be in a row"
    assert [(each.position, each.message) for each in streamed.rejects()] == [(0, said)]
    assert [(each.position, each.message) for each in upserted.rejects()] == [
        (0, said),
        (2, "a is of the type text, and object in most rows"),
    ]
    assert world.found(["c-2"])["c-2"]["a"] == {"b": "z"}


def test_columns_into_arrays_leave_no_gaps_and_the_callers_objects_alone(world):
    tags = {"k": "v"}
    rows = [{"crm": "c-1", "items[1].sku": "S", "items[0].sku": "", "tags": tags}]

    world.stream(rows, is_dotted=True)
    world.upsert(rows, is_dotted=True)

    assert world.sent()[0] == {"crm": "c-1", "items": [{"sku": "S"}], "tags": {"k": "v"}}
    assert world.found(["c-1"])["c-1"]["items"] == [{"sku": "S"}]
    assert tags == {"k": "v"}


@pytest.mark.parametrize("wrap", [list, iter])
def test_keys_are_the_texts_that_json_makes_of_them(world, wrap):
    rows = [{"crm": "c-1", "codes": {5: "a", None: "b", True: "c"}}]

    assert (world.stream(wrap(rows)).summary.sent, world.upsert(wrap(rows)).written) == (1, 1)
    assert world.sent()[0]["codes"] == world.found(["c-1"])["c-1"]["codes"] == {"5": "a", "null": "b", "true": "c"}


def test_what_is_like_an_object_is_one(world):
    row = MappingProxyType({"crm": "c-1", "person": MappingProxyType({"name": "Ann"})})

    assert (world.stream([row]).summary.sent, world.upsert([row]).written) == (1, 1)
    assert world.sent()[0]["person"] == {"name": "Ann"}


@pytest.mark.parametrize(
    "rows",
    [7, None, {"crm": "c"}, b"", "gone.csv", "x.xlsx", "s3://bucket/x.csv", "a\0.csv", object(), 1.5, ""],
)
def test_what_holds_no_rows_is_refused(world, rows):
    for call in (world.stream, world.upsert, rtcp.read_rows):
        with pytest.raises(rtcp.InvalidArgumentError):
            call(rows)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.parquet", b"PAR1 and no more"),
        ("x.parquet", b"a,b\n1,2\n"),
        ("x.parquet", b""),
        ("x.csv.gz", b"no gzip"),
        ("x.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03abc"),
        ("x.csv.zst", b"no zstd"),
        ("x.parquet.gz", b""),
        ("x.csv", b""),
        ("x.csv", b'a,"b\n1,2\n'),
        ("x.csv", b"a,a\n1,2\n"),
        ("x.json", b"[1,"),
        ("x.json", b"[" * 100_000),
        ("x.csv", "a,b\n1,2\n".encode("utf-16-le")),
        ("x.txt", b""),
    ],
    ids=range(14),
)
def test_a_file_that_is_none_is_refused_by_name_before_anything_is_sent(world, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)

    for call in (world.stream, lambda path: world.upsert(path, identity="crm")):
        with pytest.raises(rtcp.RtcpError, match=r"x\.|no row"):
            call(tmp_path / name)
    result = world.command_stream(str(tmp_path / name))
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.stderr
    assert (world.sent(), world.uploads()) == ([], 0)


def test_errors_of_the_callers_own_iterator_pass_unchanged(world):
    class OwnError(Exception):
        pass

    def rows():
        yield {"crm": "c-1"}
        raise OwnError

    for call in (world.stream, world.upsert):
        with pytest.raises(OwnError):
            call(rows())
    world.emulator.clock.advance(3600)
    assert set(world.found(["c-1"])) == {"c-1"}


def test_a_form_may_have_any_mapping_and_is_written_down_with_its_rejects(world, tmp_path):
    mapping = MappingProxyType({"crm": MappingProxyType({"column": "id"})})

    result = world.upsert([{"id": ["list"]}], mapping=mapping)

    assert result.write_rejects(tmp_path / "left.jsonl") == 1
    assert json.loads((tmp_path / "left.jsonl").read_text())["form"]["mapping"] == {"crm": {"column": "id"}}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3)
    | st.decimals() | st.dates() | st.datetimes() | st.datetimes(timezones=st.just(UTC)) | st.complex_numbers()
    | st.just(date.max) | st.characters(categories=["Cs"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3)
    | st.tuples(inner)
    | st.sets(st.integers(), max_size=2),
    max_leaves=5,
)  # fmt: skip


NAMES = st.sampled_from(["a", "a.b", "_id", "timestamp", "identityMap"])
ROWS = st.lists(ANYTHING | st.dictionaries(NAMES, ANYTHING, max_size=3), max_size=5)


@given(rows=ROWS, is_dotted=st.booleans())
def test_anything_at_all_is_a_message_or_a_refusal(rows, is_dotted):
    from rtcp.resources.streaming.trial import try_messages
    from rtcp.rows.rejects import read_letter, to_letter

    form = rtcp.RowForm(dataset_id="d", schema_id="https://ns.adobe.com/a/schemas/b", is_dotted=is_dotted)

    for source in (rows, iter(rows)):
        trial = try_messages(source, form)
        assert trial.fit + trial.rejected == trial.rows == len(rows)
        assert all(read_letter(to_letter(reject)) is not None for reject in trial.rejects)
    kept = rtcp.read_rows(iter(rows))
    assert try_messages(kept, form).fit == trial.fit
