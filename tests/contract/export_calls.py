"""Every way of calling the verbs of computed attributes, exports and datasets."""

from __future__ import annotations

import contextlib
import tempfile
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import rtcp

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
COUNT = 'xEvent[eventType = "commerce.purchases"].count()'


def inside(client: rtcp.Client) -> rtcp.Client:
    """The client in a sandbox that may be changed, with a default policy."""
    dev = client.with_sandbox("dev")
    if dev.merge_policies.list(default=True).first() is None:
        dev.merge_policies.create(name="Newest", identity_graph="pdg", attribute_merge="timestampOrdered", default=True)
    return dev


def attribute(client: rtcp.Client, **options: Any) -> rtcp.ComputedAttribute:
    given = {"display_name": "Orders", "description": "Orders", "expression": COUNT, "duration": "7 days"}
    return client.computed_attributes.create(name=f"a{uuid.uuid4().hex}", **{**given, **options})


def export(client: rtcp.Client, **options: Any) -> rtcp.ExportJob:
    destination = client.datasets.create_for_export(name="Out")
    return client.export_jobs.create(destination_dataset_id=destination.id, **options)


def finished(client: rtcp.Client, **options: Any) -> int | str:
    return client.export_jobs.wait(export(client, **options).id).id


def download(client: rtcp.Client) -> None:
    with tempfile.TemporaryDirectory() as folder:
        client.export_jobs.download(finished(client, events=rtcp.ExportEvents()), folder)


def waited(client: rtcp.Client) -> None:
    published = attribute(client, status="NEW")
    with contextlib.suppress(rtcp.JobFailedError):
        client.computed_attributes.wait(published.id)


CALLS: dict[str, Callable[[rtcp.Client], Any]] = {
    "computed_attributes.list": lambda c: [attribute(inside(c)), list(inside(c).computed_attributes.list(limit=3))],
    "computed_attributes.list: in pages": lambda c: [
        *(attribute(inside(c)) for _ in range(3)),
        list(inside(c).computed_attributes.list(page_size=2, limit=5)),
    ],
    "computed_attributes.list: all options": lambda c: list(
        c.computed_attributes.list(
            name="a1",
            name_contains=["a", "b"],
            status=["NEW", "PROCESSED"],
            function="SUM",
            created_after=NOON,
            created_before=NOON,
            updated_after=NOON,
            updated_before=NOON,
            sort_by="updated_at",
            descending=True,
            page_size=40,
        )
    ),
    "computed_attributes.get": lambda c: inside(c).computed_attributes.get(attribute(inside(c)).id),
    "computed_attributes.get: unknown": lambda c: c.computed_attributes.get("gone"),
    "computed_attributes.create: least": lambda c: attribute(inside(c)),
    "computed_attributes.create: all options": lambda c: attribute(
        inside(c), status="NEW", keep_current=True, duration=rtcp.Window.months(6)
    ),
    "computed_attributes.update: all options": lambda c: inside(c).computed_attributes.update(
        attribute(inside(c)).id,
        name=f"b{uuid.uuid4().hex}",
        display_name="Other",
        description="Other",
        expression=COUNT,
        duration="2 weeks",
        keep_current=True,
        status="NEW",
    ),
    "computed_attributes.publish": lambda c: inside(c).computed_attributes.publish(attribute(inside(c)).id),
    "computed_attributes.disable": lambda c: inside(c).computed_attributes.disable(
        attribute(inside(c), status="NEW").id
    ),
    "computed_attributes.delete": lambda c: inside(c).computed_attributes.delete(attribute(inside(c)).id),
    "computed_attributes.delete: published": lambda c: inside(c).computed_attributes.delete(
        attribute(inside(c), status="NEW").id
    ),
    "computed_attributes.wait": lambda c: waited(inside(c)),
    "export_jobs.list": lambda c: [export(inside(c)), list(inside(c).export_jobs.list(limit=3))],
    "export_jobs.list: in pages": lambda c: [
        *(export(inside(c)) for _ in range(3)),
        list(inside(c).export_jobs.list(status="NEW", page_size=1, limit=2)),
    ],
    "export_jobs.get": lambda c: inside(c).export_jobs.get(export(inside(c)).id),
    "export_jobs.get: unknown": lambda c: c.export_jobs.get(999),
    "export_jobs.create: least": lambda c: export(inside(c)),
    "export_jobs.create: all options": lambda c: export(
        inside(c),
        fields=["person.name", "identityMap"],
        audiences=["s-1", rtcp.AudienceFilter("s-2", namespace="AAM", status=["realized", "exited"])],
        qualified_after=NOON - timedelta(days=30),
        qualified_before=NOON,
        ingested_after=NOON,
        empty_profiles=True,
        events=rtcp.ExportEvents(fields=["_id", "timestamp"], ingested_after=NOON, ingested_before=NOON),
        merge_policy_id=inside(c).merge_policies.list(default=True).first().id,
        merge_policy_version=1,
        audience_per_batch=True,
        evaluate_audiences=True,
    ),
    "export_jobs.create: no such destination": lambda c: inside(c).export_jobs.create(
        destination_dataset_id="gone", check_destination=False
    ),
    "export_jobs.cancel": lambda c: inside(c).export_jobs.cancel(export(inside(c)).id),
    "export_jobs.cancel: unknown": lambda c: c.export_jobs.cancel("999"),
    "export_jobs.wait": lambda c: finished(inside(c)),
    "export_jobs.download": lambda c: download(inside(c)),
    "export_jobs.rows": lambda c: list(inside(c).export_jobs.rows(finished(inside(c)))),
    "datasets.list": lambda c: list(c.datasets.list()),
    "datasets.list: all options": lambda c: list(c.datasets.list(name="Harbour CRM", page_size=1)),
    "datasets.get": lambda c: c.datasets.get("harbour-crm"),
    "datasets.get: unknown": lambda c: c.datasets.get("gone"),
    "datasets.create_for_export": lambda c: inside(c).datasets.create_for_export(name="Out"),
}
