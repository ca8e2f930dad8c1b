"""A bulk look-up asks for nobody twice whom the answer tells to be unknown, and stops asking what all are refused."""

from __future__ import annotations

import pytest

from rtcp.errors import BadRequestError

UNKNOWN = [f"nobody-{number}" for number in range(500)]


def test_five_hundred_unknown_ids_cost_five_requests(client, emulator, people):
    lookups = list(client.entities.get_many(UNKNOWN, namespace="crmId", on_missing="yield"))

    assert all(lookup.is_missing for lookup in lookups)
    assert (emulator.requests.count("entities.get_many"), emulator.requests.count("entities.get")) == (5, 0)


def test_an_entry_that_may_be_anybodys_has_those_in_doubt_asked_for_alone(client, emulator, people):
    stranger = {"sources": ["crm"], "entity": {"crm": "66", "identityMap": {"crmId": [{"id": "66"}]}}}
    emulator.faults.once("entities.get_many", status=200, body={"x1": stranger})

    found = list(client.entities.get_many(["1", "nobody"], namespace="crmId", on_missing="yield"))

    assert [lookup.is_missing for lookup in found] == [False, True]
    assert emulator.requests.count("entities.get") == 2


@pytest.mark.parametrize("workers", [1, 4])
def test_a_mistyped_namespace_costs_a_few_requests_and_gives_everybody_the_error(client, emulator, people, workers):
    lookups = list(client.entities.get_many(UNKNOWN, namespace="Emial", workers=workers))

    assert {type(lookup.error) for lookup in lookups} == {BadRequestError}
    assert len(lookups) == 500
    asked = emulator.requests.count("entities.get_many") + emulator.requests.count("entities.get")
    assert asked <= 5 + 5 * workers


def test_one_bad_id_in_each_chunk_condemns_no_other(client, emulator, people):
    emulator.faults.always("entities.get_many", status=400, body={"message": "bad identity", "statusCode": "400"})
    known = [str(number) for number in range(1, 13)]

    found = list(client.entities.get_many([*known, *UNKNOWN[:20]], namespace="crmId", chunk_size=32))

    assert [lookup.entity.entity["crm"] for lookup in found if lookup.entity] == known
    assert not [lookup for lookup in found if lookup.error]


def test_a_bad_id_among_those_asked_alone_condemns_no_other(client, emulator, people):
    refusal = {"message": "bad identity", "statusCode": "400"}
    emulator.faults.always("entities.get_many", status=400, body=refusal)
    emulator.faults.once("entities.get", status=400, body=refusal)

    found = list(client.entities.get_many([str(number) for number in range(1, 13)], namespace="crmId", workers=1))

    assert [lookup.error is not None for lookup in found] == [True, *[False] * 11]
