"""RtcpExportAudiencesOperator in DAG runs, and what the signatures of all operators and sensors say."""

from __future__ import annotations

from inspect import signature

import pytest

import rtcp.airflow
from conftest import BOTH, dag_of, exports
from rtcp.airflow import RtcpExportAudiencesOperator, RtcpExportJobSensor
from rtcp.airflow.operators.submit_and_wait import RtcpJobOperator
from rtcp.airflow.sensors import RtcpSensor


def exporting(**arguments):
    return dag_of(lambda: RtcpExportAudiencesOperator(task_id="export", poll_interval=0.05, **arguments))


@BOTH
def test_exports_audiences_by_name_and_id_each_into_its_batch(run, emulator, client, destination, tmp_path, deferrable):
    result = run(
        exporting(
            destination_dataset_id=destination,
            audiences=["Gold card holders", "{{ params.other }}"],
            params={"other": "harbour-gold"},
            download_to=str(tmp_path),
            deferrable=deferrable,
        )
    )

    summary, (job,) = result.xcoms["export"], client.export_jobs.list()
    assert result.state == "success"
    assert [each.audience_id for each in job.audiences] == ["harbour-gold"]
    assert summary["audiences"] == {batch.audience_id: batch.batch_id for batch in job.batches}
    assert summary["files"] == len(list((tmp_path / f"export-{job.id}").rglob("part-*")))
    assert job.audience_per_batch is True


def test_only_the_members_that_are_asked_for_go_out(run, emulator, client, destination):
    result = run(exporting(destination_dataset_id=destination, audiences=["harbour-gold"], members=["exited"]))

    (job,) = client.export_jobs.list()
    assert result.state == "success"
    assert [list(each.status) for each in job.audiences] == [["exited"]]


def test_nothing_is_evaluated(run, emulator, destination):
    run(exporting(destination_dataset_id=destination, audiences=["harbour-gold"]))

    (job,) = emulator.service.jobs.of_kind("prod", "export_jobs")
    assert "evaluationInfo" not in str(job.document["body"])


@pytest.mark.parametrize(
    ("audiences", "sentence"),
    [
        (
            ["Gold card holder"],
            "no audience with the id or name 'Gold card holder' in this sandbox; near it: 'Gold card",
        ),
        ([], "audiences is empty: name one"),
        (["{{ None }}"], "audiences is empty: name one"),
        ("harbour-gold", "audiences is a list of texts"),
    ],
)
def test_audiences_that_are_none_fail_the_task_before_anything_starts(run, emulator, destination, audiences, sentence):
    result = run(exporting(destination_dataset_id=destination, audiences=audiences))

    assert result.tasks["export"] == "failed"
    assert sentence in result.log
    assert exports(emulator) == []


def test_the_signatures_say_how_often_and_how_long_a_task_looks():
    public = [getattr(rtcp.airflow, name) for name in rtcp.airflow.__all__]
    waiting = [each for each in public if isinstance(each, type) and issubclass(each, RtcpJobOperator | RtcpSensor)]

    assert len(waiting) == 10
    for kind in waiting:
        assert {"poll_interval", "timeout"} <= signature(kind.__init__).parameters.keys(), kind
        assert kind.template_fields, kind


def test_a_sensor_takes_the_word_of_airflow_or_of_the_operators_but_not_both():
    assert RtcpExportJobSensor(task_id="wait", job_id=1, poll_interval=7).poke_interval == 7
    assert RtcpExportJobSensor(task_id="wait", job_id=1, poke_interval=8).poke_interval == 8
    with pytest.raises(rtcp.InvalidArgumentError, match="are the same: give one of them"):
        RtcpExportJobSensor(task_id="wait", job_id=1, poll_interval=7, poke_interval=8)


def test_the_waiting_of_a_sensor_comes_from_the_defaults_of_its_dag():
    tasks = []
    dag_of(
        lambda: tasks.append(
            RtcpExportJobSensor(task_id="wait", job_id=1, default_args={"poll_interval": 7, "timeout": 9})
        )
    )

    assert (tasks[0].poke_interval, tasks[0].timeout) == (7, 9)
