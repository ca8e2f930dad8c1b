"""Datasets: Catalog's lists without totals, its maps by id, and the destinations of exports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.helpers.adapters import Answer, mounted

import rtcp

UNION = {
    "id": "https://ns.adobe.com/xdm/context/profile__union",
    "contentType": "application/vnd.adobe.xed+json;version=1",
}
PEOPLE = {
    "name": "People",
    "imsOrg": "ORG@AdobeOrg",
    "tags": {"unifiedProfile": ["enabled: true"], "unifiedIdentity": ["enabled:true"], "acp_granular": "one"},
    "version": "1.0.3",
    "created": 1767225600000,
    "updated": "1767225601000",
    "schemaRef": {"id": "https://ns.adobe.com/acme/schemas/a1", "contentType": "application/vnd.adobe.xed-full+json"},
    "files": "@/dataSets/d1/views/v1/files",
    "somethingNew": 1,
}


@pytest.fixture
def client(clock) -> Iterator[rtcp.Client]:
    with rtcp.Client(token="given", client_id="key", org_id="ORG@AdobeOrg", clock=clock) as client:
        yield client


def query(request: Any) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(str(request.url)).query))


def test_a_list_ends_with_the_first_page_that_is_not_full(client):
    script = mounted(client.http, [Answer(body={"a": PEOPLE, "b": PEOPLE}), Answer(body={"c": PEOPLE})])

    found = [dataset.id for dataset in client.datasets.list(page_size=2)]

    assert found == ["a", "b", "c"]
    assert [query(request) for request in script.requests] == [{"limit": "2"}, {"limit": "2", "start": "2"}]


def test_a_list_by_name_asks_for_the_name(client):
    script = mounted(client.http, [Answer(body={})])

    assert client.datasets.list(name="People & co").first() is None
    assert query(script.requests[0]) == {"limit": "100", "name": "People & co"}


@pytest.mark.parametrize("given", [{"page_size": 0}, {"page_size": 101}, {"name": "a,b"}, {"name": "!a"}])
def test_a_list_that_catalog_would_misread_is_refused(client, given):
    script = mounted(client.http, [Answer(body={})])

    with pytest.raises(rtcp.InvalidArgumentError):
        list(client.datasets.list(**given))
    assert script.requests == []


def test_one_dataset_is_read_from_the_map_by_its_id(client):
    mounted(client.http, [Answer(body={"d1": PEOPLE})])

    dataset = client.datasets.get("d1")

    assert (dataset.id, dataset.name, dataset.version) == ("d1", "People", "1.0.3")
    assert dataset.is_profile_enabled
    assert dataset.is_identity_enabled
    assert not dataset.is_union
    assert dataset.created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert dataset.to_wire() == {**PEOPLE, "id": "d1"}


def test_a_dataset_without_tags_is_not_in_profile(client):
    mounted(client.http, [Answer(body={"d1": {"name": "Lake only", "tags": None}})])

    dataset = client.datasets.get("d1")

    assert not dataset.is_profile_enabled
    assert not dataset.is_identity_enabled
    assert not dataset.is_union


def test_datasets_are_told_apart_by_their_repr(client):
    mounted(client.http, [Answer(body={"d1": PEOPLE, "d2": {"name": "Out", "schemaRef": UNION}, "d3": {}})])

    assert [repr(dataset) for dataset in client.datasets.list()] == [
        "<Dataset d1 'People': profile>",
        "<Dataset d2 'Out': union schema>",
        "<Dataset d3 None>",
    ]


def test_an_answer_that_is_no_map_is_an_error(client):
    mounted(client.http, [Answer(body=[PEOPLE])])

    with pytest.raises(rtcp.DecodeError, match="no map of datasets"):
        list(client.datasets.list())


def test_an_empty_map_means_that_there_is_no_such_dataset(client):
    mounted(client.http, [Answer(body={})])

    with pytest.raises(rtcp.NotFoundError, match="no dataset 'd9'"):
        client.datasets.get("d9")


@pytest.mark.parametrize("reference", ["@/datasets/d7", "@/dataSets/d7"])
def test_a_destination_holds_the_union_schema_and_is_read_after_it_was_made(client, reference):
    script = mounted(client.http, [Answer(201, [reference]), Answer(body={"d7": {"name": "Out", "schemaRef": UNION}})])

    dataset = client.datasets.create_for_export(name="Out")

    assert json.loads(script.requests[0].body) == {"name": "Out", "schemaRef": UNION}
    assert script.requests[1].url.endswith("/catalog/dataSets/d7")
    assert dataset.is_union


def test_the_id_of_a_new_dataset_is_not_lost_when_it_cannot_be_read(client):
    mounted(client.http, [Answer(201, ["@/dataSets/d7"]), Answer(403)])

    with pytest.raises(rtcp.PermissionDeniedError) as caught:
        client.datasets.create_for_export(name="Out")
    assert "'d7'" in caught.value.__notes__[0]


@pytest.mark.parametrize("answer", [[], ["d7"], {"id": "d7"}, [7]])
def test_an_answer_without_the_new_id_is_an_error_and_not_a_guess(client, answer):
    script = mounted(client.http, [Answer(201, answer)])

    with pytest.raises(rtcp.DecodeError, match="id of the new dataset"):
        client.datasets.create_for_export(name="Out")
    assert len(script.requests) == 1


def test_a_create_without_an_answer_is_not_sent_again_and_says_where_to_look(client):
    script = mounted(client.http, [Answer(503)])

    with pytest.raises(rtcp.ServerError, match=r"may have been created.*datasets\.list"):
        client.datasets.create_for_export(name="Out")
    assert len(script.requests) == 1


ENABLED = {"name": "In", "tags": {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]}}
UPSERT = {
    "name": "In",
    "tags": {"unifiedProfile": ["enabled: true", "isUpsert: true"], "unifiedIdentity": ["enabled:true"]},
}
DISABLE = [
    {"op": "replace", "path": "/tags/unifiedProfile", "value": ["enabled:false"]},
    {"op": "replace", "path": "/tags/unifiedIdentity", "value": ["enabled:false"]},
]
ENABLE_UPSERT = [
    {"op": "add", "path": "/tags/unifiedProfile", "value": ["enabled:true", "isUpsert:true"]},
    {"op": "add", "path": "/tags/unifiedIdentity", "value": ["enabled:true"]},
]


def changes(script: Any) -> list[Any]:
    return [json.loads(request.body) for request in script.requests if request.method == "PATCH"]


@pytest.mark.parametrize(
    ("given", "tags", "content_type"),
    [
        ({}, ["enabled:true"], "application/vnd.adobe.xed-full+json;version=1"),
        ({"kind": "event"}, ["enabled:true"], "application/vnd.adobe.xed-full+json;version=1"),
        (
            {"is_upsert_enabled": True},
            ["enabled:true", "isUpsert:true"],
            "application/vnd.adobe.xed-full-notext+json; version=1",
        ),
        ({"is_profile_enabled": False}, None, "application/vnd.adobe.xed-full+json;version=1"),
    ],
)
def test_a_dataset_is_created_with_the_tags_of_what_it_is_for(client, given, tags, content_type):
    script = mounted(client.http, [Answer(201, ["@/dataSets/d7"]), Answer(body={"d7": ENABLED})])

    client.datasets.create(name="In", schema_ref="https://ns.adobe.com/acme/schemas/a1", description="New", **given)

    body = json.loads(script.requests[0].body)
    assert body.pop("tags", None) == (tags and {"unifiedIdentity": ["enabled:true"], "unifiedProfile": tags})
    assert body == {
        "name": "In",
        "description": "New",
        "schemaRef": {"id": "https://ns.adobe.com/acme/schemas/a1", "contentType": content_type},
    }


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "event", "is_upsert_enabled": True},
        {"is_profile_enabled": False, "is_upsert_enabled": True},
        {"kind": "account"},
    ],
)
def test_a_dataset_that_cannot_be_is_refused(client, given):
    script = mounted(client.http, [Answer(201, ["@/dataSets/d7"])])

    with pytest.raises(rtcp.InvalidArgumentError):
        client.datasets.create(name="In", schema_ref="https://ns.adobe.com/acme/schemas/a1", **given)
    assert script.requests == []


def test_upserts_are_enabled_by_disabling_first(client):
    script = mounted(client.http, [Answer(body={"d1": ENABLED}), Answer(), Answer(), Answer(body={"d1": UPSERT})])

    assert client.datasets.enable_profile("d1", upsert=True).is_upsert_enabled
    assert changes(script) == [DISABLE, ENABLE_UPSERT]
    assert script.requests[1].headers["Content-Type"] == "application/json-patch+json"


def test_a_dataset_outside_profile_is_enabled_at_once(client):
    script = mounted(client.http, [Answer(body={"d1": {}}), Answer(), Answer(body={"d1": UPSERT})])

    client.datasets.enable_profile("d1", upsert=True)

    assert changes(script) == [ENABLE_UPSERT]


@pytest.mark.parametrize(("known", "upsert"), [(ENABLED, False), (UPSERT, True), (UPSERT, False)])
def test_what_is_enabled_already_is_left_alone(client, known, upsert):
    script = mounted(client.http, [Answer(body={"d1": known})])

    client.datasets.enable_profile("d1", upsert=upsert)

    assert changes(script) == []


def test_a_dataset_left_disabled_is_named(client):
    mounted(client.http, [Answer(body={"d1": ENABLED}), Answer(), Answer(403)])

    with pytest.raises(rtcp.PermissionDeniedError) as caught:
        client.datasets.enable_profile("d1", upsert=True)
    assert "'d1' may be disabled" in caught.value.__notes__[0]


def test_profile_is_disabled_in_one_change(client):
    script = mounted(client.http, [Answer(503), Answer(), Answer(body={"d1": {}})])

    assert not client.datasets.disable_profile("d1").is_profile_enabled
    assert changes(script) == [DISABLE, DISABLE]
