"""The switches of `rtcp emulator serve`: each does what the emulator's own argument does."""

from __future__ import annotations

import os
import signal

import pytest
import requests
from tests.surfaces.cli.test_processes import finished, read_until, start

import rtcp
from rtcp.emulator import Emulator, worlds

SWITCHES = (
    "--job-seconds", "0", "--streaming-seconds", "0", "--seed", "7", "--limits", "--no-withdrawn-reports",
    "--dialect", "spec", "--allow-host", "profile.test",
)  # fmt: skip


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return tmp_path_factory.mktemp("served") / "harbour.db"


@pytest.fixture(scope="module")
def client(database):
    """A client of an emulator that the command serves with all its switches."""
    process = start("emulator", "serve", "--port", "0", "--world", "harbour", "--db", str(database), *SWITCHES)
    said = read_until(process.stderr, b"shell: export RTCP_EMULATOR=")
    while not said.endswith("\n"):
        said += os.read(process.stderr.fileno(), 1).decode()
    with rtcp.Client.for_emulator(said.rpartition("RTCP_EMULATOR=")[2].strip(), retries=0) as client:
        yield client
    process.send_signal(signal.SIGTERM)
    finished(process)


@pytest.fixture
def message(client):
    dataset = client.datasets.get("harbour-purchases")
    form = rtcp.RowForm(dataset_id=dataset.id, schema_id=dataset.schema_ref.id, kind="event")
    row = {"_id": "o-1", "timestamp": "2026-03-02T08:15:00Z", "_harbour": {"loyaltyId": "new-card"}}
    return rtcp.envelope(row, form=form)


def test_a_seed_makes_the_ids_of_an_emulator_with_this_seed(client):
    with Emulator(seed=7, dialect="spec") as emulator, rtcp.Client.for_emulator(emulator.url) as other:
        emulator.load(worlds.path("harbour"))
        policies = [[policy.id for policy in each.merge_policies.list()] for each in (client, other)]

    assert policies[0] == policies[1]


def test_jobs_without_seconds_end_at_once(client):
    job = client.system_jobs.create(dataset_id="harbour-newsletter")

    assert client.system_jobs.get(job.id).is_success


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_row_streamed_without_seconds_is_there_at_once(client, message):
    client.streaming.send(client.inlets.list().first().inlet_id, message)

    (event,) = client.entities.list_events("new-card", namespace="loyaltyId")
    assert event.entity["_id"] == "o-1"


def test_limits_refuse_the_61st_validation_of_a_minute(client, message):
    address = f"{client.config.streaming_url}/collection/{client.inlets.create(name='Till').inlet_id}"

    with requests.Session() as session:
        statuses = [
            session.post(address, json=message, params={"syncValidation": "true"}, timeout=60).status_code
            # A minute of the clock may end among them, and the next one begin with sixty more.
            for _ in range(121)
        ]

    assert 429 in statuses
    assert statuses.index(429) >= 60
    assert max(statuses[:60]) < 300


def test_withdrawn_reports_are_gone(client):
    with pytest.raises(rtcp.NotFoundError):
        client.preview.dataset_overlap()


def test_the_dialect_is_the_one_that_was_asked_for(client):
    status = requests.get(f"{client.config.base_url}/_emulator/status", timeout=60).json()

    assert status["dialect"] == "spec"


def test_a_further_host_may_be_named_and_no_other(client):
    def asked_as(host):
        return requests.get(
            f"{client.config.base_url}/_emulator/status", headers={"Host": host}, timeout=60
        ).status_code

    assert asked_as("profile.test") == 200
    assert asked_as("other.test") >= 400


def test_a_file_keeps_what_was_loaded(client, database):
    assert client.datasets.get("harbour-crm").name == "Harbour CRM"
    # What was written last may still lie beside the file.
    assert sum(file.stat().st_size for file in database.parent.iterdir()) > 100_000


def test_an_address_that_others_reach_must_be_allowed():
    process = start("emulator", "serve", "--port", "0", "--host", "0.0.0.0", "--allow-remote")
    said = read_until(process.stderr, b"Ctrl-C stops it")
    process.send_signal(signal.SIGTERM)

    assert finished(process)[0] == 0
    assert "rtcp emulator on http://" in said
