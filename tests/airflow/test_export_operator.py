"""RtcpExportProfilesOperator in DAG runs."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from conftest import BOTH, SECRET, connect, dag_of, exports
from rtcp.airflow import RtcpExportProfilesOperator, _compat
from rtcp.airflow.job_looks import KINDS, SAMPLE
from rtcp.cli.app import app


def export(kind=RtcpExportProfilesOperator, *, retries=0, **arguments):
    return dag_of(lambda: kind(task_id="export", poll_interval=0.05, **arguments), retries=retries)


class DiesAfterSubmit(RtcpExportProfilesOperator):
    """The worker is lost at the first attempt, when the job is known but nobody waits for it yet."""

    def poll_until_complete(self, external_id, context):
        self._die_once(context)
        return super().poll_until_complete(external_id, context)

    def _defer(self, job_id):
        self._die_once(self.seen)
        super()._defer(job_id)

    def perform(self, context):
        self.seen = context
        return super().perform(context)

    def _has_succeeded(self, job_id):
        self._die_once(self.seen)
        return super()._has_succeeded(job_id)

    def _die_once(self, context):
        if context["ti"].try_number == 1:
            raise RuntimeError("the worker was lost")


class DiesBeforeRemembering(RtcpExportProfilesOperator):
    """The worker is lost at the first attempt, between the service's answer and the first note of it."""

    def start(self):
        job_id = super().start()
        if self.seen["ti"].try_number == 1:
            raise RuntimeError("the worker was lost")
        return job_id

    def perform(self, context):
        self.seen = context
        return super().perform(context)


class SubmitsTwiceAndDies(DiesBeforeRemembering):
    def start(self):
        RtcpExportProfilesOperator.start(self)
        return super().start()


class CancelledBySomebody(RtcpExportProfilesOperator):
    def start(self):
        job_id = super().start()
        self.client.export_jobs.cancel(job_id)
        return job_id


class WithOutage(RtcpExportProfilesOperator):
    """The service stops answering when the job has been submitted."""

    emulator = None
    fault = None

    def start(self):
        job_id = super().start()
        self.emulator.faults.once("export_jobs.get", **self.fault)
        return job_id


@BOTH
def test_exports_and_downloads(run, emulator, destination, tmp_path, deferrable):
    result = run(export(destination_dataset_id=destination, download_to=str(tmp_path), deferrable=deferrable))

    summary = result.xcoms["export"]
    assert result.state == "success"
    assert (summary["job_id"], summary["status"], summary["dataset_id"]) == ("1001", "SUCCEEDED", destination)
    assert summary["profiles"] == 1213
    assert len(list((tmp_path / "export-1001").glob("part-*"))) == summary["files"] == 1


@BOTH
@pytest.mark.parametrize("job_seconds", [0.05])
def test_a_green_run_has_no_error_and_no_secret_in_its_log(run, emulator, destination, deferrable):
    result = run(export(destination_dataset_id=destination, deferrable=deferrable))

    assert result.complaints == []
    assert "export job 1001: submitted" in result.log
    assert SECRET not in result.log
    assert not any(token in result.log for token in ("Bearer", "access_token"))


def test_xcom_gets_counts_and_ids_but_no_people(run, emulator, destination):
    result = run(export(destination_dataset_id=destination, deferrable=False))

    assert set(result.xcoms["export"]) == {"job_id", "status", "dataset_id", "batch_ids", "profiles"}


def test_does_not_wait_when_told_so(run, emulator, destination):
    result = run(export(destination_dataset_id=destination, wait_for_completion=False))

    assert result.xcoms["export"] == {"job_id": "1001"}


def test_templates_reach_the_service(run, emulator, destination):
    arguments = {
        "destination_dataset_id": "{{ params.target }}",
        "fields": ["person.name", "{{ params.column }}"],
        "ingested_after": "{{ dag_run.start_date.isoformat() }}",
        "merge_policy_id": "{{ None }}",
        "events": {"fields": ["eventType"], "ingested_after": "2026-01-01T00:00:00Z"},
        "params": {"target": destination, "column": "personalEmail"},
    }

    result = run(export(deferrable=False, **arguments))

    (job,) = emulator.service.jobs.of_kind("prod", "export_jobs")
    assert result.state == "success"
    assert job.document["body"]["fields"] == "person.name,personalEmail"
    assert job.document["body"]["filter"]["fromIngestTimestamp"].endswith("Z")
    assert job.document["body"]["additionalFields"]["eventList"]["fields"] == "eventType"


@BOTH
@pytest.mark.parametrize("kind", [DiesAfterSubmit, DiesBeforeRemembering])
def test_a_retry_after_a_lost_worker_finds_the_job_again(run, emulator, destination, deferrable, kind):
    result = run(export(kind, destination_dataset_id=destination, deferrable=deferrable, retries=1))

    assert result.state == "success"
    assert exports(emulator) == ["SUCCEEDED"]


@pytest.mark.parametrize("dialect", ["spec", "hostile"])
def test_a_lost_job_is_found_in_every_dialect(run, emulator, destination, dialect):
    result = run(export(DiesBeforeRemembering, destination_dataset_id=destination, deferrable=True, retries=1))

    assert result.state == "success"
    assert exports(emulator) == ["SUCCEEDED"]


@BOTH
def test_other_exports_are_not_taken_for_the_lost_one(run, emulator, client, destination, deferrable):
    others = [
        client.export_jobs.create(destination_dataset_id=destination, fields=["person.name"]),
        client.export_jobs.create(destination_dataset_id=destination, audiences=["harbour-gold"]),
    ]

    result = run(export(DiesBeforeRemembering, destination_dataset_id=destination, deferrable=deferrable, retries=1))

    assert result.state == "success"
    assert int(result.xcoms["export"]["job_id"]) not in [job.id for job in others]
    assert len(exports(emulator)) == 3


def test_several_equal_jobs_end_the_task_with_their_ids(run, emulator, destination):
    result = run(export(SubmitsTwiceAndDies, destination_dataset_id=destination, deferrable=True, retries=3))

    assert result.state == "failed"
    assert "cannot tell which export job belongs to this task: 1002, 1001" in result.log
    assert len(exports(emulator)) == 2


def test_without_durable_each_attempt_starts_a_job(run, emulator, destination):
    dag = export(DiesAfterSubmit, destination_dataset_id=destination, deferrable=False, durable=False, retries=1)

    assert run(dag).state == "success"
    assert exports(emulator) == ["SUCCEEDED", "SUCCEEDED"]


@BOTH
def test_a_failed_job_fails_the_task_with_the_service_s_reason(run, emulator, destination, deferrable):
    emulator.faults.fail_job("export_jobs", message="Error writing profiles")

    result = run(export(destination_dataset_id=destination, deferrable=deferrable))

    assert result.tasks["export"] == "failed"
    assert "export job 1001 failed (status FAILED): unknown: Error writing profiles" in result.log


@BOTH
def test_a_retry_after_a_failed_job_starts_a_new_one(run, emulator, destination, deferrable):
    emulator.faults.fail_job("export_jobs")

    result = run(export(destination_dataset_id=destination, deferrable=deferrable, retries=1))

    assert result.state == "success"
    assert exports(emulator) == ["FAILED", "SUCCEEDED"]


@BOTH
@pytest.mark.parametrize("job_seconds", [1000.0])
def test_a_job_cancelled_by_somebody_fails_the_task(run, emulator, destination, deferrable):
    result = run(export(CancelledBySomebody, destination_dataset_id=destination, deferrable=deferrable))

    assert result.tasks["export"] == "failed"
    assert "export job 1001 was cancelled (status CANCELLED)" in result.log


@BOTH
@pytest.mark.parametrize("job_seconds", [1000.0])
@pytest.mark.parametrize(("cancel", "state", "told"), [(True, "CANCELLED", "was cancelled"), (False, "NEW", "goes on")])
def test_when_the_time_is_up_the_job_is_cancelled_or_goes_on(
    run, emulator, destination, deferrable, cancel, state, told
):
    dag = export(destination_dataset_id=destination, deferrable=deferrable, timeout=0.2, cancel_on_kill=cancel)

    result = run(dag)

    assert result.tasks["export"] == "failed"
    assert f"the time for export job 1001 is up, last seen as NEW; export job 1001 {told}" in result.log
    assert exports(emulator) == [state]


@pytest.mark.parametrize("job_seconds", [1000.0])
def test_the_execution_timeout_is_a_deadline_of_the_trigger_too(run, emulator, destination):
    dag = export(destination_dataset_id=destination, deferrable=True, execution_timeout=timedelta(seconds=8))

    assert run(dag).tasks["export"] == "failed"
    assert exports(emulator) == ["CANCELLED"]


@BOTH
@pytest.mark.parametrize("fault", [{"status": 503}, {"cut": "before"}], ids=["503", "cut"])
def test_ten_looks_without_an_answer_are_survived(run, emulator, destination, deferrable, fault):
    kind = type("WithOutage", (WithOutage,), {"emulator": emulator, "fault": {**fault, "times": 10}})

    result = run(export(kind, destination_dataset_id=destination, deferrable=deferrable))

    assert result.state == "success"
    assert exports(emulator) == ["SUCCEEDED"]


@BOTH
def test_a_token_that_expires_while_waiting_is_renewed(run, emulator, destination, deferrable):
    kind = type("WithOutage", (WithOutage,), {"emulator": emulator, "fault": {"expired_token": True, "times": 1}})

    result = run(export(kind, destination_dataset_id=destination, deferrable=deferrable))

    assert result.state == "success"
    assert result.complaints == []


def test_a_pause_that_the_service_asks_for_gives_the_worker_back(run, emulator, destination, monkeypatch):
    monkeypatch.setattr("rtcp.airflow.operators.base.LONG_PAUSE", 0.5)
    emulator.faults.once("export_jobs.create", status=429, headers={"Retry-After": "1"})

    result = run(export(destination_dataset_id=destination, deferrable=True))

    assert result.state == "success"
    assert "the service asks to wait 1 s; the task goes on after that" in result.log
    assert exports(emulator) == ["SUCCEEDED"]


def test_a_wrong_argument_is_not_tried_again(run, emulator, destination):
    result = run(export(destination_dataset_id="harbour-crm", deferrable=False, retries=3))

    assert result.tasks["export"] == "failed"
    assert "dataset 'harbour-crm' does not hold the union schema" in result.log
    assert result.tries["export"] == 1
    assert exports(emulator) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"password": None}, "connection 'adobe_rtcp_default' lacks the client secret in Password"),
        ({"login": "", "extra": {"org_id": ""}}, "lacks the client id in Login, org_id in the extra"),
        ({"extra": {"sandboxx": "x"}}, "'sandboxx' in the extra is no setting; did you mean 'sandbox'?"),
        ({"extra": {"base_url": "nowhere"}}, "connection 'adobe_rtcp_default': base_url must be an http(s) address"),
        ({"host": "https://platform.adobe.io"}, "an address belongs into base_url in the extra, not into Host"),
    ],
)
def test_a_wrong_connection_gives_one_sentence_and_no_retry(run, emulator, monkeypatch, changes, sentence):
    connect(monkeypatch, emulator, **changes)

    result = run(export(destination_dataset_id="any", deferrable=False, retries=3))

    assert result.tasks["export"] == "failed"
    assert sentence in result.log
    assert result.tries["export"] == 1


def test_the_task_tells_airflow_which_asset_it_updates():
    task = RtcpExportProfilesOperator(task_id="export", destination_dataset_id="d-1", outlets=[])
    templated = RtcpExportProfilesOperator(task_id="export", destination_dataset_id="{{ params.target }}")

    assert [asset.uri for asset in task.outlets] == ["x-rtcp://dataset/d-1"]
    assert list(templated.outlets) == []


def test_the_task_tells_how_to_look_at_its_job(run, emulator, destination):
    result = run(export(destination_dataset_id=destination, deferrable=True, sandbox="prod"))

    assert result.looks["export"] == "rtcp --sandbox prod export-jobs get 1001"
    assert (
        CliRunner().invoke(app, result.looks["export"].split()[1:], env={"RTCP_EMULATOR": emulator.url}).exit_code == 0
    )


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_command_of_every_kind_of_job_is_one(kind):
    found = app
    for word in kind.command.split():
        found = found.get_command(click.Context(found), word)

    assert [parameter for parameter in found.params if isinstance(parameter, click.Argument)] or kind is KINDS[SAMPLE]


@pytest.mark.parametrize("map_index", [-1, 3])
def test_the_link_leads_to_the_page_with_what_the_task_has_told(map_index):
    task = RtcpExportProfilesOperator(task_id="export", destination_dataset_id="d-1")
    key = SimpleNamespace(
        dag_id="night", run_id="manual__2026-01-01T00:00:00+00:00", task_id="export", map_index=map_index
    )
    (link,) = task.operator_extra_links

    page = link.get_link(task, ti_key=key)

    assert link.name == "Profile job"
    if _compat.version.startswith("2."):
        run = "dag_run_id=manual__2026-01-01T00%3A00%3A00%2B00%3A00"
        mapped = "" if map_index == -1 else "&map_index=3"
        assert page == f"http://localhost:8080/dags/night/grid?{run}&task_id=export&tab=xcom{mapped}"
    else:
        mapped = "" if map_index == -1 else "/mapped/3"
        run = "manual__2026-01-01T00%3A00%3A00%2B00%3A00"
        assert page == f"http://localhost:8080/dags/night/runs/{run}/tasks/export{mapped}/xcom"


class CancelledOnce(RtcpExportProfilesOperator):
    def start(self):
        job_id = super().start()
        if self.seen["ti"].try_number == 1:
            self.client.export_jobs.cancel(job_id)
        return job_id

    def perform(self, context):
        self.seen = context
        return super().perform(context)


@BOTH
@pytest.mark.parametrize("job_seconds", [0.05])
def test_a_retry_after_a_cancelled_job_starts_a_new_one(run, emulator, destination, deferrable):
    result = run(export(CancelledOnce, destination_dataset_id=destination, deferrable=deferrable, retries=1))

    assert result.state == "success"
    assert exports(emulator) == ["CANCELLED", "SUCCEEDED"]
