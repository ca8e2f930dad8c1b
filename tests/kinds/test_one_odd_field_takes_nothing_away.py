"""An answer with a field that does not fit is read without it: told once, and kept as it came."""

from __future__ import annotations

import pytest
from tests.helpers.adapters import Answer, mounted

import rtcp
from rtcp.errors import DecodeError, OddAnswerWarning
from rtcp.hooks import OddField

POLICY = {
    "id": "p-1",
    "name": "Newest",
    "schema": {"name": "_xdm.context.profile"},
    "version": 3,
    "identityGraph": {"type": "pdg"},
    "attributeMerge": {"type": "dataSetPrecedence", "order": ["a", "b"]},
    "default": True,
}
NESTED = {**POLICY, "attributeMerge": {"type": "dataSetPrecedence", "order": [["a", "b"]]}}


def client_of(*bodies, told=None, **settings):
    config = rtcp.Config(token="t", client_id="c", org_id="o@AdobeOrg", retries=0, **settings)
    client = rtcp.Client(config, hooks=[] if told is None else [told.append])
    mounted(client.http, [Answer(200, body) for body in bodies])
    return client


def test_an_order_nested_one_list_deeper_leaves_the_policy_readable():
    with client_of(NESTED) as client, pytest.warns(OddAnswerWarning, match=r"attributeMerge\.order .*array"):
        policy = client.merge_policies.get("p-1")

    assert (policy.id, policy.name, policy.attribute_merge.type) == ("p-1", "Newest", "dataSetPrecedence")
    assert not policy.attribute_merge.order


def test_what_was_left_out_is_in_the_wire_form_as_it_came():
    with client_of(NESTED) as client, pytest.warns(OddAnswerWarning):
        policy = client.merge_policies.get("p-1")

    assert policy.to_wire()["attributeMerge"]["order"] == [["a", "b"]]


def test_a_field_is_told_once_and_without_its_value():
    told = []
    with client_of(NESTED, NESTED, told=told) as client:
        with pytest.warns(OddAnswerWarning) as warned:
            client.merge_policies.get("p-1")
        # A second warning would be an error here.
        client.merge_policies.get("p-1")

    assert "'a'" not in str(warned[0].message)
    assert [event for event in told if isinstance(event, OddField)] == [
        OddField("MergePolicy", "attributeMerge.order", "array")
    ]


def test_a_list_keeps_its_other_items_whole():
    with client_of({"children": [POLICY, NESTED]}) as client, pytest.warns(OddAnswerWarning):
        policies = list(client.merge_policies.list())

    assert [policy.attribute_merge.order or None for policy in policies] == [["a", "b"], None]


def test_an_entity_with_an_odd_source_is_read():
    body = {"x1": {"entityId": "x1", "sources": {"not": "a list"}, "entity": {"person": {"name": "Jo"}}}}
    with client_of(body) as client, pytest.warns(OddAnswerWarning, match="sources"):
        found = client.entities.get("x1")

    assert found.entity == {"person": {"name": "Jo"}}


def test_a_strict_client_refuses_the_answer():
    with client_of(NESTED, strict=True) as client, pytest.raises(DecodeError, match="attributeMerge"):
        client.merge_policies.get("p-1")


def test_an_id_that_does_not_fit_is_refused_by_every_client():
    with client_of({**POLICY, "id": ["p-1"]}) as client, pytest.raises(DecodeError, match="id"):
        client.merge_policies.get("p-1")


def test_a_list_that_is_none_is_refused_by_every_client():
    with client_of({"children": {"p-1": POLICY}}) as client, pytest.raises(DecodeError, match="no list"):
        list(client.merge_policies.list())
