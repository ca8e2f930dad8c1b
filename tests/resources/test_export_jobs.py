"""Export jobs: the bodies that are sent, both forms of what comes back, waiting, and reading rows."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pyarrow
import pytest
from pyarrow import parquet
from tests.helpers.adapters import Answer, ScriptedAdapter, mounted
from tests.helpers.data_access import FileServer, StoredFile

import rtcp

UNION = {"name": "Out", "schemaRef": {"id": "https://ns.adobe.com/xdm/context/profile__union"}}
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def job(**changes: Any) -> dict[str, Any]:
    return {
        "id": 4711,
        "jobType": "BATCH",
        "profileInstanceId": "ups",
        "schema": {"name": "_xdm.context.profile"},
        "fields": "person.name",
        "mergePolicy": {"id": "newest", "version": 1},
        "status": "NEW",
        "requestId": "r-1",
        "computeGatewayJobId": {"exportJob": ""},
        "metrics": {"totalTime": {"startTimeInMs": 1767225600000}},
        "destination": {"dataSetId": "out", "segmentPerBatch": False, "batchId": "b-1"},
        "imsOrgId": "ORG@AdobeOrg",
        "creationTime": 1767225600000,
        "updateTime": 1767225601000,
        **changes,
    }


@pytest.fixture
def client(clock) -> Iterator[rtcp.Client]:
    with rtcp.Client(token="given", client_id="key", org_id="ORG@AdobeOrg", clock=clock) as client:
        yield client


def body_of(client: rtcp.Client, **given: Any) -> dict[str, Any]:
    script = mounted(client.http, [Answer(body=job())])
    client.export_jobs.create(destination_dataset_id="out", check_destination=False, **given)
    sent: dict[str, Any] = json.loads(script.requests[0].body or b"")
    return sent


def queries(script: ScriptedAdapter) -> list[dict[str, str]]:
    return [dict(parse_qsl(urlsplit(str(request.url)).query)) for request in script.requests]


def test_an_export_of_everybody_needs_a_destination_only(client):
    assert body_of(client) == {"destination": {"datasetId": "out"}, "schema": {"name": "_xdm.context.profile"}}


def test_every_documented_field_has_its_argument(client):
    body = body_of(
        client,
        fields=["identities.id", "personalEmail.address"],
        audiences=[rtcp.AudienceFilter("s-1", status=["realized"]), "s-2", rtcp.AudienceFilter("s-3", namespace="AAM")],
        qualified_after=NEW_YEAR,
        qualified_before=NEW_YEAR + timedelta(days=31),
        ingested_after=NEW_YEAR,
        empty_profiles=True,
        events=rtcp.ExportEvents(
            fields=["environment.browserDetails.name", "_id"],
            ingested_after=NEW_YEAR.astimezone(timezone(timedelta(hours=-7))),
            ingested_before=NEW_YEAR + timedelta(days=1),
        ),
        merge_policy_id="newest",
        merge_policy_version=1,
        audience_per_batch=False,
        evaluate_audiences=True,
    )

    assert body == {
        "fields": "identities.id,personalEmail.address",
        "mergePolicy": {"id": "newest", "version": 1},
        "filter": {
            "segments": [
                {"segmentId": "s-1", "segmentNs": "ups", "status": ["realized"]},
                {"segmentId": "s-2", "segmentNs": "ups"},
                {"segmentId": "s-3", "segmentNs": "AAM"},
            ],
            "segmentQualificationTime": {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-02-01T00:00:00Z"},
            # The service excludes the start itself.
            "fromIngestTimestamp": "2025-12-31T23:59:59.999Z",
            "emptyProfiles": True,
        },
        "additionalFields": {
            "eventList": {
                "fields": "environment.browserDetails.name,_id",
                "filter": {
                    "fromIngestTimestamp": "2025-12-31T23:59:59.999Z",
                    "toIngestTimestamp": "2026-01-02T00:00:00Z",
                },
            }
        },
        "destination": {"datasetId": "out", "segmentPerBatch": False},
        "schema": {"name": "_xdm.context.profile"},
        "evaluationInfo": {"segmentation": True},
    }


def test_events_alone_are_asked_for_beside_the_identity_map(client):
    body = body_of(client, fields=["identityMap"], events=rtcp.ExportEvents())

    assert body["fields"] == "identityMap"
    assert body["additionalFields"] == {"eventList": {}}


def test_one_end_of_a_qualification_is_enough(client):
    body = body_of(client, audiences=["s-1"], qualified_before=NEW_YEAR)

    assert body["filter"]["segmentQualificationTime"] == {"endTime": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    "given",
    [
        {"fields": "person.name"},
        {"fields": []},
        {"fields": ["a,b"]},
        {"audiences": "s-1"},
        {"audiences": []},
        {"qualified_after": "2026-01-01"},
        {"ingested_after": datetime(2026, 1, 1)},  # noqa: DTZ001 - the point
        {"merge_policy_version": 2},
    ],
)
def test_an_export_that_cannot_be_meant_is_refused_before_sending(client, given):
    script = mounted(client.http, [Answer(body=job())])

    with pytest.raises(rtcp.InvalidArgumentError):
        client.export_jobs.create(destination_dataset_id="out", **given)
    assert script.requests == []


def test_a_misspelt_filter_is_refused_at_once():
    with pytest.raises(TypeError):
        rtcp.ExportEvents(field=["_id"])


def test_the_destination_is_looked_at_before_anything_is_started(client):
    script = mounted(client.http, [Answer(body={"out": UNION}), Answer(body=job())])

    created = client.export_jobs.create(destination_dataset_id="out")

    assert [request.method for request in script.requests] == ["GET", "POST"]
    assert script.requests[1].headers["x-profile-instance-id"] == "ups"
    assert created.id == 4711
    assert created.destination.dataset_id == "out"


def test_a_destination_without_the_union_schema_is_refused(client):
    script = mounted(client.http, [Answer(body={"out": {"name": "CRM", "schemaRef": {"id": "https://other"}}})])

    with pytest.raises(rtcp.InvalidArgumentError, match="create_for_export"):
        client.export_jobs.create(destination_dataset_id="out")
    assert len(script.requests) == 1


def test_a_create_without_an_answer_is_not_sent_again_and_says_where_to_look(client):
    script = mounted(client.http, [Answer(503)])

    with pytest.raises(rtcp.ServerError, match=r"may have been created.*export_jobs\.list"):
        client.export_jobs.create(destination_dataset_id="out", check_destination=False)
    assert len(script.requests) == 1


def test_pages_are_followed_and_what_was_asked_for_stays_in_force(client):
    script = mounted(
        client.http,
        [
            Answer(body={"records": [job(id=9)], "link": {"next": "/export/jobs/?limit=1&offset=1767225600000_9"}}),
            Answer(body={"records": [job(id=8)], "link": {"next": ""}}),
        ],
    )

    found = [each.id for each in client.export_jobs.list(status="NEW", page_size=1)]

    assert found == [9, 8]
    assert queries(script) == [
        {"limit": "1", "status": "NEW"},
        {"limit": "1", "status": "NEW", "offset": "1767225600000_9"},
    ]
    assert {urlsplit(str(request.url)).path for request in script.requests} == {"/data/core/ups/export/jobs"}


@pytest.mark.parametrize(
    "links",
    [
        {"link": {"next": "/export/jobs/?page=1&limit=1"}},
        {"_links": {"next": {"href": "/export/jobs?page=1&limit=1"}}},
    ],
)
def test_the_form_with_pages_is_followed_as_well(client, links):
    last = Answer(body={"records": [job(id=8)]})
    script = mounted(client.http, [Answer(body={"records": [job(id=9)], **links}), last])

    assert [each.id for each in client.export_jobs.list()] == [9, 8]
    assert queries(script)[1] == {"page": "1", "limit": "1"}


def test_a_link_that_leads_nowhere_is_no_end(client):
    mounted(client.http, [Answer(body={"records": [job()], "link": {"next": "/export/jobs"}})])

    with pytest.raises(rtcp.PagingError):
        list(client.export_jobs.list())


def test_the_placeholder_of_a_documented_sample_is_the_end(client):
    mounted(client.http, [Answer(body={"records": [job()], "link": {"next": "string"}})])

    assert len(list(client.export_jobs.list())) == 1


def test_an_answer_without_a_list_is_no_empty_list(client):
    mounted(client.http, [Answer(body={"page": {}})])

    with pytest.raises(rtcp.DecodeError, match="no list of export jobs"):
        list(client.export_jobs.list())


@pytest.mark.parametrize("job_id", [4711, "4711"])
def test_ids_are_numbers_or_texts(client, job_id):
    script = mounted(client.http, [Answer(body=job(id="4711"))])

    assert client.export_jobs.get(job_id).id == 4711
    assert str(script.requests[0].url).endswith("/export/jobs/4711")


@pytest.mark.parametrize(
    "answer",
    [Answer(200, {"status": True, "message": "Export job has been marked for cancelling"}), Answer(204), Answer(202)],
)
def test_any_success_takes_a_cancel(client, answer):
    script = mounted(client.http, [answer])

    assert client.export_jobs.cancel(4711) is None
    assert script.requests[0].method == "DELETE"


@pytest.mark.parametrize("spelling", ["datasetId", "dataSetId"])
def test_a_job_is_read_in_every_form_and_comes_back_as_it_was(spelling):
    answer = job(
        status="SUCCEEDED",
        somethingNew={"deep": 1},
        errors=[{"code": "0100000003", "msg": "Old news", "callStack": "com.example.Trace"}],
        destination={
            spelling: "out",
            "segmentPerBatch": True,
            "batches": {"segmentId": "s-1", "segmentNs": "ups", "status": "realized", "batchId": "b-2"},
        },
        metrics={
            "totalTime": {"startTimeInMs": 1767225600000, "endTimeInMs": 1767225610000, "totalTimeInMs": 10000},
            "aCPDatasetWriteTime": {"totalTimeInMs": "543"},
            "totalExportedProfileCounter": "12",
            "exportedProfileByNamespaceCounter": {"Email": 12, "crmId": "7"},
        },
    )

    read = rtcp.ExportJob.model_validate(answer)

    assert read.is_success
    assert read.destination.dataset_id == "out"
    assert [(batch.audience_id, batch.status, batch.batch_id) for batch in read.batches] == [
        ("s-1", ["realized"], "b-2")
    ]
    assert read.metrics.profiles == 12
    assert read.metrics.profiles_by_namespace == {"Email": 12, "crmId": 7}
    assert read.metrics.dataset_write_time.milliseconds == 543
    assert read.created_at == NEW_YEAR
    assert read.to_wire() == answer


def test_the_repr_of_a_job_says_how_it_stands():
    done = rtcp.ExportJob.model_validate(job(status="SUCCEEDED", metrics={"totalExportedProfileCounter": 12}))

    assert repr(rtcp.ExportJob.model_validate(job())) == "<ExportJob 4711: NEW>"
    assert str(done) == "<ExportJob 4711: SUCCEEDED, 12 profiles>"


def test_nulls_in_place_of_parts_are_no_parts():
    read = rtcp.ExportJob.model_validate(job(destination=None, metrics=None, errors=None))

    assert (read.batches, read.errors, read.metrics.profiles) == ([], [], None)


def test_one_batch_for_all_counts_once():
    both = {"batchId": "b-1", "batches": [{"segmentId": "s-1", "batchId": "b-1"}], "segmentPerBatch": False}

    assert [batch.batch_id for batch in rtcp.ExportJob.model_validate(job(destination=both)).batches] == ["b-1"]


def test_a_failed_job_without_a_batch_has_none():
    failed = rtcp.ExportJob.model_validate(job(status="FAILED", destination={"datasetId": "out", "batchId": ""}))

    assert failed.batches == []


def test_wait_goes_by_the_status_and_not_by_the_batch(client, clock):
    statuses = ["NEW", "PROCESSING", "SOMETHING_NEW", "SUCCEEDED"]
    mounted(client.http, [Answer(body=job(status=status)) for status in statuses])
    seen: list[str] = []

    done = client.export_jobs.wait(4711, on_progress=lambda each: seen.append(str(each.status)))

    assert done.is_success
    assert seen == statuses
    assert clock.slept[:2] == [5.0, 7.5]


def test_a_failed_job_shows_the_errors_of_the_service_and_no_stack(client):
    errors = [
        {"code": "0090000009", "msg": "Error writing profiles of ann@example.com", "callStack": "com.example.Trace"},
        {"code": "unknown", "msg": "Job aborted."},
    ]
    mounted(client.http, [Answer(body=job(status="FAILED", errors=errors))])

    with pytest.raises(rtcp.JobFailedError) as caught:
        client.export_jobs.wait(4711)
    message = str(caught.value)
    assert message == "export job 4711 failed: 0090000009: Error writing profiles of ***; unknown: Job aborted."
    assert caught.value.job.errors[0].call_stack == "com.example.Trace"
    assert "Trace" not in repr(caught.value.job.errors)


@pytest.mark.parametrize("status", ["CANCELLED", "CANCELED", "CANCELLING"])
def test_a_cancelled_job_is_told_from_a_failed_one(client, status):
    mounted(client.http, [Answer(body=job(status=status))])

    with pytest.raises(rtcp.JobFailedError, match="4711 was cancelled") as caught:
        client.export_jobs.wait(4711)
    assert caught.value.job.is_cancelled


@pytest.mark.parametrize("verb", ["download", "rows"])
def test_files_of_a_job_that_still_runs_are_not_touched(client, verb, tmp_path):
    script = mounted(client.http, [Answer(body=job(status="PROCESSING"))])
    arguments = (4711, tmp_path) if verb == "download" else (4711,)

    with pytest.raises(rtcp.WaitTimeoutError, match=r"still PROCESSING; client\.export_jobs\.wait\(4711\)"):
        getattr(client.export_jobs, verb)(*arguments)
    assert len(script.requests) == 1
    assert list(tmp_path.iterdir()) == []


def test_files_of_a_failed_job_are_not_touched(client, tmp_path):
    mounted(client.http, [Answer(body=job(status="FAILED"))])

    with pytest.raises(rtcp.JobFailedError, match="gives no reason"):
        client.export_jobs.download(4711, tmp_path)


def client_of(server: FileServer) -> rtcp.Client:
    return rtcp.Client(base_url=server.url, token="given", client_id="key", org_id="ORG@AdobeOrg", sandbox="prod")


def test_each_segment_has_a_folder(tmp_path):
    batches = {
        "b1": {"part-0.json": StoredFile(b"1", id="f1")},
        "b2": {"part-0.json": StoredFile(b"2", id="f2")},
    }
    listed = [
        {"segmentId": "s-1", "segmentNs": "ups", "batchId": "b1"},
        {"segmentId": "s/2", "segmentNs": "AAM", "batchId": "b2"},
    ]
    destination = {"datasetId": "out", "segmentPerBatch": True, "batches": listed}
    # Two ids of files with the same name: the server tells them apart by batch.
    with FileServer({"b1": batches["b1"]}, job={"destination": destination}) as server, client_of(server) as client:
        server.batches = {"b1": batches["b1"], "b2": batches["b2"]}
        paths = client.export_jobs.download(7, tmp_path)

    assert [str(path.relative_to(tmp_path)) for path in paths] == [
        "export-7/s-1/part-0.json",
        "export-7/AAM-s_2/part-0.json",
    ]


ADA = {
    "person": {"name": {"firstName": "Ada"}},
    "identityMap": {"Email": [{"id": "ada@example.com"}]},
    "orders": [{"total": 1.5}, {"total": 2.5}],
}
BOB = {"person": {"name": {"firstName": "Bob", "lastName": "Marsh"}}}


def parquet_bytes() -> bytes:
    name = pyarrow.struct([("firstName", pyarrow.string()), ("lastName", pyarrow.string())])
    schema = pyarrow.schema(
        [
            ("person", pyarrow.struct([("name", name)])),
            ("identityMap", pyarrow.map_(pyarrow.string(), pyarrow.list_(pyarrow.struct([("id", pyarrow.string())])))),
            ("orders", pyarrow.list_(pyarrow.struct([("total", pyarrow.float64())]))),
            ("score", pyarrow.struct([("value", pyarrow.int64())])),
        ]
    )
    rows = [{**ADA, "identityMap": list(ADA["identityMap"].items())}, BOB]
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), sink)
    return sink.getvalue().to_pybytes()


def json_bytes() -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in (ADA, BOB)) + b"\n\n"


@pytest.fixture(params=["parquet", "json"])
def exported(request) -> Iterator[rtcp.Client]:
    """A client of a job with two files of two people, in either format."""
    content = parquet_bytes() if request.param == "parquet" else json_bytes()
    # Of both formats the content tells, not the name.
    files = {"part-0": StoredFile(content, id="f1"), "part-1": StoredFile(content, id="f2")}
    with FileServer({"b1": files}) as server, client_of(server) as client:
        yield client


def test_rows_are_nested_xdm_without_what_is_not_there(exported):
    assert list(exported.export_jobs.rows(7)) == [ADA, BOB, ADA, BOB]


def test_rows_can_be_limited_to_some_fields(exported):
    rows = list(
        exported.export_jobs.rows(7, fields=["person.name.lastName", "orders.total", "identityMap.Email", "no"])
    )

    assert rows[:2] == [
        {"orders": [{"total": 1.5}, {"total": 2.5}], "identityMap": ADA["identityMap"]},
        {"person": {"name": {"lastName": "Marsh"}}},
    ]


def test_rows_leave_no_file_behind_even_when_they_are_not_read_to_the_end(exported, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rows = exported.export_jobs.rows(7)

    assert next(rows) == ADA
    assert len(list(tmp_path.iterdir())) == 1
    rows.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": 1}\nnot json of ann@example.com\n', "line 2: neither Parquet nor a JSON object"),
        (b"[1, 2]\n", "line 1: neither"),
        (b"PAR1 and nothing else", "Parquet that cannot be read"),
    ],
)
def test_a_file_that_is_neither_format_is_told_without_its_content(content, words):
    with (
        FileServer({"b1": {"part-0": StoredFile(content)}}) as server,
        client_of(server) as client,
        pytest.raises(rtcp.DecodeError, match=words) as caught,
    ):
        list(client.export_jobs.rows(7))
    assert "ann@" not in str(caught.value)


def test_a_listing_without_files_is_an_error_and_not_an_empty_export(client, tmp_path):
    mounted(client.http, [Answer(body=job(status="SUCCEEDED")), Answer(body={"files": []})])

    with pytest.raises(rtcp.DecodeError, match="no list of files"):
        client.export_jobs.download(4711, tmp_path)


def test_rows_refuse_a_text_for_fields(exported):
    with pytest.raises(rtcp.InvalidArgumentError):
        exported.export_jobs.rows(7, fields="person.name")


def test_a_download_in_a_path_given_as_text_works(exported, tmp_path):
    paths = exported.export_jobs.download(7, str(tmp_path))

    assert [type(path) for path in paths] == [type(Path())] * 2
