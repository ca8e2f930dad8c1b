"""Streaming over HTTP: what inlets take and refuse, what lands in Profile and when, and what ends in a failed batch."""

from __future__ import annotations

import json

import pytest
import requests
from tests.emulator.conftest import EVENT, ORG, PROFILE

from rtcp.emulator import Emulator
from rtcp.emulator.clock import Clock
from rtcp.emulator.nouns.batches.lifecycle import Batches
from rtcp.emulator.nouns.inlets import flow_objects as inlets
from rtcp.emulator.nouns.streaming.budgets import Budgets
from rtcp.emulator.nouns.streaming.streams import Streams
from rtcp.emulator.store import Dataset, Identity, IdentityPath

SCHEMA = "https://ns.adobe.com/acme/schemas/people"
INLET = "ab" * 32
LOCKED = "cd" * 32
RAW = "ef" * 32
REF = {"id": SCHEMA, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
BATCHES = "/data/foundation/catalog/batches"
FAILED = "/data/foundation/export/batches/{}/failed"
FIELDS = {
    "crm.id": {"type": "string", "required": True},
    "name": {"type": "string"},
    "age": {"type": "integer", "minimum": 0},
}


@pytest.fixture
def world(emulator):
    """A dataset of people and one of purchases, an open inlet, one that wants a token, and a raw one."""
    prod = emulator.store.sandbox("prod")
    crm = (IdentityPath("crm.id", "crmId", True),)
    prod.put_dataset(Dataset("people", "People", PROFILE, crm, schema_id=SCHEMA, fields=FIELDS))
    prod.put_dataset(Dataset("shop", "Purchases", EVENT, crm))
    for inlet_id, options in (
        (INLET, {"org_id": ORG}),
        (LOCKED, {"needs_token": True}),
        (RAW, {"data_type": "raw", "dataset_id": "shop", "flow_id": "flow-1"}),
    ):
        inlets.declare(
            emulator.store,
            "prod",
            name=inlet_id[:2],
            inlet_id=inlet_id,
            connection_id=inlets.connection_id_of(inlet_id),
            at_ms=1,
            **options,
        )
    return emulator


def message(row=None, *, dataset="people", ref=REF, meta=REF, **header):
    row = {"crm": {"id": "c-1"}, "name": "Ann"} if row is None else row
    return {
        "header": {"schemaRef": ref, "imsOrgId": ORG, "datasetId": dataset, **header},
        "body": {"xdmMeta": {"schemaRef": meta}, "xdmEntity": row},
    }


def purchase(number, **changes):
    row = {"_id": f"e-{number}", "timestamp": "2026-03-02T08:15:00Z", "crm": {"id": "c-1"}, **changes}
    return message(row, dataset="shop")


def send(stranger, content, inlet=INLET, **options):
    return stranger.session.post(f"{stranger.url}/collection/{inlet}", json=content, timeout=60, **options)


def send_many(stranger, *messages, inlet=INLET):
    return send(stranger, {"messages": list(messages)}, f"batch/{inlet}")


def land(emulator):
    emulator.clock.advance(1.1)
    emulator.settle()


def stored(emulator, value="c-1"):
    prod = emulator.store.sandbox("prod")
    found = prod.profile(
        Identity("crmId", value), schema_name=PROFILE, policy=prod.default_policy("_xdm.context.profile")
    )
    return None if found is None else found.entity


def failed_records(platform, dataset):
    (batch_id,) = platform.get(BATCHES, dataSet=dataset, status="failed").json()
    names = [each["name"] for each in platform.get(FAILED.format(batch_id)).json()["data"]]
    assert names == ["_SUCCESS", "part-00000.json"]
    marker, rows = (platform.request("GET", FAILED.format(batch_id), params={"path": name}).text for name in names)
    assert marker == ""
    return [json.loads(line) for line in rows.splitlines()]


def test_a_message_is_received_at_once_and_lands_a_second_later(world, stranger):
    answer = send(stranger, message())

    assert (answer.status_code, sorted(answer.json())) == (
        200,
        ["inletId", "receivedTimeMs", "syncValidation", "xactionId"],
    )
    assert answer.json()["syncValidation"] == {"skipped": True}
    assert stored(world) is None
    land(world)
    assert stored(world) == {"crm": {"id": "c-1"}, "name": "Ann"}


def test_a_request_after_the_second_sees_the_row(world, platform):
    send(platform, message())
    world.clock.advance(1)

    assert platform.person("c-1", "crmId").status_code == 200


def test_the_latency_can_be_set():
    with Emulator(streaming_seconds=60) as emulator:
        emulator.service.part(Streams).take("prod", "x", [])
        emulator.clock.advance(59)
        assert not emulator.service.jobs.is_due()
        emulator.clock.advance(1)
        assert emulator.service.jobs.is_due()


def test_no_open_inlet_asks_for_a_token(world, stranger):
    assert send(stranger, message()).status_code == 200


def test_a_locked_inlet_refuses_who_has_no_token_with_its_status_as_a_text(world, stranger):
    answer = send(stranger, message(), LOCKED)

    assert answer.status_code == 401
    assert answer.json() == {
        "type": "https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization",
        "status": "401",
        "title": "Authorization",
        "report": {"message": f"[{LOCKED}] Ims service token is empty"},
    }


def test_a_locked_inlet_takes_a_token_until_it_expires(world, platform):
    assert send(platform, message(), LOCKED).status_code == 200
    world.clock.advance(86_400)
    assert send(platform, message(), LOCKED).status_code == 401


@pytest.mark.parametrize("dialect", ["hostile"])
def test_one_guide_has_403_for_an_expired_token(world, platform, stranger):
    world.clock.advance(86_400)

    answer = send(platform, message(), LOCKED)

    assert (answer.status_code, answer.json()["status"]) == (403, "403")


def test_an_unknown_inlet_is_not_found(world, stranger):
    assert send(stranger, message(), "00" * 32).status_code == 404


def without(name):
    content = message()
    del content["header"][name]
    return content


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        {"header": {}, "body": {}},
        {"header": message()["header"]},
        {"body": message()["body"]},
        without("schemaRef"),
        without("datasetId"),
        message(ref={"id": SCHEMA}),
        message(ref={"id": SCHEMA, "contentType": "application/json"}),
        message(operations={"data": "drop"}),
        message(operations={"data": "merge", "identity": "create"}),
        {"header": {"msgType": "xdmEntityCreate", "xdmSchema": {"name": EVENT}, "imsOrgId": ORG}, "body": {}},
    ],
)
def test_what_is_no_envelope_is_refused(world, stranger, content):
    answer = send(stranger, content)

    assert (answer.status_code, answer.json()["title"]) == (400, "Invalid XDM Message Format")
    assert answer.json()["report"]["message"].endswith("Message has unknown xdm format")
    assert answer.json()["report"]["message"].startswith(f"inletId: [{INLET}] imsOrgId: [")


def test_a_body_that_is_no_json_is_refused(world, stranger):
    answer = stranger.session.post(f"{stranger.url}/collection/{INLET}", data=b"{oops", timeout=60)

    assert answer.status_code == 400


@pytest.mark.parametrize("org", ["other@AdobeOrg", "", None])
def test_another_organisation_is_refused(world, stranger, org):
    answer = send(stranger, message(imsOrgId=org))

    assert answer.json()["report"]["message"].endswith("Message has an absent or wrong ims org in the header")


def test_an_absent_organisation_is_that_of_the_inlet(world, stranger):
    assert send(stranger, without("imsOrgId")).status_code == 200


def test_an_inlet_without_organisation_takes_any_that_is_well_formed(world, platform):
    assert send(platform, message(imsOrgId="any@AdobeOrg"), LOCKED).status_code == 200
    assert send(platform, message(imsOrgId="any"), LOCKED).status_code == 400


def test_an_unknown_dataset_is_refused_with_a_reason(world, stranger):
    answer = send(stranger, message(dataset="gone"))

    assert answer.json()["report"]["message"].endswith("Message names a dataset that does not exist")


@pytest.mark.parametrize("name", ["syncValidation", "synchronousValidation"])
def test_validation_lets_a_good_message_pass(world, stranger, name):
    answer = send(stranger, message(), params={name: "true"})

    assert answer.json()["syncValidation"] == {"status": "pass"}


def test_validation_tells_every_violation_by_its_place(world, stranger):
    row = {"crm": {"id": 7}, "age": "old", "shoe": 41}

    answer = send(stranger, message(row), params={"syncValidation": "true"})

    assert answer.status_code == 400
    assert answer.json()["report"]["message"].endswith("Message is invalid")
    (found,) = answer.json()["report"]["cause"]["_streamingValidation"]
    assert found["message"] == "3 schema violations found"
    assert [(each["pointerToViolation"], each["keyword"], each["message"]) for each in found["causingExceptions"]] == [
        ("#/crm/id", "type", "expected type: String, found: Long"),
        ("#/age", "type", "expected type: Integer, found: String"),
        ("#", "additionalProperties", "extraneous key [shoe] is not permitted"),
    ]


def test_what_validation_drops_ends_nowhere(world, platform):
    send(platform, message({"name": 1}), params={"syncValidation": "true"})
    land(world)

    assert platform.get(BATCHES).json() == {}
    assert stored(world) is None


def test_validation_can_be_neither_true_nor_false(world, stranger):
    assert send(stranger, message(), params={"syncValidation": "maybe"}).status_code == 400


def test_a_batch_answers_207_and_one_entry_for_each_message_in_order(world, stranger):
    answer = send_many(stranger, message(), {"header": {}}, message(imsOrgId="x@AdobeOrg"), message())

    body = answer.json()
    assert answer.status_code == 207
    assert [sorted(each) for each in body["responses"]] == [
        ["xactionId"],
        ["message", "statusCode"],
        ["message", "statusCode"],
        ["xactionId"],
    ]
    assert body["responses"][3]["xactionId"] == f"{body['batchId']}:3"
    assert body["responses"][1]["statusCode"] == 400


@pytest.mark.parametrize("content", [{}, {"messages": []}, {"messages": {}}, []])
def test_a_batch_without_messages_is_a_bad_request(world, stranger, content):
    assert send(stranger, content, f"batch/{INLET}").status_code == 400


def test_messages_of_one_request_may_go_to_several_datasets(world, stranger):
    send_many(stranger, message(), purchase(1), purchase(2), {"header": {}})
    land(world)

    counts = world.store.sandbox("prod").counts()
    assert (counts.records, counts.events) == (1, 2)


def test_an_event_that_comes_twice_is_there_once_and_no_failure(world, platform):
    send_many(platform, purchase(1), purchase(1))
    send(platform, purchase(1))
    land(world)

    assert world.store.sandbox("prod").counts().events == 1
    assert [each["status"] for each in platform.get(BATCHES).json().values()] == ["success"]


def test_a_body_over_one_megabyte_is_too_large(world, stranger):
    assert send(stranger, message({"crm": {"id": "c"}, "name": "x" * 1_048_576})).status_code == 413


@pytest.mark.parametrize(
    ("content", "errors"),
    [
        (
            message(source={}),
            {"_errors": {"_streamingValidation": [{"message": "Payload header is missing Source Name"}]}},
        ),
        (
            {**message(), "body": {"xdmMeta": {"schemaRef": REF}}},
            {"_validationErrors": [{"message": "Payload body is missing xdmEntity"}]},
        ),
        (
            message(meta={**REF, "id": "https://other"}),
            {
                "_errors": {
                    "_streamingValidation": [{"message": "Payload header and body do not refer to the same schema"}]
                }
            },
        ),
        (
            message(ref={**REF, "id": "https://other"}, meta={**REF, "id": "https://other"}),
            {
                "_errors": {
                    "_streamingValidation": [
                        {"message": "Payload header refers to another schema than that of the dataset"}
                    ]
                }
            },
        ),
        (
            message({"crm": {"id": "c-1"}, "name": 7}),
            {
                "_validationErrors": [
                    {
                        "schemaLocation": "#/properties/name",
                        "pointerToViolation": "#/name",
                        "causingExceptions": [],
                        "keyword": "type",
                        "message": "expected type: String, found: Long",
                    }
                ]
            },
        ),
    ],
)
def test_a_wrong_content_is_received_and_ends_in_a_failed_batch_beside_its_message(world, platform, content, errors):
    assert send(platform, content).status_code == 200
    land(world)

    assert failed_records(platform, "people") == [{**content, **errors}]
    assert stored(world) is None


def test_good_and_wrong_messages_part_into_two_batches(world, platform):
    send_many(platform, purchase(1), purchase(2, crm={}), purchase(3, timestamp="yesterday"))
    land(world)

    by_status = {each["status"]: each["metrics"] for each in platform.get(BATCHES, dataSet="shop").json().values()}
    counts = ("inputRecordCount", "outputRecordCount", "failedRecordCount", "outputFileCount")
    assert [by_status["success"][name] for name in counts] == [1, 1, 0, 1]
    assert [by_status["failed"][name] for name in counts] == [2, 0, 2, 0]
    assert [each["body"]["xdmEntity"]["_id"] for each in failed_records(platform, "shop")] == ["e-2", "e-3"]


def test_a_raw_inlet_takes_the_bare_row_with_a_flow(world, stranger):
    row = purchase(1)["body"]["xdmEntity"]
    in_header = send(stranger, row, RAW, headers={"x-adobe-flow-id": "flow-1"})
    in_query = send(stranger, {**row, "_id": "e-2"}, RAW, params={"x-adobe-flow-id": "flow-1"})
    land(world)

    assert (in_header.status_code, in_query.status_code) == (200, 200)
    assert world.store.sandbox("prod").counts().events == 2


@pytest.mark.parametrize("headers", [{}, {"x-adobe-flow-id": "other"}])
def test_a_raw_inlet_without_its_flow_refuses(world, stranger, headers):
    assert send(stranger, {"_id": "e-1"}, RAW, headers=headers).status_code == 400


def upsert(data, row, **changes):
    header = {"flowId": "flow-1", "imsOrgId": ORG, "datasetId": "people", "operations": {"data": data, **changes}}
    return {"header": header, "body": row}


def test_an_upsert_by_streaming_changes_single_fields_and_can_delete(world, stranger):
    send(stranger, message({"crm": {"id": "c-1"}, "name": "Ann", "age": 40}))
    send(stranger, upsert("merge", {"crm": {"id": "c-1"}, "age": 41}))
    land(world)
    merged = stored(world)
    send(stranger, upsert("create", {"crm": {"id": "c-1"}, "age": 42}, identity="create", identityDatasetId="ids"))
    land(world)
    created = stored(world)
    send(stranger, upsert("delete", {"crm": {"id": "c-1"}}))
    land(world)

    assert merged == {"crm": {"id": "c-1"}, "name": "Ann", "age": 41}
    assert created == {"crm": {"id": "c-1"}, "age": 42}
    assert stored(world) is None


def test_what_is_under_way_survives_the_process(tmp_path):
    for _ in range(2):
        with Emulator(db=tmp_path / "e.db") as emulator:
            prod = emulator.store.sandbox("prod")
            if prod.dataset("shop") is None:
                prod.put_dataset(Dataset("shop", "Shop", EVENT, (IdentityPath("crm.id", "crmId", True),)))
                emulator.service.part(Streams).take("prod", "shop", [purchase(1)])
                continue
            land(emulator)
            assert prod.counts().events == 1


def test_without_limits_everything_is_taken_and_counted(world, stranger):
    world.clock.freeze(1_772_438_400_000)
    for number in range(70):
        assert send(stranger, message(), params={"syncValidation": "true"}).status_code == 200, number

    assert world.budgets.fullest == {"requests": 70, "messages": 70, "validations": 70}


def test_with_limits_a_61st_validation_within_a_minute_waits_for_the_next():
    clock = Clock(frozen_at_ms=1_772_438_400_000)
    budgets = Budgets(clock, enforced=True)
    spent = [budgets.spend(INLET, messages=1, validates=True) for _ in range(61)]
    other = budgets.spend(RAW, messages=1, validates=True)
    clock.advance(spent[60])

    assert spent == [None] * 60 + [60]
    assert other is None
    assert budgets.spend(INLET, messages=1, validates=True) is None


def test_with_limits_the_10001st_message_of_a_second_is_too_many():
    budgets = Budgets(Clock(frozen_at_ms=500), enforced=True)

    assert budgets.spend(INLET, messages=10_000, validates=False) is None
    assert budgets.spend(INLET, messages=1, validates=False) == 1
    assert budgets.fullest == {"requests": 1, "messages": 10_000}


def test_an_emulator_with_limits_refuses_with_the_time_to_wait():
    with Emulator(limits=True, clock=Clock(frozen_at_ms=1_772_438_400_250)) as emulator:
        inlets.declare(emulator.store, "prod", name="x", inlet_id=INLET, connection_id="c", at_ms=0)
        emulator.budgets.spend(INLET, messages=10_000, validates=False)
        with requests.Session() as session:
            answer = session.post(f"{emulator.url}/collection/{INLET}", json=message(), timeout=60)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")


def test_a_throttled_request_says_how_long_to_wait(world, stranger):
    world.faults.once("streaming.send", status=429, headers={"Retry-After": "7"})

    answer = send(stranger, message())

    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["status"]) == (429, "7", 429)


def test_faults_of_inlets_have_the_form_of_inlets(world, stranger):
    world.faults.once("streaming.send", expired_token=True)
    world.faults.once("streaming.send", status=503)
    world.faults.once("streaming.send", status=401)

    answers = [send(stranger, message()) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [401, 503, 401]
    assert [answer.json()["status"] for answer in answers] == ["401", 503, "401"]


def test_a_batch_of_streaming_can_be_made_to_fail(world, platform):
    world.faults.fail_job("streaming")
    send(platform, message())
    land(world)

    assert stored(world) is None


def test_a_large_batch_is_brought_in_by_portions(world, stranger):
    for start in range(0, 2_500, 250):
        send_many(stranger, *(purchase(start + number) for number in range(250)))
    land(world)

    assert world.store.sandbox("prod").counts().events == 2_500
    assert len(world.service.part(Batches).all("prod")) == 2


def test_a_reset_forgets_what_is_under_way(world, stranger):
    send(stranger, message())
    world.reset()
    land(world)

    assert world.store.sandbox("prod").counts().records == 0


def test_smile_is_not_read(world, stranger):
    headers = {"Content-Type": "application/x-jackson-smile"}
    answer = stranger.session.post(f"{stranger.url}/collection/{INLET}", data=b":)", headers=headers, timeout=60)

    assert answer.status_code == 501


def test_a_body_in_utf_16_is_read_as_well(world, stranger):
    body = json.dumps({"messages": [purchase(1)]}).encode("utf-16")
    stranger.session.post(f"{stranger.url}/collection/batch/{INLET}", data=body, timeout=60)
    land(world)

    assert world.store.sandbox("prod").counts().events == 1


def test_a_deletion_of_nobody_changes_nothing(world, stranger):
    send(stranger, message())
    send(stranger, upsert("delete", {"crm": {"id": "c-2"}}))
    land(world)

    assert stored(world) == {"crm": {"id": "c-1"}, "name": "Ann"}


def test_a_portion_that_was_brought_in_takes_no_more(world, stranger):
    world.clock.freeze(1_772_438_400_000)
    send(stranger, purchase(1))
    world.clock.advance(2)
    world.settle()
    world.clock.freeze(1_772_438_400_500)
    send(stranger, purchase(2))
    land(world)

    assert world.store.sandbox("prod").counts().events == 2


EXPORT = "/data/foundation/export"


def files_of(platform, dataset):
    """The rows in the files of the successful batches of a dataset, batch by batch, in the order of their making."""
    batches = platform.get(BATCHES, dataSet=dataset, status="success").json()
    rows = []
    for batch_id in batches:
        for each in platform.get(f"{EXPORT}/batches/{batch_id}/files").json()["data"]:
            (part,) = platform.get(f"{EXPORT}/files/{each['dataSetFileId']}").json()["data"]
            href = f"{EXPORT}/files/{each['dataSetFileId']}"
            text = platform.request("GET", href, params={"path": part["name"]}).text
            rows.append([json.loads(line) for line in text.splitlines()])
            assert each["records"] == str(len(rows[-1]))
            assert part["length"] == str(len(text.encode()))
    return rows


in_all = pytest.mark.parametrize("dialect", ["guide", "spec"])


@in_all
@pytest.mark.parametrize("dataset", ["shop", "people"])
def test_what_was_streamed_is_in_the_lake(world, platform, dataset):
    told = [purchase(1), purchase(2)] if dataset == "shop" else [message(), message({"crm": {"id": "c-2"}})]
    send_many(platform, *told, message({"name": 7}), purchase(3, crm={}))
    land(world)

    assert files_of(platform, dataset) == [[each["body"]["xdmEntity"] for each in told]]


def test_rows_of_a_dataset_outside_profile_are_in_the_lake(world, platform):
    body = {"name": "Lake", "schemaRef": {"id": "https://ns.adobe.com/xdm/context/profile"}}
    dataset_id = platform.post("/data/foundation/catalog/dataSets", body).json()[0].rpartition("/")[2]
    row = {"identityMap": {"Email": [{"id": "ann@example.com"}]}}
    ref = {**REF, "id": body["schemaRef"]["id"]}

    send(platform, message(row, dataset=dataset_id, ref=ref, meta=ref))
    land(world)

    assert files_of(platform, dataset_id) == [[row]]


@pytest.mark.parametrize("operation", ["create", "merge", "delete"])
def test_upserts_reach_profile_and_not_the_lake(world, platform, operation):
    send(
        platform, {"header": {"datasetId": "people", "operations": {"data": operation}}, "body": {"crm": {"id": "c-1"}}}
    )
    land(world)

    assert files_of(platform, "people") == []


def test_the_rows_of_a_raw_inlet_are_in_the_lake(world, platform):
    row = purchase(1)["body"]["xdmEntity"]
    send(platform, row, inlet=RAW, headers={"x-adobe-flow-id": "flow-1"})
    land(world)

    assert files_of(platform, "shop") == [[row]]


ECID = "01234567890123456789012345678901234567"
RULES = [
    ("shop", {"timestamp": "yesterday"}, "#/timestamp"),
    ("shop", {"timestamp": "2026-02-31T00:00:00Z"}, "#/timestamp"),
    ("shop", {"timestamp": None}, "#"),
    ("shop", {"_id": ""}, "#/_id"),
    ("shop", {"_id": None}, "#"),
    ("shop", {"crm": {}}, "#"),
    ("shop", {"identityMap": {"Email": "x"}}, "#/identityMap/Email"),
    ("shop", {"identityMap": {"ECID": [{"id": "7"}]}}, "#/identityMap/ECID"),
    ("shop", {"identityMap": {"Email": [{"id": "anonymous"}]}}, "#/identityMap/Email"),
    ("shop", {"crm": {"id": "null"}}, "#/crm/id"),
    ("shop", {"big": "x" * 11_000}, "#"),
]


@pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
@pytest.mark.parametrize("declares", [False, True], ids=["no fields", "declared fields"])
@pytest.mark.parametrize(("dataset", "changes", "pointer"), RULES)
def test_validation_and_landing_go_by_one_rule_book(world, platform, dataset, changes, pointer, declares):
    prod = world.store.sandbox("prod")
    if declares:
        fields = {"crm.id": {"type": "string"}, "big": {"type": "string"}}
        prod.put_dataset(Dataset("shop", "Purchases", EVENT, (IdentityPath("crm.id", "crmId", True),), fields=fields))
    told = purchase(1, **changes)

    checked = send(platform, told, params={"syncValidation": "true"})
    send(platform, told)
    land(world)

    assert checked.status_code == 400
    (found,) = checked.json()["report"]["cause"]["_streamingValidation"]
    assert found["pointerToViolation"] == pointer
    if world.dialect != "hostile":
        (record,) = failed_records(platform, "shop")
        assert record["_validationErrors"] == [found]
    assert prod.counts().events == 0


@pytest.mark.parametrize("declares", [False, True], ids=["no fields", "declared fields"])
def test_what_validation_passes_lands(world, platform, declares):
    prod = world.store.sandbox("prod")
    fields = {"crm.id": {"type": "string"}} if declares else None
    prod.put_dataset(Dataset("shop", "Purchases", EVENT, (IdentityPath("crm.id", "crmId", True),), fields=fields))
    told = purchase(1, identityMap={"ECID": [{"id": ECID, "primary": True}]})

    assert send(platform, told, params={"syncValidation": "true"}).json()["syncValidation"] == {"status": "pass"}
    land(world)

    assert prod.counts().events == 1
    page = prod.events(Identity("ECID", ECID), policy=prod.default_policy(PROFILE), start_ms=None, end_ms=None)
    assert [event.id for event in page.events] == ["e-1"]


def test_an_excluded_map_is_no_field_where_fields_are_declared(world, platform):
    fields, path = {"crm.id": {"type": "string"}}, IdentityPath("crm.id", "crmId", True)
    world.store.sandbox("prod").put_dataset(
        Dataset("shop", "Purchases", EVENT, (path,), identity_map=False, fields=fields)
    )

    answer = send(platform, purchase(1, identityMap={}), params={"syncValidation": "true"})

    (found,) = answer.json()["report"]["cause"]["_streamingValidation"]
    assert found["message"] == "extraneous key [identityMap] is not permitted"


@in_all
def test_a_service_that_is_behind_takes_everything_and_shows_it_later_in_order(world, platform):
    send(platform, message({"crm": {"id": "c-1"}, "name": "first"}))
    world.faults.queue_streaming(600)
    assert send(platform, message({"crm": {"id": "c-1"}, "name": "second"})).status_code == 200
    assert send_many(platform, message({"crm": {"id": "c-2"}}), inlet=INLET).status_code == 207
    world.faults.clear()
    # What comes after the jam does not overtake what stands in it.
    assert send(platform, purchase(1)).status_code == 200
    land(world)
    assert (stored(world)["name"], stored(world, "c-2")) == ("first", None)
    assert world.store.sandbox("prod").counts().events == 0
    world.clock.advance(600)
    world.settle()
    assert (stored(world)["name"], stored(world, "c-2")["crm"]) == ("second", {"id": "c-2"})
    assert world.store.sandbox("prod").counts().events == 1


def test_a_jam_is_asked_for_over_the_admin_path(stranger, emulator):
    told = stranger.post("/_emulator/faults", {"queueStreaming": 30}).json()["faults"]

    assert told == [{"queueStreaming": 30.0}]
    assert stranger.request("DELETE", "/_emulator/faults").json() == {"faults": []}
    for seconds in (-1, True, "1", None, 10**9):
        assert stranger.post("/_emulator/faults", {"queueStreaming": seconds}).status_code == 400
    assert emulator.faults.streaming_delay == 0
