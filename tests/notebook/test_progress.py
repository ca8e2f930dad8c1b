"""Bars that count what is done: of look-ups, waits, transfers and streams."""

from __future__ import annotations

import re
import sys

import pytest

import rtcp
from rtcp.emulator import Emulator, worlds

EMAILS = ["jane@example.com", "nobody@example.com", "oskar.lindqvist@example.com", "nobody.else@example.com"]


def last_line(text: str) -> str:
    return re.split(r"[\r\n]+", text.strip())[-1]


@pytest.fixture
def dataset(client):
    return client.datasets.enable_profile("harbour-crm", upsert=True)


def test_a_bar_counts_the_ids_of_a_look_up_also_those_that_are_left_out(client, capsys):
    found = list(client.entities.get_many(EMAILS, namespace="Email", progress=True))

    assert len(found) == 2
    line = last_line(capsys.readouterr().err)
    assert "look-ups: 100%" in line
    assert "4/4" in line


def test_a_bar_of_a_look_up_counts_without_knowing_how_many(client, capsys):
    list(client.entities.get_many(iter(EMAILS), namespace="Email", on_missing="yield", progress=True))

    assert "4 ids" in last_line(capsys.readouterr().err)


def test_a_wait_shows_the_status(client, emulator, dataset, capsys):
    client.batches.upsert(dataset.id, [{"_harbour": {"crmId": "C-1001"}}], interval=0.01, progress=True)

    assert "success" in last_line(capsys.readouterr().err)


def test_a_callback_is_called_beside_the_bar(client, dataset, capsys):
    seen: list[rtcp.Batch] = []

    client.batches.upsert(
        dataset.id, [{"_harbour": {"crmId": "C-1001"}}], interval=0.01, progress=True, on_progress=seen.append
    )

    assert seen[-1].is_success
    assert "batch" in capsys.readouterr().err


def test_a_download_counts_bytes(client, dataset, tmp_path, capsys):
    result = client.batches.upsert(dataset.id, [{"_harbour": {"crmId": "C-1001"}}], interval=0.01)

    (path,) = client.batches.download(result.batch_id, tmp_path, progress=True)

    size = path.stat().st_size
    assert f"{size}/{size}" in last_line(capsys.readouterr().err)


def test_an_upload_in_parts_counts_bytes(client, dataset, capsys):
    batch = client.batches.create(dataset.id)

    client.batches.upload(batch.id, b'{"a": 1}\n' * 1024, name="a.json", part_size=1024, progress=True)

    assert "9.00k/9.00k" in last_line(capsys.readouterr().err)


def test_an_upload_in_one_request_ends_at_its_size(client, dataset, capsys):
    batch = client.batches.create(dataset.id)

    client.batches.upload(batch.id, b'{"a": 1}\n' * 1024, name="a.json", progress=True)

    assert "9.00k/9.00k" in last_line(capsys.readouterr().err)


def test_a_writer_counts_rows_and_tells_rejects(client, capsys):
    inlet = client.inlets.list().first()
    form = rtcp.RowForm(dataset_id="harbour-purchases", schema_id="https://ns.adobe.com/harbour/schemas/purchases")
    row = {"_id": "order-7", "timestamp": "2026-03-02T08:15:00Z", "_harbour": {"loyaltyId": 70007}}

    with client.streaming.writer(inlet.inlet_id, form=form, progress=True) as writer:
        writer.write(row)
        writer.write({})

    assert writer.summary.rows == 2
    line = last_line(capsys.readouterr().err)
    assert "2/2" in line
    assert "rejected=1" in line


def test_nothing_is_shown_unless_it_was_asked_for(client, capsys):
    list(client.entities.get_many(EMAILS, namespace="Email"))

    assert capsys.readouterr().err == ""


def test_nothing_is_shown_in_a_task_of_airflow(client, capsys, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CTX_DAG_ID", "nightly")

    list(client.entities.get_many(EMAILS, namespace="Email", progress=True))

    assert capsys.readouterr().err == ""


def test_without_tqdm_the_error_says_what_to_install(client, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)

    with pytest.raises(rtcp.MissingExtraError, match=r"rtcp\[notebook\]"):
        client.entities.get_many(EMAILS, namespace="Email", progress=True)


def test_a_wait_that_fails_closes_its_bar(client, emulator, capsys):
    with pytest.raises(rtcp.NotFoundError):
        client.export_jobs.wait(404, progress=True)

    assert "export job 404" in capsys.readouterr().err


def test_loading_a_manifest_shows_the_rows_of_all_its_files(tmp_path, capsys):
    seen = {}
    with Emulator() as emulator:
        report = emulator.load(worlds.path("harbour"), on_progress=seen.__setitem__, progress=True)

    rows = sum(dataset.rows for dataset in report.datasets)
    assert (len(report.datasets) > 1, sum(seen.values())) == (True, rows)
    assert f"load: {rows} rows" in capsys.readouterr().err
