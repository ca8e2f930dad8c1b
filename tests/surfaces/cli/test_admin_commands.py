"""Merge policies, delete requests, reports, audiences, datasets, exports and computed attributes at a prompt."""

from __future__ import annotations

import json

import pytest

QUICK = ("--interval", "0.01")
CREATE = ("merge-policies", "create", "--name", "Card first", "--identity-graph", "pdg",
          "--attribute-merge", "dataSetPrecedence", "--order", "harbour-loyalty,harbour-crm")  # fmt: skip
ATTRIBUTE = ("computed-attributes", "create", "--name", "orders7", "--display-name", "Orders", "--description", "Week",
             "--expression", 'xEvent[eventType = "commerce.purchases"].count()', "--duration", "7 days")  # fmt: skip


def test_policies_are_listed_with_the_filters_that_are_named(world, rows):
    listed = rows("merge-policies", "list", "--identity-graph", "none", "--no-default")

    (asked,) = world.requests.of("merge_policies.list")
    assert asked.query["identityGraph.type"] == ["none"]
    assert asked.query["default"] == ["false"]
    assert [policy["id"] for policy in listed] == ["harbour-unstitched"]


def test_a_policy_is_created_as_its_options_say(world, rows):
    (created,) = rows(*CREATE)

    (asked,) = world.requests.of("merge_policies.create")
    assert asked.body["attributeMerge"] == {"type": "dataSetPrecedence", "order": ["harbour-loyalty", "harbour-crm"]}
    assert "default" not in asked.body
    assert created["version"] == 1


def test_a_default_taken_over_must_be_meant_and_is_said(world, run):
    refused, tried = run(*CREATE, "--default"), run(*CREATE, "--default", "--dry-run")

    assert (refused.exit_code, tried.exit_code) == (2, 0)
    for result in (refused, tried):
        assert "moves here from 'Harbour: newest wins' (harbour-newest)" in result.stderr
    assert world.requests.count("merge_policies.create") == 0
    assert "in place of harbour-newest" in run(*CREATE, "--default", "--yes").stderr


def test_the_place_on_edge_is_told_likewise(world, run):
    run("merge-policies", "update", "harbour-newest", "--is-active-on-edge")

    refused = run("merge-policies", "update", "harbour-unstitched", "--is-active-on-edge")

    assert refused.exit_code == 2
    assert "the place on edge moves here from 'Harbour: newest wins' (harbour-newest)" in refused.stderr


def test_a_class_does_not_lose_its_default_unsaid(world, run):
    refused = run("merge-policies", "update", "harbour-newest", "--no-default")

    assert refused.exit_code == 2
    assert "has no default then" in refused.stderr


def test_replace_at_a_prompt_keeps_what_is_not_named(world, rows):
    (replaced,) = rows("merge-policies", "replace", "Harbour: newest wins", "--order", "Harbour CRM,harbour-loyalty")

    assert replaced["default"]
    assert replaced["name"] == "Harbour: newest wins"
    assert replaced["attributeMerge"] == {"type": "dataSetPrecedence", "order": ["harbour-crm", "harbour-loyalty"]}


def test_a_policy_is_changed_replaced_and_deleted(world, rows, run):
    (updated,) = rows("merge-policies", "update", "harbour-unstitched", "--name", "Alone")
    (replaced,) = rows("merge-policies", "replace", "harbour-unstitched", "--name", "Together",
                       "--identity-graph", "pdg", "--attribute-merge", "timestampOrdered")  # fmt: skip
    deleted = run("merge-policies", "delete", "harbour-unstitched", "--yes")

    assert (updated["name"], replaced["version"], deleted.exit_code) == ("Alone", 3, 0)
    assert run("merge-policies", "get", "harbour-unstitched").exit_code == 4


def test_many_policies_of_which_one_is_unknown_are_exit_code_6(world, run):
    result = run("merge-policies", "get-many", "harbour-newest", "no-such-policy")

    assert result.exit_code == 6
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["harbour-newest"]
    assert "no-such-policy" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("merge-policies", "delete", "harbour-unstitched"),
        ("system-jobs", "create", "--dataset-id", "harbour-crm"),
        ("computed-attributes", "delete", "some-draft"),
    ],
)
def test_what_destroys_refuses_without_yes_and_sends_nothing(world, run, words):
    result = run(*words)

    assert result.exit_code == 2
    assert "IRREVERSIBLE" in result.stderr
    assert "sandbox 'prod'" in result.stderr
    assert world.requests.count() == 0


def test_a_plan_names_dataset_sandbox_and_counts_and_only_reads(world, rows):
    (plan,) = rows("system-jobs", "create", "--dataset-id", "harbour-purchases", "--dry-run")

    assert (plan["datasetName"], plan["sandbox"], plan["records"]) == ("Harbour purchases", "prod", 53)
    assert world.requests.count("system_jobs.create") == 0


def test_create_and_wait_says_the_id_and_leaves_the_dataset_empty(world, run, rows):
    result = run("system-jobs", "create", "--dataset-id", "harbour-purchases", "--yes", "--wait", *QUICK)

    job = json.loads(result.stdout)
    assert result.exit_code == 0
    assert job["isSuccess"]
    assert f"delete request {job['id']} was accepted in sandbox 'prod'" in result.stderr
    assert rows("entities", "list-events", "jane@example.com", "--namespace", "Email") == []


def test_waiting_for_a_job_that_fails_is_exit_code_1(world, run):
    world.faults.fail_job("system_jobs")

    result = run("system-jobs", "create", "--dataset-id", "harbour-purchases", "--yes", "--wait", *QUICK)

    assert result.exit_code == 1
    assert "ended as ERROR" in result.stderr


def test_a_job_that_still_runs_is_exit_code_7_and_the_message_says_how_to_go_on(world, run, rows):
    world.clock.freeze()
    (job,) = rows("system-jobs", "create", "--dataset-id", "harbour-purchases", "--yes")

    result = run("--sandbox", "prod", "system-jobs", "wait", job["id"], "--timeout", "0")

    assert result.exit_code == 7
    assert f"rtcp system-jobs wait {job['id']} --sandbox prod" in result.stderr


def test_a_creation_without_an_answer_says_which_command_finds_out(world, run):
    world.faults.once("system_jobs.create", cut="after")

    result = run("system-jobs", "create", "--dataset-id", "harbour-purchases", "--yes")

    assert result.exit_code == 1
    assert "rtcp system-jobs list" in result.stderr
    assert world.requests.count("system_jobs.create") == 1


def test_jobs_are_listed_shown_and_cancelled(world, rows, run):
    world.clock.freeze()
    (job,) = rows("system-jobs", "create", "--dataset-id", "harbour-purchases", "--yes")

    assert [each["id"] for each in rows("system-jobs", "list")] == [job["id"]]
    assert run("system-jobs", "cancel", job["id"]).exit_code == 0
    assert run("system-jobs", "get", job["id"]).exit_code == 4


def test_reports_add_up_to_the_people_that_were_loaded(world, rows):
    (status,) = rows("preview", "status")
    overlaps = rows("preview", "dataset-overlap")

    assert status["totalRows"] > 1200
    assert sum(row["profileCount"] for row in overlaps) == status["totalRows"]


@pytest.mark.parametrize(
    "verb",
    [
        "dataset-report",
        "namespace-report",
        "dataset-stats",
        "dataset-overlap",
        "namespace-overlap",
        "unstitched-profiles",
    ],
)
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_every_report_can_be_had_in_every_form(world, run, verb, form):
    result = run("preview", verb, "-o", form)

    assert result.exit_code == 0, result.stderr
    assert len(result.stdout.splitlines()) > 1


def test_counts_are_grouped_in_a_table_and_plain_in_csv(world, run):
    assert "1,206" in run("preview", "dataset-report", "-o", "table").stdout
    assert "1206" in run("preview", "dataset-report", "-o", "csv").stdout


def test_a_report_is_drawn_to_a_file(world, run, tmp_path):
    picture = tmp_path / "report.png"

    result = run("preview", "dataset-report", "--plot", str(picture))

    assert result.exit_code == 0, result.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_waiting_for_a_newer_sample_gives_up_with_exit_code_7(world, run):
    result = run("preview", "wait", "--sampled-after", "2999-01-01T00:00:00Z", "--timeout", "0")

    assert result.exit_code == 7
    assert "rtcp preview wait --sampled-after 2999-01-01T00:00:00+00:00" in result.stderr


def test_namespaces_are_listed_and_shown(world, rows):
    listed = {each["code"]: each for each in rows("namespaces", "list")}
    (shown,) = rows("namespaces", "get", str(listed["Email"]["id"]))

    assert shown["code"] == "Email"
    assert listed["crmId"]["custom"] is True
    assert len(rows("namespaces", "list", "--limit", "1")) == 1


def test_audiences_are_listed_and_shown(world, rows):
    listed = rows("audiences", "list", "--name", "gold")
    (shown,) = rows("audiences", "get", listed[0]["id"])

    assert shown["name"] == listed[0]["name"]


def test_an_export_is_made_waited_for_and_brought(world, rows, tmp_path):
    (dataset,) = rows("datasets", "create-for-export", "Names")
    (job,) = rows("export-jobs", "create", "--destination-dataset-id", dataset["id"], "--fields", "person.name",
                  "--wait", *QUICK)  # fmt: skip
    files = rows("export-jobs", "download", str(job["id"]), str(tmp_path / "out"))

    assert job["isSuccess"]
    assert [rows_of["bytes"] > 0 for rows_of in files] == [True]
    assert [each["id"] for each in rows("export-jobs", "list")] == [job["id"]]
    assert rows("datasets", "get", dataset["id"])[0]["name"] == "Names"


def test_a_computed_attribute_goes_from_draft_to_evaluated(world, rows, run):
    (draft,) = rows(*ATTRIBUTE)
    rows("computed-attributes", "update", draft["id"], "--description", "The last week")
    rows("computed-attributes", "publish", draft["id"])
    (done,) = rows("computed-attributes", "wait", draft["id"], *QUICK)
    (off,) = rows("computed-attributes", "disable", draft["id"])

    assert (draft["status"], done["status"], off["status"]) == ("DRAFT", "PROCESSED", "DISABLED")
    assert [each["description"] for each in rows("computed-attributes", "list")] == ["The last week"]


def test_a_draft_is_shown_before_and_deleted_with_yes(world, rows):
    (draft,) = rows(*ATTRIBUTE)

    rows("computed-attributes", "delete", draft["id"], "--dry-run")
    rows("computed-attributes", "delete", draft["id"], "--yes")

    assert rows("computed-attributes", "list") == []


@pytest.mark.parametrize("window", ["9 days", "days", "7 years", ""])
def test_a_window_that_is_none_is_a_usage_error(world, run, window):
    assert run(*ATTRIBUTE[:-1], window).exit_code == 2


@pytest.mark.parametrize("form", ["table", "csv"])
def test_one_thing_is_shown_with_a_name_and_a_value_a_line(world, run, form):
    lines = run("merge-policies", "get", "harbour-newest", "-o", form).stdout.splitlines()

    assert any(line.replace(",", " ").split() == ["merging", "timestampOrdered"] for line in lines)


def test_an_export_is_stopped_and_waiting_for_it_tells_so(world, rows, run):
    world.clock.freeze()
    (dataset,) = rows("datasets", "create-for-export", "Names")
    (job,) = rows("export-jobs", "create", "--destination-dataset-id", dataset["id"])

    assert run("export-jobs", "wait", str(job["id"]), "--timeout", "0").exit_code == 7
    assert run("export-jobs", "cancel", str(job["id"])).exit_code == 0
    assert run("export-jobs", "get", str(job["id"]), "-o", "table").exit_code == 0
    assert run("export-jobs", "wait", str(job["id"]), "--timeout", "0").exit_code == 1


def test_a_download_of_a_job_that_runs_says_how_to_go_on(world, rows, run, tmp_path):
    world.clock.freeze()
    (dataset,) = rows("datasets", "create-for-export", "Names")
    (job,) = rows("export-jobs", "create", "--destination-dataset-id", dataset["id"])

    result = run("export-jobs", "download", str(job["id"]), str(tmp_path))

    assert result.exit_code == 7
    assert f"rtcp export-jobs wait {job['id']}" in result.stderr


def test_attributes_are_shown_and_filtered_by_several_states(world, run, rows):
    (draft,) = rows(*ATTRIBUTE)

    assert "7 days" in run("computed-attributes", "get", draft["id"], "-o", "table").stdout
    assert len(rows("computed-attributes", "list", "--status", "DRAFT", "--status", "PROCESSED")) == 1


def test_an_expression_is_tried_on_people_without_creating_anything(world, rows):
    values = rows(
        *("computed-attributes", "try", "--duration", "6 months", "--at", "2025-06-30T00:00:00Z", "--people", "3"),
        *("--expression", 'xEvent[eventType = "commerce.purchases"].sum(commerce.order.priceTotal)'),
    )

    assert len(values) == 3
    assert all(value["value"] > 0 for value in values)
    assert rows("computed-attributes", "list") == []


def test_an_expression_that_cannot_be_evaluated_is_told_with_the_reason(world, run):
    result = run(
        "computed-attributes", "try", "--duration", "7 days", "--expression", 'xEvent[eventType = "x"].median(amount)'
    )

    assert result.exit_code == 1
    assert "median" in result.stderr
