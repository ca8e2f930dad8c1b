"""Delete requests, computed attributes and preview reports in DAG runs."""

from __future__ import annotations

import json

import pytest

from conftest import BOTH, dag_of
from rtcp.airflow import (
    RtcpComputedAttributeOperator,
    RtcpDeleteRequestOperator,
    RtcpMergePolicyOperator,
    RtcpPreviewReportOperator,
)

EXPRESSION = "xEvent[commerce.order.priceTotal > 0].sum(commerce.order.priceTotal)"


def delete(kind=RtcpDeleteRequestOperator, *, retries=0, **arguments):
    return dag_of(lambda: kind(task_id="delete", poll_interval=0.05, **arguments), retries=retries)


def attribute(**arguments):
    given = {
        "name": "spent7",
        "display_name": "Spent in a week",
        "description": "Sum of the orders of a week",
        "expression": EXPRESSION,
        "duration": "7 days",
        **arguments,
    }
    return dag_of(lambda: RtcpComputedAttributeOperator(task_id="ensure", poll_interval=0.05, **given))


def requests_of(emulator):
    jobs = emulator.service.jobs
    return [(job.document["datasetId"], jobs.state(job)) for job in jobs.of_kind("prod", "system_jobs")]


class DiesBeforeRemembering(RtcpDeleteRequestOperator):
    def start(self):
        job_id = super().start()
        if self.seen["ti"].try_number == 1:
            raise RuntimeError("the worker was lost")
        return job_id

    def perform(self, context):
        self.seen = context
        return super().perform(context)


@BOTH
@pytest.mark.parametrize("job_seconds", [0.05])
def test_deletes_a_dataset(run, emulator, client, deferrable):
    result = run(delete(dataset_id="harbour-purchases", deferrable=deferrable))

    summary = result.xcoms["delete"]
    assert result.state == "success"
    assert result.complaints == []
    assert (summary["dataset_id"], summary["batch_id"]) == ("harbour-purchases", None)
    assert len(requests_of(emulator)) == 1


@BOTH
@pytest.mark.parametrize("job_seconds", [0.0, 0.2], ids=["ended", "under-way"])
def test_a_retry_after_a_lost_worker_finds_the_request_again(run, emulator, deferrable):
    dag = delete(DiesBeforeRemembering, dataset_id="harbour-purchases", deferrable=deferrable, retries=1)

    assert run(dag).state == "success"
    assert len(requests_of(emulator)) == 1


@pytest.mark.parametrize("job_seconds", [1000.0])
def test_a_request_that_is_under_way_already_is_taken_over(run, emulator, client):
    job = client.system_jobs.create(dataset_id="harbour-purchases")

    result = run(delete(dataset_id="harbour-purchases", wait_for_completion=False))

    assert result.xcoms["delete"]["job_id"] == job.id
    assert f"delete request {job.id}: under way already" in result.log


def test_what_cannot_be_deleted_fails_with_the_service_s_words(run, emulator, client):
    emulator.faults.once("system_jobs.create", status=422)

    result = run(delete(dataset_id="harbour-purchases", deferrable=False))

    assert result.tasks["delete"] == "failed"
    assert "UnprocessableError" in result.log


@BOTH
def test_a_delete_request_that_fails_fails_the_task(run, emulator, deferrable):
    emulator.faults.fail_job("system_jobs")

    result = run(delete(dataset_id="harbour-purchases", deferrable=deferrable))

    assert result.tasks["delete"] == "failed"
    assert "failed (status " in result.log


@BOTH
@pytest.mark.parametrize("job_seconds", [0.05])
def test_a_computed_attribute_is_made_once_and_found_again(run, emulator, client, deferrable):
    first = run(attribute(deferrable=deferrable))
    second = run(attribute(deferrable=deferrable))

    (made,) = client.computed_attributes.list()
    assert first.xcoms["ensure"] == {"attribute_id": made.id, "name": "spent7", "status": "PROCESSED"}
    assert second.xcoms == first.xcoms
    assert first.complaints == second.complaints == []


def test_a_draft_is_changed_to_what_is_described_and_published(run, emulator, client):
    draft = client.computed_attributes.create(
        name="spent7", display_name="?", description="?", expression=EXPRESSION, duration="1 days"
    )

    result = run(attribute(deferrable=False, keep_current=False))

    changed = client.computed_attributes.get(draft.id)
    assert result.state == "success"
    assert (changed.display_name, changed.duration.count) == ("Spent in a week", 7)


def test_a_published_one_that_computes_something_else_fails_the_task(run, emulator, client):
    run(attribute(deferrable=False))

    result = run(attribute(deferrable=False, duration="3 days", expression=EXPRESSION.replace("sum", "max")))

    assert result.tasks["ensure"] == "failed"
    assert "is published with another expression, duration, and only a draft can be changed" in result.log


def test_a_disabled_one_fails_the_task(run, emulator, client):
    made = run(attribute(deferrable=False)).xcoms["ensure"]
    client.computed_attributes.disable(made["attribute_id"])

    assert "is disabled for good; choose another name" in run(attribute(deferrable=False)).log


def test_one_that_somebody_made_a_moment_ago_is_found(run, emulator, client, monkeypatch):
    run(attribute(deferrable=False))
    once = iter([None])
    named = RtcpComputedAttributeOperator._named
    monkeypatch.setattr(RtcpComputedAttributeOperator, "_named", lambda task: next(once, None) or named(task))
    emulator.faults.once("computed_attributes.list", body={"computedAttributes": [], "_page": {"totalCount": 0}})

    assert run(attribute(deferrable=False)).state == "success"


def test_a_report_goes_into_a_file_and_its_counts_to_xcom(run, emulator, tmp_path):
    path = tmp_path / "report.jsonl"
    task = {"task_id": "report", "report": "dataset_report", "output_path": str(path)}

    result = run(dag_of(lambda: RtcpPreviewReportOperator(**task)))

    summary = result.xcoms["report"]
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert result.complaints == []
    assert summary["rows"] == len(rows) == 4
    assert summary["profile_counts"]["harbour-crm"] == 12
    assert summary["reported_at"].endswith("+00:00")


@pytest.mark.parametrize("report", ["namespace_report", "dataset_stats", "dataset_overlap", "unstitched_profiles"])
def test_every_report_has_counts_with_names(run, emulator, report):
    result = run(dag_of(lambda: RtcpPreviewReportOperator(task_id="report", report=report)))

    counts = result.xcoms["report"]["profile_counts"]
    assert counts
    assert "None" not in counts


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"report": "nonsense"}, "report is one of dataset_report, "),
        ({"report": "dataset_stats", "date": "2026-11-20"}, "the report dataset_stats has no date"),
    ],
)
def test_a_report_that_cannot_be_asked_for_fails_the_task(run, emulator, arguments, sentence):
    assert sentence in run(dag_of(lambda: RtcpPreviewReportOperator(task_id="report", **arguments))).log


def policy(**arguments):
    given = {"name": "Card first", "identity_graph": "pdg", "attribute_merge": "timestampOrdered", **arguments}
    return dag_of(lambda: RtcpMergePolicyOperator(task_id="policy", **given))


def test_a_merge_policy_is_made_once_and_found_again(run, emulator, client):
    first = run(policy())
    second = run(policy())

    made = client.merge_policies.find("Card first")
    told = {"merge_policy_id": made.id, "name": "Card first", "version": 1, "took_default_from": None}
    assert first.xcoms["policy"] == {**told, "done": "created"}
    assert second.xcoms["policy"] == {**told, "done": "unchanged"}
    assert first.complaints == second.complaints == []


def test_a_merge_policy_that_differs_is_replaced_and_keeps_what_is_not_named(run, emulator, client):
    order = ["harbour-crm", "harbour-loyalty"]

    result = run(policy(name="Harbour: newest wins", attribute_merge="dataSetPrecedence", order=order))

    changed = client.merge_policies.get("harbour-newest")
    assert (result.xcoms["policy"]["done"], changed.version, changed.default) == ("replaced", 2, True)
    assert changed.attribute_merge.order == order
    assert "merge policy harbour-newest: another attribute_merge, order" in result.log


def test_whoever_takes_a_default_over_is_told_from_whom_and_how_many_audiences_follow(run, emulator, client):
    listed = [{"id": f"a-{n}", "name": f"A {n}", "mergePolicyId": "harbour-newest"} for n in range(2)]
    emulator.faults.once("audiences.list", body={"children": [*listed, {"id": "a-9", "name": "A 9"}], "_page": {}})

    result = run(policy(default=True))

    made = client.merge_policies.find("Card first")
    assert result.xcoms["policy"]["took_default_from"] == "harbour-newest"
    assert f"{made.id} has taken the default over from harbour-newest; 2 audiences follow" in result.log


def test_two_merge_policies_of_the_name_fail_the_task_with_both_ids(run, emulator, client):
    ids = ["harbour-newest", "harbour-unstitched"]
    for each in ids:
        client.merge_policies.update(each, name="Card first")

    result = run(policy())

    assert result.tasks["policy"] == "failed"
    assert all(each in result.log for each in ids)


def test_a_merge_policy_without_a_name_fails_the_task(run, emulator):
    assert "name is empty" in run(policy(name="{{ None }}")).log
