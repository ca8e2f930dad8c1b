"""Whatever JSON a row holds comes back as it went in, by every way into the store, or is refused before it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fuzz.extent import EXAMPLES
from tests.fuzz.mutation import ANY_JSON
from tests.fuzz.worlds import World

import rtcp

FORM = rtcp.RowForm(dataset_id="harbour-purchases", schema_id="https://ns.adobe.com/xdm/context/profile")
ROWS = st.lists(st.dictionaries(st.text(max_size=5).map("x{}".format), ANY_JSON, max_size=4), min_size=1, max_size=4)
MANY = settings(max_examples=4 * EXAMPLES, suppress_health_check=list(HealthCheck))

pytestmark = pytest.mark.filterwarnings("ignore:the event look-up:PendingDeprecationWarning")


@pytest.fixture
def client(world_of: Callable[[str], World]) -> Any:
    world = world_of("guide")
    world.refill()
    with rtcp.Client.for_emulator(world.emulator.url) as client:
        yield client, world


def as_json(row: Any) -> str:
    """A row as text; a null, and an object of nothing else, says as much as leaving it out."""
    return json.dumps(lean(row), sort_keys=True)


def lean(row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    kept = {name: lean(each) for name, each in row.items() if each is not None}
    return {name: each for name, each in kept.items() if each != {}}


@MANY
@given(rows=ROWS)
def test_events_come_back_as_they_were_sent(client, rows):
    client, world = client
    inlet = next(iter(client.inlets.list())).inlet_id
    person = world.emulator.store.new_id()
    base = {"timestamp": "2026-03-02T08:15:00Z", "_harbour": {"loyaltyId": person}}
    sent = {f"{person}-{number}": {**row, **base, "_id": f"{person}-{number}"} for number, row in enumerate(rows)}
    messages = []
    for row in sent.values():
        try:
            messages.append(rtcp.envelope(row, form=FORM))
        except rtcp.InvalidArgumentError:
            continue

    result = client.streaming.send_many(inlet, messages)
    world.emulator.clock.advance(2)

    received = {message["body"]["xdmEntity"]["_id"] for message, each in zip(messages, result.outcomes, strict=True)
                if isinstance(each, rtcp.Success)}  # fmt: skip
    try:
        found = {
            event.entity["_id"]: event.entity for event in client.entities.list_events(person, namespace="loyaltyId")
        }
    except rtcp.NotFoundError:
        found = {}
    assert set(found) == received
    assert {name: as_json(event) for name, event in found.items()} == {name: as_json(sent[name]) for name in received}


@MANY
@given(rows=ROWS)
def test_people_come_back_as_they_were_ingested(client, rows):
    client, world = client
    dev = world.emulator.store.sandbox("dev")
    people = {world.emulator.store.new_id(): row for row in rows}
    dev.ingest("dev-crm", [{**row, "crmId": person} for person, row in people.items()])

    found = {
        lookup.identity.id: {name: value for name, value in lookup.entity.entity.items() if name != "identities"}
        for lookup in client.with_sandbox("dev").entities.get_many(list(people), namespace="crmId", chunk_size=2)
        if lookup.entity is not None
    }

    assert {name: as_json(entity) for name, entity in found.items()} == {
        person: as_json({**row, "crmId": person}) for person, row in people.items()
    }
