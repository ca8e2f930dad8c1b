"""Single messages and many at once, as they go over the wire."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import requests
from tests.helpers.adapters import Answer, ScriptedAdapter
from tests.helpers.inlet import DATASET, INLET, RECEIVED_MS, SCHEMA, mounted_inlet, receipts

import rtcp

CUT = requests.ConnectionError("cut")


@pytest.fixture
def client(clock):
    config = rtcp.Config(
        token="t", client_id="c", org_id="o@AdobeOrg", sandbox="dev", streaming_url="https://dcs.example.com"
    )
    with rtcp.Client(config, clock=clock) as client:
        yield client


def message(number=0, **fields):
    row = {"_id": f"order-{number}", "timestamp": "2026-03-02T08:15:00Z", **fields}
    return rtcp.envelope(row, form=rtcp.RowForm(schema_id=SCHEMA, dataset_id=DATASET))


def test_a_message_is_posted_as_it_is_and_its_receipt_returned(client):
    inlet = mounted_inlet(client.http)

    receipt = client.streaming.send(INLET, message())

    (request,) = inlet.requests
    assert (request.method, request.url) == ("POST", f"https://dcs.example.com/collection/{INLET}")
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["x-sandbox-name"] == "dev"
    assert json.loads(request.body) == message()
    assert (receipt.xaction_id, receipt.validation) == ("1:2:3", "skipped")
    assert receipt.received_at == datetime(2026, 3, 2, tzinfo=UTC)


def test_neither_token_nor_key_nor_organisation_goes_to_an_open_inlet(client):
    inlet = mounted_inlet(client.http)

    client.streaming.send(INLET, message())

    sent = {name.lower() for name in inlet.requests[0].headers}
    assert sent & {"authorization", "x-api-key", "x-gw-ims-org-id"} == set()


def test_the_token_goes_to_an_authenticated_inlet(client):
    inlet = mounted_inlet(client.http)

    client.streaming.send(INLET, message(), authenticated=True)

    assert inlet.requests[0].headers["Authorization"] == "Bearer t"


def test_validation_is_asked_for_by_its_newer_name(client):
    inlet = mounted_inlet(client.http)

    receipt = client.streaming.send(INLET, message(), validate=True)

    assert inlet.requests[0].url.endswith("?syncValidation=true")
    assert receipt.validation == "pass"


def test_raw_data_goes_bare_with_the_flow_in_a_header(client):
    inlet = mounted_inlet(client.http)

    client.streaming.send(INLET, {"Order No": 17}, flow_id="flow-1")

    assert inlet.requests[0].headers["x-adobe-flow-id"] == "flow-1"
    assert json.loads(inlet.requests[0].body) == {"Order No": 17}


def test_the_id_of_a_connection_is_told_from_that_of_an_inlet(client):
    with pytest.raises(rtcp.InvalidArgumentError, match=r"client\.inlets\.get\(connection_id\)\.inlet_id"):
        client.streaming.send("77a05521-91d6-451c-a055-2191d6851c34", message())


def test_a_message_over_a_megabyte_is_not_sent(client):
    inlet = mounted_inlet(client.http)

    with pytest.raises(rtcp.InvalidArgumentError, match="more than a body of 1,000,000 can hold"):
        client.streaming.send(INLET, message(note="x" * 1_000_000))

    assert inlet.requests == []


def test_an_event_with_an_id_is_sent_again_after_a_cut(client):
    inlet = mounted_inlet(client.http, CUT, Answer(500))

    client.streaming.send(INLET, message())

    assert len(inlet.requests) == 3


def test_an_event_without_an_id_is_not(client):
    inlet = mounted_inlet(client.http, CUT)
    envelope = message()
    del envelope["body"]["xdmEntity"]["_id"]

    with pytest.raises(rtcp.ConnectError) as caught:
        client.streaming.send(INLET, envelope)

    assert caught.value.may_have_been_applied
    assert len(inlet.requests) == 1


def test_a_refused_token_is_told_with_what_to_do(client):
    problem = {
        "type": "https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization",
        "status": "401",
        "title": "Authorization",
        "report": {"message": "[id] Ims service token is empty"},
    }
    mounted_inlet(client.http, Answer(401, problem))

    with pytest.raises(rtcp.AuthenticationError, match=r"token is empty.*pass authenticated=True"):
        client.streaming.send(INLET, message())


@pytest.mark.parametrize("status", [401, 403])
def test_an_expired_token_is_renewed_once_whichever_status_says_so(status, clock):
    tokens = [Answer(200, {"access_token": name, "expires_in": 3600}) for name in ("old", "new")]
    config = rtcp.Config(
        client_id="c", client_secret="s", org_id="o", scopes="openid", ims_url="https://ims.example.com"
    )
    with rtcp.Client(config, clock=clock) as client:
        inlet = mounted_inlet(client.http, Answer(status))
        client.http.mount("https://ims.example.com", ScriptedAdapter(*tokens))

        client.streaming.send(INLET, message(), authenticated=True)

    assert [request.headers["Authorization"] for request in inlet.requests] == ["Bearer old", "Bearer new"]


def test_many_messages_have_their_results_by_position(client):
    inlet = mounted_inlet(client.http, lambda messages: receipts(messages, failed={1: 400}))
    bad = message(2)
    bad["header"].pop("datasetId")

    result = client.streaming.send_many(INLET, [message(0), message(1), bad, message(3)])

    assert len(inlet.requests) == 1
    assert [outcome.position for outcome in result.succeeded] == [0, 3]
    assert [type(outcome.error) for outcome in result.failed] == [rtcp.BadRequestError, rtcp.InvalidArgumentError]
    assert result.succeeded[0].value.xaction_id == f"{RECEIVED_MS}:1:1:0"


def test_many_messages_that_fail_as_a_whole_all_failed(client):
    mounted_inlet(client.http, Answer(400, {"report": {"message": "no such inlet"}}))

    result = client.streaming.send_many(INLET, [message(0), message(1)])

    assert [outcome.error.status for outcome in result.failed] == [400, 400]


def test_many_messages_without_an_answer_are_unknown(client):
    mounted_inlet(client.http, *[CUT] * 9)

    result = client.streaming.send_many(INLET, [message(0), message(1)])

    assert [outcome.position for outcome in result.unknown] == [0, 1]


@pytest.mark.parametrize("said", [{}, {"xactionId": None}, {"xactionId": ["a"]}, "received"])
def test_an_entry_that_is_no_receipt_leaves_its_message_unknown(client, said):
    mounted_inlet(client.http, Answer(207, {"responses": [{"xactionId": "1:2:3:0"}, said]}))

    result = client.streaming.send_many(INLET, [message(0), message(1)])

    assert [outcome.position for outcome in result.succeeded] == [0]
    assert [outcome.position for outcome in result.unknown] == [1]


def test_a_success_that_is_no_json_is_told(client):
    mounted_inlet(client.http, Answer(200, b"<html>"))

    with pytest.raises(rtcp.DecodeError, match="an HTML page"):
        client.streaming.send(INLET, message())


def test_many_messages_are_packed(client):
    inlet = mounted_inlet(client.http)

    result = client.streaming.send_many(INLET, (message(number) for number in range(25)), max_batch=10)

    assert len(result.succeeded) == 25
    assert len(inlet.requests) == 3


def test_one_message_is_not_many(client):
    with pytest.raises(rtcp.InvalidArgumentError, match="envelopes must be an iterable of many, not dict"):
        client.streaming.send_many(INLET, message())


@pytest.mark.parametrize("received", [RECEIVED_MS, str(RECEIVED_MS)])
@pytest.mark.parametrize(
    "said", [{}, {"syncValidation": {"status": "pass"}}, {"synchronousValidation": {"status": "pass"}}]
)
def test_receipts_of_all_years_are_read(received, said):
    answer = {"inletId": INLET, "xactionId": "1:2:3", "receivedTimeMs": received, **said}

    receipt = rtcp.StreamReceipt.model_validate(answer)

    assert receipt.received_at == datetime(2026, 3, 2, tzinfo=UTC)
    assert receipt.validation == ("pass" if said else None)
    assert receipt.to_wire() == answer
