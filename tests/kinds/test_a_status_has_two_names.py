"""A refusal is read by `status` and by `statusCode`; a receipt with a message and no status is nobody's to tell."""

from __future__ import annotations

import pytest
from tests.helpers.adapters import Answer
from tests.helpers.clock import FakeClock
from tests.helpers.inlet import DATASET, INLET, SCHEMA, mounted_inlet
from tests.helpers.row_world import upsert_world

import rtcp
from rtcp.emulator import Emulator

FORM = rtcp.RowForm(dataset_id=DATASET, schema_id=SCHEMA)
REFUSALS = [
    {"xactionId": "1:2", "status": 400, "message": "wrong"},
    {"xactionId": "1:2", "status": "400", "message": "wrong"},
    {"xactionId": "1:2", "statusCode": 400, "message": "wrong"},
    {"xactionId": "1:2", "status": 200, "statusCode": "422", "message": "wrong"},
    {"statusCode": 400, "message": "wrong"},
    {"status": " 400 ", "message": "wrong"},
    {"xactionId": "1:2", "syncValidation": {"status": "fail"}},
]
RECEIPTS = [
    {"xactionId": "1:2"},
    {"xactionId": "1:2", "status": 200},
    {"xactionId": "1:2", "statusCode": "202", "message": "taken"},
    {"xactionId": "1:2", "new": 1},
    {"xactionId": "1:2", "status": "Success"},
    {"xactionId": "1:2", "errors": [], "error": None},
    {"xactionId": "1:2", "syncValidation": {"status": "pass"}},
    {"xactionId": "1:2", "syncValidation": {"skipped": True}},
]
UNKNOWN = [
    {"xactionId": "1:2", "message": "hm"},
    {"message": "hm"},
    {},
    None,
    {"xactionId": ""},
    {"status": 200},
    {"xactionId": "1:2", "status": "error"},
    {"xactionId": "1:2", "status": 302},
    {"xactionId": "1:2", "error": {"message": "hm"}},
    {"xactionId": "1:2", "errors": [{"code": "hm"}]},
    {"xactionId": "1:2", "type": "http://ns.adobe.com/x", "title": "Invalid XDM Message Format"},
    {"xactionId": "1:2", "report": {"message": "hm"}},
]


@pytest.fixture
def client(clock):
    config = rtcp.Config(token="t", client_id="c", org_id="o", streaming_url="https://dcs.example.com", retries=0)
    with rtcp.Client(config, clock=clock) as client:
        yield client


def outcome(client, entry):
    """What a writer and `send_many` make of one entry, which must be the same."""

    def answer(messages):
        return Answer(207, {"inletId": INLET, "responses": [entry, *[{"xactionId": "1:3"}] * (len(messages) - 1)]})

    mounted_inlet(client.http, answer, answer)
    rows = [{"crmId": "1"}, {"crmId": "2"}]
    with client.streaming.writer(INLET, form=FORM) as writer:
        writer.write_many(rows)
    result = client.streaming.send_many(INLET, [rtcp.envelope(row, form=FORM) for row in rows])
    summary = writer.summary
    counts = (summary.sent, summary.rejected, summary.unknown)
    assert counts == (len(result.succeeded), len(result.failed), len(result.unknown))
    return counts


@pytest.mark.parametrize("entry", REFUSALS, ids=repr)
def test_400_or_more_under_either_name_is_a_refusal(client, entry):
    assert outcome(client, entry) == (1, 1, 0)


@pytest.mark.parametrize("entry", RECEIPTS, ids=repr)
def test_a_receipt_is_one(client, entry):
    assert outcome(client, entry) == (2, 0, 0)


@pytest.mark.parametrize("entry", UNKNOWN, ids=repr)
def test_anything_else_is_unknown(client, entry):
    assert outcome(client, entry) == (1, 0, 1)


@pytest.mark.parametrize("entry", REFUSALS, ids=repr)
@pytest.mark.parametrize("validate", [False, True])
def test_the_answer_to_one_message_is_read_the_same_way(client, entry, validate):
    mounted_inlet(client.http, Answer(200, entry), Answer(200, entry))

    with pytest.raises(rtcp.ResponseError) as caught:
        client.streaming.send(INLET, rtcp.envelope({"crmId": "1"}, form=FORM), validate=validate)
    with client.streaming.writer(INLET, form=FORM, validate=True) as writer:
        writer.write({"crmId": "1"})

    assert caught.value.status in (400, 422)
    assert (writer.summary.sent, writer.summary.rejected) == (0, 1)


def test_one_message_that_nobody_can_tell_of_is_no_receipt(client):
    mounted_inlet(client.http, Answer(200, UNKNOWN[0]))

    with pytest.raises(rtcp.DecodeError):
        client.streaming.send(INLET, rtcp.envelope({"crmId": "1"}, form=FORM))


def test_the_hostile_dialect_speaks_it_and_no_row_is_lost(tmp_path):
    with (
        Emulator(dialect="hostile", streaming_seconds=0.0) as emulator,
        upsert_world(emulator, FakeClock(on_sleep=emulator.clock.advance), tmp_path) as world,
    ):
        messages = [rtcp.envelope({"crm": f"c-{n}"}, form=world.form()) for n in range(3)]
        messages[1]["header"]["imsOrgId"] = "OTHER@AdobeOrg"
        result = world.client.streaming.send_many(world.inlet, messages)
        emulator.clock.advance(3600)

        assert [each.position for each in result.succeeded] == [0, 2]
        assert result.failed[0].error.status == 400
        assert set(world.found(["c-0", "c-1", "c-2"])) == {"c-0", "c-2"}
