"""Inlets, streaming and batches in the three dialects."""

from __future__ import annotations

import json

import pytest
from tests.emulator.conftest import ORG, PROFILE
from tests.helpers.description import described

from rtcp.emulator import Emulator
from rtcp.emulator.clock import Clock
from rtcp.emulator.nouns.inlets import flow_objects as inlets
from rtcp.emulator.store import Dataset, IdentityPath

FLOW = "/data/foundation/flowservice/connections"
BATCHES = "/data/foundation/catalog/batches"
IMPORT = "/data/foundation/import/batches"
REF = {"id": "https://ns.adobe.com/acme/schemas/1", "contentType": "application/vnd.adobe.xed-full+json;version=1"}
in_spec = pytest.mark.parametrize("dialect", ["spec"])
in_hostile = pytest.mark.parametrize("dialect", ["hostile"])
in_all = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])


def message(**changes):
    header = {"schemaRef": REF, "imsOrgId": ORG, "datasetId": "people", **changes}
    return {"header": header, "body": {"xdmMeta": {"schemaRef": REF}, "xdmEntity": {"id": "c-1"}}}


@pytest.fixture
def inlet(platform, emulator):
    """An inlet, and people to send to it."""
    crm = (IdentityPath("id", "crmId", True),)
    emulator.store.sandbox("prod").put_dataset(Dataset("people", "People", PROFILE, crm))
    draft = {
        "name": "Tills",
        "connectionSpec": {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb"},
        "auth": {"params": {"name": "Tills", "authenticationRequired": True}},
    }
    made = platform.post(FLOW, draft).json()["id"]
    (item,) = platform.get(f"{FLOW}/{made}").json()["items"]
    return item["auth"]["params"]["inletId"]


def failed_batch(platform, emulator):
    batch_id = platform.post(IMPORT, {"datasetId": "people", "inputFormat": {"format": "json"}}).json()["id"]
    path = f"{IMPORT}/{batch_id}/datasets/people/files/a.json"
    platform.request("PUT", path, data=b"{oops}\n", headers={"Content-Type": "application/octet-stream"})
    platform.request("POST", f"{IMPORT}/{batch_id}?action=COMPLETE")
    emulator.clock.advance(5)
    return batch_id


@in_all
def test_receipts_keep_to_the_description(inlet, platform):
    one = platform.post(f"/collection/{inlet}", message())
    many = platform.post(f"/collection/batch/{inlet}", {"messages": [message(), {}]})

    for answer, path in ((one, "/collection/{inletId}"), (many, "/collection/batch/{inletId}")):
        check = described(path, "post", str(answer.status_code))
        assert [error.message for error in check.iter_errors(answer.json())] == []


@in_spec
def test_the_spec_has_times_as_texts_and_no_word_of_validation(inlet, platform):
    body = platform.post(f"/collection/{inlet}", message()).json()

    assert sorted(body) == ["inletId", "receivedTimeMs", "xactionId"]
    assert isinstance(body["receivedTimeMs"], str)


@in_spec
def test_the_spec_has_the_time_of_many_messages_as_a_number(inlet, platform):
    body = platform.post(f"/collection/batch/{inlet}", {"messages": [message()]}).json()

    assert isinstance(body["receivedTimeMs"], int)


@in_all
def test_only_the_spec_answers_an_action_with_the_batch(inlet, platform, emulator):
    imports = "/data/foundation/import/batches"
    body = {"datasetId": "people", "inputFormat": {"format": "json"}}
    batch_id = platform.post(imports, body).json()["id"]
    platform.request(
        "PUT",
        f"{imports}/{batch_id}/datasets/people/files/a.json",
        data=b'{"crm": {"id": "c-1"}}',
        headers={"Content-Type": "application/octet-stream"},
    )

    answer = platform.request("POST", f"{imports}/{batch_id}", params={"action": "COMPLETE"})

    assert answer.status_code == 200
    if emulator.dialect == "spec":
        assert (answer.json()["id"], answer.json()["status"]) == (batch_id, "loaded")
    else:
        assert answer.content == b""


@in_hostile
def test_hostile_receipts_have_the_old_name_of_validation(inlet, platform):
    body = platform.post(f"/collection/{inlet}", message()).json()

    assert body["synchronousValidation"] == {"skipped": True}
    assert "receivedTimeMs" not in body


@in_hostile
def test_hostile_refusals_in_a_list_are_as_the_connector_reads_them(inlet, platform):
    body = platform.post(f"/collection/batch/{inlet}", {"messages": [message(), {}]}).json()

    received, refused = body["responses"]
    assert (refused["status"], "statusCode" in refused) == ("400", False)
    assert refused["xactionId"] != received["xactionId"]
    assert "status" not in received


def test_hostile_inlets_do_not_say_how_long_to_wait(platform):
    with Emulator(dialect="hostile", limits=True, clock=Clock(frozen_at_ms=1_772_438_400_000)) as emulator:
        inlets.declare(emulator.store, "prod", name="x", inlet_id="ab" * 32, connection_id="c", at_ms=0)
        emulator.budgets.spend("ab" * 32, messages=10_000, validates=False)
        platform.url = emulator.url
        answer = platform.post(f"/collection/{'ab' * 32}", message())

    assert (answer.status_code, "Retry-After" in answer.headers) == (429, False)


@in_hostile
def test_hostile_connections_have_their_booleans_as_texts(inlet, platform):
    (item,) = platform.get(FLOW).json()["items"]

    assert item["auth"]["params"]["authenticationRequired"] == "true"
    assert isinstance(item["createdAt"], str)


@in_hostile
def test_hostile_batches_speak_the_other_words(inlet, platform, emulator):
    batch_id = failed_batch(platform, emulator)

    (batch,) = platform.get(f"{BATCHES}/{batch_id}").json().values()
    assert batch["status"] == "failure"
    assert batch["metrics"]["recordsFailed"] == 1
    assert "id" not in batch


@in_all
def test_batches_keep_to_the_description(inlet, platform, emulator):
    batch_id = failed_batch(platform, emulator)

    for path, template in ((BATCHES, BATCHES), (f"{BATCHES}/{batch_id}", f"{BATCHES}/{{batchId}}")):
        check = described(template, "get")
        assert [error.message for error in check.iter_errors(platform.get(path).json())] == []


@in_hostile
def test_hostile_lists_of_failed_files_count_in_texts_and_their_lines_are_untouched(inlet, platform, emulator):
    path = f"/data/foundation/export/batches/{failed_batch(platform, emulator)}/failed"

    assert platform.get(path).json()["_page"]["count"] == "2"
    (line,) = platform.request("GET", path, params={"path": "part-00000.json"}).text.splitlines()
    assert json.loads(line)["_corrupt_record"] == "{oops}"
