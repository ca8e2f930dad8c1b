"""Both sides are held to the description: every request of every verb, and every answer in every dialect."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.contract.calls import CALLS, MIXED
from tests.contract.description import Exchange

import rtcp

pytestmark = pytest.mark.filterwarnings("ignore:the event look-up:PendingDeprecationWarning")
# Requests that the description does not allow, made on purpose to see the answer.
REFUSED: dict[str, Callable[[rtcp.Client], Any]] = {
    "merge_policies.list: too large a page": lambda c: c.merge_policies.list(page_size=101).first(),
}


def exchanges_of(call: Callable[[rtcp.Client], Any], client: rtcp.Client, recorder: Any) -> list[Exchange]:
    with contextlib.suppress(rtcp.ResponseError, rtcp.WaitTimeoutError):
        call(client)
    return list(recorder.exchanges)


@pytest.mark.parametrize("name", CALLS)
def test_every_request_is_as_described(name, client, recorder, description):
    for exchange in exchanges_of(CALLS[name], client, recorder):
        assert description.complaints_about_request(exchange) == [], exchange.url


@pytest.mark.parametrize("name", [*CALLS, *REFUSED])
def test_every_answer_is_as_described(name, client, recorder, description):
    for exchange in exchanges_of({**CALLS, **REFUSED}[name], client, recorder):
        assert description.complaints_about_answer(exchange) == [], exchange.answer


@pytest.mark.parametrize("name", CALLS)
def test_the_emulator_saw_what_the_client_sent(name, client, emulator, recorder):
    sent = exchanges_of(CALLS[name], client, recorder)

    assert sorted((each.method, each.path, each.status) for each in emulator.requests) == sorted(
        (each.method, urlsplit(each.url).path, each.status) for each in sent
    )


@pytest.mark.parametrize("status", [400, 403, 404, 422, 429, 500, 503])
@pytest.mark.parametrize("operation", ["entities.get", "entities.get_many"])
def test_every_failure_of_a_look_up_is_answered_as_described(
    operation, status, client, emulator, recorder, description
):
    emulator.faults.always(operation, status=status)

    exchanges = exchanges_of(
        lambda c: list(c.entities.get_many(MIXED[:2] if operation.endswith("many") else MIXED[:1])), client, recorder
    )

    failed = [exchange for exchange in exchanges if exchange.status == status]
    assert failed
    assert [complaint for each in failed for complaint in description.complaints_about_answer(each)] == []


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
def test_every_failure_of_the_list_is_answered_as_described(status, client, emulator, recorder, description):
    emulator.faults.always("merge_policies.list", status=status)

    exchange = exchanges_of(lambda c: list(c.merge_policies.list()), client, recorder)[-1]

    assert exchange.status == status
    assert description.complaints_about_answer(exchange) == []


def test_an_expired_token_and_a_partial_failure_are_answered_as_described(client, emulator, recorder, description):
    emulator.faults.once("entities.get_many", expired_token=True)
    emulator.faults.once("entities.get_many", partial=[0, 1])

    exchanges = exchanges_of(lambda c: list(c.entities.get_many(MIXED)), client, recorder)

    assert {401, 207} <= {exchange.status for exchange in exchanges}
    assert [complaint for each in exchanges for complaint in description.complaints_about_answer(each)] == []


def test_every_described_verb_is_called_here(description):
    described = {
        verb for *_, operation in description.operations.values() for verb in operation.get("x-rtcp-verbs", ())
    }

    assert described - {name.partition(":")[0] for name in CALLS} == set()


def judged(description, **changes):
    exchange = Exchange(
        **{
            "method": "GET",
            "url": "http://h/data/core/ups/access/entities?schema.name=x&entityId=1",
            "headers": {"authorization": "Bearer x", "x-api-key": "k", "x-gw-ims-org-id": "A@AdobeOrg"},
            "body": None,
            "status": 200,
            "answer_headers": {"content-type": "application/json", "x-request-id": "1"},
            "answer": b"{}",
            **changes,
        }
    )
    return description.complaints_about_request(exchange) + description.complaints_about_answer(exchange)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://h/data/core/ups/access/entities?entityId=1"},
        {"url": "http://h/data/core/ups/access/entities?schema.name=x&entityid=1"},
        {"url": "http://h/data/core/ups/access/entities?schema.name=x&limit=many"},
        {"url": "http://h/data/core/ups/access/entities?schema.name=x&schema.name=y"},
        {"url": "http://h/data/core/ups/config/mergePolicies?default=maybe"},
        {"headers": {"authorization": "Bearer x", "x-api-key": "k", "x-gw-ims-org-id": "A"}},
        {"headers": {"x-api-key": "k", "x-gw-ims-org-id": "A@AdobeOrg"}},
        {"headers": {"authorization": "x", "x-api-key": "k", "x-gw-ims-org-id": "A@AdobeOrg", "x-other": "1"}},
        {"answer": b'{"x1": {"entityId": 7}}'},
        {"status": 418},
        {"answer_headers": {"content-type": "text/html", "x-request-id": "1"}},
        {"answer_headers": {"content-type": "application/json"}},
    ],
)
def test_the_judge_notices_what_is_not_as_described(description, changes):
    assert judged(description) == []
    assert judged(description, **changes) != []


@pytest.mark.parametrize(
    "field", [{"withCa": True}, {"schema": {"name": "x", "version": 1}}, {"identities": [{"entityId": "1", "ns": "x"}]}]
)
def test_the_judge_notices_fields_in_bodies_that_are_not_described(description, field):
    body = {"schema": {"name": "x"}, "identities": [{"entityId": "1", "entityIdNS": {"code": "Email"}}]}
    lookup = {"$ref": "#/components/schemas/EntitiesLookup"}

    assert description.errors(body, lookup, strict=True) == []
    assert description.errors({**body, **field}, lookup, strict=True) != []
