"""Which exports count as the one that a lost attempt has started."""

from __future__ import annotations

import pytest

from rtcp.airflow.matching import asks_for
from rtcp.models.export_job import ExportJob

ASKED = {
    "fields": "person.name",
    "filter": {"segments": [{"segmentId": "s-1", "segmentNs": "ups"}], "fromIngestTimestamp": "2026-11-20T00:00:00Z"},
    "additionalFields": {"eventList": {"fields": "eventType"}},
    "mergePolicy": {"id": "mp-1", "version": 2},
    "destination": {"datasetId": "d-1"},
    "schema": {"name": "_xdm.context.profile"},
}


def job(**changes):
    shown = {"id": 1, "status": "NEW", **ASKED, **changes}
    return ExportJob.model_validate({name: value for name, value in shown.items() if value is not None})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"destination": {"dataSetId": "d-1", "segmentPerBatch": False, "batchId": "b-1"}},
        {"filter": {**ASKED["filter"], "emptyProfiles": False, "fromIngestTimestamp": "2026-11-20T00:00:00.000+00:00"}},
        {"filter": {**ASKED["filter"], "segments": [{"segmentId": "s-1", "segmentNs": "ups", "status": ["realized"]}]}},
    ],
    ids=["as-asked", "other-spelling", "defaults-filled-in", "status-filled-in"],
)
def test_what_the_service_adds_makes_no_difference(changes):
    assert asks_for(job(**changes), ASKED)


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": "person.name,personalEmail"},
        {"fields": None},
        {"filter": None},
        {"filter": {**ASKED["filter"], "emptyProfiles": True}},
        {"filter": {**ASKED["filter"], "fromIngestTimestamp": "2026-11-21T00:00:00Z"}},
        {"filter": {**ASKED["filter"], "segments": [{"segmentId": "s-2", "segmentNs": "ups"}]}},
        {"additionalFields": None},
        {"mergePolicy": {"id": "mp-2", "version": 2}},
        {"mergePolicy": {"id": "mp-1", "version": 3}},
        {"mergePolicy": None},
        {"destination": {"datasetId": "d-2"}},
        {"destination": {"datasetId": "d-1", "segmentPerBatch": True}},
    ],
)
def test_what_was_asked_differently_is_another_job(changes):
    assert not asks_for(job(**changes), ASKED)


def test_a_merge_policy_that_was_not_asked_for_may_be_any():
    assert asks_for(job(), {name: value for name, value in ASKED.items() if name != "mergePolicy"})


def test_members_that_were_asked_for_must_be_the_same():
    exited = {"segments": [{"segmentId": "s-1", "segmentNs": "ups", "status": ["exited"]}]}
    realized = {"segments": [{"segmentId": "s-1", "segmentNs": "ups", "status": ["realized"]}]}

    assert asks_for(job(filter=exited), {**ASKED, "filter": exited})
    assert not asks_for(job(filter=realized), {**ASKED, "filter": exited})
