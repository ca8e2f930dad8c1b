"""Exports and computed attributes from end to end, over the emulator and in all its dialects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pyarrow import parquet
from tests.helpers.clock import FakeClock
from tests.helpers.logs import everything_logged

import rtcp

ALL_DIALECTS = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
# The last visit was at 14:00 of the day before.
NOW_MS = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def client(emulator: Any) -> Iterator[rtcp.Client]:
    """A client whose waiting moves the emulator's time."""
    emulator.clock.freeze(NOW_MS)
    clock = FakeClock(on_sleep=emulator.clock.advance)
    with rtcp.Client.for_emulator(emulator.url, clock=clock, retries=2) as client:
        yield client
    emulator.clock.reset()


@pytest.fixture
def policy(sandbox: Any, client: rtcp.Client) -> rtcp.MergePolicy:
    return client.merge_policies.create(
        name="Newest", identity_graph="pdg", attribute_merge="timestampOrdered", default=True
    )


@pytest.fixture
def destination(policy: rtcp.MergePolicy, client: rtcp.Client) -> str:
    return client.datasets.create_for_export(name="Out").id


def exported(client: rtcp.Client, destination: str, **given: Any) -> rtcp.ExportJob:
    job = client.export_jobs.create(destination_dataset_id=destination, **given)
    return client.export_jobs.wait(job.id)


@ALL_DIALECTS
def test_profiles_with_their_events_come_out_whole(client, destination, visits, tmp_path):
    job = exported(client, destination, events=rtcp.ExportEvents())

    paths = client.export_jobs.download(job.id, tmp_path)
    rows = list(client.export_jobs.rows(job.id))

    assert job.metrics.profiles == 12
    assert sum(parquet.read_table(path).num_rows for path in paths) == len(rows)
    names = {rtcp.xdm_get(row, "person.name.firstName") for row in rows} - {None}
    assert names == {"Mara", "Oskar", "Amara", "Teun", "Ines", "Pavel", "Noor", "Lars", "Yuki", "Ada", "Rosa", "Emil"}
    assert "visit-6" in str(rows)


@ALL_DIALECTS
def test_jobs_are_listed_newest_first_over_all_pages(client, destination, people, emulator):
    made = []
    for _ in range(3):
        made.append(client.export_jobs.create(destination_dataset_id=destination).id)
        emulator.clock.advance(1)

    assert [job.id for job in client.export_jobs.list(page_size=2)] == made[::-1]


@ALL_DIALECTS
def test_only_the_asked_fields_come_out(client, destination, people):
    job = exported(client, destination, fields=["person.name"])

    rows = list(client.export_jobs.rows(job.id))

    assert len(rows) == 12
    assert all("city" not in row for row in rows)


@ALL_DIALECTS
def test_a_cancelled_export_is_told_from_a_failed_one(client, destination, people, emulator):
    cancelled = client.export_jobs.create(destination_dataset_id=destination)
    client.export_jobs.cancel(cancelled.id)
    emulator.faults.fail_job("export_jobs", message="no room left")
    failing = client.export_jobs.create(destination_dataset_id=destination)

    with pytest.raises(rtcp.JobFailedError, match="was cancelled"):
        client.export_jobs.wait(cancelled.id)
    with pytest.raises(rtcp.JobFailedError, match=r"failed: .*no room left"):
        client.export_jobs.wait(failing.id)


class Meddler:
    """A hook that breaks the next answer of data access once a file has been listed: that is the file itself."""

    def __init__(self, emulator: Any, **fault: Any) -> None:
        self.emulator, self.fault, self.is_done = emulator, fault, False

    def __call__(self, event: Any) -> None:
        if not self.is_done and event.route == "/data/foundation/export/files/{id}":
            self.is_done = True
            self.emulator.faults.once("batches.file", **self.fault)


@pytest.mark.parametrize("fault", [{"cut": "body"}, {"cut": "after"}, {"status": 503}, {"status": 429}])
def test_bytes_that_break_off_are_asked_for_again(client, destination, people, emulator, tmp_path, fault):
    job = exported(client, destination)
    (whole,) = client.export_jobs.download(job.id, tmp_path / "whole")
    meddler = Meddler(emulator, **fault)
    clock = FakeClock()

    with rtcp.Client.for_emulator(emulator.url, clock=clock, hooks=[meddler], retries=2) as other:
        (resumed,) = other.export_jobs.download(job.id, tmp_path / "resumed")

    assert meddler.is_done
    assert len(clock.slept) == 1
    assert resumed.read_bytes() == whole.read_bytes()


def test_a_file_that_the_service_lost_is_named(client, destination, people, emulator, tmp_path):
    job = exported(client, destination)

    with (
        rtcp.Client.for_emulator(emulator.url, hooks=[Meddler(emulator, status=404)]) as other,
        pytest.raises(rtcp.NotFoundError, match=r"file '.*\.parquet' of batch"),
    ):
        other.export_jobs.download(job.id, tmp_path)


def test_a_token_that_expires_in_the_middle_is_renewed(client, destination, people, emulator, tmp_path):
    job = exported(client, destination)

    with rtcp.Client.for_emulator(emulator.url, hooks=[Meddler(emulator, expired_token=True)]) as other:
        assert len(other.export_jobs.download(job.id, tmp_path)) == 1


@ALL_DIALECTS
def test_a_computed_attribute_goes_from_draft_to_a_value_in_look_ups(client, policy, visits):
    draft = client.computed_attributes.create(
        name="spent",
        display_name="Spent",
        description="In a week",
        expression="xEvent[commerce.order.priceTotal > 0].sum(commerce.order.priceTotal)",
        duration=rtcp.Window.days(7),
    )
    assert draft.status == "DRAFT"
    client.computed_attributes.publish(draft.id)
    seen: list[str] = []
    ready = client.computed_attributes.wait(draft.id, on_progress=lambda each: seen.append(str(each.status)))

    assert seen[-1] == "PROCESSED"
    assert ready.function == "SUM"
    assert ready.created_at is not None
    assert ready.created_at.year == 2026
    mara = client.entities.get("1", namespace="crmId")
    tenant = next(name for name in mara.entity if "ComputedAttributes" in str(mara.entity[name]))
    assert mara.entity[tenant]["ComputedAttributes"]["spent"] == 100.0

    assert client.computed_attributes.disable(draft.id).status == "DISABLED"
    assert "ComputedAttributes" not in str(client.entities.get("1", namespace="crmId").entity)


@ALL_DIALECTS
def test_all_computed_attributes_are_listed_over_pages_and_found_by_filters(client, policy):
    names = [f"count{number}" for number in range(7)]
    for name in names:
        client.computed_attributes.create(
            name=name, display_name=name, description=name, expression="xEvent[page != 1].count()", duration="1 days"
        )
    listed = client.computed_attributes.list

    assert [each.name for each in listed(page_size=3, sort_by="name")] == names
    assert [each.name for each in listed(page_size=3, sort_by="name", descending=True)] == names[::-1]
    assert [each.name for each in listed(name="count3", status="DRAFT")] == ["count3"]
    assert {each.name for each in listed(name_contains=["nt1", "nt5"], status=["DRAFT", "NEW"])} == {"count1", "count5"}
    assert list(listed(status="PROCESSED")) == []


@ALL_DIALECTS
def test_a_failed_evaluation_is_told(client, policy, emulator):
    emulator.faults.fail_job("computed_attributes")
    attribute = client.computed_attributes.create(
        name="orders",
        display_name="O",
        description="O",
        expression="xEvent[page != 1].count()",
        duration="1 days",
        status="NEW",
    )

    with pytest.raises(rtcp.JobFailedError, match="failed"):
        client.computed_attributes.wait(attribute.id)


@ALL_DIALECTS
def test_drafts_can_be_changed_and_deleted_and_published_ones_cannot(client, policy):
    draft = client.computed_attributes.create(
        name="orders", display_name="O", description="O", expression="xEvent[page != 1].count()", duration="1 days"
    )

    assert client.computed_attributes.update(draft.id, description="Anew").description == "Anew"
    client.computed_attributes.publish(draft.id)
    with pytest.raises(rtcp.ResponseError, match="disable"):
        client.computed_attributes.delete(draft.id)
    with pytest.raises(rtcp.ResponseError):
        client.computed_attributes.update(draft.id, description="Again")


@ALL_DIALECTS
def test_datasets_are_read_over_pages_and_one_by_one(client, policy, sandbox):
    listed = list(client.datasets.list(page_size=4))

    assert {dataset.id for dataset in listed} >= {"crm", "card", "visits"}
    assert client.datasets.get("crm").is_profile_enabled
    assert not client.datasets.get("crm").is_union
    with pytest.raises(rtcp.NotFoundError):
        client.datasets.get("nowhere")


def test_no_person_and_no_secret_is_logged_on_the_way(client, destination, visits, emulator, tmp_path):
    with everything_logged() as log:
        job = exported(client, destination, events=rtcp.ExportEvents())
        with rtcp.Client.for_emulator(emulator.url, hooks=[Meddler(emulator, cut="body")], retries=1) as other:
            paths = other.export_jobs.download(job.id, tmp_path)
        rows = list(client.export_jobs.rows(job.id))

    told = "\n".join(log.texts())
    assert paths
    assert "Mara" in str(rows)
    for secret in ("Mara", "mara@example.com", "Whitby", "Bearer", "emulator-secret"):
        assert secret not in told
    assert "rtcp.files.download" in log.loggers()
