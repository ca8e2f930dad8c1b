"""The sensors, in a worker and deferred."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from conftest import BOTH, dag_of
from rtcp.airflow import (
    RtcpComputedAttributeSensor,
    RtcpDeleteRequestSensor,
    RtcpExportJobSensor,
    RtcpPreviewSampleSensor,
)


def sensing(kind, **arguments):
    return dag_of(lambda: kind(task_id="wait", **{"poke_interval": 0.05, "timeout": 20, **arguments}))


@BOTH
@pytest.mark.parametrize("job_seconds", [0.1])
def test_waits_for_an_export(run, emulator, client, destination, deferrable):
    job = client.export_jobs.create(destination_dataset_id=destination)

    result = run(sensing(RtcpExportJobSensor, job_id=job.id, deferrable=deferrable))

    assert result.xcoms["wait"]["profiles"] == 1213
    assert result.complaints == []


@BOTH
def test_waits_for_a_delete_request(run, emulator, client, deferrable):
    job = client.system_jobs.create(dataset_id="harbour-purchases")

    result = run(sensing(RtcpDeleteRequestSensor, job_id=job.id, deferrable=deferrable))

    assert result.xcoms["wait"]["dataset_id"] == "harbour-purchases"


@BOTH
@pytest.mark.parametrize("job_seconds", [0.05])
def test_waits_for_a_computed_attribute(run, emulator, client, deferrable):
    made = client.computed_attributes.create(
        name="orders",
        display_name="Orders",
        description="Orders of a month",
        expression="xEvent[commerce.order.priceTotal > 0].count()",
        duration="1 months",
        status="NEW",
    )

    result = run(sensing(RtcpComputedAttributeSensor, attribute_id=made.id, deferrable=deferrable))

    assert result.xcoms["wait"]["status"] == "PROCESSED"


@BOTH
def test_waits_for_a_fresh_sample(run, emulator, deferrable):
    emulator.clock.advance(60)
    emulator.sample()
    sampled = datetime.fromtimestamp(emulator.clock.now_ms() / 1000 - 30, UTC)

    result = run(sensing(RtcpPreviewSampleSensor, sampled_after=sampled.isoformat(), deferrable=deferrable))

    assert result.xcoms["wait"]["profiles"] == 1213


@BOTH
def test_a_sample_that_does_not_come_ends_with_the_time_out(run, emulator, deferrable):
    late = datetime(2100, 1, 1, tzinfo=UTC)

    result = run(sensing(RtcpPreviewSampleSensor, sampled_after=late, timeout=0.2, deferrable=deferrable))

    assert result.tasks["wait"] == "failed"
    assert "AirflowSensorTimeout" in result.log


@pytest.mark.parametrize("sampled_after", ["yesterday", "2026-11-20T00:00:00", ""])
def test_an_instant_that_is_none_fails_at_once(run, emulator, sampled_after):
    result = run(sensing(RtcpPreviewSampleSensor, sampled_after=sampled_after, deferrable=False))

    assert result.tasks["wait"] == "failed"
    assert "sampled_after" in result.log


@BOTH
@pytest.mark.parametrize(("soft_fail", "state"), [(False, "failed"), (True, "skipped")])
def test_a_job_that_failed_fails_or_skips(run, emulator, client, destination, deferrable, soft_fail, state):
    emulator.faults.fail_job("export_jobs", message="no space")
    job = client.export_jobs.create(destination_dataset_id=destination)

    result = run(sensing(RtcpExportJobSensor, job_id=job.id, deferrable=deferrable, soft_fail=soft_fail))

    assert result.tasks["wait"] == state
    assert f"export job {job.id} failed (status FAILED): unknown: no space" in result.log


@pytest.mark.parametrize("job_seconds", [0.1])
@pytest.mark.parametrize(("soft_fail", "state"), [(False, "failed"), (True, "skipped")])
def test_a_job_that_fails_while_the_sensor_is_deferred(run, emulator, client, destination, soft_fail, state):
    emulator.faults.fail_job("export_jobs")
    job = client.export_jobs.create(destination_dataset_id=destination)

    result = run(sensing(RtcpExportJobSensor, job_id=job.id, deferrable=True, soft_fail=soft_fail))

    assert result.tasks["wait"] == state


@BOTH
def test_ten_looks_without_an_answer_are_survived(run, emulator, client, destination, deferrable):
    job = client.export_jobs.create(destination_dataset_id=destination)
    emulator.faults.once("export_jobs.get", status=503, times=10)

    result = run(sensing(RtcpExportJobSensor, job_id=job.id, deferrable=deferrable))

    assert result.state == "success"


def test_details_that_cannot_be_read_are_no_failure(run, emulator, client, destination, monkeypatch):
    job = client.export_jobs.create(destination_dataset_id=destination)
    look = RtcpExportJobSensor.poke

    def poke_then_outage(task, context):
        done = look(task, context)
        emulator.faults.once("export_jobs.get", status=503, times=2)
        return done

    monkeypatch.setattr(RtcpExportJobSensor, "poke", poke_then_outage)

    result = run(sensing(RtcpExportJobSensor, job_id=job.id, deferrable=False))

    assert result.xcoms["wait"] == {}


@BOTH
def test_an_unknown_job_fails_the_task(run, emulator, deferrable):
    result = run(sensing(RtcpExportJobSensor, job_id="4711", deferrable=deferrable))

    assert result.tasks["wait"] == "failed"
    assert "404" in result.log


def test_a_draft_fails_the_task_because_nothing_will_move_it(run, emulator, client):
    draft = client.computed_attributes.create(
        name="draft",
        display_name="Draft",
        description="Nobody publishes it",
        expression="xEvent[commerce.order.priceTotal > 0].count()",
        duration="1 months",
    )

    result = run(sensing(RtcpComputedAttributeSensor, attribute_id=draft.id, deferrable=False))

    assert result.tasks["wait"] == "failed"
    assert "is a draft, and nothing will move it: publish it" in result.log
