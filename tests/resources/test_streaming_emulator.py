"""Streaming against the emulator, in three dialects: rows arrive, faults lose nobody, budgets hold."""

from __future__ import annotations

import pytest
from tests.helpers.clock import FakeClock

import rtcp
from rtcp.emulator.store import Dataset, IdentityPath

EVENT = "_xdm.context.experienceevent"
PROFILE = "_xdm.context.profile"


@pytest.fixture(params=["guide", "spec", "hostile"])
def dialect(request):
    return request.param


@pytest.fixture
def sandbox(emulator):
    sandbox = emulator.store.sandbox("prod")
    sandbox.put_dataset(Dataset("crm", "CRM", PROFILE, (IdentityPath("crm", "crmId", True),)))
    sandbox.put_dataset(Dataset("visits", "Visits", EVENT, (IdentityPath("crm", "crmId", True),)))
    return sandbox


@pytest.fixture
def client(emulator, sandbox):
    clock = FakeClock(on_sleep=emulator.clock.advance)
    with rtcp.Client.for_emulator(emulator.url, clock=clock) as client:
        yield client


@pytest.fixture
def inlet_id(client):
    return client.inlets.create(name="Till").inlet_id


def form(client, dataset_id="visits", **parts):
    return rtcp.RowForm(dataset_id=dataset_id, schema_id=client.datasets.get(dataset_id).schema_ref.id, **parts)


def visit(number, person="1"):
    return {"_id": f"visit-{number}", "timestamp": f"2026-03-01T08:{number % 60:02}:00Z", "crm": person}


def visits(count):
    return [visit(number) for number in range(count)]


def ids_of(client, emulator, person="1"):
    emulator.clock.advance(3600)
    return sorted(event.entity["_id"] for event in client.entities.list_events(person, namespace="crmId"))


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_streamed_events_are_found_at_their_person_once_each(client, emulator, inlet_id):
    with client.streaming.writer(inlet_id, max_batch=7, form=form(client)) as writer:
        writer.write_many(visits(50))
    with client.streaming.writer(inlet_id, form=form(client)) as again:
        again.write_many(visits(50))

    assert writer.summary.sent == again.summary.sent == 50
    assert ids_of(client, emulator) == sorted(f"visit-{number}" for number in range(50))


def test_a_streamed_record_is_the_person(client, emulator, inlet_id):
    with client.streaming.writer(inlet_id, form=form(client, "crm", identity="crm")) as writer:
        writer.write({"crm": "77", "city": "Whitby"})
    emulator.clock.advance(3600)

    assert client.entities.get("77", namespace="crmId").entity["city"] == "Whitby"


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "headers": {"Retry-After": "3"}},
        {"status": 503, "headers": {"Retry-After": "2"}},
        {"status": 500},
        {"cut": "before"},
        {"cut": "after"},
        {"cut": "body"},
    ],
    ids=["429", "503", "500", "cut before", "cut after", "cut in the answer"],
)
def test_no_fault_that_passes_loses_a_row(client, emulator, inlet_id, fault):
    emulator.faults.once("streaming.send_many", **fault)

    with client.streaming.writer(inlet_id, max_batch=10, form=form(client)) as writer:
        writer.write_many(visits(40))

    assert writer.summary.sent == 40
    assert ids_of(client, emulator) == sorted(f"visit-{number}" for number in range(40))


def test_another_organisations_message_fails_alone(client, inlet_id):
    messages = [rtcp.envelope(visit(number), form=form(client)) for number in range(3)]
    messages[1]["header"]["imsOrgId"] = "OTHER@AdobeOrg"

    result = client.streaming.send_many(inlet_id, messages)

    assert [outcome.position for outcome in result.succeeded] == [0, 2]
    assert "wrong ims org" in str(result.failed[0].error)


def test_an_authenticated_inlet_wants_the_token(client):
    inlet = client.inlets.create(name="Safe", is_authenticated=True)
    message = rtcp.envelope(visit(1), form=form(client))

    with pytest.raises(rtcp.AuthenticationError, match="pass authenticated=True"):
        client.streaming.send(inlet.inlet_id, message)
    assert client.streaming.send(inlet.inlet_id, message, authenticated=True).xaction_id
    assert inlet.is_authenticated


def test_an_expired_token_is_renewed_on_the_way(client, emulator):
    inlet = client.inlets.create(name="Safe", is_authenticated=True)
    emulator.faults.once("streaming.send_many", expired_token=True)

    with client.streaming.writer(inlet.inlet_id, authenticated=True, form=form(client)) as writer:
        writer.write_many(visits(5))

    assert writer.summary.sent == 5


def test_validation_keeps_to_sixty_a_minute(client, emulator, inlet_id):
    with client.streaming.writer(inlet_id, validate=True, form=form(client)) as writer:
        writer.write_many(visits(130))

    assert writer.summary.sent == 130
    assert writer.summary.requests == 130
    assert emulator.budgets.fullest["validations"] <= 60


def test_messages_keep_to_their_budget(client, emulator, inlet_id):
    with client.streaming.writer(inlet_id, messages_per_second=200, max_batch=50, form=form(client)) as writer:
        writer.write_many(visits(1000))

    assert writer.summary.sent == 1000
    assert emulator.budgets.fullest["messages"] <= 200


def test_the_inlet_is_listed_and_read_by_its_connection(client):
    made = client.inlets.create(name="Till")

    assert client.inlets.get(made.id).inlet_id == made.inlet_id
    assert made.inlet_id in [inlet.inlet_id for inlet in client.inlets.list()]
