"""Export jobs over HTTP: what they take, how they move, which rows their files hold."""

from __future__ import annotations

import io
import json

import pyarrow.parquet
import pytest

from rtcp.emulator import Emulator
from rtcp.emulator.store import Dataset, IdentityPath

JOBS = "/data/core/ups/export/jobs"
DATASETS = "/data/foundation/catalog/dataSets"
FILES = "/data/foundation/export"
PROFILE = "_xdm.context.profile"
UNION = {
    "id": "https://ns.adobe.com/xdm/context/profile__union",
    "contentType": "application/vnd.adobe.xed+json;version=1",
}


def target(platform, **changes):
    answer = platform.post(DATASETS, {"name": "Out", "schemaRef": UNION, **changes})
    return answer.json()[0].rpartition("/")[2]


def body(dataset_id, **changes):
    destination = {"datasetId": dataset_id, **changes.pop("destination", {})}
    return {"schema": {"name": PROFILE}, "destination": destination, **changes}


def plain(value):
    """What Parquet gives back, with maps as objects and without nulls."""
    if isinstance(value, list):
        if value and all(isinstance(each, tuple) for each in value):
            return {name: plain(inner) for name, inner in value}
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items() if inner is not None}
    return value


def files_of(platform, batch_id):
    """The bytes of every file of a batch, under its name."""
    listed = platform.get(f"{FILES}/batches/{batch_id}/files").json()["data"]
    found = {}
    for file_id in [each["dataSetFileId"] for each in listed]:
        (entry,) = platform.get(f"{FILES}/files/{file_id}").json()["data"]
        content = platform.request("GET", f"{FILES}/files/{file_id}", params={"path": entry["name"]}).content
        assert len(content) == int(entry["length"])
        found[entry["name"]] = content
    return found


def rows_of(platform, batch_id):
    tables = [pyarrow.parquet.read_table(io.BytesIO(part)) for part in files_of(platform, batch_id).values()]
    return [plain(row) for table in tables for row in table.to_pylist()]


@pytest.fixture
def export(people, platform):
    """Start a job, let it come to its end, and answer it."""

    def done(**changes):
        job = platform.post(JOBS, body(target(platform), **changes)).json()
        people.clock.advance(5)
        return platform.get(f"{JOBS}/{job['id']}").json()

    return done


@pytest.fixture
def rows(export, platform):
    return lambda **changes: rows_of(platform, export(**changes)["destination"]["batchId"])


def names(exported):
    return sorted(row["person"]["name"]["firstName"] for row in exported)


def test_a_new_job_has_its_batch_but_no_files(people, platform):
    job = platform.post(JOBS, body(target(platform), fields="person.name")).json()

    assert (job["status"], job["jobType"], job["profileInstanceId"]) == ("NEW", "BATCH", "ups")
    assert (job["computeGatewayJobId"], job["fields"]) == ({}, "person.name")
    assert list(job["metrics"]) == ["totalTime"]
    assert isinstance(job["id"], int)
    assert platform.get(f"{FILES}/batches/{job['destination']['batchId']}/files").status_code == 404


def test_a_job_moves_with_the_clock(people, platform):
    people.clock.freeze()
    job = platform.post(JOBS, body(target(platform))).json()
    seen = []
    for _ in range(4):
        seen.append(platform.get(f"{JOBS}/{job['id']}").json()["status"])
        people.clock.advance(1)

    assert seen == ["NEW", "PROCESSING", "PROCESSING", "SUCCEEDED"]


def test_a_finished_job_tells_what_it_did(export):
    job = export()

    assert job["status"] == "SUCCEEDED"
    assert job["metrics"]["totalTime"]["totalTimeInMs"] == 3000
    assert job["metrics"]["totalExportedProfileCounter"] == 2
    assert job["metrics"]["exportedProfileByNamespaceCounter"] == {"crmId": 2, "Email": 1, "cardId": 1}
    assert job["updateTime"] - job["creationTime"] == 3000
    assert set(job["computeGatewayJobId"]) == {"exportJob", "pushJob"}
    assert "errors" not in job


def test_an_answer_to_a_creation_says_where_the_job_is(people, platform):
    answer = platform.post(JOBS, body(target(platform)))

    assert answer.headers["X-Location"] == f"{JOBS}/{answer.json()['id']}"


def test_rows_are_merged_profiles_with_all_their_identities(rows):
    mara = next(row for row in rows() if row["person"]["name"]["firstName"] == "Mara")

    assert mara["tier"] == "gold"
    assert mara["identityMap"] == {
        "crmId": [{"id": "c-1", "primary": True}],
        "Email": [{"id": "mara@example.com", "primary": False}],
        "cardId": [{"id": "k-1", "primary": True}],
    }
    assert "eventList" not in mara


def test_fields_choose_the_columns(rows):
    exported = rows(fields="identities.id, person.name.firstName")

    assert {tuple(sorted(row)) for row in exported} == {("identities", "person")}
    assert sorted(len(row["identities"]) for row in exported) == [1, 3]


def test_events_come_inside_the_rows_in_order_of_time(rows):
    exported = rows(additionalFields={"eventList": {}})

    mara, teo = sorted(exported, key=lambda row: -len(row["eventList"]))
    assert [event["_id"] for event in mara["eventList"]] == [f"ev-{day}" for day in range(1, 6)]
    assert teo["eventList"] == []


def test_an_export_of_events_only_says_whose_they_are(rows):
    exported = rows(fields="identityMap", additionalFields={"eventList": {"fields": "total,timestamp"}})

    mara = next(row for row in exported if row["eventList"])
    assert set(mara) == {"identityMap", "eventList"}
    assert mara["eventList"][0] == {"total": 10, "timestamp": "2026-01-01T10:00:00Z"}


@pytest.mark.parametrize(
    ("bounds", "count"),
    [
        ({"fromIngestTimestamp": "1970-01-01T00:50:00Z"}, 0),
        ({"fromIngestTimestamp": "1970-01-01T00:49:59Z"}, 5),
        ({"toIngestTimestamp": "1970-01-01T00:50:00Z"}, 0),
        ({"toIngestTimestamp": "1970-01-01T01:50:01+01:00"}, 5),
    ],
)
def test_events_can_be_cut_by_their_time_of_ingestion(rows, bounds, count):
    exported = rows(additionalFields={"eventList": {"filter": bounds}})

    assert sum(len(row["eventList"]) for row in exported) == count


def test_only_profiles_that_changed_since_are_exported(rows):
    # Teo came in at 1,000 seconds, Mara's loyalty card at 2,000.
    assert names(rows(filter={"fromIngestTimestamp": "1970-01-01T00:20:00Z"})) == ["Mara"]


def test_people_with_events_only_are_exported_on_request(people, rows):
    event = {"_id": "x", "timestamp": "2026-01-09T00:00:00Z", "crm": {"id": "c-9"}, "total": 1}
    people.store.sandbox("prod").ingest("shop", [event], ingested_ms=3_000_000)

    assert len(rows()) == 2
    exported = rows(filter={"emptyProfiles": True}, additionalFields={"eventList": {}})
    assert sorted(len(row["eventList"]) for row in exported) == [0, 1, 5]


def test_people_with_too_many_identities_are_left_out(people, rows):
    links = [{"card": {"id": f"k-{number}"}, "crm": {"id": "c-1"}} for number in range(60)]
    people.store.sandbox("prod").ingest("loyalty", links)

    assert names(rows()) == ["Teo"]


def test_an_export_keeps_to_its_merge_policy(people, rows):
    policy = people.store.sandbox("prod").add_policy(
        name="CRM", schema_name=PROFILE, identity_graph="none", attribute_merge="dataSetPrecedence", order=["crm"]
    )

    exported = rows(mergePolicy={"id": policy.id, "version": 1}, additionalFields={"eventList": {}})
    assert names(exported) == ["Mara", "Teo"]
    assert all("tier" not in row and row["eventList"] == [] for row in exported)


def test_computed_attributes_are_exported_too(people, platform, rows):
    people.clock.freeze(1_767_700_800_000)
    draft = {
        "name": "spent",
        "displayName": "Spent",
        "description": "",
        "expression": {"type": "PQL", "format": "pql/text", "value": "xEvent.sum(total)"},
        "duration": {"count": 7, "unit": "DAYS"},
        "status": "NEW",
    }
    platform.post("/data/core/ca/attributes", draft)
    people.clock.advance(5)

    exported = rows(fields="_acme")
    assert [row.get("_acme") for row in exported if row] == [{"ComputedAttributes": {"spent": 150}}]


def test_a_json_dataset_gets_lines_of_json(people, platform):
    dataset_id = target(platform, fileDescription={"format": "json"})
    job = platform.post(JOBS, body(dataset_id, additionalFields={"eventList": {}})).json()
    people.clock.advance(5)

    ((name, content),) = files_of(platform, job["destination"]["batchId"]).items()
    assert name == "part-00000.json"
    assert sum(len(json.loads(line)["eventList"]) for line in content.splitlines()) == 5


def test_nobody_to_export_leaves_one_empty_file(rows):
    assert rows(filter={"segments": [{"segmentId": "nobody"}]}) == []


MEMBERS = [
    {"crm": {"id": "s-1"}, "n": 1, "segmentMembership": {"ups": {"gold": {"status": "realized"}}}},
    {"crm": {"id": "s-2"}, "n": 2, "segmentMembership": {"ups": {"gold": {"status": "exited"}}}},
    {
        "crm": {"id": "s-3"},
        "n": 3,
        "segmentMembership": {
            "ups": {"gold": {"status": "existing", "lastQualificationTime": "2026-02-01T00:00:00Z"}},
            "AAM": {"tin": {"status": "realized"}},
        },
    },
]


@pytest.fixture
def members(people):
    people.store.sandbox("prod").put_dataset(
        Dataset("members", "Members", PROFILE, (IdentityPath("crm.id", "crmId", True),))
    )
    people.store.sandbox("prod").ingest("members", MEMBERS)


def numbers(exported):
    return sorted(row["n"] for row in exported)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"segments": [{"segmentId": "gold"}]}, [1, 3]),
        ({"segments": [{"segmentId": "gold", "status": ["exited"]}]}, [2]),
        ({"segments": [{"segmentId": "gold", "status": ["existing", "exited"]}]}, [1, 2, 3]),
        ({"segments": [{"segmentId": "gold", "status": "realized"}]}, [1, 3]),
        ({"segments": [{"segmentId": "tin", "segmentNs": "AAM"}]}, [3]),
        ({"segments": [{"segmentId": "gold", "status": ["exited"]}, {"segmentId": "tin", "segmentNs": "AAM"}]}, [2, 3]),
        ({"segmentQualificationTime": {"startTime": "2026-01-01T00:00:00Z"}}, [3]),
        ({"segmentQualificationTime": {"endTime": "2026-02-01T00:00:00Z"}}, []),
    ],
)
def test_an_audience_is_whom_the_profiles_say(members, rows, chosen, expected):
    chosen = {"segments": [{"segmentId": "gold"}], **chosen}

    assert numbers(rows(filter=chosen)) == expected


def test_an_audience_can_be_whom_the_manifest_says(people, rows):
    document = {"id": "silver", "members": [{"namespace": "Email", "id": "mara@example.com"}]}
    people.store.documents.put("prod", "audiences", "silver", document)

    assert names(rows(filter={"segments": [{"segmentId": "silver"}]})) == ["Mara"]


def test_each_audience_can_have_a_batch_of_its_own(members, export, platform):
    segments = [{"segmentId": "gold", "segmentNs": "ups"}, {"segmentId": "tin", "segmentNs": "AAM"}]

    destination = export(filter={"segments": segments}, destination={"segmentPerBatch": True})["destination"]
    assert "batchId" not in destination
    assert [(each["segmentId"], each["status"]) for each in destination["batches"]] == [
        ("gold", ["realized"]),
        ("tin", ["realized"]),
    ]
    assert [numbers(rows_of(platform, each["batchId"])) for each in destination["batches"]] == [[1, 3], [3]]


def test_large_exports_come_in_several_files(platform):
    with Emulator(rows_per_file=2, job_seconds=0, seed=1) as emulator:
        platform.url = emulator.url
        platform.sign_in()
        prod = emulator.store.sandbox("prod")
        prod.put_dataset(Dataset("d", "D", PROFILE, (IdentityPath("crm", "crmId", True),)))
        prod.ingest("d", [{"crm": f"c-{number}"} for number in range(5)])
        job = platform.post(JOBS, body(target(platform))).json()
        parts = files_of(platform, job["destination"]["batchId"])

    assert list(parts) == [f"part-{number:05}.snappy.parquet" for number in range(3)]
    assert [pyarrow.parquet.read_table(io.BytesIO(part)).num_rows for part in parts.values()] == [2, 2, 1]


def test_a_failing_job_says_why_and_has_no_batch(people, platform):
    people.faults.fail_job("export_jobs", message="the lake is dry")
    job = platform.post(JOBS, body(target(platform))).json()
    people.clock.advance(5)

    failed = platform.get(f"{JOBS}/{job['id']}").json()
    assert (failed["status"], failed["destination"]["batchId"]) == ("FAILED", "")
    assert failed["errors"] == [{"code": "unknown", "msg": "the lake is dry", "callStack": ""}]
    assert platform.get(f"{FILES}/batches/{job['destination']['batchId']}/files").status_code == 404


def test_a_policy_that_is_gone_fails_the_job(people, platform):
    prod = people.store.sandbox("prod")
    policy = prod.add_policy(name=None, schema_name=PROFILE, identity_graph="none", attribute_merge="timestampOrdered")
    job = platform.post(JOBS, body(target(platform), mergePolicy={"id": policy.id})).json()
    prod.remove_policy(policy.id)
    people.clock.advance(5)

    assert platform.get(f"{JOBS}/{job['id']}").json()["status"] == "FAILED"


def test_files_that_cannot_be_written_fail_the_job(people, platform):
    job = platform.post(JOBS, body(target(platform))).json()
    folder = people.service.files.folder("prod", job["destination"]["batchId"])
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    people.clock.advance(5)

    (error,) = platform.get(f"{JOBS}/{job['id']}").json()["errors"]
    assert (error["code"], "Error writing profiles" in error["msg"]) == ("0090000009", True)


def test_a_cancelled_job_does_no_work(people, platform):
    job = platform.post(JOBS, body(target(platform))).json()
    answer = platform.request("DELETE", f"{JOBS}/{job['id']}")
    people.clock.advance(5)

    assert (answer.status_code, answer.json()["status"]) == (200, True)
    assert platform.get(f"{JOBS}/{job['id']}").json()["status"] == "CANCELLED"
    assert platform.get(f"{FILES}/batches/{job['destination']['batchId']}/files").status_code == 404


def test_a_job_that_is_over_cannot_be_cancelled_any_more(export, platform):
    job = export()

    assert platform.request("DELETE", f"{JOBS}/{job['id']}").status_code == 200
    assert platform.get(f"{JOBS}/{job['id']}").json()["status"] == "SUCCEEDED"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_job_is_not_found(platform, method):
    assert platform.request(method, f"{JOBS}/77").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"schema": {"name": "_xdm.context.experienceevent"}},
        {"destination": {"datasetId": "gone"}},
        {"destination": {"datasetId": "crm"}},
        {"destination": {"datasetId": None}},
        {"mergePolicy": {"id": "gone"}},
        {"mergePolicy": {}},
        {"fields": ["person"]},
        {"filter": {"segments": [{}]}},
        {"filter": {"fromIngestTimestamp": "yesterday"}},
        {"filter": {"fromIngestTimestamp": "2026-02-30T00:00:00Z"}},
    ],
)
def test_a_body_that_makes_no_sense_is_a_bad_request(people, platform, change):
    assert platform.post(JOBS, body(target(platform), **change)).status_code == 400


@pytest.mark.parametrize("missing", ["schema", "destination"])
def test_every_required_field_is_required(platform, missing):
    assert platform.post(JOBS, {k: v for k, v in body("x").items() if k != missing}).status_code == 400


def test_without_a_default_policy_one_must_be_named(people, platform):
    prod = people.store.sandbox("prod")
    (default,) = prod.policies()
    prod.remove_policy(default.id)

    assert platform.post(JOBS, body(target(platform))).status_code == 400


def test_the_destination_may_be_spelled_with_a_capital_s(people, platform):
    asked = body("")
    asked["destination"] = {"dataSetId": target(platform)}

    assert platform.post(JOBS, asked).status_code == 200


@pytest.fixture
def five(people, platform):
    """Five jobs, a second apart; their ids."""
    people.clock.freeze()
    dataset_id, made = target(platform), []
    for _ in range(5):
        made.append(platform.post(JOBS, body(dataset_id)).json()["id"])
        people.clock.advance(1)
    return made


def ids(platform, **query):
    return [job["id"] for job in platform.get(JOBS, **query).json()["records"]]


def test_a_list_begins_with_the_newest(five, platform):
    page = platform.get(JOBS).json()

    assert [job["id"] for job in page["records"]] == five[::-1]
    assert (page["page"]["sortField"], page["page"]["sort"], page["page"]["pageSize"]) == ("createdTime", "desc", 10)
    assert page["link"] == {"next": ""}
    assert "datasetId" in page["records"][0]["destination"]


def test_following_the_links_gives_every_job_once(five, platform):
    page = platform.get(JOBS, limit=2).json()
    seen = [job["id"] for job in page["records"]]
    while page["link"]["next"]:
        assert page["link"]["next"].startswith("/export/jobs/?limit=2&offset=")
        page = platform.request("GET", f"/data/core/ups{page['link']['next']}").json()
        seen += [job["id"] for job in page["records"]]

    assert seen == five[::-1]


def test_a_sorted_list_has_links_too(five, platform):
    page = platform.get(JOBS, limit=3, sort="updateTime:asc").json()
    rest = platform.request("GET", f"/data/core/ups{page['link']['next']}").json()

    assert [job["id"] for job in page["records"] + rest["records"]] == platform_order(platform)
    assert rest["link"] == {"next": ""}


def platform_order(platform):
    jobs = platform.get(JOBS).json()["records"]
    return [job["id"] for job in sorted(jobs, key=lambda job: (job["updateTime"], job["id"]))]


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ({"limit": 2, "start": 1}, [3, 2]),
        ({"limit": 2, "page": 1}, [2, 1]),
        ({"limit": 2, "offset": "3"}, [1, 0]),
        ({"offset": "1_1"}, []),
        ({"status": "SUCCEEDED"}, [2, 1, 0]),
        ({"status": "processing"}, [4, 3]),
        ({"status": "FAILED"}, []),
        ({"sort": "creationTime"}, [0, 1, 2, 3, 4]),
    ],
)
def test_a_list_can_be_cut_and_filtered(five, platform, query, positions):
    assert ids(platform, **query) == [five[position] for position in positions]


def test_a_filter_stays_in_the_link(five, platform):
    page = platform.get(JOBS, limit=2, status="SUCCEEDED").json()

    assert page["link"]["next"].endswith("&status=SUCCEEDED")


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"offset": "x"}, {"sort": "name:asc"}, {"status": "odd"}, {"page": -1}]
)
def test_a_query_that_cannot_be_answered_is_a_bad_request(platform, query):
    assert platform.get(JOBS, **query).status_code == 400


def test_jobs_and_files_outlive_a_restart(tmp_path, platform):
    path = tmp_path / "store.db"
    with Emulator(db=path, seed=1) as first:
        platform.url = first.url
        platform.sign_in()
        job = platform.post(JOBS, body(target(platform))).json()
        first.clock.advance(5)
        before = files_of(platform, platform.get(f"{JOBS}/{job['id']}").json()["destination"]["batchId"])
    with Emulator(db=path, seed=1) as second:
        platform.url = second.url
        platform.sign_in()
        after = files_of(platform, job["destination"]["batchId"])
        second.reset()

    assert before == after
    assert not (tmp_path / "store.db.files").exists()


def test_files_in_a_temporary_folder_go_with_the_emulator(platform):
    with Emulator(job_seconds=0, seed=1) as emulator:
        platform.url = emulator.url
        platform.sign_in()
        platform.post(JOBS, body(target(platform)))
        platform.get(JOBS)
        root = emulator.service.files.root
        assert any(root.rglob("*.parquet"))

    assert not root.exists()
