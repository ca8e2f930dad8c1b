"""One entity at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import rtcp
from rtcp.errors import (
    BadRequestError,
    DecodeError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    UnprocessableError,
)

DIALECTS = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])


@DIALECTS
def test_returns_the_person_merged_from_all_datasets(client, people):
    mara = client.entities.get("1", namespace="crmId")

    assert (mara.entity["person"]["name"]["firstName"], mara.entity["tier"]) == ("Mara", "gold")
    assert mara.entity["city"] == "Whitby"
    assert set(mara.sources) == {"crm", "card"}


@DIALECTS
def test_finds_the_same_person_by_identity_value_and_xid(client, people):
    by_text = client.entities.get("mara@example.com", namespace="Email")

    by_value = client.entities.get(rtcp.Identity("mara@example.com", "email"))
    by_xid = client.entities.get(by_text.entity_id)

    assert by_text.entity == by_value.entity == by_xid.entity


@DIALECTS
def test_names_the_identities_that_are_stitched_together(client, people):
    mara = client.entities.get("1", namespace="crmId")

    assert {identity.key for identity in mara.identities} == {
        ("1", "crmid"),
        ("k1", "cardid"),
        ("mara@example.com", "email"),
    }


def test_tells_when_the_newest_fragment_came_in_and_by_which_policy_it_merged(client, people):
    mara = client.entities.get("1", namespace="crmId")

    assert mara.last_modified_at == datetime(1970, 1, 1, tzinfo=UTC)
    assert mara.merge_policy.id == people.default_policy("_xdm.context.profile").id
    assert mara.entity_id in mara.identity_graph
    assert len(mara.identity_graph) == 3


@DIALECTS
def test_returns_only_the_fields_asked_for(client, people):
    mara = client.entities.get("1", namespace="crmId", fields=["person.name", "tier"])

    assert mara.entity == {"person": {"name": {"firstName": "Mara"}}, "tier": "gold"}


def test_fields_that_nobody_has_are_no_reason_to_call_a_person_unknown(client, people):
    assert client.entities.get("1", namespace="crmId", fields=["shoeSize"]).entity == {}


@pytest.mark.parametrize("fields", ["person.name", []])
def test_fields_must_be_a_list_with_something_in_it(client, emulator, fields):
    with pytest.raises(InvalidArgumentError, match="fields"):
        client.entities.get("1", namespace="crmId", fields=fields)

    assert emulator.requests.count() == 0


@DIALECTS
def test_merges_by_the_policy_that_is_named(client, people):
    card_first = people.add_policy(
        name="card first",
        schema_name="_xdm.context.profile",
        identity_graph="pdg",
        attribute_merge="dataSetPrecedence",
        order=["card", "crm"],
    )

    assert client.entities.get("1", namespace="crmId", merge_policy_id=card_first.id).entity["city"] == "Scarborough"


@DIALECTS
def test_policy_none_stitches_nothing(client, people):
    assert "tier" not in client.entities.get("1", namespace="crmId", merge_policy_id="none").entity


@DIALECTS
def test_a_secondary_identity_finds_nothing_under_policy_none(client, people):
    with pytest.raises(NotFoundError):
        client.entities.get("mara@example.com", namespace="Email", merge_policy_id="none")


@DIALECTS
@pytest.mark.parametrize(
    ("schema_name", "namespace", "dataset"),
    [("_xdm.context.account", "b2b_account", "accounts"), ("_xdm.context.opportunity", "b2b_opportunity", "deals")],
)
def test_looks_up_accounts_and_opportunities(client, sandbox, schema_name, namespace, dataset):
    sandbox.ingest(dataset, [{"identityMap": {namespace: [{"id": "41", "primary": True}]}, "stage": "won"}])

    found = client.entities.get("41", namespace=namespace, schema_name=schema_name)

    assert found.entity["stage"] == "won"
    assert found.sources == ["er_m_attr"]


@DIALECTS
def test_an_unknown_person_is_an_error_that_does_not_repeat_the_id(client, people):
    with pytest.raises(NotFoundError) as caught:
        client.entities.get("nobody@example.com", namespace="Email")

    assert caught.value.status == 404
    assert "nobody" not in str(caught.value)


@DIALECTS
def test_more_than_fifty_linked_identities_are_an_error_with_a_hint(client, crowd):
    with pytest.raises(UnprocessableError, match="more than 50 identities"):
        client.entities.get("d7", namespace="deviceId")


def test_an_unknown_policy_is_an_error_that_says_where_the_known_ones_are(client, people):
    with pytest.raises(UnprocessableError, match=r"merge_policies\.list"):
        client.entities.get("1", namespace="crmId", merge_policy_id="gone")


def test_an_unknown_namespace_is_an_error(client, people):
    with pytest.raises(BadRequestError, match="namespace"):
        client.entities.get("1", namespace="crmID2")


def test_a_text_that_is_no_xid_is_an_error(client, people):
    with pytest.raises(BadRequestError, match="XID"):
        client.entities.get("1")


def test_a_sandbox_that_does_not_exist_is_no_unknown_person(client, people):
    with pytest.raises(PermissionDeniedError, match="sandbox"):
        client.with_sandbox("nowhere").entities.get("1", namespace="crmId")


def test_an_e_mail_address_without_namespace_is_refused_before_anything_is_sent(client, emulator):
    with pytest.raises(InvalidArgumentError, match="namespace='Email'"):
        client.entities.get("mara@example.com")

    assert emulator.requests.count() == 0


@pytest.mark.parametrize("entity_id", ["", None, 7.5, True, b"1"])
def test_what_cannot_be_an_identity_is_refused_before_anything_is_sent(client, emulator, entity_id):
    with pytest.raises(InvalidArgumentError):
        client.entities.get(entity_id, namespace="crmId")

    assert emulator.requests.count() == 0


@DIALECTS
def test_an_id_with_every_awkward_character_arrives_as_it_is(client, emulator, sandbox):
    awkward = "a b+c&d=e/../f?g#h%20i;é\u2028"
    sandbox.ingest("crm", [{"crm": awkward, "mail": {"address": "x@example.com"}}])

    assert client.entities.get(awkward, namespace="crmId").entity["crm"] == awkward
    assert emulator.requests.of("entities.get")[0].query["entityId"] == [awkward]


def test_sends_only_what_the_caller_gave(client, emulator, people):
    client.entities.get("1", namespace="crmId")

    assert emulator.requests.of("entities.get")[0].query == {
        "schema.name": ["_xdm.context.profile"],
        "entityId": ["1"],
        "entityIdNS": ["crmId"],
    }


def test_sends_every_option_under_its_wire_name(client, emulator, people):
    client.entities.get(
        client.entities.get("1", namespace="crmId").entity_id,
        fields=["person.name", "city"],
        merge_policy_id="none",
        with_computed_attributes=True,
    )

    query = emulator.requests.of("entities.get")[1].query
    assert "entityIdNS" not in query
    assert (query["fields"], query["mergePolicyId"], query["withCA"]) == (["person.name,city"], ["none"], ["true"])


@pytest.mark.parametrize("body", ["<html>gateway</html>", "", "{", [], "[1]", {"x": 1}, {"x": []}])
def test_an_answer_that_is_no_entity_is_a_decode_error(client, emulator, people, body):
    emulator.faults.once("entities.get", status=200, body=body)

    with pytest.raises(DecodeError):
        client.entities.get("1", namespace="crmId")


def test_an_empty_map_means_that_the_person_is_unknown(client, emulator, people):
    emulator.faults.once("entities.get", status=200, body={})

    with pytest.raises(NotFoundError):
        client.entities.get("1", namespace="crmId")


def test_an_empty_entity_means_that_the_person_is_unknown(client, emulator, people):
    empty = {"x1": {"entityId": "x1", "sources": [""], "entity": {}, "lastModifiedAt": "1970-01-01T00:00:00Z"}}
    emulator.faults.once("entities.get", status=200, body=empty)

    with pytest.raises(NotFoundError):
        client.entities.get("1", namespace="crmId")


def test_of_two_entities_the_one_that_names_the_identity_is_taken(client, emulator, people):
    both = {
        "x1": {"entityId": "x1", "sources": ["crm"], "entity": {"identityMap": {"crmId": [{"id": "2"}]}}},
        "x2": {"entityId": "x2", "sources": ["crm"], "entity": {"identityMap": {"CRMID": [{"id": "1"}]}}},
    }
    emulator.faults.once("entities.get", status=200, body=both)

    assert client.entities.get("1", namespace="crmId").entity_id == "x2"


def test_of_two_entities_that_name_nobody_none_is_taken(client, emulator, people):
    both = {name: {"entityId": name, "sources": ["crm"], "entity": {"city": "Whitby"}} for name in ("x1", "x2")}
    emulator.faults.once("entities.get", status=200, body=both)

    with pytest.raises(DecodeError, match="2 entities"):
        client.entities.get("1", namespace="crmId")


def test_an_error_about_an_answer_repeats_nothing_of_it(client, emulator, people):
    emulator.faults.once("entities.get", status=200, body={"x1": {"entityId": "x1", "entity": "jane@example.com"}})

    with pytest.raises(DecodeError, match="Entity: entity") as caught:
        client.entities.get("1", namespace="crmId")

    assert "jane" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
