"""What goes into one request to an inlet: as much as a body may hold and no byte more, within the budgets."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rtcp
from rtcp.bulk.packing import packs
from rtcp.resources.streaming.sender import MAX_BODY, Sender, inlet_of
from rtcp.transport.request import Response

RECEIPT = b'{"responses": [%b]}'


class Recording:
    """In the place of a session: answers each message with a receipt, and keeps the bodies."""

    def __init__(self):
        self.bodies = []

    def send_once(self, request):
        self.bodies.append(request.content)
        receipts = b",".join([b'{"xactionId": "1"}'] * request.content.count(b"{}"))
        return Response(200, {}, RECEIPT % receipts, "POST", "http://inlet", None)


class Spent:
    """In the place of a budget: keeps what is spent."""

    def __init__(self, limit):
        self.limit = limit
        self.amounts = []

    @contextmanager
    def spend(self, amount=1):
        self.amounts.append(amount)
        yield


@settings(max_examples=20)
@given(st.lists(st.integers(1, 400_000), min_size=1, max_size=12))
def test_bodies_are_as_full_as_may_be_and_never_fuller(sizes):
    session = Recording()
    sender = Sender(session, "inlet")
    messages = [b"x" * size for size in sizes]

    given = list(packs(messages, sender.limits(1_000)))
    for pack in given:
        sender.send(pack, idempotent=True)

    assert [len(body) <= MAX_BODY for body in session.bodies] == [True] * len(given)
    for body, following in zip(session.bodies, given[1:], strict=False):
        assert len(body) + len(b",") + len(following[0]) > MAX_BODY


@pytest.mark.parametrize(
    ("budgets", "spent"),
    [
        ({"requests": Spent(10)}, {"requests": [1]}),
        ({"messages": Spent(10)}, {"messages": [3]}),
        ({"requests": Spent(10), "messages": Spent(10)}, {"requests": [1], "messages": [3]}),
    ],
)
def test_a_pack_is_one_request_and_as_many_messages(budgets, spent):
    Sender(Recording(), "inlet", **budgets).send([b"{}"] * 3, idempotent=True)

    assert {name: budget.amounts for name, budget in budgets.items()} == spent


def test_no_pack_is_larger_than_the_budget_of_a_second():
    assert Sender(Recording(), "inlet", messages=Spent(7)).limits(500).max_count == 7


def test_what_is_validated_goes_one_by_one_and_may_fill_the_body():
    limits = Sender(Recording(), "inlet", validate=True).limits(500)

    assert limits.max_count == 1
    limits.check(MAX_BODY - len(b'{"messages":[]}'))
    with pytest.raises(rtcp.InvalidArgumentError):
        limits.check(MAX_BODY - len(b'{"messages":[]}') + 1)


INLET = "0a1b" * 16
SERVICE = "https://dcs.adobedc.net"


@pytest.mark.parametrize(
    "given",
    [
        INLET,
        f" {INLET}\n",
        f"https://dcs.adobedc.net/collection/{INLET}",
        f"https://DCS.adobedc.net/collection/{INLET}/",
        f"https://dcs.adobedc.net/collection/batch/{INLET}",
        f"dcs.adobedc.net/collection/{INLET}",
    ],
)
def test_an_inlet_is_its_id_or_its_address_however_it_was_pasted(given):
    assert inlet_of(given, service=SERVICE) == INLET


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "its whole address"),
        (None, "its whole address"),
        (f"https://aaa.example.net/collection/{INLET}", "this client sends to 'dcs.adobedc.net'"),
        (f"https://zzz.example.net/collection/{INLET}", "this client sends to 'dcs.adobedc.net'"),
        (f"https://dcs.adobedc.net:8443/collection/{INLET}", "this client sends to"),
        (f"https://dcs.adobedc.net/collect/{INLET}", "nothing behind it"),
        (f"https://dcs.adobedc.net/collection/{INLET}?syncValidation=true", "nothing behind it"),
        (f"https://dcs.adobedc.net/collection/{INLET}/more/of/it", "nothing behind it"),
        (f"https://[dcs/collection/{INLET}", "neither an id nor an address"),
        ("3c1a2b4d-0000-4000-8000-000000000000", "the id of a connection"),
    ],
)
def test_what_is_no_inlet_of_this_client_is_refused(given, told):
    with pytest.raises(rtcp.InvalidArgumentError, match=told):
        inlet_of(given, service=SERVICE)


@pytest.mark.parametrize(
    ("answer", "is_refusal"),
    [
        ({"xactionId": "1", "status": 399}, False),
        ({"xactionId": "1", "status": 400}, True),
        ({"xactionId": "1", "statusCode": "400"}, True),
        ({"xactionId": "1", "statusCode": " 503 "}, True),
        ({"xactionId": "1", "status": 999}, True),
        ({"xactionId": "1", "status": 1000}, False),
        ({"xactionId": "1", "status": -1000}, False),
        ({"xactionId": "1", "status": "4000"}, False),
        ({"xactionId": "1", "status": True}, False),
    ],
)
def test_a_status_of_400_or_more_is_a_refusal_and_an_absurd_one_is_none(answer, is_refusal):
    class Answering(Recording):
        def send_once(self, request):
            return Response(207, {}, json.dumps({"responses": [answer]}).encode(), "POST", "http://inlet", None)

        def wait_to_resume(self, request, failure, *, attempt):
            raise failure

    (fate,), _ = Sender(Answering(), "inlet").send([b"{}"], idempotent=True)

    assert isinstance(fate, rtcp.ResponseError) is is_refusal
