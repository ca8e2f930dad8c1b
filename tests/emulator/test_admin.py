"""The emulator's own paths."""

from __future__ import annotations

import pytest

POLICIES = "/data/core/ups/config/mergePolicies"


@pytest.fixture
def manifest(tmp_path):
    (tmp_path / "people.jsonl").write_text('{"mail": "ines@example.com", "person": {"name": {"firstName": "Inês"}}}\n')
    path = tmp_path / "world.toml"
    path.write_text(
        """
        [[datasets]]
        id = "newcomers"
        class = "_xdm.context.profile"
        file = "people.jsonl"
        identities = [{ path = "mail", namespace = "Email", primary = true }]
        """
    )
    return path


def test_status_shows_what_is_there(people, platform):
    status = platform.get("/_emulator/status").json()

    assert status["dialect"] == "guide"
    assert [dataset["id"] for dataset in status["sandboxes"]["prod"]["datasets"]] == [
        "crm",
        "loyalty",
        "shop",
        "accounts",
    ]
    assert status["sandboxes"]["dev"]["datasets"] == []


def test_admin_paths_need_no_token_and_are_not_recorded(emulator, stranger):
    assert stranger.get("/_emulator/status").status_code == 200
    assert len(emulator.requests) == 0


def test_a_reset_empties_everything(people, platform):
    platform.get(POLICIES)
    people.faults.always("*", status=500)
    platform.post("/_emulator/reset", {})

    assert (len(people.requests), people.faults.pending(), people.store.sandbox("prod").datasets()) == (0, [], [])


def test_a_manifest_is_loaded(emulator, platform, manifest):
    report = platform.post("/_emulator/load", {"manifest": str(manifest)}).json()

    assert [(each["dataset_id"], each["accepted"]) for each in report["datasets"]] == [("newcomers", 1)]
    (entry,) = platform.person("ines@example.com").json().values()
    assert entry["entity"]["person"]["name"]["firstName"] == "Inês"


def test_the_emulator_loads_a_manifest_itself(emulator, platform, manifest):
    emulator.load(manifest)

    assert platform.person("ines@example.com").status_code == 200


def test_the_files_of_a_manifest_may_lie_elsewhere(emulator, platform, manifest, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "people.jsonl").rename(tmp_path / "elsewhere" / "people.jsonl")

    answer = platform.post("/_emulator/load", {"manifest": str(manifest), "data": str(tmp_path / "elsewhere")})

    assert answer.status_code == 200


@pytest.mark.parametrize("settings", [{}, {"manifest": 1}, {"manifest": "none.toml"}, {"manifest": "x", "data": 1}])
def test_a_manifest_that_cannot_be_loaded_is_a_bad_request(platform, settings):
    answer = platform.post("/_emulator/load", settings)

    assert (answer.status_code, answer.json()["title"]) == (400, "BadRequestError")


def test_a_fault_is_set_listed_and_cleared(platform):
    answer = platform.post("/_emulator/faults", {"operation": "merge_policies.list", "status": 503, "times": 2})
    listed = platform.get("/_emulator/faults").json()["faults"]

    assert answer.json()["faults"] == listed
    assert listed == [{"operation": "merge_policies.list", "mode": "once", "status": 503}] * 2
    assert platform.get(POLICIES).status_code == 503
    assert platform.request("DELETE", "/_emulator/faults").json() == {"faults": []}
    assert platform.get(POLICIES).status_code == 200


def test_a_fault_lasts_when_times_is_null(platform):
    platform.post("/_emulator/faults", {"operation": "merge_policies.list", "status": 503, "times": None})

    assert [platform.get(POLICIES).status_code for _ in range(3)] == [503, 503, 503]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"operation": "entities.get", "colour": "red"},
        {"operation": "entities.get", "delay": "long"},
        {"operation": "entities.get", "status": True},
        {"operation": "entities.get", "times": "twice"},
    ],
)
def test_a_fault_that_cannot_be_is_a_bad_request(platform, settings):
    assert platform.post("/_emulator/faults", settings).status_code == 400


def test_the_clock_is_read_frozen_and_moved(platform):
    platform.post("/_emulator/clock", {"freezeAtMs": 1_000_000})
    platform.post("/_emulator/clock", {"advance": 60})

    assert platform.get("/_emulator/clock").json() == {"nowMs": 1_060_000}


def test_a_clock_does_not_go_back(platform):
    assert platform.post("/_emulator/clock", {"advance": -1}).status_code == 400


def test_requests_are_listed_and_cleared(platform):
    platform.get(POLICIES)

    (received,) = platform.get("/_emulator/requests").json()["requests"]
    assert (received["operation"], received["status"]) == ("merge_policies.list", 200)
    assert platform.request("DELETE", "/_emulator/requests").json() == {"requests": []}


def test_an_unknown_admin_path_is_not_found(stranger):
    assert stranger.get("/_emulator/nothing").status_code == 404


@pytest.mark.parametrize(
    ("data", "content_type"), [(b"{}", "text/plain"), (b"[]", "application/json"), (b"{", "application/json")]
)
def test_a_body_that_a_web_page_could_send_is_refused(stranger, data, content_type):
    answer = stranger.request("POST", "/_emulator/faults", data=data, headers={"Content-Type": content_type})

    assert answer.status_code == 400


def test_a_job_is_made_to_fail_over_the_admin_path(stranger):
    stranger.post("/_emulator/faults", {"failJob": "system_jobs", "times": 2, "message": "busy"})

    faults = stranger.get("/_emulator/faults").json()["faults"]
    assert faults == [{"failJob": "system_jobs", "mode": "once", "message": "busy"}] * 2


@pytest.mark.parametrize(
    "settings", [{"failJob": "laundry"}, {"failJob": "system_jobs", "times": 0}, {"failJob": "preview", "delay": 1}]
)
def test_a_fault_of_no_job_is_refused(stranger, settings):
    assert stranger.post("/_emulator/faults", settings).status_code == 400
    assert stranger.get("/_emulator/faults").json() == {"faults": []}


def test_a_step_of_the_clock_settles_what_is_due(people, stranger):
    people.service.jobs.start("prod", "system_jobs", {"datasetId": "shop", "batchId": None, "orgId": "x"})
    stranger.post("/_emulator/clock", {"advance": 60})

    assert people.store.sandbox("prod").counts().events == 0
