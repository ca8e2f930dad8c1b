"""Tasks that go on with their job on another worker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

import rtcp
from conftest import BOTH, dag_of, exports
from rtcp.airflow import RtcpExportProfilesOperator, RtcpUpsertOperator
from rtcp.airflow.receipts import Receipts

INSTANCE = SimpleNamespace(dag_id="night", run_id="manual__2026-01-01T00:00:00+00:00", task_id="export", map_index=-1)
CITIES = [{"_harbour": {"crmId": "C-1001"}, "homeAddress": {"city": "Whitby"}}, {}]
WORKER = """
import sys
from contextlib import suppress
from datetime import UTC, datetime
from inspect import signature

with suppress(ImportError):
    # Airflow 2 deletes no run without knowing the table of its users.
    import airflow.providers.fab.auth_manager.models
sys.path.insert(0, {folder!r})
from registering import register
from rtcp.airflow import RtcpExportProfilesOperator, _compat

day = datetime(2026, 1, 1, tzinfo=UTC)
with _compat._first("DAG", "airflow.sdk", "airflow")("killed", schedule=None, start_date=day) as dag:
    RtcpExportProfilesOperator(
        task_id="export", destination_dataset_id={destination!r}, receipts={receipts!r}, poll_interval=0.05,
    )
register(dag)
# The names of Airflow 3 and 2; the run has the same id each time.
wanted = {{"logical_date", "run_after", "execution_date"}}.intersection(signature(dag.test).parameters)
print("ended as", str(dag.test(**dict.fromkeys(wanted, day)).state))
"""


class DiesOnce(RtcpUpsertOperator):
    """The worker is lost at the first attempt, once the job is written down."""

    def _remember(self, context, job_id):
        super()._remember(context, job_id)
        if context["ti"].try_number == 1:
            # What Airflow 3.3 keeps beside the task is not there for another scheduler.
            raise RuntimeError("the worker was lost")


def start_worker(script, log):
    # Into a file, and in a group of its own: what Airflow starts beside the task shall neither hold a pipe nor stay.
    with log.open("w") as output:
        return subprocess.Popen(
            [sys.executable, "-c", script], stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )


def receipts_in(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("job_seconds", [1.0])
def test_a_dag_that_was_killed_goes_on_with_its_job_on_another_worker(emulator, destination, tmp_path):
    receipts = tmp_path / "receipts"
    script = WORKER.format(folder=str(Path(__file__).parent), destination=destination, receipts=str(receipts))
    first = start_worker(script, tmp_path / "first.log")
    ends = time.monotonic() + 180
    while not receipts_in(receipts) or receipts_in(receipts)[0].suffix != ".json":
        assert first.poll() is None, (tmp_path / "first.log").read_text()
        assert time.monotonic() < ends
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    (job,) = emulator.service.jobs.of_kind("prod", "export_jobs")
    emulator.clock.advance(86_400)

    second = start_worker(script, tmp_path / "second.log")
    second.wait(timeout=180)

    told = (tmp_path / "second.log").read_text()
    assert "ended as success" in told, told
    assert exports(emulator) == ["SUCCEEDED"]
    assert json.loads(receipts_in(receipts)[0].read_text()) == {"noun": "export_jobs", "job_id": str(job.id)}


@BOTH
@pytest.mark.parametrize("job_seconds", [0.02])
def test_an_upsert_goes_on_with_its_batch_and_its_counts(run, emulator, client, tmp_path, deferrable):
    dataset = client.datasets.enable_profile("harbour-crm", upsert=True).id
    given = {
        "dataset_id": dataset, "rows": lambda: CITIES, "format": "json", "poll_interval": 0.05, "max_failed": 1,
        "receipts": str(tmp_path / "receipts"), "deferrable": deferrable,
    }  # fmt: skip

    result = run(dag_of(lambda: DiesOnce(task_id="upsert", **given), retries=1))

    summary = result.xcoms["upsert"]
    assert (result.state, result.tries["upsert"]) == ("success", 2)
    assert (summary["rows"], summary["records_written"], summary["refused"]) == (2, 1, 1)
    assert len(list(client.batches.list(dataset_id=dataset))) == 1


def test_a_receipt_of_a_job_that_failed_is_replaced(run, emulator, destination, tmp_path):
    emulator.faults.fail_job("export_jobs")
    given = {"destination_dataset_id": destination, "receipts": str(tmp_path), "poll_interval": 0.05}

    result = run(dag_of(lambda: RtcpExportProfilesOperator(task_id="export", **given), retries=1))

    (receipt,) = receipts_in(tmp_path)
    assert result.state == "success"
    assert exports(emulator) == ["FAILED", "SUCCEEDED"]
    assert json.loads(receipt.read_text())["job_id"] == "1002"


def test_without_durable_no_receipt_is_kept(run, emulator, destination, tmp_path):
    given = {"destination_dataset_id": destination, "receipts": str(tmp_path), "durable": False}

    assert run(dag_of(lambda: RtcpExportProfilesOperator(task_id="export", **given))).state == "success"
    assert receipts_in(tmp_path) == []


@pytest.mark.parametrize("job_seconds", [1000.0])
def test_a_receipt_that_cannot_be_written_does_not_leave_the_job_alone(emulator, destination, tmp_path):
    task = RtcpExportProfilesOperator(task_id="export", destination_dataset_id=destination, receipts=str(tmp_path))
    told = SimpleNamespace(**vars(INSTANCE), try_number=1, xcom_push=lambda **_: None)
    receipt = tmp_path / "night" / quote(INSTANCE.run_id, safe="")
    (receipt / "export.json.part").mkdir(parents=True)

    with task.clear_errors():
        task.submit_job({"ti": told, "dag_run": None})
    task.on_kill()

    assert exports(emulator) == ["CANCELLED"]
    assert receipts_in(tmp_path) == []


@pytest.mark.parametrize("place", ["receipts", "nosuch://bucket/receipts"])
def test_a_place_that_other_workers_cannot_open_fails_at_once(run, emulator, destination, place):
    given = {"destination_dataset_id": destination, "receipts": place}

    result = run(dag_of(lambda: RtcpExportProfilesOperator(task_id="export", **given), retries=2))

    assert (result.state, result.tries["export"]) == ("failed", 1)
    assert "receipts: " in result.log
    assert exports(emulator) == []


def test_a_receipt_is_read_as_it_was_written(tmp_path):
    receipts = Receipts(f"file://{tmp_path}", INSTANCE)

    assert receipts.read() is None
    receipts.write({"job_id": "1", "noun": "batches"})
    receipts.write({"job_id": "2", "noun": "batches"})

    assert receipts.read() == {"job_id": "2", "noun": "batches"}
    assert [path.name for path in receipts_in(tmp_path)] == ["export.json"]


def test_mapped_tasks_and_runs_have_receipts_of_their_own(tmp_path):
    keys = [INSTANCE, SimpleNamespace(**{**vars(INSTANCE), "map_index": 0}),
            SimpleNamespace(**{**vars(INSTANCE), "run_id": "a/b"})]  # fmt: skip

    assert len({str(Receipts(str(tmp_path), key)) for key in keys}) == 3


def test_ids_of_dots_lead_into_no_other_folder(tmp_path):
    dots = SimpleNamespace(dag_id="..", run_id=".", task_id="export", map_index=-1)
    Receipts(str(tmp_path / "deep"), dots).write({"job_id": "1"})

    assert list(tmp_path.iterdir()) == [tmp_path / "deep"]
    assert len({str(Receipts(str(tmp_path), each)) for each in (dots, INSTANCE)}) == 2


def test_bytes_that_are_no_text_are_no_receipt(tmp_path):
    receipts = Receipts(str(tmp_path), INSTANCE)
    receipts.write({"job_id": "1"})
    receipts_in(tmp_path)[0].write_bytes(b"\xff")

    with pytest.raises(rtcp.InvalidArgumentError, match="is no receipt of a task"):
        receipts.read()


@pytest.mark.parametrize("content", ["", "[]", '{"job_id": 7}'])
def test_a_file_that_is_no_receipt_is_told(tmp_path, content):
    receipts = Receipts(str(tmp_path), INSTANCE)
    receipts.write({"job_id": "1"})
    receipts_in(tmp_path)[0].write_text(content)

    with pytest.raises(rtcp.InvalidArgumentError, match="is no receipt of a task"):
        receipts.read()
