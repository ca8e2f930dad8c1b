"""One person under each merge policy, and the deprecated delete."""

from __future__ import annotations

import json

import pytest
from tests.helpers.adapters import Answer, mounted

import rtcp

DIALECTS = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])


@pytest.fixture
def client(emulator, people):
    with rtcp.Client.for_emulator(emulator.url) as client:
        yield client


@pytest.fixture
def card_first(client):
    return client.merge_policies.create(
        name="Card first", identity_graph="pdg", attribute_merge="dataSetPrecedence", order=["card", "crm"]
    )


@DIALECTS
def test_the_differing_attributes_are_named_with_the_value_under_each_policy(client, card_first):
    why = client.entities.explain("1", namespace="crmId")

    difference = next(difference for difference in why.differences if difference.path == "city")
    default = why.views[0].policy
    assert default.default
    assert difference.values == {default.id: "Whitby", card_first.id: "Scarborough"}
    assert "person.name.firstName" not in [difference.path for difference in why.differences]


def test_the_emulator_tells_which_fragment_won_and_why(client, card_first):
    why = client.entities.explain("1", namespace="crmId")

    cities = {winner.policy_id: winner for winner in why.winners if winner.path == "city"}
    newest, first = cities[why.views[0].policy.id], cities[card_first.id]
    assert (newest.dataset_name, newest.losers) == ("CRM", ("Card",))
    assert (first.dataset_name, first.losers) == ("Card", ("CRM",))
    assert newest.reason != first.reason
    assert newest.ingested_at.tzinfo is not None


def test_a_policy_under_which_nothing_is_known_has_no_values(client):
    unstitched = client.merge_policies.create(name="Alone", identity_graph="none", attribute_merge="timestampOrdered")

    why = client.entities.explain("mara@example.com", namespace="Email")

    assert next(view for view in why.views if view.policy.id == unstitched.id).entity is None
    assert all(unstitched.id not in difference.values for difference in why.differences)


def test_a_person_whom_no_policy_knows_is_not_found(client):
    with pytest.raises(rtcp.NotFoundError, match="under none of 1 merge policies"):
        client.entities.explain("nobody@example.com", namespace="Email")


def test_an_explanation_prints_no_values(client, card_first):
    why = client.entities.explain("1", namespace="crmId")

    assert "Whitby" not in repr(why)
    assert "mara@example.com" not in repr(why)


def test_delete_warns_and_takes_the_person_out(client, emulator):
    with pytest.warns(DeprecationWarning, match="Data Lifecycle"):
        client.entities.delete("1", namespace="crmId")
    emulator.clock.advance(86_400)

    with pytest.raises(rtcp.NotFoundError):
        client.entities.get("1", namespace="crmId")


def test_a_partial_delete_raises_with_the_parts():
    failures = [{"xid": "BVrqz", "error": {"message": "not now", "cause": "", "statusCode": "500"}}]
    with rtcp.Client(token="t", client_id="k", org_id="o@AdobeOrg", retries=0) as client:
        mounted(client.http, [Answer(207, failures)])
        with (
            pytest.warns(DeprecationWarning, match="Data Lifecycle"),
            pytest.raises(rtcp.PartialFailureError, match="1 of the person's identities") as caught,
        ):
            client.entities.delete("1", namespace="crmId")

    assert caught.value.failed[0].status == 500
    assert "BVrqz" not in json.dumps([str(error) for error in caught.value.failed])


def test_a_withdrawn_delete_says_what_to_use():
    with rtcp.Client(token="t", client_id="k", org_id="o@AdobeOrg", retries=0) as client:
        mounted(client.http, [Answer(410)])
        with (
            pytest.warns(DeprecationWarning, match="Data Lifecycle"),
            pytest.raises(rtcp.ResponseError, match="Data Lifecycle"),
        ):
            client.entities.delete("1", namespace="crmId")
