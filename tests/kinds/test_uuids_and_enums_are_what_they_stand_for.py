"""A UUID is its text and an enum its value, in rows, in their identities, and where somebody is looked up."""

from __future__ import annotations

import enum
import uuid

import pytest

import rtcp

ID = uuid.UUID("0b7b6f7e-1d1a-4f0e-9a55-0a2f8f2f6f01")


class Tier(enum.Enum):
    GOLD = "gold"


class Level(enum.IntEnum):
    SECOND = 2


ROW = {"crm": ID, "tier": Tier.GOLD, "level": Level.SECOND, "orders": [{"order": ID}]}
RIGHT = {"crm": str(ID), "tier": "gold", "level": 2, "orders": [{"order": str(ID)}]}


@pytest.mark.parametrize("format", ["parquet", "json"])
@pytest.mark.parametrize("kept", [False, True], ids=["a list", "an iterator"])
def test_in_a_row_of_a_batch(world, format, kept):
    result = world.upsert(iter([ROW]) if kept else [ROW], format=format, identity="crm")

    assert result.written == 1
    assert world.found([str(ID)])[str(ID)].items() >= RIGHT.items()


def test_in_a_streamed_row(world):
    assert world.stream([ROW], identity="crm").summary.sent == 1
    assert world.sent() == [RIGHT]


def test_in_a_map_of_identities_and_as_the_id_of_an_event(world):
    event = {"_id": ID, "timestamp": "2026-03-02T08:15:00Z", "identityMap": {"crmId": [{"id": ID}]}}

    message = rtcp.envelope(event, form=world.form("events", kind="event"))

    assert message["body"]["xdmEntity"] == {**event, "_id": str(ID), "identityMap": {"crmId": [{"id": str(ID)}]}}


def test_where_somebody_is_looked_up(world):
    world.stream([ROW])

    assert world.client.entities.get(ID, namespace="crmId").entity["crm"] == str(ID)
    assert [each.entity.entity["crm"] for each in world.client.entities.get_many([ID], namespace="crmId")] == [str(ID)]


def test_an_event_gets_the_id_that_its_texts_would_give_it(world):
    form = world.form("events", kind="event")
    ids = {
        rtcp.envelope({**row, "timestamp": "2026-03-02T08:15:00Z"}, form=form)["body"]["xdmEntity"]["_id"]
        for row in (ROW, RIGHT)
    }

    assert len(ids) == 1
