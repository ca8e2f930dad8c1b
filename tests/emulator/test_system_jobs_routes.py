"""Delete requests: three wire forms, real deletion by the clock, duplicates and wrong targets."""

from __future__ import annotations

import json

import pytest
from tests.helpers.description import DESCRIPTION, described

from rtcp.emulator.store import Identity

JOBS = "/data/core/ups/system/jobs"
JOB = f"{JOBS}/{{jobId}}"
in_spec = pytest.mark.parametrize("dialect", ["spec"])
in_hostile = pytest.mark.parametrize("dialect", ["hostile"])
in_all = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])


@pytest.fixture(autouse=True)
def still(emulator):
    emulator.clock.freeze(1_772_438_400_000)


@pytest.fixture
def jobs(people, platform):
    """People in the store, and the requests on them."""
    return Requests(people, platform)


class Requests:
    def __init__(self, emulator, platform):
        self.emulator = emulator
        self.platform = platform

    def create(self, **body):
        return self.platform.post(JOBS, body)

    def made(self, **body):
        job = self.create(**body).json()
        return job.get("requestId") or job["id"]

    def get(self, job_id):
        return self.platform.get(f"{JOBS}/{job_id}")

    def status_after(self, seconds, job_id):
        self.emulator.clock.advance(seconds)
        return self.get(job_id).json()["status"]

    def events(self):
        return [child["entityId"] for child in self.platform.events().json()["children"]]


def test_a_request_has_the_unified_form(jobs, emulator):
    job = jobs.create(dataSetId="shop").json()

    assert job.pop("requestId")
    assert job == {
        "requestType": "TRUNCATE_DATASET",
        "imsOrgId": jobs.platform.session.headers["x-gw-ims-org-id"],
        "sandbox": {"sandboxName": "prod", "sandboxId": emulator.store.sandbox("prod").id},
        "status": "NEW",
        "properties": {"datasetId": "shop"},
        "createdAt": "2026-03-02T08:00:00.000000Z",
        "updatedAt": "2026-03-02T08:00:00.000000Z",
    }


@in_spec
def test_in_spec_a_request_has_the_form_of_azure(jobs):
    job_id = jobs.made(dataSetId="shop")
    fresh = jobs.get(job_id).json()
    jobs.emulator.clock.advance(5)
    done = jobs.get(job_id).json()

    assert "metrics" not in fresh
    assert (fresh["jobType"], fresh["status"], fresh["dataSetId"]) == ("DELETE", "NEW", "shop")
    assert (done["status"], done["createEpoch"], done["updateEpoch"]) == ("COMPLETED", 1_772_438_400, 1_772_438_403)
    assert json.loads(done["metrics"]) == {"recordsProcessed": 5, "timeTakenInSec": 3}


@pytest.mark.parametrize(
    ("dialect", "statuses"),
    [
        ("guide", ["NEW", "IN-PROGRESS", "SUCCESS"]),
        ("spec", ["NEW", "PROCESSING", "COMPLETED"]),
        ("hostile", ["QUEUED", "IN-PROGRESS", "SUCCESS"]),
    ],
)
def test_a_request_moves_through_the_words_of_its_dialect(jobs, statuses):
    job_id = jobs.made(dataSetId="shop")

    assert [jobs.status_after(seconds, job_id) for seconds in (0, 1, 2)] == statuses


@pytest.mark.parametrize(("dialect", "word"), [("guide", "ERROR"), ("spec", "ERROR"), ("hostile", "FAILED")])
def test_a_request_that_fails_deletes_nothing(jobs, word):
    jobs.emulator.faults.fail_job("system_jobs")

    assert jobs.status_after(60, jobs.made(dataSetId="shop")) == word
    prod = jobs.emulator.store.sandbox("prod")
    assert len(prod.events(Identity("crmId", "c-1"), policy=None, start_ms=None, end_ms=None).events) == 5


@pytest.mark.parametrize("name", ["dataSetId", "datasetId"])
def test_a_dataset_of_events_is_emptied_and_the_people_stay(jobs, name):
    jobs.status_after(5, jobs.made(**{name: "shop"}))

    assert jobs.events() == []
    assert jobs.platform.person("c-1", "crmId").status_code == 200


def test_until_the_end_everything_is_still_there(jobs):
    jobs.status_after(2.9, jobs.made(dataSetId="shop"))

    assert len(jobs.events()) == 5


def test_a_record_dataset_is_emptied_and_the_links_stay(jobs):
    jobs.status_after(5, jobs.made(dataSetId="crm"))
    (entry,) = jobs.platform.person("mara@example.com").json().values()

    assert entry["sources"] == ["loyalty"]
    assert {item["namespace"]["code"] for item in entry["entity"]["identities"]} == {"crmId", "Email", "cardId"}


@pytest.mark.parametrize("with_dataset", [True, False])
def test_a_batch_takes_its_events_alone(jobs, with_dataset):
    event = {"_id": "later", "timestamp": "2026-02-01T10:00:00Z", "crm": {"id": "c-1"}}
    jobs.emulator.store.sandbox("prod").ingest("shop", [event], batch_id="batch-2")
    body = {"datasetId": "shop", "batchId": "batch-2"} if with_dataset else {"batchId": "batch-2"}
    job = jobs.create(**body).json()
    jobs.status_after(5, job["requestId"])

    assert (job["requestType"], job["properties"]) == (
        "DELETE_EE_BATCH",
        {"datasetId": "shop", "batchId": "batch-2"},
    )
    assert jobs.events() == ["ev-1", "ev-2", "ev-3", "ev-4", "ev-5"]


def record_batch(jobs):
    (entry,) = jobs.platform.person("c-2", "crmId").json().values()
    return entry["tags"][0]


def test_a_batch_of_records_is_an_invalid_payload(jobs):
    answer = jobs.create(datasetId="crm", batchId=record_batch(jobs))

    assert (answer.status_code, answer.json()["type"]) == (422, "https://ns.adobe.com/aep/errors/UPAPI-036002-422")
    assert answer.json()["title"] == "Invalid system job payload."
    assert answer.json()["requestId"]


@in_spec
def test_in_spec_a_batch_of_records_is_an_error_under_400(jobs):
    answer = jobs.create(batchId=record_batch(jobs))

    assert answer.status_code == 400
    (error,) = answer.json()["errors"]["400"]
    assert error == {"code": "500", "message": "Batch can only be specified for EE type 'crm'"}


@in_all
def test_the_same_request_twice_is_refused_while_it_is_under_way(jobs):
    jobs.create(dataSetId="shop")
    refused = jobs.create(dataSetId="shop")
    jobs.emulator.clock.advance(5)

    assert refused.status_code == 422
    assert "UPAPI-036002" not in refused.text
    assert jobs.create(dataSetId="shop").status_code == 200


def test_two_datasets_are_two_requests(jobs):
    assert [jobs.create(dataSetId=name).status_code for name in ("shop", "crm")] == [200, 200]


@pytest.mark.parametrize(
    "body", [{}, {"dataSetId": "nobody"}, {"batchId": "nobody"}, {"datasetId": "shop", "batchId": "nobody"}]
)
def test_a_target_that_does_not_exist_is_refused(jobs, body):
    assert jobs.create(**body).status_code == 400
    assert jobs.platform.get(JOBS).json()["children"] == []


@in_all
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_request_is_not_found(jobs, method, dialect):
    expected = 405 if (dialect, method) == ("hostile", "DELETE") else 404

    assert jobs.platform.request(method, f"{JOBS}/nobody").status_code == expected


@pytest.mark.parametrize("dialect", ["guide", "spec"])
def test_a_removed_request_deletes_nothing_and_is_gone(jobs):
    job_id = jobs.made(dataSetId="crm")
    removed = jobs.platform.request("DELETE", f"{JOBS}/{job_id}")
    jobs.emulator.clock.advance(60)

    assert (removed.status_code, removed.content) == (200, b"")
    assert jobs.get(job_id).status_code == 404
    assert jobs.platform.person("c-2", "crmId").status_code == 200


@in_hostile
def test_an_organisation_on_aws_cannot_remove_requests(jobs):
    job_id = jobs.made(dataSetId="crm")

    assert jobs.platform.request("DELETE", f"{JOBS}/{job_id}").status_code == 405
    assert jobs.get(job_id).status_code == 200


def three(jobs):
    made = []
    for name in ("crm", "shop", "loyalty"):
        made.append(jobs.made(dataSetId=name))
        jobs.emulator.clock.advance(1)
    return made


def test_the_list_is_newest_first_in_pages_by_number(jobs):
    made = three(jobs)
    first = jobs.platform.get(JOBS, limit=2).json()
    second = jobs.platform.get(JOBS, limit=2, start=1).json()

    assert first["_page"] == {"pageSize": 2, "start": "0", "totalCount": 3, "next": 1}
    assert second["_page"] == {"pageSize": 1, "start": "1", "totalCount": 3}
    assert [job["requestId"] for page in (first, second) for job in page["children"]] == made[::-1]


@in_spec
def test_in_spec_pages_have_a_count_and_an_opaque_next(jobs):
    made = three(jobs)
    first = jobs.platform.get(JOBS, limit=2, page=0).json()
    second = jobs.platform.get(JOBS, limit=2, page=1).json()

    assert first["_page"]["count"] == 2
    assert isinstance(first["_page"]["next"], str)
    assert "next" not in second["_page"]
    assert [job["id"] for page in (first, second) for job in page["children"]] == made[::-1]


@in_hostile
def test_on_aws_the_list_is_bare_and_whole(jobs):
    made = three(jobs)
    listed = jobs.platform.get(JOBS, limit=1).json()

    assert [job["requestId"] for job in listed] == made[::-1]


def test_the_list_is_sorted_when_asked(jobs):
    three(jobs)
    listed = jobs.platform.get(JOBS, sort="datasetId:asc").json()["children"]

    assert [job["properties"]["datasetId"] for job in listed] == ["crm", "loyalty", "shop"]


def test_a_list_is_of_its_sandbox_which_the_id_may_name(jobs, emulator):
    three(jobs)
    jobs.platform.session.headers.pop("x-sandbox-name")

    by_id = [
        len(
            jobs.platform.request("GET", JOBS, headers={"x-sandbox-id": emulator.store.sandbox(name).id}).json()[
                "children"
            ]
        )
        for name in ("prod", "dev")
    ]
    assert by_id == [3, 0]


@in_all
def test_every_answer_keeps_to_the_description(jobs):
    job_id = jobs.made(dataSetId="shop")
    for seconds in (0, 1, 5):
        jobs.emulator.clock.advance(seconds)
        assert described(JOB, "get").is_valid(jobs.get(job_id).json())
        assert described(JOBS, "get").is_valid(jobs.platform.get(JOBS).json())


def test_a_request_body_of_every_documented_form_is_described():
    assert set(DESCRIPTION["components"]["schemas"]["SystemJobDraft"]["properties"]) == {
        "dataSetId",
        "datasetId",
        "batchId",
    }
