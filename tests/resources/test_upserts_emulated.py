"""Upserts and batches from end to end against the emulator, in each dialect."""

from __future__ import annotations

import pytest

import rtcp

pytestmark = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])


@pytest.fixture
def client(emulator, people, clock):
    clock.on_sleep = emulator.clock.advance
    with rtcp.Client.for_emulator(emulator.url, clock=clock) as client:
        client.datasets.enable_profile("crm", upsert=True)
        yield client


def person(client: rtcp.Client, crm: str) -> dict:
    return client.entities.get(crm, namespace="crmId", fields=["city", "person", "mail"]).entity


@pytest.mark.parametrize("format", ["parquet", "json"])
def test_an_upsert_changes_the_city_and_nothing_else(client, format):
    before = person(client, "5")

    result = client.batches.upsert("crm", [{"crm": "5", "city": "Oslo"}], format=format, interval=1)

    assert result.is_success
    assert person(client, "5") == {**before, "city": "Oslo"}


def test_rows_that_the_service_rejects_come_back_as_they_were(client):
    rows = [{"crm": "5", "city": "Oslo"}, {"city": "Nowhere"}, {"crm": "6", "city": "Bergen"}]

    result = client.batches.upsert("crm", rows, partial_ingestion_percent=50, interval=1)

    assert (result.written, result.failed) == (2, 1)
    (reject,) = result.rejects()
    assert (reject.position, reject.row, reject.code) == (1, rows[1], "1555")
    assert person(client, "6")["city"] == "Bergen"


def test_a_batch_with_too_many_bad_rows_leaves_nothing_behind(client):
    before = person(client, "5")

    result = client.batches.upsert("crm", [{"crm": "5", "city": "Oslo"}, {"city": "Nowhere"}], interval=1)

    assert not result.batch.is_success
    assert [(reject.position, reject.can_retry) for reject in result.rejects()] == [(0, True), (1, False)]
    assert person(client, "5") == before


def test_a_file_in_parts_is_the_file(client):
    lines = "".join(f'{{"crm": "{number}", "city": "Oslo"}}\n' for number in range(1, 13)).encode()
    batch = client.batches.create("crm")

    client.batches.upload(batch.id, lines, name="day=1/people.json", part_size=100)
    client.batches.complete(batch.id)

    done = client.batches.wait(batch.id, interval=1)
    assert (done.records_written, done.dataset_id) == (12, "crm")
    assert person(client, "12")["city"] == "Oslo"
    assert batch.id in [each.id for each in client.batches.list(dataset_id="crm", page_size=1)]


def test_what_is_not_in_profile_stays_outside(client):
    client.datasets.disable_profile("crm")

    client.batches.upsert("crm", [{"crm": "5", "city": "Oslo"}], check_dataset=False, interval=1)

    assert person(client, "5")["city"] == "Whitby"


def test_rows_whose_batch_goes_on_are_pending_and_nothing_else(client):
    result = client.batches.upsert("crm", [{"crm": "5", "city": "Oslo"}, {"city": 7.5}], wait=False)

    assert (result.pending, result.written, result.failed, result.refused) == (2 - result.refused, 0, 0, result.refused)
    assert not result.is_success
    assert result.pending > 0
