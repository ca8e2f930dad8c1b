"""Inlets over HTTP: connections of the Flow Service, flows to datasets, and inlets of manifests."""

from __future__ import annotations

import re

import pytest

from rtcp.emulator import worlds
from rtcp.emulator.manifest.loading import ManifestError, load_manifest

FLOW = "/data/foundation/flowservice"
SPEC = "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb"


def draft(**parameters):
    return {
        "name": "Tills",
        "connectionSpec": {"id": SPEC, "version": "1.0"},
        "auth": {"specName": "Streaming Connection", "params": {"name": "Tills", **parameters}},
    }


def test_a_new_connection_has_an_inlet_of_64_digits(platform):
    made = platform.post(f"{FLOW}/connections", draft(dataType="xdm", sourceId="till"))

    (item,) = platform.get(f"{FLOW}/connections/{made.json()['id']}").json()["items"]
    parameters = item["auth"]["params"]
    assert (made.status_code, made.json()["etag"]) == (201, item["etag"])
    assert made.headers["Location"].endswith(made.json()["id"])
    assert re.fullmatch("[0-9a-f]{64}", parameters["inletId"])
    assert parameters["inletUrl"] == f"{platform.url}/collection/{parameters['inletId']}"
    assert (parameters["sourceId"], parameters["dataType"], item["state"]) == ("till", "xdm", "enabled")
    assert "authenticationRequired" not in parameters


def test_an_authenticated_connection_says_so(platform):
    made = platform.post(f"{FLOW}/connections", draft(authenticationRequired=True)).json()

    (item,) = platform.get(f"{FLOW}/connections/{made['id']}").json()["items"]
    assert item["auth"]["params"]["authenticationRequired"] is True


def test_connections_are_listed_in_their_sandbox_only(platform):
    platform.post(f"{FLOW}/connections", draft())
    platform.post(f"{FLOW}/connections", draft())

    assert len(platform.get(f"{FLOW}/connections").json()["items"]) == 2
    assert len(platform.get(f"{FLOW}/connections", limit=1).json()["items"]) == 1
    platform.session.headers["x-sandbox-name"] = "dev"
    assert platform.get(f"{FLOW}/connections").json() == {"items": []}


def test_an_unknown_connection_is_not_found(platform):
    assert platform.get(f"{FLOW}/connections/gone").status_code == 404


def test_other_kinds_of_connections_are_not_done(platform):
    assert platform.post(f"{FLOW}/connections", {**draft(), "connectionSpec": {"id": "ftp"}}).status_code == 501


@pytest.mark.parametrize("body", [{}, {"name": "x"}, {**draft(), "auth": {}}, draft(dataType="yaml")])
def test_a_body_that_makes_no_connection_is_a_bad_request(platform, body):
    assert platform.post(f"{FLOW}/connections", body).status_code == 400


def test_a_flow_leads_from_a_raw_inlet_to_its_dataset(people, platform):
    connection = platform.post(f"{FLOW}/connections", draft(dataType="raw")).json()["id"]
    source = platform.post(f"{FLOW}/sourceConnections", {"name": "s", "baseConnectionId": connection})
    target = platform.post(f"{FLOW}/targetConnections", {"name": "t", "params": {"dataSetId": "crm"}})
    flow = platform.post(
        f"{FLOW}/flows",
        {
            "name": "f",
            "flowSpec": {"id": "d8a6f005-7eaf-4153-983e-e8574508b877", "version": "1.0"},
            "sourceConnectionIds": [source.json()["id"]],
            "targetConnectionIds": [target.json()["id"]],
        },
    )
    (item,) = platform.get(f"{FLOW}/connections/{connection}").json()["items"]
    inlet = item["auth"]["params"]["inletId"]

    def send(flow_id):
        return platform.request(
            "POST", f"/collection/{inlet}", json={"crm": {"id": "c-9"}}, headers={"x-adobe-flow-id": flow_id}
        ).status_code

    assert (source.status_code, target.status_code, flow.status_code) == (201, 201, 201)
    assert (send(flow.json()["id"]), send("gone")) == (200, 400)
    people.clock.advance(1.1)
    assert platform.person("c-9", "crmId").status_code == 200


def test_a_flow_of_another_inlet_leads_nowhere(people, platform):
    connection = platform.post(f"{FLOW}/connections", draft(dataType="raw")).json()["id"]
    target = platform.post(f"{FLOW}/targetConnections", {"params": {"dataSetId": "crm"}}).json()["id"]
    flow = platform.post(
        f"{FLOW}/flows",
        {"flowSpec": {"id": "x"}, "sourceConnectionIds": ["gone"], "targetConnectionIds": [target]},
    ).json()["id"]
    (item,) = platform.get(f"{FLOW}/connections/{connection}").json()["items"]

    path = f"/collection/{item['auth']['params']['inletId']}"
    assert platform.request("POST", path, json={}, headers={"x-adobe-flow-id": flow}).status_code == 400


def test_the_world_of_the_docs_has_an_inlet_with_the_same_id_each_time(emulator, platform):
    def inlet():
        emulator.reset()
        emulator.load(worlds.path("harbour"), sample=False)
        platform.sign_in()
        (item,) = platform.get(f"{FLOW}/connections").json()["items"]
        return item["name"], item["id"], item["auth"]["params"]["inletId"]

    assert inlet() == inlet()
    assert inlet()[0] == "Harbour purchases"


DATASET = """
[[datasets]]
id = "people"
class = "_xdm.context.profile"
identities = [{ path = "id", namespace = "crmId", primary = true }]
"""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[inlets]]\nname = 'a'\nid = 'x'", "64 hexadecimal digits"),
        ("[[inlets]]\nname = 'a'\n[[inlets]]\nname = 'a'", "declared twice"),
        ("[[inlets]]\nname = 'a'\ndata_type = 'yaml'", "data_type"),
        ("[[inlets]]\nname = 'a'\ndataset = 'people'", "go together"),
        ("[[inlets]]\nname = 'a'\ndata_type = 'raw'\nflow_id = 'f'\ndataset = 'gone'", "unknown 'gone'"),
        ("[[inlets]]\nid = 'a'", "64"),
        (f"{DATASET}fields = {{ a = 'colour' }}", "unknown type 'colour'"),
        (f"{DATASET}fields = {{ a = 1 }}", "name of a type"),
        (f"{DATASET}fields = {{ a = {{ typ = 'string' }} }}", "did you mean 'type'"),
        (f"{DATASET}fields = {{ 'a..b' = 'string' }}", "no path of a field"),
        (f"{DATASET}fields = {{ 'a' = 'string', 'a.b' = 'string' }}", "below one that is no object"),
    ],
)
def test_a_manifest_that_declares_nonsense_is_told_why(emulator, tmp_path, text, reason):
    path = tmp_path / "world.toml"
    path.write_text(text)

    with pytest.raises(ManifestError, match=reason):
        load_manifest(emulator.store, path)
