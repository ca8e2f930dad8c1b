"""Preview: the status, the wait for a newer sample, and six reports whose numbers add up to the loaded people."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from tests.helpers.adapters import Answer, mounted
from tests.helpers.clock import FakeClock

import rtcp

DIALECTS = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])


@pytest.fixture
def clock(emulator):
    return FakeClock(on_sleep=emulator.clock.advance)


@pytest.fixture
def client(emulator, clock):
    with rtcp.Client.for_emulator(emulator.url, clock=clock) as client:
        yield client


@pytest.fixture
def sampled(emulator, visits):
    emulator.sample()
    return emulator


@pytest.fixture
def scripted():
    with rtcp.Client(
        token="t", client_id="k", org_id="o@AdobeOrg", clock=FakeClock(), retries=0, strict=True
    ) as client:
        yield client


@DIALECTS
def test_the_status_counts_the_people(client, sampled):
    status = client.preview.status()

    assert (status.profile_count, status.status) == (12, "TASK_FINISHED")
    assert status.last_sampled_at.tzinfo is not None


@DIALECTS
def test_people_by_dataset(client, sampled):
    counts = {row.dataset_id: row.profile_count for row in client.preview.dataset_report().data}

    assert (counts["crm"], counts["card"]) == (12, 3)


@DIALECTS
def test_people_by_namespace(client, sampled):
    counts = {row.namespace: row.profile_count for row in client.preview.namespace_report().data}

    assert (counts["crmId"], counts["Email"], counts["cardId"]) == (12, 12, 3)


@DIALECTS
def test_overlaps_add_up_to_all_people(client, sampled):
    by_dataset, by_namespace = client.preview.dataset_overlap(), client.preview.namespace_overlap()

    assert sum(row.profile_count for row in by_dataset.data) == 12
    assert sum(row.profile_count for row in by_namespace.data) == 12
    assert [row.profile_count for row in by_namespace.data] == sorted(
        (row.profile_count for row in by_namespace.data), reverse=True
    )


@DIALECTS
def test_sizes_of_datasets(client, sampled):
    rows = {row.dataset_id: row for row in client.preview.dataset_stats().data}

    assert (rows["visits"].kind, rows["visits"].records) == ("ExperienceEvents", 8)
    assert rows["crm"].after_7_days == 0


@DIALECTS
def test_unstitched_people_by_window(client, sampled):
    report = client.preview.unstitched_profiles()

    assert report.profile_count == 12
    assert {row.window_days for row in report.data} == {7, 30, 60, 90, 120}


def test_a_day_goes_out_padded_whether_given_as_date_or_text(client, sampled, emulator):
    for day in (date(2025, 6, 2), "2025-6-2", datetime(2025, 6, 2, 8, tzinfo=UTC)):
        with pytest.raises(rtcp.NotFoundError, match=r"client\.preview\.status"):
            client.preview.dataset_report(date=day)

    assert [request.query["date"] for request in emulator.requests.of("preview.dataset_report")] == [["2025-06-02"]] * 3


def test_a_day_that_is_none_is_refused(client):
    with pytest.raises(rtcp.InvalidArgumentError, match="2026-11-20"):
        client.preview.dataset_report(date="yesterday")


def test_a_withdrawn_report_says_that_it_may_be(client, emulator, sampled):
    emulator.faults.once("preview.namespace_overlap", status=404)

    with pytest.raises(rtcp.NotFoundError, match="withdrawn"):
        client.preview.namespace_overlap()


def test_wait_returns_once_a_newer_sample_has_run(scripted):
    old, new = "2026-03-01 10:00:00.0", "2026-03-01 12:00:00.0"
    answers = [{"lastSampledTimestamp": at, "status": "TASK_FINISHED"} for at in (old, old, new)]
    mounted(scripted.http, [Answer(body=answer) for answer in answers])

    status = scripted.preview.wait(sampled_after=datetime(2026, 3, 1, 11, tzinfo=UTC))

    assert status.last_sampled_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_wait_takes_no_naive_time(client):
    with pytest.raises(rtcp.InvalidArgumentError, match="time zone"):
        client.preview.wait(sampled_after=datetime(2026, 3, 1))  # noqa: DTZ001 - the point


def test_quoted_numbers_and_nulls_become_what_they_mean(scripted):
    body = {
        "docCount": '"300803"',
        "totalRows": "41003",
        "lastBatchId": '"null"',
        "streamingDriven": '"false"',
        "sampleJobRunning": {"status": "true", "submissionTimestamp": ""},
        'mergeStrategy"': "timestampOrdered_auto",
    }
    mounted(scripted.http, [Answer(body=body)])

    status = scripted.preview.status()

    assert (status.document_count, status.profile_count, status.last_batch_id) == (300803, 41003, None)
    assert (status.streaming_driven, status.running.status, status.running.submitted_at) == (False, True, None)
    assert status.merge_strategy == "timestampOrdered_auto"
    assert status.to_wire() == body


def test_a_report_of_unknown_shape_is_an_error_that_names_the_field(scripted):
    mounted(scripted.http, [Answer(body={"data": [{"fullIDsCount": "many"}]})])

    with pytest.raises(rtcp.DecodeError, match="DatasetReport: data"):
        scripted.preview.dataset_report()


@pytest.mark.parametrize("name", ["dataset_report", "namespace_report", "dataset_stats", "dataset_overlap"])
def test_an_answer_without_rows_is_no_empty_report(scripted, name):
    mounted(scripted.http, [Answer(200, {})])

    with pytest.raises(rtcp.DecodeError, match="data"):
        getattr(scripted.preview, name)()
