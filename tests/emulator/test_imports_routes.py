"""Batch ingestion over HTTP: files and parts, states, formats, rows that fail, upserts, reverts and replays."""

from __future__ import annotations

import io
import json
import math
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow
import pyarrow.parquet
import pytest
from tests.emulator.conftest import EVENT, PROFILE

from rtcp.emulator import Emulator
from rtcp.emulator.nouns.batches import row_reading
from rtcp.emulator.store import Dataset, Identity, IdentityPath

IMPORT = "/data/foundation/import/batches"
BATCHES = "/data/foundation/catalog/batches"
DATASETS = "/data/foundation/catalog/dataSets"
EXPORT = "/data/foundation/export"
OCTETS = {"Content-Type": "application/octet-stream"}
FIELDS = {"id": {"type": "string", "required": True}, "name": {"type": "string"}, "city": {"type": "string"}}


@pytest.fixture
def world(emulator):
    """A dataset of people whose fields are declared, one of people without, and one of purchases."""
    prod = emulator.store.sandbox("prod")
    crm = (IdentityPath("id", "crmId", True),)
    prod.put_dataset(Dataset("people", "People", PROFILE, crm, fields=FIELDS))
    prod.put_dataset(Dataset("loose", "Loose", PROFILE, crm))
    prod.put_dataset(Dataset("shop", "Purchases", EVENT, crm))
    return emulator


def create(platform, dataset="people", kind="json", **body):
    described = {"format": kind} if isinstance(kind, str) else kind
    answer = platform.post(IMPORT, {"datasetId": dataset, "inputFormat": described, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def act(platform, batch_id, action):
    return platform.request("POST", f"{IMPORT}/{batch_id}", params={"action": action})


def on_file(platform, method, batch_id, name="rows.json", dataset="people", content=b"", headers=None, **query):
    path = f"{IMPORT}/{batch_id}/datasets/{dataset}/files/{name}"
    kind = OCTETS if content else {}
    return platform.request(method, path, data=content or None, headers={**kind, **(headers or {})}, params=query)


def lines(*rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def load(platform, emulator, content, dataset="people", **options):
    batch_id = create(platform, dataset, **options)
    for name, part in content.items() if isinstance(content, dict) else (("rows.json", content),):
        assert on_file(platform, "PUT", batch_id, name, dataset, part).status_code == 200
    assert act(platform, batch_id, "COMPLETE").status_code == 200
    emulator.clock.advance(5)
    return batch_id


def entry(platform, batch_id):
    return platform.get(f"{BATCHES}/{batch_id}").json()[batch_id]


def person(emulator, value="c-1"):
    prod = emulator.store.sandbox("prod")
    found = prod.profile(Identity("crmId", value), schema_name=PROFILE, policy=prod.default_policy(PROFILE))
    return None if found is None else found.entity


def rows_at(platform, batch_id, what, path):
    answer = platform.request("GET", f"{EXPORT}/batches/{batch_id}/{what}", params={"path": path})
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def names_at(platform, batch_id, what, **query):
    answer = platform.request("GET", f"{EXPORT}/batches/{batch_id}/{what}", params=query)
    return [each["name"] for each in answer.json()["data"]]


def test_a_new_batch_is_loading_and_belongs_to_its_dataset(world, platform):
    body = platform.post(IMPORT, {"datasetId": "people"}).json()

    assert (body["status"], body["relatedObjects"], body["created"]) == (
        "loading",
        [{"type": "dataSet", "id": "people"}],
        0,
    )
    assert entry(platform, body["id"])["status"] == "loading"


def test_a_complete_batch_goes_through_its_states(world, platform):
    batch_id = create(platform)
    on_file(platform, "PUT", batch_id, content=lines({"id": "c-1"}))
    act(platform, batch_id, "COMPLETE")

    seen = []
    for _ in range(4):
        seen.append(entry(platform, batch_id)["status"])
        world.clock.advance(1)
    assert seen == ["loaded", "staging", "staged", "success"]
    assert person(world) == {"id": "c-1"}


def test_a_batch_in_tells_what_it_counted(world, platform):
    content = {"a.json": lines({"id": "c-1"}, {"id": "c-2"}), "part=1/b.json": lines({"id": "c-3"})}
    batch_id = load(platform, world, content)

    found = entry(platform, batch_id)
    assert found["metrics"] == {
        "inputByteSize": sum(len(each) for each in content.values()),
        "inputFileCount": 2,
        "inputRecordCount": 3,
        "outputByteSize": sum(len(each) for each in content.values()),
        "outputFileCount": 2,
        "outputRecordCount": 3,
        "failedRecordCount": 0,
    }
    assert (found["errors"], found["externalId"]) == ([], batch_id)


def test_the_files_of_a_batch_can_be_read_back(world, platform):
    content = {"part=1/a.json": lines({"id": "c-1"}), "b.json": lines({"id": "c-2"})}
    batch_id = load(platform, world, content)

    files = platform.get(f"{EXPORT}/batches/{batch_id}/files").json()["data"]
    read = {}
    for file in files:
        (part,) = platform.session.get(file["_links"]["self"]["href"], timeout=60).json()["data"]
        read[part["name"]] = platform.session.get(part["_links"]["self"]["href"], timeout=60).content
    assert read == content


def test_a_file_of_the_same_name_replaces(world, platform):
    batch_id = create(platform)
    on_file(platform, "PUT", batch_id, content=lines({"id": "c-1"}))
    on_file(platform, "PUT", batch_id, content=lines({"id": "c-2"}))
    act(platform, batch_id, "COMPLETE")
    world.clock.advance(5)
    platform.get(BATCHES)

    assert (person(world), person(world, "c-2")) == (None, {"id": "c-2"})
    assert len(list(world.service.files.folder("prod", batch_id).iterdir())) == 2


@pytest.mark.parametrize("ranges", ["bytes {}-{}", "bytes {}-{}/*", "bytes {}-{}/90"])
def test_a_large_file_comes_in_parts_in_any_order(world, platform, ranges):
    content = lines(*({"id": f"c-{number}"} for number in range(6)))
    batch_id = create(platform)
    assert on_file(platform, "POST", batch_id, action="INITIALIZE").status_code == 201
    for start in (40, 0, 20, 0):
        part = content[start : start + 20] if start < 40 else content[40:]
        headers = {"Content-Range": ranges.format(start, start + len(part) - 1)}
        assert on_file(platform, "PATCH", batch_id, content=part, headers=headers).status_code == 200
    assert on_file(platform, "HEAD", batch_id).headers["Range"] == f"bytes=0-{len(content) - 1}"
    assert on_file(platform, "POST", batch_id, action="complete").status_code == 201
    assert on_file(platform, "POST", batch_id, action="COMPLETE").status_code == 201
    act(platform, batch_id, "COMPLETE")
    world.clock.advance(5)

    assert entry(platform, batch_id)["metrics"]["outputRecordCount"] == 6


@pytest.mark.parametrize(
    ("parts", "received"),
    [([(0, 9), (20, 29)], "bytes=0-9"), ([(0, 9), (5, 14)], "bytes=0-14"), ([(5, 9)], None), ([], None)],
)
def test_parts_that_overlap_or_are_missing_are_refused_only_in_the_end(world, platform, parts, received):
    batch_id = create(platform)
    on_file(platform, "POST", batch_id, action="INITIALIZE")
    for first, last in parts:
        headers = {"Content-Range": f"bytes {first}-{last}"}
        assert (
            on_file(platform, "PATCH", batch_id, content=b"x" * (last - first + 1), headers=headers).status_code == 200
        )

    assert on_file(platform, "HEAD", batch_id).headers.get("Range") == received
    assert on_file(platform, "POST", batch_id, action="COMPLETE").status_code == 400
    assert act(platform, batch_id, "COMPLETE").status_code == 400


@pytest.mark.parametrize("content_range", ["", "bytes 0-5", "items 0-3", "bytes 3-0"])
def test_a_part_needs_a_range_of_its_length(world, platform, content_range):
    batch_id = create(platform)
    on_file(platform, "POST", batch_id, action="INITIALIZE")
    headers = {"Content-Range": content_range}

    assert on_file(platform, "PATCH", batch_id, content=b"abcd", headers=headers).status_code == 400


def test_files_that_are_not_there_are_not_found(world, platform):
    batch_id = create(platform)

    assert on_file(platform, "HEAD", batch_id).status_code == 404
    assert on_file(platform, "PATCH", batch_id, content=b"x", headers={"Content-Range": "bytes 0-0"}).status_code == 404
    assert on_file(platform, "POST", batch_id, action="COMPLETE").status_code == 404
    assert on_file(platform, "PUT", "gone", content=b"x").status_code == 404
    assert on_file(platform, "PUT", batch_id, dataset="shop", content=b"x").status_code == 404
    assert act(platform, "gone", "COMPLETE").status_code == 404
    assert platform.get(f"{BATCHES}/gone").status_code == 404


def test_a_complete_file_takes_no_more_parts(world, platform):
    batch_id = create(platform)
    on_file(platform, "PUT", batch_id, content=b"x")

    assert on_file(platform, "PATCH", batch_id, content=b"x", headers={"Content-Range": "bytes 0-0"}).status_code == 400
    assert on_file(platform, "POST", batch_id, action="INITIALIZE").status_code == 201
    assert "Range" not in on_file(platform, "HEAD", batch_id).headers


def test_other_bodies_than_bytes_are_refused(world, platform):
    batch_id = create(platform)
    headers = {"Content-Type": "multipart/form-data"}

    assert on_file(platform, "PUT", batch_id, content=b"x", headers=headers).status_code == 400


def test_completing_twice_is_fine_and_closes_the_batch(world, platform):
    batch_id = load(platform, world, lines({"id": "c-1"}))

    assert act(platform, batch_id, "complete").status_code == 200
    assert on_file(platform, "PUT", batch_id, content=b"x").status_code == 400


@pytest.mark.parametrize(("action", "status"), [("ABORT", "aborted"), ("FAIL", "failed")])
@pytest.mark.parametrize("is_complete", [False, True])
def test_a_batch_can_be_ended_until_it_is_in(world, platform, action, status, is_complete):
    batch_id = create(platform)
    on_file(platform, "PUT", batch_id, content=lines({"id": "c-1"}))
    if is_complete:
        act(platform, batch_id, "COMPLETE")

    assert [act(platform, batch_id, action).status_code for _ in range(2)] == [200, 200]
    world.clock.advance(9)
    assert entry(platform, batch_id)["status"] == status
    assert person(world) is None


def test_what_has_ended_cannot_be_ended_otherwise(world, platform):
    done = load(platform, world, lines({"id": "c-1"}))
    aborted = create(platform)
    act(platform, aborted, "ABORT")

    assert act(platform, done, "ABORT").status_code == 400
    assert act(platform, aborted, "COMPLETE").status_code == 400
    assert act(platform, aborted, "REVERT").status_code == 400
    assert act(platform, done, "EXPLODE").status_code == 400


def test_a_reverted_batch_is_inactive_then_deleted_and_its_rows_are_gone(world, platform):
    load(platform, world, lines({"id": "c-2"}))
    batch_id = load(platform, world, lines({"id": "c-1"}))

    assert [act(platform, batch_id, "REVERT").status_code for _ in range(2)] == [200, 200]
    inactive = entry(platform, batch_id)["status"]
    world.clock.advance(3)
    assert (inactive, entry(platform, batch_id)["status"]) == ("inactive", "deleted")
    assert (person(world), person(world, "c-2")) == (None, {"id": "c-2"})


@pytest.mark.parametrize("form", ["{}", "${}", "${{{}}}"])
def test_a_batch_can_stand_for_others(world, platform, form):
    first = load(platform, world, lines({"id": "c-1"}), externalId="first")
    replay = {"predecessors": [form.format(first)], "reason": "replace"}
    second = load(platform, world, lines({"id": "c-2"}), replay=replay)
    world.clock.advance(3)

    assert entry(platform, second)["replay"] == {"predecessors": [first], "reason": "replace"}
    assert entry(platform, first)["status"] == "deleted"
    assert (person(world), person(world, "c-2")) == (None, {"id": "c-2"})


def test_predecessors_may_be_named_by_their_external_ids(world, platform):
    first = load(platform, world, lines({"id": "c-1"}), externalId="first")
    second = create(platform, replay={"predecessorsByExternalId": ["first"]})

    assert entry(platform, second)["replay"]["predecessors"] == [first]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"datasetId": "gone"},
        {"datasetId": "people", "inputFormat": {"format": "xml"}},
        {"datasetId": "people", "externalId": "taken"},
        {"datasetId": "people", "partialIngestionPercent": 101},
    ],
)
def test_a_body_that_makes_no_batch_is_a_bad_request(world, platform, body):
    create(platform, externalId="taken")

    assert platform.post(IMPORT, body).status_code == 400


def parquet(rows):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    target = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), target)
    return target.getvalue()


PERSON = {"id": "c-1", "name": "Ann"}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("json", lines(PERSON) + b"\n"),
        ("JSON", lines(PERSON)),
        ({"format": "json", "isMultiLineJson": True}, json.dumps([PERSON]).encode()),
        ("csv", b"id,name\nc-1,Ann\n"),
        ({"format": "csv", "delimiter": ";", "quote": "'", "nullMarker": "-"}, b"id;name;city\nc-1;'Ann';-\n"),
        ("parquet", None),
    ],
)
def test_files_may_come_in_every_format(world, platform, kind, content):
    load(platform, world, parquet([{**PERSON, "city": None}]) if content is None else content, kind=kind)
    platform.get(BATCHES)

    assert person(world) == PERSON


def test_times_and_maps_of_parquet_become_xdm(world, platform):
    pyarrow = pytest.importorskip("pyarrow")
    instant = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
    row = {
        "_id": "e-1",
        "timestamp": instant,
        "id": "c-1",
        "day": instant.date(),
        "naive": instant.replace(tzinfo=None),
    }
    table = pyarrow.Table.from_pylist([{**row, "tags": [("a", 1)]}], pyarrow.schema([
        ("_id", pyarrow.string()), ("timestamp", pyarrow.timestamp("ms", "UTC")), ("id", pyarrow.string()),
        ("day", pyarrow.date32()), ("naive", pyarrow.timestamp("us")),
        ("tags", pyarrow.map_(pyarrow.string(), pyarrow.int64())),
    ]))  # fmt: skip
    target = io.BytesIO()
    pytest.importorskip("pyarrow.parquet").write_table(table, target)
    load(platform, world, target.getvalue(), "shop", kind="parquet")
    platform.get(BATCHES)

    prod = world.store.sandbox("prod")
    (event,) = prod.events(Identity("crmId", "c-1"), policy=None, start_ms=None, end_ms=None).events
    assert event.entity == {
        "_id": "e-1",
        "timestamp": "2026-03-02T08:15:00.000Z",
        "id": "c-1",
        "day": "2026-03-02",
        "naive": "2026-03-02T08:15:00.000Z",
        "tags": {"a": 1},
    }


def test_a_time_in_milliseconds_is_taken(world, platform):
    load(platform, world, lines({"_id": "e-1", "timestamp": 1_772_438_400_000, "id": "c-1"}), "shop")
    platform.get(BATCHES)

    (event,) = (
        world.store.sandbox("prod").events(Identity("crmId", "c-1"), policy=None, start_ms=None, end_ms=None).events
    )
    assert event.entity["timestamp"] == "2026-03-02T08:00:00.000Z"


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("json", b"", "106"),
        ("parquet", b"PAR1 or not", "INGEST-1401-400"),
        ("csv", b"\nc-1\n", "118"),
    ],
)
def test_a_file_that_is_none_fails_the_batch(world, platform, kind, content, code):
    batch_id = load(platform, world, content, kind=kind)

    found = entry(platform, batch_id)
    assert (found["status"], found["errors"][0]["code"]) == ("failed", code)


def test_a_batch_without_files_fails(world, platform):
    batch_id = create(platform)
    act(platform, batch_id, "COMPLETE")
    world.clock.advance(5)

    found = entry(platform, batch_id)
    assert (found["status"], found["errors"][0]["code"]) == ("failed", "106")


MIXED = lines({"id": "c-1"}, {"name": "nobody"}, {"id": "c-2", "name": 7}, {"id": "c-3", "shoe": 41}) + b"{oops}\n[1]\n"


def test_one_bad_row_fails_a_batch_that_allows_none(world, platform):
    batch_id = load(platform, world, lines({"id": "c-1"}, {"id": None}))

    found = entry(platform, batch_id)
    assert (found["status"], found["errors"][0]["code"]) == ("failed", "INGEST-1211-400")
    assert (found["metrics"]["outputRecordCount"], found["metrics"]["failedRecordCount"]) == (0, 1)
    assert person(world) is None


@pytest.mark.parametrize(("percent", "status"), [(83, "failed"), (84, "success")])
def test_more_bad_rows_than_allowed_fail_the_batch(world, platform, percent, status):
    batch_id = load(platform, world, MIXED, partialIngestionPercent=percent)

    assert entry(platform, batch_id)["status"] == status
    assert (person(world) is None) is (status == "failed")


def test_bad_rows_are_told_by_kind_and_beside_their_rows(world, platform):
    batch_id = load(platform, world, MIXED, partialIngestionPercent=100, enableErrorDiagnostics=True)

    found = entry(platform, batch_id)
    assert (found["tags"], found["metrics"]["failedRecordCount"]) == (
        {"acp_enableErrorDiagnostics": True, "acp_partialIngestionPercent": 100},
        5,
    )
    assert [(each["code"], each.get("recordCount")) for each in found["errors"]] == [
        ("INGEST-1212-400", None),
        ("INGEST-1401-400", 2),
        ("INGEST-1555-400", 1),
        ("TypeCompatibilityException", 2),
    ]
    assert names_at(platform, batch_id, "failed") == ["_SUCCESS", "part-00000.json"]
    assert names_at(platform, batch_id, "meta") == ["input_files", "row_errors", "row_errors_sample.json"]
    assert names_at(platform, batch_id, "meta", path="row_errors") == [
        "conversion_errors_0.json",
        "parsing_errors_0.json",
    ]
    assert rows_at(platform, batch_id, "meta", "row_errors/parsing_errors_0.json")[0] == {
        "_corrupt_record": "{oops}",
        "_errors": [{"code": "1401", "message": "Row is corrupted and cannot be read, please fix and resend."}],
        "_filename": "rows.json",
    }
    converted = rows_at(platform, batch_id, "meta", "row_errors/conversion_errors_0.json")
    assert converted[0] == {
        "name": "nobody",
        "_errors": [{"code": "1555", "message": "#: required key [id] not found"}],
        "_filename": "rows.json",
    }
    assert len(rows_at(platform, batch_id, "failed", "part-00000.json")) == 5
    assert len(rows_at(platform, batch_id, "meta", "row_errors_sample.json")) == 5


def test_links_of_diagnostics_lead_to_their_lines(world, platform):
    batch_id = load(platform, world, MIXED, enableErrorDiagnostics=True)

    path = f"{EXPORT}/batches/{batch_id}/meta"
    listed = platform.request("GET", path, params={"path": "row_errors"}).json()["data"]
    for each in listed:
        assert len(platform.session.get(each["_links"]["self"]["href"], timeout=60).content) == int(each["length"])


def test_without_diagnostics_only_the_failed_file_tells(world, platform):
    batch_id = load(platform, world, MIXED)

    assert names_at(platform, batch_id, "meta") == ["input_files"]
    assert len(rows_at(platform, batch_id, "failed", "part-00000.json")) == 5
    for what, name in (("meta", "row_errors"), ("failed", "gone")):
        answer = platform.request("GET", f"{EXPORT}/batches/{batch_id}/{what}", params={"path": name})
        assert answer.status_code == 404


def test_a_csv_is_not_counted(world, platform):
    assert entry(platform, load(platform, world, b"id\nc-1\n", kind="csv"))["metrics"] == {}


def test_a_line_of_a_csv_with_another_number_of_cells_is_corrupt(world, platform):
    batch_id = load(platform, world, b"id,name\nc-1\n", kind="csv", enableErrorDiagnostics=True)

    assert entry(platform, batch_id)["errors"][1]["code"] == "INGEST-1401-400"


def test_rows_of_a_later_batch_replace_those_of_an_earlier_one(world, platform):
    load(platform, world, lines({"id": "c-1", "name": "Ann", "city": "Hull"}))
    load(platform, world, lines({"id": "c-1", "city": "Whitby"}))
    platform.get(BATCHES)

    assert person(world) == {"id": "c-1", "city": "Whitby"}


def enable_upsert(platform, dataset="people"):
    headers = {"Content-Type": "application/json-patch+json"}
    for op, values in (("replace", ["enabled:false"]), ("add", ["enabled:true", "isUpsert:true"])):
        patch = [{"op": op, "path": "/tags/unifiedProfile", "value": values}]
        answer = platform.request("PATCH", f"{DATASETS}/{dataset}", data=json.dumps(patch), headers=headers)
        assert answer.status_code == 200


def test_an_upsert_changes_only_the_fields_that_it_holds(world, platform):
    load(platform, world, lines({"id": "c-1", "name": "Ann", "city": "Hull"}))
    enable_upsert(platform)
    load(platform, world, lines({"id": "c-1", "city": "Whitby", "name": None}, {"id": "c-2", "city": "York"}))
    platform.get(BATCHES)

    assert person(world) == {"id": "c-1", "name": "Ann", "city": "Whitby"}
    assert person(world, "c-2") == {"id": "c-2", "city": "York"}


def test_an_upsert_merges_objects_and_takes_arrays_whole(world, platform):
    enable_upsert(platform, "loose")
    load(platform, world, lines({"id": "c-1", "a": {"b": 1, "c": [1, 2]}}), "loose")
    load(platform, world, lines({"id": "c-1", "a": {"c": [3], "d": 4}}), "loose")
    platform.get(BATCHES)

    assert person(world) == {"id": "c-1", "a": {"b": 1, "c": [3], "d": 4}}


def test_what_comes_while_a_dataset_is_disabled_never_reaches_profile(world, platform):
    tags = {"tags": {"unifiedProfile": ["enabled:false"]}}
    assert platform.request("PATCH", f"{DATASETS}/people", json=tags).status_code == 200
    batch_id = load(platform, world, lines({"id": "c-1"}))

    assert entry(platform, batch_id)["status"] == "success"
    assert person(world) is None
    assert act(platform, batch_id, "REVERT").status_code == 200


def test_a_dataset_created_like_another_takes_rows_like_it(world, platform):
    schema = "https://ns.adobe.com/acme/schemas/people"
    world.store.sandbox("prod").put_dataset(
        Dataset("model", "Model", PROFILE, (IdentityPath("id", "crmId", True),), schema_id=schema)
    )
    body = {"name": "New", "schemaRef": {"id": schema}, "tags": {"unifiedProfile": ["enabled: true"]}}
    dataset_id = platform.post(DATASETS, body).json()[0].rpartition("/")[2]
    load(platform, world, lines({"id": "c-1"}), dataset_id)
    platform.get(BATCHES)

    assert person(world) == {"id": "c-1"}


def test_a_dataset_of_a_schema_that_nobody_declares_has_an_identity_map(world, platform):
    body = {
        "name": "Events",
        "schemaRef": {"id": "https://ns.adobe.com/xdm/context/experienceevent"},
        "tags": {"unifiedProfile": ["enabled:true"]},
    }
    dataset_id = platform.post(DATASETS, body).json()[0].rpartition("/")[2]
    row = {"_id": "e-1", "timestamp": "2026-03-02T08:15:00Z", "identityMap": {"crmId": [{"id": "c-1"}]}}
    load(platform, world, lines(row), dataset_id)
    platform.get(BATCHES)

    assert world.store.sandbox("prod").counts().events == 1


def test_a_target_of_exports_takes_no_data(world, platform):
    body = {"name": "Out", "schemaRef": {"id": "https://ns.adobe.com/xdm/context/profile__union"}}
    dataset_id = platform.post(DATASETS, body).json()[0].rpartition("/")[2]

    assert platform.post(IMPORT, {"datasetId": dataset_id}).status_code == 400


def test_batches_are_listed_by_dataset_status_and_time(world, platform):
    world.clock.freeze(1_772_438_400_000)
    first = load(platform, world, lines({"id": "c-1"}))
    second = create(platform, "shop")

    def listed(**query):
        return list(platform.get(BATCHES, **query).json())

    assert listed() == [first, second]
    assert listed(orderBy="desc:created") == [second, first]
    assert listed(dataSet="shop") == [second]
    assert listed(status="success,active") == [first]
    assert listed(status="!success") == [second]
    assert listed(createdAfter="1772438400000") == [second]
    assert listed(createdBefore="1772438400001") == [first]
    assert listed(batch=first) == [first]
    assert listed(recordCount="1") == [first]
    assert listed(failedRecordCount="0", property="metrics.inputRecordCount>0") == [first]
    assert listed(limit="1", start="1") == [second]
    assert listed(limit="0") != [first]


def test_the_batch_of_an_export_is_in_the_catalogue(people, platform):
    body = {"name": "Out", "schemaRef": {"id": "https://ns.adobe.com/xdm/context/profile__union"}}
    dataset_id = platform.post(DATASETS, body).json()[0].rpartition("/")[2]
    platform.post(
        "/data/core/ups/export/jobs",
        {"destination": {"datasetId": dataset_id}, "schema": {"name": PROFILE}, "additionalFields": {}},
    )
    people.clock.advance(9)

    (batch,) = platform.get(BATCHES, dataSet=dataset_id, status="success").json().values()
    assert batch["relatedObjects"] == [{"type": "dataSet", "id": dataset_id}]
    assert act(platform, batch["id"], "REVERT").status_code == 404


def test_a_batch_can_be_made_to_fail(world, platform):
    world.faults.fail_job("batches")
    batch_id = load(platform, world, lines({"id": "c-1"}))

    assert entry(platform, batch_id)["status"] == "failed"
    assert person(world) is None


def test_batches_and_their_files_survive_a_restart(tmp_path, platform):
    batch_id = ""
    for run in range(2):
        with Emulator(db=tmp_path / "e.db") as emulator:
            platform.url = emulator.url
            platform.sign_in()
            if run == 0:
                dataset = Dataset("people", "People", PROFILE, (IdentityPath("id", "crmId", True),))
                emulator.store.sandbox("prod").put_dataset(dataset)
                batch_id = create(platform)
                on_file(platform, "PUT", batch_id, content=lines({"id": "c-1"}))
            else:
                act(platform, batch_id, "COMPLETE")
                emulator.clock.advance(5)
                assert entry(platform, batch_id)["status"] == "success"
                assert person(emulator) == {"id": "c-1"}


@pytest.mark.parametrize(
    ("content", "failed"),
    [(b'[{"id": "c-1"}, 7, [1]]', ["7", "[1]"]), (b"{oops", ["{oops"]), (b'{"id": "c-1"}', ['{"id": "c-1"}'])],
)
def test_what_is_no_array_of_objects_is_corrupt(world, platform, content, failed):
    kind = {"format": "json", "isMultiLineJson": True}
    batch_id = load(platform, world, content, kind=kind, partialIngestionPercent=100)

    found = rows_at(platform, batch_id, "failed", "part-00000.json")
    assert [each["_corrupt_record"] for each in found] == failed


def test_numbers_that_are_none_are_corrupt(world, platform):
    batch_id = load(platform, world, b'{"id": "c-1", "age": NaN}\n', enableErrorDiagnostics=True)

    assert entry(platform, batch_id)["errors"][1]["code"] == "INGEST-1401-400"


@pytest.mark.parametrize("timestamp", [10**18, True, "yesterday"])
def test_a_time_that_is_none_fails_the_row(world, platform, timestamp):
    batch_id = load(platform, world, lines({"_id": "e-1", "timestamp": timestamp, "id": "c-1"}), "shop")

    assert entry(platform, batch_id)["metrics"]["failedRecordCount"] == 1


def test_decimals_and_bytes_of_parquet_become_texts(world, platform):
    load(
        platform,
        world,
        parquet([{"id": "c-1", "a": Decimal("1.50"), "b": b"x", "c": [None, 1]}]),
        "loose",
        kind="parquet",
    )
    platform.get(BATCHES)

    assert person(world) == {"id": "c-1", "a": "1.50", "b": "x", "c": [None, 1]}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_fails_its_row_and_never_stands_in_an_answer(world, platform, number):
    rows = [{"id": "c-1", "a": {"b": [number]}}, {"id": "c-2", "a": {"b": [1.5]}}]
    batch_id = load(platform, world, parquet(rows), "loose", kind="parquet", partialIngestionPercent=50)

    found = entry(platform, batch_id)
    assert (found["status"], found["metrics"]["failedRecordCount"]) == ("success", 1)
    assert (person(world), person(world, "c-2")) == (None, rows[1])


def test_a_parquet_file_that_names_a_column_twice_fails_the_batch(world, platform):
    pyarrow = pytest.importorskip("pyarrow")
    target = io.BytesIO()
    columns = [pyarrow.array([each]) for each in ("c-1", "a", "b")]
    pyarrow.parquet.write_table(pyarrow.table(columns, names=["id", "name", "name"]), target)

    found = entry(platform, load(platform, world, target.getvalue(), "loose", kind="parquet"))

    assert (found["status"], found["errors"][0]["code"]) == ("failed", "INGEST-1401-400")


def test_an_action_on_a_file_is_one_of_two(world, platform):
    assert on_file(platform, "POST", create(platform), action="EXPLODE").status_code == 400


def test_a_small_parquet_file_that_unpacks_to_a_huge_one_is_refused(world, platform, monkeypatch):
    monkeypatch.setattr(row_reading, "MOST_UNPACKED_BYTES", 100_000)

    batch_id = load(platform, world, parquet([{**PERSON, "city": "x" * 50_000}] * 100), kind={"format": "parquet"})

    found = entry(platform, batch_id)
    assert found["status"] == "failed"
    assert "larger than 1 GB" in found["errors"][0]["description"]


def test_a_parquet_file_of_more_rows_than_anybody_waits_for_is_refused(world, platform, monkeypatch):
    monkeypatch.setattr(row_reading, "MOST_ROWS", 99)

    batch_id = load(platform, world, parquet([PERSON] * 100), kind={"format": "parquet"})

    assert "more than 10,000,000 rows" in entry(platform, batch_id)["errors"][0]["description"]


def cities(path, *, store_schema):
    """A thousand rows with one value of a megabyte, which stands in the file once."""
    city = pyarrow.array(["x" * (1 << 20)]).dictionary_encode()
    table = pyarrow.table({"city": city.take(pyarrow.array([0] * 1000))})
    pyarrow.parquet.write_table(table, path, compression="zstd", store_schema=store_schema)
    return path


def test_of_a_long_value_that_each_row_has_few_are_unpacked_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(row_reading, "_MOST_BYTES_AT_ONCE", 8 << 20, raising=False)
    pool = pyarrow.default_memory_pool()
    path = cities(tmp_path / "cities.parquet", store_schema=False)
    before = pool.max_memory()

    assert next(row_reading.read_rows(path, {"format": "parquet"})).row["city"].startswith("x")
    assert pool.max_memory() - before < 100 << 20


@pytest.mark.parametrize("store_schema", [True, False])
def test_a_long_value_counts_in_each_row(tmp_path, monkeypatch, store_schema):
    monkeypatch.setattr(row_reading, "MOST_UNPACKED_BYTES", 20 << 20)
    monkeypatch.setattr(row_reading, "_MOST_BYTES_AT_ONCE", 8 << 20, raising=False)
    rows = row_reading.read_rows(cities(tmp_path / "cities.parquet", store_schema=store_schema), {"format": "parquet"})

    with pytest.raises(row_reading.UnreadableError, match="larger than 1 GB"):
        for _ in zip(range(30), rows, strict=False):
            pass


def test_a_row_of_many_levels_is_corrupt(world, platform):
    deep = b'{"id": "c-1", "x": ' + b"[" * 900 + b"]" * 900 + b"}"

    batch_id = load(platform, world, deep + b"\n" + b'{"id": "c-2"}', partialIngestionPercent=60)

    assert entry(platform, batch_id)["metrics"]["failedRecordCount"] == 1
