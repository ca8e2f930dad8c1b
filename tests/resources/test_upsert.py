"""Upserts: rows in any form go in as one batch, and what does not go in comes back beside the reason."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from tests.helpers.imports import ImportServer

import rtcp
from rtcp.models.batch import BatchError

ROWS = [{"crm": str(number), "address": {"city": f"city {number}"}} for number in range(6)]


@pytest.fixture
def server() -> Iterator[ImportServer]:
    with ImportServer() as server:
        yield server


@pytest.fixture
def client(server, clock) -> Iterator[rtcp.Client]:
    with rtcp.Client(
        token="t", client_id="key", org_id="O@AdobeOrg", base_url=server.url, clock=clock, retries=0
    ) as client:
        yield client


def rows_of(server: ImportServer) -> list[dict[str, Any]]:
    ((name, content),) = server.batch.files.items()
    if name.endswith(".parquet"):
        table = pyarrow.parquet.read_table(io.BytesIO(content))
        return [
            {key: value for key, value in row.items() if value is not None}
            for row in table.to_pylist(maps_as_pydicts="strict")
        ]
    return [json.loads(line) for line in content.splitlines()]


@pytest.mark.parametrize("format", ["parquet", "json"])
def test_rows_go_in_as_one_batch_with_diagnostics(client, server, format):
    result = client.batches.upsert("d1", ROWS, format=format)

    assert rows_of(server) == ROWS
    assert server.batch.body == {
        "datasetId": "d1",
        "inputFormat": {"format": format},
        "enableErrorDiagnostics": True,
        "partialIngestionPercent": 5,
    }
    assert (result.rows, result.written, result.failed, result.refused, result.is_success) == (6, 6, 0, 0, True)
    assert list(result.rejects()) == []
    result.raise_for_failures()


def as_pandas() -> Any:
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(
        {"crm": [row["crm"] for row in ROWS], "address.city": [row["address"]["city"] for row in ROWS]}
    )


def as_arrow() -> Any:
    return pyarrow.table(
        {"crm": [row["crm"] for row in ROWS], "address.city": [row["address"]["city"] for row in ROWS]}
    )


@pytest.mark.parametrize(
    "rows", [lambda: ROWS, lambda: iter(ROWS), lambda: tuple(ROWS), as_pandas, as_arrow], ids=range(5)
)
def test_rows_come_in_whatever_holds_them(client, server, rows):
    client.batches.upsert("d1", rows())

    assert rows_of(server) == ROWS


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json", "parquet"])
def test_files_of_each_kind_are_rows_as_well(client, server, tmp_path, suffix):
    path = tmp_path / f"rows.{suffix}"
    if suffix == "csv":
        path.write_text("crm,address.city\n" + "".join(f"{row['crm']},{row['address']['city']}\n" for row in ROWS))
    elif suffix == "jsonl":
        path.write_text("\n\n".join(json.dumps(row) for row in ROWS))
    elif suffix == "json":
        path.write_text(json.dumps(ROWS))
    else:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)

    client.batches.upsert("d1", path)

    assert rows_of(server) == ROWS


def test_a_parquet_file_goes_as_it_is(client, server, tmp_path):
    path = tmp_path / "people.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)

    result = client.batches.upsert("d1", str(path))

    assert server.batch.files == {"people.parquet": path.read_bytes()}
    assert result.rows == 6


def test_a_mapping_makes_xdm_of_columns(client, server, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("id;x,age\nc1,41\nc2,\n")

    client.batches.upsert(
        "d1",
        path,
        form=rtcp.RowForm(mapping={"crm": "id;x", "person.age": {"column": "age", "type": "integer"}}),
        format="json",
    )

    assert rows_of(server) == [{"crm": "c1", "person": {"age": 41}}, {"crm": "c2"}]


def test_a_row_that_cannot_be_right_stays_out_and_comes_back_as_it_was(client, server):
    rows = [
        ROWS[0],
        {"crm": "7", "score": math.nan},
        {"crm": "8", "seen": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"crm": "9", "photo": b"\xff"},
        {"crm": 10},
        {"address": {"city": "nowhere"}},
        "no row",
        {"crm": "11", "seen": datetime(2026, 1, 1, tzinfo=UTC), "nickname": None},
    ]

    result = client.batches.upsert("d1", rows, form=rtcp.RowForm(identity="crm"))

    assert rows_of(server) == [ROWS[0], {"crm": "11", "seen": "2026-01-01T00:00:00Z"}]
    rejects = list(result.rejects())
    assert [reject.position for reject in rejects] == [1, 2, 3, 4, 5, 6]
    assert all(reject.row is rows[reject.position] for reject in rejects)
    assert {reject.code for reject in rejects} == {"refused"}
    assert [reject.message.split(" ")[0] for reject in rejects] == ["score", "seen", "photo", "crm", "no", "the"]
    assert (result.rows, result.written, result.failed, result.refused) == (8, 2, 0, 6)


@pytest.mark.parametrize("format", ["parquet", "json"])
@pytest.mark.parametrize("wrap", [list, iter], ids=["list", "iterator"])
def test_failed_rows_come_back_beside_what_is_wrong_with_them(client, server, format, wrap):
    rows = [{**row, "score": 1 if number == 2 else 0.5} for number, row in enumerate(ROWS)]
    server.fails = lambda row: ("1555", "score is required") if row["crm"] in ("2", "4") else None

    result = client.batches.upsert("d1", wrap(rows), format=format)

    assert (result.written, result.failed, result.is_success) == (4, 2, False)
    assert [(each.position, each.row, each.code, each.message, each.can_retry) for each in result.rejects()] == [
        (2, rows[2], "1555", "score is required", False),
        (4, rows[4], "1555", "score is required", False),
    ]
    with pytest.raises(rtcp.PartialFailureError, match="4 of 6 rows went in"):
        result.raise_for_failures()


def test_equal_rows_that_fail_are_as_many_rejects(client, server):
    server.fails = lambda row: ("1", "bad")

    result = client.batches.upsert("d1", [ROWS[0], ROWS[0], ROWS[1]])

    assert [reject.position for reject in result.rejects()] == [0, 1, 2]


def test_a_record_that_came_back_changed_is_found_by_its_identity(client, server):
    server.fails = lambda row: ("1", "bad") if row["crm"] == "3" else None
    result = client.batches.upsert("d1", ROWS, form=rtcp.RowForm(identity="crm"))
    server.batch.row_errors[0]["address"] = None

    assert [(reject.position, reject.row) for reject in result.rejects()] == [(3, ROWS[3])]


def test_a_record_that_fits_no_row_comes_last_as_the_service_has_it(client, server):
    server.fails = lambda row: ("1", "bad") if row["crm"] == "3" else None
    result = client.batches.upsert("d1", ROWS)
    server.batch.row_errors[0]["address"] = "changed"

    assert [(reject.position, reject.row) for reject in result.rejects()] == [
        (None, {"crm": "3", "address": "changed"})
    ]


def test_of_a_failed_batch_all_rows_come_back_and_those_without_fault_may_go_again(client, server):
    server.fails = lambda row: ("1", "bad") if row["crm"] == "3" else None
    server.states = ["failed"]

    result = client.batches.upsert("d1", ROWS)

    assert (result.written, result.failed) == (0, 6)
    assert [(each.position, each.code, each.can_retry) for each in result.rejects()] == [
        (number, "1" if number == 3 else "batch-failed", number != 3) for number in range(6)
    ]
    with pytest.raises(rtcp.JobFailedError):
        result.raise_for_failures()


def test_why_a_batch_failed_repeats_no_value_of_its_rows(client, server):
    server.fails = lambda row: ("1", "bad")
    server.states = ["failed"]
    result = client.batches.upsert("d1", [{"crm": "C-1001", "address": {"city": "Whitby"}}])
    said = BatchError.model_validate({"code": "1", "description": "Whitby is no city of c%2D1001"})
    told = dataclasses.replace(result, batch=result.batch.model_copy(update={"errors": [said]}))

    with pytest.raises(rtcp.JobFailedError, match=r"\*\*\* is no city of \*\*\*"):
        told.raise_for_failures()


def test_resend_sends_exactly_the_rejects_with_their_mapping_lines_and_positions(client, server, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("id,age\nc1,41\nc2,old\nc3,7\n")
    mapping = {"crm": {"template": "{id}-{line}"}, "age": {"column": "age", "type": "integer"}}
    server.fails = lambda row: ("1", "too young") if row["age"] == 7 else None
    result = client.batches.upsert("d1", path, form=rtcp.RowForm(mapping=mapping), format="json")
    rejects = list(result.rejects())
    server.fails = lambda row: ("2", "still bad") if row["age"] == 7 else None

    again = client.batches.resend(result, [dataclasses.replace(rejects[0], row={"id": "c2", "age": "42"}), rejects[1]])

    assert rows_of(server) == [{"crm": "c2-3", "age": 42}, {"crm": "c3-4", "age": 7}]
    assert (again.rows, again.written) == (2, 1)
    assert [(reject.position, reject.row) for reject in again.rejects()] == [(2, {"id": "c3", "age": "7"})]


def test_a_dataset_that_takes_no_upserts_is_refused_with_the_way_out(client, server):
    server.tags["unifiedProfile"] = ["enabled:true"]

    with pytest.raises(rtcp.InvalidArgumentError, match=r"enable_profile\('d1', upsert=True\)"):
        client.batches.upsert("d1", ROWS)
    assert server.batches == {}


def test_the_look_at_the_dataset_can_be_left_out(client, server):
    server.tags = {}

    assert client.batches.upsert("d1", ROWS, check_dataset=False).is_success


@pytest.mark.parametrize("rows", [[], iter(())], ids=range(2))
def test_without_a_row_nothing_is_created(client, server, rows):
    with pytest.raises(rtcp.InvalidArgumentError, match="no row to send"):
        client.batches.upsert("d1", rows)
    assert server.batches == {}


@pytest.mark.parametrize("format", ["parquet", "json"])
def test_when_every_row_is_refused_there_is_no_batch_and_the_reasons_are_in_the_result(
    client, server, tmp_path, format
):
    result = client.batches.upsert("d1", [{}, {"a": math.nan}], format=format)

    assert server.batches == {}
    assert (result.batch, result.rows, result.written, result.failed, result.refused) == (None, 2, 0, 0, 2)
    assert not result.is_success
    assert [(each.position, each.message) for each in result.rejects()] == [
        (0, "the row is empty"),
        (1, "a is not a number (NaN or infinite)"),
    ]
    assert result.write_rejects(tmp_path / "rejects.jsonl") == 2
    with pytest.raises(rtcp.PartialFailureError, match="0 of 2 rows went in: no batch was made"):
        result.raise_for_failures()


@pytest.mark.parametrize("rows", [{"crm": "1"}, 7, None])
def test_what_holds_no_rows_is_refused(client, rows):
    with pytest.raises(rtcp.InvalidArgumentError, match="rows are"):
        client.batches.upsert("d1", rows, check_dataset=False)


def test_a_batch_whose_upload_fails_is_given_up(client, server):
    server.statuses["PUT"] = [403]

    with pytest.raises(rtcp.PermissionDeniedError):
        client.batches.upsert("d1", ROWS)
    assert server.batch.status == "aborted"


def test_a_batch_that_cannot_be_given_up_is_named(client, server):
    server.statuses = {"PUT": [403], "POST": [None, 500]}

    with pytest.raises(rtcp.PermissionDeniedError) as caught:
        client.batches.upsert("d1", ROWS)
    assert "batches.abort('b1')" in caught.value.__notes__[0]


def test_a_wait_that_is_over_leaves_the_batch_going_on(client, server):
    server.states = ["staging"] * 100

    with pytest.raises(rtcp.WaitTimeoutError) as caught:
        client.batches.upsert("d1", ROWS, timeout=20)
    assert caught.value.last.status == "staging"


def test_identity_maps_are_maps_in_parquet(client, server):
    rows = [
        {"identityMap": {"Email": [{"id": "a@example.com", "primary": True}]}, "tier": "gold"},
        {"identityMap": {"ECID": [{"id": "7"}], "Email": []}, "tier": "tin"},
    ]

    client.batches.upsert("d1", rows)

    (content,) = server.batch.files.values()
    schema = pyarrow.parquet.read_schema(io.BytesIO(content))
    assert pyarrow.types.is_map(schema.field("identityMap").type)


def test_no_text_of_a_result_shows_anybody(client, server):
    server.fails = lambda row: ("1", f"bad row of {row['crm']}")

    result = client.batches.upsert("d1", [{"crm": "jane@example.com"}])

    assert "jane" not in f"{result!r} {list(result.rejects())!r}"
