"""Inlets through Flow Service: what is sent, and which id is which."""

from __future__ import annotations

import json

import pytest
from tests.helpers.adapters import Answer, mounted
from tests.helpers.inlet import INLET

import rtcp

CONNECTION = "3f0c4a52-8f3e-4d55-9a3d-0f6c7d1b2a90"
SPEC = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}


@pytest.fixture
def client(clock):
    config = rtcp.Config(token="t", client_id="c", org_id="o@AdobeOrg")
    with rtcp.Client(config, clock=clock) as client:
        yield client


def connection(**changes):
    params = {
        "sourceId": "Till 4",
        "name": "Till 4",
        "dataType": "xdm",
        "inletId": INLET,
        "inletUrl": f"https://dcs.adobedc.net/collection/{INLET}",
        **changes,
    }
    return {
        "id": CONNECTION,
        "name": "Till 4",
        "createdAt": 1772409600000,
        "connectionSpec": SPEC,
        "state": "enabled",
        "auth": {"specName": "Streaming Connection", "params": params},
        "etag": '"1"',
    }


def test_an_inlet_is_read_out_of_its_connection(client):
    mounted(client.http, [Answer(200, {"items": [connection(authenticationRequired=True)]})])

    inlet = client.inlets.get(CONNECTION)

    assert (inlet.id, inlet.inlet_id, inlet.data_type) == (CONNECTION, INLET, "xdm")
    assert inlet.inlet_url.endswith(INLET)
    assert inlet.is_authenticated
    assert inlet.to_wire()["auth"]["params"]["inletId"] == INLET


def test_an_inlet_is_open_where_nothing_is_said(client):
    mounted(client.http, [Answer(200, {"items": [connection()]})])

    assert not client.inlets.get(CONNECTION).is_authenticated


def test_an_empty_answer_is_not_found(client):
    mounted(client.http, [Answer(200, {"items": []})])

    with pytest.raises(rtcp.NotFoundError, match="there is no connection"):
        client.inlets.get(CONNECTION)


def test_creating_posts_the_documented_body_and_reads_the_inlet(client):
    adapter = mounted(
        client.http, [Answer(201, {"id": CONNECTION, "etag": '"1"'}), Answer(200, {"items": [connection()]})]
    )

    inlet = client.inlets.create(name="Till 4", is_authenticated=True, description="By the door")

    assert inlet.inlet_id == INLET
    assert [request.method for request in adapter.requests] == ["POST", "GET"]
    assert json.loads(adapter.requests[0].body) == {
        "name": "Till 4",
        "description": "By the door",
        "connectionSpec": SPEC,
        "auth": {
            "specName": "Streaming Connection",
            "params": {"sourceId": "Till 4", "dataType": "xdm", "name": "Till 4", "authenticationRequired": True},
        },
    }


def test_creating_is_never_sent_twice(client):
    adapter = mounted(client.http, [Answer(503)])

    with pytest.raises(rtcp.ServerError, match=r"client\.inlets\.list"):
        client.inlets.create(name="Till 4")

    assert len(adapter.requests) == 1


def test_an_inlet_that_cannot_be_read_after_its_creation_is_told_by_its_id(client):
    mounted(client.http, [Answer(201, {"id": CONNECTION}), Answer(404)])

    with pytest.raises(rtcp.NotFoundError) as caught:
        client.inlets.create(name="Till 4")

    assert CONNECTION in caught.value.__notes__[0]


def test_the_list_goes_through_its_pages_and_leaves_out_other_connections(client):
    other = {"id": "x", "name": "A database", "connectionSpec": {"id": "other"}, "auth": {"params": {"host": "db"}}}
    adapter = mounted(
        client.http,
        [
            Answer(200, {"items": [other], "_links": {"next": {"href": "?continuationToken=abc"}}}),
            Answer(200, {"items": [connection()]}),
        ],
    )

    assert [inlet.inlet_id for inlet in client.inlets.list()] == [INLET]
    assert [request.url.partition("?")[2] for request in adapter.requests] == [
        f"property=connectionSpec.id%3D%3D{SPEC['id']}",
        "continuationToken=abc",
    ]


def test_an_empty_name_is_refused(client):
    with pytest.raises(rtcp.InvalidArgumentError, match="name is empty"):
        client.inlets.create(name=" ")
