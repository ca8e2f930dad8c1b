"""A number of any size and a time at the edge of the calendar is taken, or refused by its name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import numpy
import pandas
import pytest
from tests.helpers.adapters import Answer, mounted

import rtcp

DIGITS = 10**5000
EDGES = [
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
]


@pytest.fixture
def client():
    with rtcp.Client(rtcp.Config(token="t", client_id="c", org_id="o@AdobeOrg", retries=0)) as client:
        mounted(client.http, [Answer(200, {})])
        yield client


CALLS = {
    "job_id": lambda client: client.export_jobs.get(DIGITS),
    "namespace_id": lambda client: client.namespaces.get(DIGITS),
    "batch_id": lambda client: client.batches.get(-DIGITS),
    "page_size": lambda client: list(client.merge_policies.list(page_size=DIGITS)),
    "limit": lambda client: list(client.batches.list(limit=DIGITS)),
    "workers": lambda client: list(client.entities.get_many(["a"], workers=DIGITS)),
    "chunk_size": lambda client: list(client.entities.get_many(["a"], chunk_size=DIGITS)),
    "timeout": lambda client: client.export_jobs.wait(1, timeout=DIGITS),
    "part_size": lambda client: client.batches.upload("b", b"x", dataset_id="d", name="x", part_size=DIGITS),
    "partial_ingestion_percent": lambda client: client.batches.create("d", partial_ingestion_percent=DIGITS),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_number_that_cannot_be_written_out_is_refused_by_its_name(client, name):
    with pytest.raises(rtcp.InvalidArgumentError, match=f"{name} is a number with too many digits"):
        CALLS[name](client)


@pytest.mark.parametrize("number", [DIGITS, -DIGITS, Decimal("1E+5000"), Decimal("1E+999999")], ids=range(4))
def test_as_an_id_it_fails_by_itself(client, number):
    (found,) = client.entities.get_many([number], namespace="Email", on_missing="yield")

    assert isinstance(found.error, rtcp.InvalidArgumentError)
    with pytest.raises(rtcp.InvalidArgumentError):
        client.entities.get(number, namespace="Email")


@pytest.mark.parametrize("count", [DIGITS, -DIGITS, 10**30], ids=range(3))
def test_a_window_is_never_so_long(count):
    with pytest.raises(rtcp.InvalidArgumentError):
        rtcp.Window.days(count)
    with pytest.raises(rtcp.InvalidArgumentError):
        rtcp.Window.parse("9" * 5000 + " days")


@pytest.mark.parametrize("huge", [10**30, 10**400], ids=range(2))
def test_a_limit_and_a_chunk_may_be_larger_than_any_list(client, huge):
    assert list(client.batches.list(limit=huge)) == []
    assert len(list(client.entities.get_many(["a", "b"], namespace="Email", chunk_size=huge, on_missing="yield"))) == 2


@pytest.mark.parametrize("edge", EDGES, ids=range(4))
def test_a_bound_at_the_edge_of_the_calendar_bounds_nothing(client, edge):
    assert list(client.batches.list(created_after=edge, created_before=edge)) == []
    assert list(client.computed_attributes.list(updated_after=edge, limit=0)) == []


def test_an_array_that_is_one_value_is_no_list_of_ids(client):
    with pytest.raises(rtcp.InvalidArgumentError, match="ids must be an iterable"):
        client.entities.get_many(numpy.array("jane@example.com"), namespace="Email")


def test_what_pandas_has_for_no_date_is_none(client):
    with pytest.raises(rtcp.InvalidArgumentError, match="date must be a date"):
        client.preview.dataset_report(date=pandas.NaT)
