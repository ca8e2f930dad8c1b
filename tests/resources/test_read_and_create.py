"""What a model holds, its create verb takes: each noun is read, and made again from the model's own values."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pytest

import rtcp

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
SPENT = "xEvent[commerce.order.priceTotal > 0].sum(commerce.order.priceTotal)"


def an_attribute(client: rtcp.Client) -> rtcp.ComputedAttribute:
    return client.computed_attributes.create(
        name="spent", display_name="Spent", description="Spent in a week", expression=SPENT, duration="7 days"
    )


def an_export(client: rtcp.Client) -> rtcp.ExportJob:
    destination = client.datasets.create_for_export(name="Out")
    policy = client.merge_policies.list().first()
    assert policy is not None
    return client.export_jobs.create(
        destination_dataset_id=destination.id,
        fields=["person.name", "identityMap"],
        audiences=[rtcp.AudienceFilter("harbour-gold", status=["realized"])],
        qualified_after=NEW_YEAR,
        qualified_before=NEW_YEAR.replace(month=3),
        ingested_after=NEW_YEAR,
        empty_profiles=False,
        events=rtcp.ExportEvents(fields=["_id"], ingested_after=NEW_YEAR, ingested_before=NEW_YEAR.replace(month=2)),
        merge_policy_id=policy.id,
        merge_policy_version=policy.version,
        audience_per_batch=True,
    )


# Noun: what is read, what is told otherwise, and what the service does not give back.
NOUNS: dict[str, tuple[Callable[[rtcp.Client], Any], dict[str, Any], set[str]]] = {
    "batches": (
        lambda client: client.batches.create(
            "harbour-crm", format="csv", csv=rtcp.CsvOptions(delimiter=";", header=True), replay=["b-1"]
        ),
        {},
        {"diagnostics", "partial_ingestion_percent", "external_id"},
    ),
    "computed_attributes": (an_attribute, {"name": "spentAgain"}, set()),
    "datasets": (
        lambda client: client.datasets.create(
            name="In",
            description="New",
            schema_ref=client.datasets.get("harbour-crm").schema_ref or "",
            is_upsert_enabled=True,
        ),
        {},
        {"kind"},
    ),
    "export_jobs": (an_export, {}, {"evaluate_audiences", "check_destination"}),
    "inlets": (
        lambda client: client.inlets.create(
            name="Till", description="At the pier", data_type="raw", is_authenticated=True, source_id="till-4"
        ),
        {},
        set(),
    ),
    "merge_policies": (
        lambda client: client.merge_policies.create(
            name="Card first", identity_graph="pdg", attribute_merge="dataSetPrecedence", order=["harbour-crm"]
        ),
        {},
        {"order"},
    ),
    "system_jobs": (
        lambda client: client.system_jobs.create(dataset_id="harbour-newsletter"),
        {"dataset_id": "harbour-loyalty"},
        set(),
    ),
}


@pytest.fixture
def client(emulator_of):
    running = emulator_of("guide")
    running.reset()
    running.load(rtcp.emulator.worlds.path("harbour"))
    with rtcp.Client.for_emulator(running.url) as client:
        # A sandbox has five at most, and the world nearly as many.
        client.merge_policies.delete("harbour-unstitched")
        yield client


def test_all_nouns_that_create_are_tried():
    creating = {
        name
        for name, member in vars(rtcp.Client).items()
        if isinstance(member, cached_property)
        and hasattr(getattr(rtcp, str(member.func.__annotations__["return"])), "create")
    }

    assert creating == set(NOUNS)


@pytest.mark.parametrize("noun", NOUNS)
def test_what_was_read_can_be_created_again(client, noun):
    make, changes, untold = NOUNS[noun]
    create = getattr(client, noun).create
    read = getattr(client, noun).get(make(client).id)
    names = set(inspect.signature(create).parameters) - untold
    values = {name: getattr(read, name) for name in names} | changes

    by_place = [values.pop("dataset_id")] if noun == "batches" else []
    again = getattr(client, noun).get(create(*by_place, **values).id)

    assert {name: getattr(again, name) for name in values} == {
        **{name: getattr(read, name) for name in values},
        **changes,
    }


def test_a_policy_is_replaced_by_what_was_read(client):
    read = client.merge_policies.get("harbour-newest")

    again = client.merge_policies.replace(
        read.id,
        name=str(read.name),
        schema_name=str(read.schema_name),
        identity_graph=read.identity_graph,
        attribute_merge=read.attribute_merge,
        default=read.default,
        is_active_on_edge=read.is_active_on_edge,
    )

    assert (again.default, again.attribute_merge, again.identity_graph) == (
        read.default,
        read.attribute_merge,
        read.identity_graph,
    )
