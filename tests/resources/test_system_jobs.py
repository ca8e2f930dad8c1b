"""Delete requests: planned, created once, waited for by anyone, in three dialects."""

from __future__ import annotations

import pytest
from tests.helpers.adapters import Answer, mounted
from tests.helpers.clock import FakeClock

import rtcp

DIALECTS = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
ROUTE = "/data/core/ups/system/jobs"


@pytest.fixture
def clock(emulator):
    return FakeClock(on_sleep=emulator.clock.advance)


@pytest.fixture
def client(emulator, clock):
    emulator.clock.freeze()
    with rtcp.Client.for_emulator(emulator.url, clock=clock) as client:
        yield client


@pytest.fixture
def scripted(clock):
    """A client whose answers come from a script."""
    with rtcp.Client(token="t", client_id="k", org_id="o@AdobeOrg", clock=FakeClock(), retries=0) as client:
        yield client


def job(status, **fields):
    return {"id": "job-1", "jobType": "DELETE", "dataSetId": "visits", "status": status, **fields}


@DIALECTS
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_delete_request_takes_the_events_and_leaves_the_people(client, visits):
    created = client.system_jobs.create(dataset_id="visits")

    done = client.system_jobs.wait(created.id)

    assert done.is_success
    assert done.dataset_id == "visits"
    assert list(client.entities.list_events("1", namespace="crmId")) == []
    assert client.entities.get("1", namespace="crmId").entity["person"]["name"]["firstName"] == "Mara"


@DIALECTS
def test_the_list_holds_every_delete_request(client, visits):
    created = {client.system_jobs.create(dataset_id=dataset_id).id for dataset_id in ("visits", "crm", "card")}

    assert {listed.id for listed in client.system_jobs.list(page_size=1)} == created


@DIALECTS
def test_what_get_says_is_what_create_said(client, visits):
    created = client.system_jobs.create(dataset_id="visits")

    found = client.system_jobs.get(created.id)

    assert (found.id, found.dataset_id, found.is_final) == (created.id, "visits", False)


def test_a_dataset_goes_out_as_data_set_id_and_a_batch_beside_its_dataset_id(client, emulator, sandbox):
    sandbox.ingest("visits", [{"_id": "v", "timestamp": "2026-03-01T08:00:00Z", "crm": "1"}], batch_id="batch-1")

    client.system_jobs.create(dataset_id="visits")
    client.system_jobs.create(dataset_id="visits", batch_id="batch-1")

    bodies = [request.body for request in emulator.requests.of("system_jobs.create")]
    assert bodies == [{"dataSetId": "visits"}, {"datasetId": "visits", "batchId": "batch-1"}]


def test_the_same_request_twice_is_refused_and_the_error_says_where_to_look(client, visits):
    client.system_jobs.create(dataset_id="visits")

    with pytest.raises(rtcp.UnprocessableError, match=r"client\.system_jobs\.list"):
        client.system_jobs.create(dataset_id="visits")


def test_a_create_that_got_no_answer_is_sent_once_and_says_how_to_find_out(client, emulator, visits):
    emulator.faults.always("system_jobs.create", cut="after")

    with pytest.raises(rtcp.ConnectError, match=r"may have been created.*client\.system_jobs\.list") as caught:
        client.system_jobs.create(dataset_id="visits")

    assert caught.value.may_have_been_applied
    assert len(emulator.requests.of("system_jobs.create")) == 1


def test_nothing_named_is_refused_before_sending(client, emulator):
    with pytest.raises(rtcp.InvalidArgumentError, match="dataset_id="):
        client.system_jobs.create()

    assert len(emulator.requests) == 0


def test_wait_calls_back_after_every_look_the_last_included(client, visits):
    seen = []
    created = client.system_jobs.create(dataset_id="visits")

    client.system_jobs.wait(created.id, on_progress=lambda job: seen.append(job.is_final))

    assert seen[-1] is True
    assert seen.count(True) == 1


def test_wait_on_a_failed_job_raises_with_the_job_and_its_id(client, emulator, visits):
    emulator.faults.fail_job("system_jobs")
    created = client.system_jobs.create(dataset_id="visits")

    with pytest.raises(rtcp.JobFailedError, match=created.id) as caught:
        client.system_jobs.wait(created.id)

    assert caught.value.job.is_final


def test_wait_gives_up_in_time_and_says_that_the_job_goes_on(scripted):
    mounted(scripted.http, [Answer(body=job("PROCESSING"))])

    with pytest.raises(rtcp.WaitTimeoutError, match=r"job-1 is still running.*goes on") as caught:
        scripted.system_jobs.wait("job-1", timeout=100)

    assert caught.value.last.status == "PROCESSING"
    assert isinstance(caught.value, TimeoutError)


def test_the_pauses_grow_from_five_to_sixty_seconds(scripted):
    mounted(scripted.http, [Answer(body=job("PROCESSING"))])

    with pytest.raises(rtcp.WaitTimeoutError):
        scripted.system_jobs.wait("job-1", timeout=600)

    slept = scripted._session.clock.slept
    assert slept[0] == 5.0
    assert max(slept) == 60.0
    assert sum(slept) == pytest.approx(600)


def test_a_status_nobody_knows_counts_as_running(scripted):
    mounted(scripted.http, [Answer(body=job("RESHUFFLING")), Answer(body=job("COMPLETED"))])

    assert scripted.system_jobs.wait("job-1").status == "COMPLETED"


def test_an_outage_in_the_middle_is_not_the_jobs_failure(scripted):
    mounted(scripted.http, [Answer(body=job("NEW")), Answer(503), Answer(500), Answer(body=job("SUCCESS"))])

    assert scripted.system_jobs.wait("job-1").is_success


def test_an_outage_until_the_end_is_told_with_the_time_out(scripted):
    mounted(scripted.http, [Answer(503)])

    with pytest.raises(rtcp.WaitTimeoutError, match="the last look failed: 503") as caught:
        scripted.system_jobs.wait("job-1", timeout=60)

    assert caught.value.last is None


def test_an_unknown_id_ends_the_wait_at_once(client, sandbox, clock):
    with pytest.raises(rtcp.NotFoundError):
        client.system_jobs.wait("no-such-job")

    assert clock.slept == []


@pytest.mark.parametrize("field", ["id", "requestId"])
def test_another_process_waits_on_the_id_alone(scripted, field):
    mounted(scripted.http, [Answer(body={field: "job-1", "status": "SUCCESS", "properties": {"datasetId": "visits"}})])

    done = scripted.system_jobs.wait("job-1")

    assert (done.id, done.dataset_id) == ("job-1", "visits")


def test_a_list_that_repeats_its_page_is_an_error(scripted):
    mounted(scripted.http, [Answer(body={"_page": {"next": 1}, "children": [job("NEW")]})])

    with pytest.raises(rtcp.PagingError, match="repeated page 0"):
        list(scripted.system_jobs.list())


def test_a_bare_list_is_one_page(scripted):
    adapter = mounted(scripted.http, [Answer(body=[job("NEW"), job("ERROR", id="job-2")])])

    assert [listed.id for listed in scripted.system_jobs.list()] == ["job-1", "job-2"]
    assert len(adapter.requests) == 1


def test_cancel_forgets_the_request(client, visits, emulator):
    created = client.system_jobs.create(dataset_id="visits")

    client.system_jobs.cancel(created.id)

    with pytest.raises(rtcp.NotFoundError):
        client.system_jobs.get(created.id)


def test_metrics_come_out_of_their_text_and_stay_text_when_broken(scripted):
    mounted(
        scripted.http,
        [
            Answer(body=job("COMPLETED", metrics='{"recordsProcessed":5,"timeTakenInSec":1}')),
            Answer(body=job("COMPLETED", metrics="{five")),
        ],
    )

    assert scripted.system_jobs.get("job-1").metrics.records_processed == 5
    assert scripted.system_jobs.get("job-1").metrics == "{five"


def test_the_plan_names_the_dataset_and_counts_it_without_deleting(client, emulator, visits):
    emulator.sample()

    plan = client.system_jobs.plan(dataset_id="visits")

    assert (plan.dataset_name, plan.dataset_kind, plan.records, plan.sandbox) == (
        "Visits",
        "ExperienceEvents",
        8,
        "prod",
    )
    assert "IRREVERSIBLE" in str(plan)
    assert emulator.requests.of("system_jobs.create") == []


def test_the_plan_of_an_unknown_dataset_is_an_error(client, sandbox):
    with pytest.raises(rtcp.NotFoundError):
        client.system_jobs.plan(dataset_id="no-such-dataset")


def test_the_plan_says_what_no_report_knows(client, visits, emulator):
    emulator.faults.always("preview.dataset_stats", status=404)
    emulator.faults.always("preview.dataset_report", status=404)

    plan = client.system_jobs.plan(dataset_id="visits")

    assert plan.records is None
    assert any("no preview report" in note for note in plan.notes)


def test_the_sandbox_id_is_looked_up_when_asked_to(emulator, sandbox):
    with rtcp.Client.for_emulator(emulator.url, sandbox_id="auto") as client:
        list(client.system_jobs.list())
        list(client.system_jobs.list())

    headers = [request.headers for request in emulator.requests.of("system_jobs.list")]
    assert [header["x-sandbox-id"] for header in headers] == [emulator.store.sandbox("prod").id] * 2
    assert len(emulator.requests.of("sandboxes.get")) == 1


def test_the_id_of_another_sandbox_is_looked_up_anew(emulator, sandbox):
    with rtcp.Client.for_emulator(emulator.url, sandbox_id="auto") as client:
        list(client.system_jobs.list())
        list(client.with_sandbox("dev").system_jobs.list())

    headers = [request.headers for request in emulator.requests.of("system_jobs.list")]
    assert [header["x-sandbox-id"] for header in headers] == [
        emulator.store.sandbox("prod").id,
        emulator.store.sandbox("dev").id,
    ]


@pytest.mark.parametrize("answer", [[], 7])
def test_an_answer_that_is_no_sandbox_is_not_taken_for_one_without_id(emulator, sandbox, answer):
    emulator.faults.always("sandboxes.get", status=200, body=answer)

    with (
        rtcp.Client.for_emulator(emulator.url, sandbox_id="auto") as client,
        pytest.raises(rtcp.DecodeError, match="no sandbox"),
    ):
        client.system_jobs.list().first()
