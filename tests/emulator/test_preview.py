"""Preview: when a sample runs, what its reports count, and the oddities of their forms."""

from __future__ import annotations

import pytest
from tests.helpers.description import described

from rtcp.emulator.options import Options
from rtcp.emulator.store import Identity

STATUS = "/data/core/ups/previewsamplestatus"
REPORTS = {
    "dataset": f"{STATUS}/report/dataset",
    "namespace": f"{STATUS}/report/namespace",
    "stats": f"{STATUS}/report/dataset_stats",
    "datasets": f"{STATUS}/report/dataset/overlap",
    "namespaces": f"{STATUS}/report/namespace/overlap",
    "unstitched": f"{STATUS}/report/unstitchedProfiles",
}
in_all = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
NOW_MS = 1_767_607_200_000  # 2026-01-05T10:00:00Z, when the last of Mara's five purchases was


@pytest.fixture(autouse=True)
def still(emulator):
    emulator.clock.freeze(NOW_MS)


@pytest.fixture
def sampled(people):
    people.sample()
    return people


def data(platform, report, **query):
    return platform.get(REPORTS[report], **query).json()["data"]


def add_people(emulator, count, start=100):
    rows = [{"crm": {"id": f"c-{start + number}"}} for number in range(count)]
    emulator.store.sandbox("prod").ingest("crm", rows)


def test_the_status_has_numbers_as_texts_and_texts_in_quotes(sampled, platform):
    assert platform.get(STATUS).json() == {
        "numRowsToRead": "2",
        "sampleJobRunning": {"status": False, "submissionTimestamp": "2026-01-05 10:00:00.0"},
        "docCount": '"8"',
        "totalFragmentCount": 4,
        "lastSuccessfulBatchTimestamp": '"null"',
        "streamingDriven": '"false"',
        "totalRows": "2",
        "lastBatchId": '"null"',
        "status": "TASK_FINISHED",
        "samplingRatio": 1.0,
        "lastSampledTimestamp": "2026-01-05 10:00:00.0",
        "mergeStrategy": "timestampOrdered_pdg",
    }


def test_before_the_first_sample_there_is_nothing(platform):
    status = platform.get(STATUS).json()

    assert (status["totalRows"], status["lastSampledTimestamp"], status["status"]) == ("0", '"null"', "TASK_PENDING")
    assert [platform.get(path).status_code for path in REPORTS.values()] == [404] * 6


def test_the_dataset_report_counts_people_of_each_dataset(sampled, platform):
    rows = {row["value"]: row for row in data(platform, "dataset")}

    assert {name: row["fullIDsCount"] for name, row in rows.items()} == {"crm": 2, "loyalty": 1, "shop": 1}
    assert (rows["loyalty"]["fullIDsPercentage"], rows["crm"]["name"]) == (0.5, "CRM")
    assert rows["crm"]["reportTimestamp"] == "2026-01-05T10:00:00.000"


def test_the_namespace_report_counts_people_in_each_namespace(sampled, platform):
    rows = {
        row["code"]: (row["value"], row["fullIDsCount"], row["fullIDsFragmentCount"])
        for row in data(platform, "namespace")
    }

    assert rows == {"Email": ("6", 1, 1), "crmId": ("10000001", 2, 3), "cardId": ("10000002", 1, 1)}


def test_no_namespace_has_fewer_fragments_than_people(sampled, platform):
    assert all(row["fullIDsFragmentCount"] >= row["fullIDsCount"] for row in data(platform, "namespace"))


def test_overlaps_are_exact_combinations_that_add_up(sampled, platform):
    assert data(platform, "datasets") == {"crm": 1, "crm,loyalty,shop": 1}
    assert data(platform, "namespaces") == {"crmId": 1, "Email,cardId,crmId": 1}


def test_the_stats_count_rows_and_what_an_expiration_would_leave(sampled, platform):
    sampled.clock.advance(10 * 86_400)
    platform.sign_in()
    sampled.sample()
    rows = {row["datasetId"]: row for row in data(platform, "stats")}

    shop = rows["shop"]
    assert (shop["datasetType"], shop["records"], shop["profileFragments"], shop["totalProfiles"]) == (
        "ExperienceEvents",
        5,
        1,
        1,
    )
    assert [shop[f"{days}days"] for days in (7, 14, 30, 365)] == [0, 5, 5, 5]
    assert (shop["percentEvents"], shop["percentProfiles"]) == (100.0, 0.0)
    assert (rows["crm"]["datasetType"], rows["crm"]["7days"], rows["crm"]["percentProfiles"]) == (
        "Profiles",
        0,
        66.666667,
    )


def test_who_is_a_single_fragment_is_unstitched(sampled, platform):
    report = data(platform, "unstitched")

    assert (report["totalNumberOfProfiles"], report["totalNumberOfEvents"]) == (2, 5)
    assert report["unstitchedProfiles"]["7days"] == {
        "countOfProfiles": 1,
        "eventsAssociated": 0,
        "nsDistribution": {"crmId": {"countOfProfiles": 1, "eventsAssociated": 0}},
    }


def test_who_has_a_new_event_counts_in_no_shorter_window(people, platform):
    event = {"_id": "lone", "timestamp": "2025-12-20T10:00:00Z", "crm": {"id": "c-9"}}
    people.store.sandbox("prod").ingest("shop", [event])
    people.sample()
    windows = data(platform, "unstitched")["unstitchedProfiles"]

    assert {days: window["eventsAssociated"] for days, window in windows.items()} == {
        "7days": 1,
        "30days": 0,
        "60days": 0,
        "90days": 0,
        "120days": 0,
    }


def test_without_stitching_each_owner_of_a_fragment_counts(people, platform):
    policy = people.store.sandbox("prod").default_policy("_xdm.context.profile")
    change = [{"op": "add", "path": "/identityGraph.type", "value": "none"}]
    platform.request("PATCH", f"/data/core/ups/config/mergePolicies/{policy.id}", json=change)
    people.sample()

    assert platform.get(STATUS).json()["mergeStrategy"] == "timestampOrdered_none"
    assert data(platform, "datasets") == {"crm": 1, "crm,shop": 1, "loyalty": 1}


def test_data_that_comes_in_is_sampled_by_itself(people, platform):
    people.clock.advance(15 * 60)
    running = platform.get(STATUS).json()
    people.clock.advance(60)
    done = platform.get(STATUS).json()

    assert (running["sampleJobRunning"]["status"], running["totalRows"]) == (True, "0")
    assert running["sampleJobRunning"]["submissionTimestamp"] == "2026-01-05 10:15:00.0"
    assert (done["sampleJobRunning"]["status"], done["totalRows"]) == (False, "2")
    assert done["lastSampledTimestamp"] == "2026-01-05 10:16:00.0"


@pytest.mark.parametrize(("more", "counted"), [(1, 102), (10, 112)])
def test_only_a_change_of_more_than_three_percent_is_sampled(people, platform, more, counted):
    add_people(people, 100)
    people.sample()
    add_people(people, more, start=1000)
    people.clock.advance(3_600)

    assert platform.get(STATUS).json()["totalRows"] == str(counted)


def test_after_a_quiet_time_a_change_is_seen_again(people, platform):
    for start in (100, 200):
        add_people(people, 50, start=start)
        people.clock.advance(3_600)
        platform.get(STATUS)

    assert platform.get(STATUS).json()["totalRows"] == "102"


def test_a_delete_request_is_seen_by_the_next_sample(sampled, platform):
    platform.post("/data/core/ups/system/jobs", {"dataSetId": "shop"})
    sampled.clock.advance(5)
    sampled.sample()

    assert {row["value"] for row in data(platform, "dataset")} == {"crm", "loyalty"}
    assert data(platform, "unstitched")["totalNumberOfEvents"] == 0


@pytest.mark.parametrize("day", ["2026-01-05", "2026-1-5"])
def test_a_report_of_a_day_is_the_last_of_that_day(sampled, platform, day):
    sampled.clock.advance(60)
    sampled.sample()
    sampled.clock.advance(86_400)
    platform.sign_in()
    add_people(sampled, 3)
    sampled.sample()
    report = platform.get(REPORTS["dataset"], date=day).json()

    assert report["reportTimestamp"] == "2026-01-05T10:01:00.000"
    assert report["data"][0]["fullIDsCount"] == 2


@pytest.mark.parametrize(("day", "status"), [("2026-01-04", 404), ("2026-02-31", 400), ("yesterday", 400)])
def test_a_day_without_a_report_is_not_found_and_no_day_is_refused(sampled, platform, day, status):
    assert platform.get(REPORTS["namespace"], date=day).status_code == status


def test_withdrawn_reports_can_be_switched_off(sampled, platform):
    sampled.service.options = Options(withdrawn_reports=False)
    try:
        answers = {name: platform.get(path).status_code for name, path in REPORTS.items()}
    finally:
        sampled.service.options = Options()

    assert {name for name, status in answers.items() if status == 404} == {"datasets", "namespaces", "unstitched"}


def test_a_sample_that_fails_leaves_the_last_reports(sampled, platform):
    sampled.faults.fail_job("preview")
    sampled.clock.advance(60)
    sampled.sample()
    status = platform.get(STATUS).json()

    assert (status["status"], status["lastSampledTimestamp"]) == ("TASK_FAILED", "2026-01-05 10:00:00.0")
    assert len(data(platform, "dataset")) == 3


def test_a_sample_can_be_asked_for_by_the_admin_path(people, stranger):
    answer = stranger.post("/_emulator/sample", {"sandbox": "prod"})

    assert answer.json() == {"sandbox": "prod", "state": "TASK_FINISHED", "profiles": 2}
    assert stranger.post("/_emulator/sample", {"sandbox": "moon"}).status_code == 404


@pytest.mark.parametrize("sample", [True, False])
def test_a_loaded_manifest_is_sampled_unless_told_otherwise(emulator, platform, tmp_path, sample):
    (tmp_path / "m.toml").write_text(
        '[[datasets]]\nid = "d"\nclass = "_xdm.context.profile"\nfile = "d.jsonl"\n'
        'identities = [{ path = "id", namespace = "crmId", primary = true }]\n'
    )
    (tmp_path / "d.jsonl").write_text('{"id": "1"}\n{"id": "2"}\n')
    emulator.load(tmp_path / "m.toml", sample=sample)

    assert platform.get(STATUS).json()["totalRows"] == ("2" if sample else "0")


def test_sandboxes_are_sampled_apart(sampled, platform):
    answer = platform.request("GET", STATUS, headers={"x-sandbox-name": "dev"})

    assert answer.json()["totalRows"] == "0"


def test_accounts_are_no_people(people, platform):
    people.sample()

    assert people.store.sandbox("prod").parse_xid(
        people.store.sandbox("prod").xid(Identity("b2b_account", "41"))
    ) == Identity("b2b_account", "41")
    assert platform.get(STATUS).json()["totalRows"] == "2"


@in_all
def test_every_answer_keeps_to_the_description(sampled, platform):
    for path in (STATUS, *REPORTS.values()):
        assert described(path, "get").is_valid(platform.get(path).json()), path


@pytest.mark.parametrize("dialect", ["spec"])
def test_in_spec_the_merge_strategy_has_the_stray_quotation_mark(sampled, platform):
    assert platform.get(STATUS).json()['mergeStrategy"'] == "timestampOrdered_pdg"


@pytest.mark.parametrize("dialect", ["hostile"])
def test_hostile_counts_are_texts_and_the_doc_count_has_its_older_name(sampled, platform):
    assert platform.get(STATUS).json()["cosmosDocCount"] == '"8"'
    assert {row["value"]: row["fullIDsCount"] for row in data(platform, "dataset")}["crm"] == "2"


@pytest.mark.parametrize("report", ["dataset_stats", "unstitchedProfiles"])
@pytest.mark.parametrize("day", ["0", "2026-3", "2026-3-2-1", "99999999999999999999-1-1"])
def test_a_date_that_is_none_is_refused_where_no_date_is_described(sampled, platform, report, day):
    path = f"/data/core/ups/previewsamplestatus/report/{report}"

    assert platform.get(path, date=day).status_code == 400
