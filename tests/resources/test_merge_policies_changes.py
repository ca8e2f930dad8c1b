"""Merge policies changed: replaced, patched, deleted, and read in bulk."""

from __future__ import annotations

import logging

import pytest
from tests.helpers.adapters import Answer, mounted

import rtcp

DIALECTS = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])


@pytest.fixture
def client(emulator, sandbox):
    with rtcp.Client.for_emulator(emulator.url) as client:
        yield client


@pytest.fixture
def policy(client):
    return client.merge_policies.create(name="Alone", identity_graph="none", attribute_merge="timestampOrdered")


def bodies(emulator, operation):
    return [request.body for request in emulator.requests.of(operation)]


@DIALECTS
def test_replace_sends_the_whole_policy_and_counts_the_version_on(client, emulator, policy):
    replaced = client.merge_policies.replace(
        policy.id, name="Card first", identity_graph="pdg", attribute_merge="dataSetPrecedence", order=["card", "crm"]
    )

    assert replaced.version == policy.version + 1
    assert replaced.attribute_merge.order == ["card", "crm"]
    assert bodies(emulator, "merge_policies.replace") == [
        {
            "name": "Card first",
            "schema": {"name": "_xdm.context.profile"},
            "identityGraph": {"type": "pdg"},
            "attributeMerge": {"type": "dataSetPrecedence", "order": ["card", "crm"]},
            "default": False,
            "isActiveOnEdge": False,
        }
    ]


@DIALECTS
def test_replace_keeps_name_class_default_and_edge_unless_told(client, emulator, sandbox):
    default = client.merge_policies.list(default=True).first()
    client.merge_policies.update(default.id, is_active_on_edge=True)

    replaced = client.merge_policies.replace(default.id, identity_graph="pdg", attribute_merge="timestampOrdered")

    assert (replaced.name, replaced.schema_name) == (default.name, default.schema_name)
    assert replaced.default
    assert replaced.is_active_on_edge
    assert replaced.took_default_from is None


def test_who_leaves_a_class_without_default_is_told(client, sandbox, caplog):
    default = client.merge_policies.list(default=True).first()

    with caplog.at_level(logging.WARNING, logger="rtcp"):
        client.merge_policies.replace(
            default.id, identity_graph="pdg", attribute_merge="timestampOrdered", default=False
        )

    assert "no default merge policy any more" in caplog.text


def test_who_takes_the_place_on_edge_is_told_whose_it_was(client, policy, caplog):
    before = client.merge_policies.list(default=True).first()
    client.merge_policies.update(before.id, is_active_on_edge=True)

    with caplog.at_level(logging.WARNING, logger="rtcp"):
        client.merge_policies.update(policy.id, is_active_on_edge=True)

    assert f"merge policy {policy.id} is active on edge now, in place of {before.id}" in caplog.text


@DIALECTS
def test_update_sends_one_patch_operation_for_each_field(client, emulator, policy):
    client.merge_policies.update(policy.id, name="Stitched", identity_graph="pdg", is_active_on_edge=True)

    assert client.merge_policies.get(policy.id).name == "Stitched"
    assert client.merge_policies.get(policy.id).is_active_on_edge
    assert bodies(emulator, "merge_policies.update") == [
        [
            {"op": "add", "path": "/name", "value": "Stitched"},
            {"op": "add", "path": "/identityGraph.type", "value": "pdg"},
            {"op": "add", "path": "/isActiveOnEdge", "value": True},
        ]
    ]


def test_update_of_the_default_says_whose_it_was(client, policy, caplog):
    before = client.merge_policies.list(default=True).first()

    with caplog.at_level(logging.WARNING, logger="rtcp"):
        updated = client.merge_policies.update(policy.id, default=True)

    assert updated.took_default_from == before.id
    assert before.id in caplog.text
    assert not client.merge_policies.get(before.id).default


def test_an_update_of_nothing_and_one_to_precedence_are_refused_before_sending(client, emulator, policy):
    with pytest.raises(rtcp.InvalidArgumentError, match="nothing to update"):
        client.merge_policies.update(policy.id)
    with pytest.raises(rtcp.InvalidArgumentError, match="replace"):
        client.merge_policies.update(policy.id, attribute_merge="dataSetPrecedence")

    assert bodies(emulator, "merge_policies.update") == []


def test_a_deleted_policy_is_gone(client, policy):
    client.merge_policies.delete(policy.id)

    with pytest.raises(rtcp.NotFoundError):
        client.merge_policies.get(policy.id)


def test_a_policy_that_is_active_on_edge_stays_and_the_error_says_what_to_do(client, policy):
    client.merge_policies.update(policy.id, is_active_on_edge=True)

    with pytest.raises(rtcp.BadRequestError, match="make another one active first"):
        client.merge_policies.delete(policy.id)

    assert client.merge_policies.get(policy.id).is_active_on_edge


@DIALECTS
def test_many_are_read_at_once_each_at_its_position(client, policy, emulator):
    default = client.merge_policies.list(default=True).first()

    result = client.merge_policies.get_many([policy.id, "no-such-policy", default.id, policy.id])

    assert [outcome.value.id if outcome.value else None for outcome in result.outcomes] == [
        policy.id,
        None,
        default.id,
        policy.id,
    ]
    assert isinstance(result.failed[0].error, rtcp.NotFoundError)
    assert bodies(emulator, "merge_policies.get_many") == [
        {"ids": [{"id": policy.id}, {"id": "no-such-policy"}, {"id": default.id}]}
    ]


def test_failures_of_many_are_raised_on_request(client, policy):
    result = client.merge_policies.get_many([policy.id, "no-such-policy"])

    with pytest.raises(rtcp.PartialFailureError, match="1 of 2 failed") as caught:
        result.raise_for_failures()

    assert [outcome.position for outcome in caught.value.failed] == [1]
    assert [outcome.position for outcome in caught.value.succeeded] == [0]


def test_none_of_many_is_nothing_sent(client, emulator):
    result = client.merge_policies.get_many([])

    assert len(result) == 0
    result.raise_for_failures()
    assert bodies(emulator, "merge_policies.get_many") == []


def test_the_limit_of_five_is_explained():
    with rtcp.Client(token="t", client_id="k", org_id="o@AdobeOrg", retries=0) as client:
        mounted(client.http, [Answer(400, {"message": "maximum number of merge policies exceeded"})])
        with pytest.raises(rtcp.BadRequestError, match="five merge policies"):
            client.merge_policies.create(name="x", identity_graph="none", attribute_merge="timestampOrdered")


def test_a_page_in_place_of_an_answer_is_no_success_though_nobody_reads_the_body(client, emulator):
    policy = client.merge_policies.create(name="P", identity_graph="none", attribute_merge="timestampOrdered")
    emulator.faults.once("merge_policies.delete", status=200, body="<html>under maintenance</html>")

    with pytest.raises(rtcp.DecodeError, match="HTML page"):
        client.merge_policies.delete(policy.id)

    assert client.merge_policies.get(policy.id).name == "P"
