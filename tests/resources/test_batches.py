"""Batches: what creates them, how they are followed, and the records that failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.helpers.adapters import Answer, mounted
from tests.helpers.imports import ImportServer

import rtcp

SUCCESS = {
    "status": "success",
    "tags": {"acp_enableErrorDiagnostics": True, "acp_partialIngestionPercent": 5},
    "relatedObjects": [{"type": "batch", "id": "x"}, {"type": "dataSet", "id": "d1"}],
    "inputFormat": {"format": "parquet"},
    "metrics": {"inputRecordCount": 519, "outputRecordCount": 514, "failedRecordCount": 5},
    "errors": [{"code": "INGEST-1555-400", "description": "A required field is missing.", "recordCount": 3}],
    "created": 1767225600000,
    "somethingNew": 1,
}


@pytest.fixture
def client(clock) -> Iterator[rtcp.Client]:
    with rtcp.Client(token="given", client_id="key", org_id="ORG@AdobeOrg", clock=clock) as client:
        yield client


@pytest.fixture
def server() -> Iterator[ImportServer]:
    with ImportServer() as server:
        yield server


@pytest.fixture
def served(server, clock) -> Iterator[rtcp.Client]:
    with rtcp.Client(token="t", client_id="key", org_id="O@AdobeOrg", base_url=server.url, clock=clock) as client:
        yield client


def seen(status: str, **more: Any) -> Answer:
    return Answer(body={"b1": {"status": status, **more}})


def sent(request: Any) -> Any:
    return json.loads(request.body)


def query(request: Any) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(str(request.url)).query))


@pytest.mark.parametrize(
    ("given", "body"),
    [
        ({}, {"inputFormat": {"format": "json"}}),
        ({"format": "json_array"}, {"inputFormat": {"format": "json", "isMultiLineJson": True}}),
        (
            {"format": "parquet", "diagnostics": True},
            {"inputFormat": {"format": "parquet"}, "enableErrorDiagnostics": True},
        ),
        (
            {"format": "csv", "csv": rtcp.CsvOptions(delimiter=";", header=True, null_marker="-")},
            {"inputFormat": {"format": "csv", "delimiter": ";", "header": "true", "nullMarker": "-"}},
        ),
        (
            {"replay": ["b7", "b8"], "external_id": "mine", "partial_ingestion_percent": 0},
            {
                "inputFormat": {"format": "json"},
                "externalId": "mine",
                "replay": {"predecessors": ["b7", "b8"], "reason": "replace"},
                "partialIngestionPercent": 0,
            },
        ),
    ],
)
def test_a_batch_is_created_in_the_documented_words(client, given, body):
    script = mounted(client.http, [Answer(201, {"id": "b1", "status": "loading", "created": 0, "updated": 0})])

    batch = client.batches.create("d1", **given)

    assert sent(script.requests[0]) == {"datasetId": "d1", **body}
    assert (batch.id, batch.status, batch.created_at, batch.is_final) == ("b1", "loading", None, False)


@pytest.mark.parametrize(
    "given",
    [
        {"format": "xml"},
        {"format": "json", "csv": rtcp.CsvOptions()},
        {"replay": "b7"},
        {"replay": []},
        {"partial_ingestion_percent": 101},
    ],
)
def test_a_batch_that_cannot_be_right_is_refused(client, given):
    script = mounted(client.http, [Answer(201, {})])

    with pytest.raises(rtcp.InvalidArgumentError):
        client.batches.create("d1", **given)
    assert script.requests == []


def test_a_create_without_an_answer_is_not_sent_again_and_says_what_that_means(client):
    script = mounted(client.http, [Answer(503)])

    with pytest.raises(rtcp.ServerError, match="create another"):
        client.batches.create("d1")
    assert len(script.requests) == 1


def test_completing_is_tried_again_as_the_service_encourages(client, clock):
    script = mounted(client.http, [Answer(503), Answer(200)])

    client.batches.complete("b1")

    assert [query(request) for request in script.requests] == [{"action": "COMPLETE"}] * 2


@pytest.mark.parametrize(("verb", "action"), [("abort", "ABORT"), ("delete", "REVERT")])
def test_what_gives_a_batch_up_is_sent_once(client, verb, action):
    script = mounted(client.http, [Answer(503)])

    with pytest.raises(rtcp.ServerError):
        getattr(client.batches, verb)("b1")
    assert [query(request) for request in script.requests] == [{"action": action}]


def test_one_batch_is_read_from_the_map_by_its_id(client):
    mounted(client.http, [Answer(body={"b1": SUCCESS})])

    batch = client.batches.get("b1")

    assert (batch.id, batch.dataset_id, batch.is_success) == ("b1", "d1", True)
    assert (batch.records_read, batch.records_written, batch.records_failed) == (519, 514, 5)
    assert batch.has_failed_records
    assert batch.to_wire() == {**SUCCESS, "id": "b1"}
    assert repr(batch) == "<Batch b1: success, 514 written, 5 failed>"


def test_old_metrics_numbers_as_texts_and_nulls_are_read_as_well(client):
    metrics = {"recordsRead": "4", "recordsWritten": "3"}
    mounted(client.http, [seen("active", metrics=metrics, errors=[{"code": "x", "recordCount": "1"}], tags=None)])

    batch = client.batches.get("b1")

    assert (batch.records_read, batch.records_written, batch.records_failed) == (4, 3, 1)
    assert batch.is_success


def test_an_empty_map_means_that_there_is_no_such_batch(client):
    mounted(client.http, [Answer(body={})])

    with pytest.raises(rtcp.NotFoundError, match="no batch 'b9'"):
        client.batches.get("b9")


def test_a_list_asks_newest_first_and_ends_with_the_first_page_that_is_not_full(client):
    script = mounted(client.http, [Answer(body={"a": SUCCESS, "b": SUCCESS}), Answer(body={"c": SUCCESS})])

    found = client.batches.list(dataset_id="d1", created_after=datetime(2026, 1, 1, tzinfo=UTC), page_size=2)

    assert [batch.id for batch in found] == ["a", "b", "c"]
    asked = {"dataSet": "d1", "createdAfter": "1767225599999", "orderBy": "desc:created", "limit": "2"}
    assert [query(request) for request in script.requests] == [asked, {**asked, "start": "2"}]


@pytest.mark.parametrize("given", [{"page_size": 101}, {"created_before": datetime(2026, 1, 1)}])  # noqa: DTZ001
def test_a_list_that_cannot_be_right_is_refused(client, given):
    with pytest.raises(rtcp.InvalidArgumentError):
        client.batches.list(**given)


def test_waiting_goes_through_every_state_that_moves_and_one_that_nobody_knows(client, clock):
    states = ["loading", "loaded", "queued", "processing", "retrying", "staging", "staged", "polishing", "success"]
    mounted(client.http, [seen(state) for state in states])
    progress: list[str] = []

    client.batches.wait("b1", on_progress=lambda batch: progress.append(str(batch.status)))

    assert progress == states


@pytest.mark.parametrize(
    "state", ["failed", "failure", "aborted", "abandoned", "inactive", "deleted", "archived", "retained", "stalled"]
)
def test_any_other_end_is_a_failed_job(client, state):
    mounted(client.http, [seen(state, errors=[{"code": "106", "description": "Dataset file is empty."}])])

    with pytest.raises(rtcp.JobFailedError, match=f"as {state}.*106: Dataset file is empty") as caught:
        client.batches.wait("b1")
    assert caught.value.job.status == state


def test_a_stalled_batch_sends_people_to_support(client):
    mounted(client.http, [seen("stalled")])

    with pytest.raises(rtcp.JobFailedError, match="Adobe's support"):
        client.batches.wait("b1")


def test_a_success_without_some_of_its_records_is_an_error_unless_allowed(client):
    mounted(client.http, [Answer(body={"b1": SUCCESS})])

    with pytest.raises(rtcp.PartialFailureError, match="without 5 of its records"):
        client.batches.wait("b1")
    assert client.batches.wait("b1", allow_failed_records=True).records_failed == 5


def test_errors_of_a_batch_do_not_repeat_addresses_of_people(client):
    mounted(client.http, [seen("failed", errors=[{"code": "1", "description": "bad row of jane@example.com"}])])

    with pytest.raises(rtcp.JobFailedError) as caught:
        client.batches.wait("b1")
    assert "jane@" not in str(caught.value)


def complete(client: rtcp.Client, *, diagnostics: bool) -> rtcp.Batch:
    batch = client.batches.create("d1", diagnostics=diagnostics)
    client.batches.upload(batch.id, b'{"crm": "1", "age": "x"}\n{"crm": "2"}\n', dataset_id="d1", name="a.json")
    client.batches.complete(batch.id)
    return batch


@pytest.mark.parametrize(("diagnostics", "file"), [(True, "row_errors/errors_0.json"), (False, "errors_0.json")])
def test_failed_records_come_from_the_diagnostics_else_from_the_failed_files(served, server, diagnostics, file):
    server.fails = lambda row: ("1401", "age is no number") if "age" in row else None
    batch = complete(served, diagnostics=diagnostics)

    (record,) = served.batches.failed_records(batch.id)

    assert record.row == {"crm": "1", "age": "x"}
    assert [(error.code, error.message) for error in record.errors] == [("1401", "age is no number")]
    assert record.file == file
    assert "age" not in repr(record)


def test_a_batch_without_failures_has_no_failed_records(served):
    batch = complete(served, diagnostics=True)
    served.batches.wait(batch.id, interval=0.1)

    assert list(served.batches.failed_records(batch.id)) == []


@pytest.mark.parametrize("verb", ["files", "failed_records", "download"])
def test_a_batch_that_runs_is_not_told_to_have_none(served, verb, tmp_path):
    batch = complete(served, diagnostics=True)

    with pytest.raises(rtcp.WaitTimeoutError, match=f"{batch.id} is still .*batches.wait"):
        list(getattr(served.batches, verb)(batch.id, *([tmp_path] if verb == "download" else [])))


@pytest.mark.parametrize("verb", ["files", "download"])
def test_a_batch_that_was_aborted_has_no_files_for_a_reason(served, verb, tmp_path):
    batch = served.batches.create("dev-crm")
    served.batches.abort(batch.id)

    with pytest.raises(rtcp.JobFailedError, match=f"{batch.id} ended as aborted"):
        list(getattr(served.batches, verb)(batch.id, *([tmp_path] if verb == "download" else [])))


def test_both_documented_forms_of_a_failed_record_are_read():
    corrupt = rtcp.FailedRecord.from_wire(
        {"_corrupt_record": "{oops", "_errors": [{"code": "1401", "message": "corrupt"}], "_filename": "f"}, file="f"
    )
    violation = {"keyword": "format", "message": "no date-time", "pointerToViolation": "#/timestamp"}
    invalid = rtcp.FailedRecord.from_wire({"_id": "1", "_validationErrors": [violation]}, file="g")

    assert (corrupt.row, corrupt.text, corrupt.errors[0].code) == (None, "{oops", "1401")
    assert (invalid.row, invalid.text, invalid.errors[0].path) == ({"_id": "1"}, None, "#/timestamp")


def test_a_failed_file_that_holds_no_json_is_an_error_without_the_line(served, server):
    batch = complete(served, diagnostics=True)
    server.batch.row_errors = ["jane@example.com"]  # type: ignore[list-item]

    with pytest.raises(rtcp.DecodeError, match="line 1: no JSON object") as caught:
        list(served.batches.failed_records(batch.id))
    assert "jane" not in str(caught.value)
