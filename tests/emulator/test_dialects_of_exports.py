"""Computed attributes, export jobs, datasets and data access in the three dialects."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

import rtcp.emulator

ATTRIBUTES = "/data/core/ca/attributes"
JOBS = "/data/core/ups/export/jobs"
DATASETS = "/data/foundation/catalog/dataSets"
FILES = "/data/foundation/export"
DESCRIPTION = json.loads(Path(rtcp.emulator.__file__).with_name("openapi.json").read_text())
in_spec = pytest.mark.parametrize("dialect", ["spec"])
in_hostile = pytest.mark.parametrize("dialect", ["hostile"])
in_guide = pytest.mark.parametrize("dialect", ["guide"])
in_all = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
SEGMENTS = [{"segmentId": "gold"}]


def checked(answer, path, method="get", status=200):
    """The body of an answer that keeps to the description."""
    assert answer.status_code == status
    schema = DESCRIPTION["paths"][path][method]["responses"][str(status)]["content"]["application/json"]["schema"]
    validator = jsonschema_rs.Draft202012Validator({"allOf": [schema], "components": DESCRIPTION["components"]})
    body = answer.json()
    assert [error.message for error in validator.iter_errors(body)] == []
    return body


@pytest.fixture
def attribute(platform, emulator):
    """A published attribute, processed."""
    draft = {
        "name": "spent",
        "displayName": "Spent",
        "description": "",
        "expression": {"type": "PQL", "format": "pql/text", "value": "xEvent.sum(total)"},
        "duration": {"count": 7, "unit": "DAYS"},
        "status": "NEW",
    }
    made = checked(platform.post(ATTRIBUTES, draft), ATTRIBUTES, "post")
    emulator.clock.advance(5)
    return made["id"]


@pytest.fixture
def start(people, platform):
    def started(**changes):
        union = {"name": "Out", "schemaRef": {"id": "https://ns.adobe.com/xdm/context/profile__union"}}
        (reference,) = checked(platform.post(DATASETS, union), DATASETS, "post", 201)
        destination = {"datasetId": reference.rpartition("/")[2], **changes.pop("destination", {})}
        body = {"schema": {"name": "_xdm.context.profile"}, "destination": destination, **changes}
        return checked(platform.post(JOBS, body), JOBS, "post")

    return started


@in_all
def test_attributes_keep_to_the_description(platform, attribute):
    one = f"{ATTRIBUTES}/{{attributeId}}"

    checked(platform.get(f"{ATTRIBUTES}/{attribute}"), one)
    checked(platform.request("PATCH", f"{ATTRIBUTES}/{attribute}", json={"status": "DISABLED"}), one, "patch")
    checked(platform.get(ATTRIBUTES), ATTRIBUTES)


@in_all
def test_jobs_keep_to_the_description(platform, emulator, start):
    first, _ = start(), start(filter={"segments": SEGMENTS}, destination={"segmentPerBatch": True})
    emulator.clock.advance(5)

    checked(platform.get(f"{JOBS}/{first['id']}"), f"{JOBS}/{{exportJobId}}")
    checked(platform.get(JOBS), JOBS)
    checked(platform.request("DELETE", f"{JOBS}/{first['id']}"), f"{JOBS}/{{exportJobId}}", "delete")


@in_all
def test_every_job_comes_once(platform, start):
    made = [str(start()["id"]) for _ in range(3)]

    page = checked(platform.get(JOBS, limit=2), JOBS)
    seen = [str(job["id"]) for job in page["records"]]
    while link := page.get("link", {}).get("next"):
        page = checked(platform.request("GET", f"/data/core/ups{link}"), JOBS)
        seen += [str(job["id"]) for job in page["records"]]
    assert seen == made[::-1]


@in_all
def test_files_keep_to_the_description_and_all_can_be_found(platform, emulator, start):
    batch_id = start()["destination"]["batchId"]
    emulator.clock.advance(5)
    waiting = checked(platform.get(f"{FILES}/batches/{batch_id}/files"), f"{FILES}/batches/{{batchId}}/files")["data"]

    found = []
    while waiting:
        entry = waiting.pop()
        if "dataSetFileId" in entry:
            path = f"{FILES}/files/{entry['dataSetFileId']}"
            waiting += checked(platform.get(path), f"{FILES}/files/{{dataSetFileId}}")["data"]
        else:
            found.append(entry["name"])
    assert found == ["part-00000.snappy.parquet"]


@in_all
def test_datasets_keep_to_the_description(people, platform):
    checked(platform.get(DATASETS), DATASETS)
    checked(platform.get(f"{DATASETS}/crm"), f"{DATASETS}/{{datasetId}}")


@in_guide
def test_guide_spells_the_destination_of_one_job_with_a_capital_s(platform, start):
    job = start()

    assert "dataSetId" in job["destination"]
    assert "datasetId" in platform.get(JOBS).json()["records"][0]["destination"]


@in_spec
def test_spec_lists_attributes_as_children_with_seconds(platform, attribute):
    page = platform.get(ATTRIBUTES).json()

    assert page["_page"] == {"totalCount": 1, "pageSize": 1}
    (child,) = page["children"]
    assert child["createEpoch"] < 10**11
    assert child["positionPath"] == ["acme", "ComputedAttributes"]


@in_spec
def test_spec_has_one_object_for_the_batch_of_one_audience(start):
    job = start(filter={"segments": SEGMENTS}, destination={"segmentPerBatch": True})

    assert job["destination"]["batches"]["segmentId"] == "gold"


@in_hostile
def test_hostile_writes_states_of_attributes_in_two_words(platform, attribute):
    shown = platform.get(f"{ATTRIBUTES}/{attribute}").json()

    assert shown["status"] == {"type": "PUBLISHED", "job": "ENABLED"}
    assert not {"duration", "keepCurrent"} & set(shown)
    assert shown["createEpoch"].isdecimal()


@in_hostile
def test_hostile_begins_a_list_of_jobs_with_an_empty_page(platform, start):
    start()

    page = platform.get(JOBS).json()
    assert (page["records"], page["link"]["next"].startswith("/export/jobs/?")) == ([], True)


@in_hostile
def test_hostile_keeps_a_filter_over_the_empty_page(platform, start):
    start()

    link = platform.get(JOBS, status="SUBMITTED").status_code, platform.get(JOBS, status="NEW").json()["link"]["next"]
    assert (link[0], link[1].endswith("&status=NEW")) == (400, True)


@in_hostile
def test_hostile_has_states_that_no_source_knows_and_errors_on_success(platform, emulator, start):
    job = start()
    emulator.clock.advance(5)
    done = platform.get(f"{JOBS}/{job['id']}").json()

    assert (job["status"], done["status"], len(done["errors"])) == ("SUBMITTED", "SUCCEEDED", 1)


@in_hostile
def test_hostile_spells_cancelled_otherwise(platform, start):
    job = start()
    platform.request("DELETE", f"{JOBS}/{job['id']}")

    assert platform.get(f"{JOBS}/{job['id']}").json()["status"] == "CANCELED"


@in_hostile
def test_hostile_puts_the_files_of_a_batch_into_a_directory(platform, emulator, start):
    batch_id = start()["destination"]["batchId"]
    emulator.clock.advance(5)

    (entry,) = platform.get(f"{FILES}/batches/{batch_id}/files").json()["data"]
    assert entry["dataSetFileId"] == f"{batch_id}-0"
    assert entry["_links"]["self"]["href"].endswith(f"/files/{batch_id}-0")
