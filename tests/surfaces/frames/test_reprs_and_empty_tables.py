"""What things say of themselves in a line, and tables that nothing is in."""

from __future__ import annotations

import pytest

import rtcp
from rtcp.emulator import Emulator, worlds


@pytest.fixture(scope="module")
def emulator():
    with Emulator(seed=1) as emulator:
        emulator.load(worlds.path("harbour"))
        yield emulator


@pytest.fixture
def client(emulator):
    with rtcp.Client.for_emulator(emulator.url) as client:
        yield client


def test_an_emulator_says_where_it_is(emulator):
    assert repr(emulator).startswith(f"<rtcp.emulator.Emulator at {emulator.url}: guide dialect, ")
    assert "not running" in repr(Emulator())


def test_a_load_says_what_it_brought():
    with Emulator(seed=1) as emulator:
        told = repr(emulator.load(worlds.path("harbour")))

    assert told == "<LoadReport of sandbox 'prod': 1,280 rows into 4 datasets>"


def test_a_list_says_what_it_holds(client):
    assert "Paged list of MergePolicy, 3 at most: iterate it" in repr(client.merge_policies.list(limit=3))


def test_an_explanation_is_a_line_and_names_nobody(client):
    told = repr(client.entities.explain("jane@example.com", namespace="Email"))

    assert told.startswith("<Explanation: 4 of 4 merge policies know this person")
    assert "\n" not in told
    assert "Jane" not in told


@pytest.mark.parametrize("noun", ["merge_policies", "system_jobs", "batches", "datasets", "inlets", "audiences"])
def test_an_empty_list_keeps_its_columns(client, noun):
    listed = getattr(client, noun).list(limit=0)

    assert "id" in rtcp.to_pandas(listed).columns
    assert "id" in rtcp.to_arrow(listed).column_names
    assert rtcp.to_arrow(listed).num_rows == 0


def test_an_empty_report_keeps_its_columns():
    report = rtcp.DatasetReport.model_validate({"data": []})

    assert {"dataset_id", "profile_count"} <= set(rtcp.to_pandas(report).columns)


def test_look_ups_tell_who_is_missing_and_lead_with_the_data(client):
    asked = ["jane@example.com", "nobody@example.com"]

    frame = rtcp.to_pandas(client.entities.get_many(asked, namespace="Email", on_missing="yield"))

    assert list(frame["is_missing"]) == [False, True]
    columns = list(frame.columns)
    assert columns[:3] == ["position", "identity.id", "identity.namespace"]
    assert columns.index("person.name.firstName") < columns.index("sources")


@pytest.mark.filterwarnings("ignore:the event look-up:PendingDeprecationWarning")
def test_events_lead_with_their_time_and_data(client):
    columns = list(rtcp.to_pandas(client.entities.list_events("jane@example.com", namespace="Email")).columns)

    assert columns[0] == "timestamp"
    assert columns.index("commerce.order.priceTotal") < columns.index("related_entity_id")


def test_polars_has_the_columns_of_pandas(client):
    pytest.importorskip("polars")

    policies = list(client.merge_policies.list())

    assert rtcp.to_polars(policies).columns == list(rtcp.to_pandas(policies).columns)


def test_an_export_is_a_table_without_rows_in_between(client, monkeypatch):
    destination = client.datasets.create_for_export(name="Table")
    job = client.export_jobs.create(destination_dataset_id=destination.id)
    client.export_jobs.wait(job.id, interval=0.1)

    table = client.export_jobs.table(job.id)

    names = [rtcp.xdm_get(row, "person.name.firstName") for row in client.export_jobs.rows(job.id)]
    assert table.column("person").combine_chunks().field("name").field("firstName").to_pylist() == names
    narrow = client.export_jobs.table(job.id, fields=["person.name.firstName"])
    assert narrow.column_names == ["person"]
    assert narrow.num_rows == table.num_rows


@pytest.mark.parametrize("ids", [[], ["nobody@example.com"]], ids=["nobody-asked", "nobody-found"])
def test_look_ups_of_which_none_is_there_keep_their_columns(client, ids):
    def asked():
        return client.entities.get_many(ids, namespace="Email")

    columns = ["position", "identity.id", "identity.namespace", "is_missing", "error"]
    found = rtcp.to_pandas(client.entities.get_many(["jane@example.com"], namespace="Email"))
    assert list(rtcp.to_pandas(asked()).columns)[:5] == rtcp.to_arrow(asked()).column_names[:5] == columns
    assert set(rtcp.to_pandas(asked()).columns) <= set(found.columns)
    assert rtcp.to_polars(asked()).columns[:5] == columns


def test_look_ups_can_be_ended_before_their_end(client):
    lookups = client.entities.get_many(["jane@example.com"] * 3, namespace="Email")

    next(lookups)
    lookups.close()

    assert list(lookups) == []
    assert repr(lookups) == "<Lookups: iterate them, once>"
