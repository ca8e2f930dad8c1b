"""Every way of calling every verb: the table that the contract tests and the fault matrix go through.

A new noun joins both by adding its calls here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.contract import export_calls, ingestion_calls, media_calls, report_calls

import rtcp
from rtcp import Identity

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
MIXED = [
    Identity("C-1001", "crmId"),
    Identity("jane@example.com", "Email"),
    Identity("70007", "loyaltyId"),
    Identity("nobody", "crmId"),
    Identity("C-1002", "CRMID"),
]


def xid(client: rtcp.Client) -> str:
    return client.entities.get("C-1001", namespace="crmId").entity_id


def create(client: rtcp.Client, **options: Any) -> rtcp.MergePolicy:
    return client.with_sandbox("dev").merge_policies.create(
        **{"name": "New", "identity_graph": "pdg", "attribute_merge": "timestampOrdered", **options}
    )


def forget(client: rtcp.Client, entity_id: str) -> None:
    with pytest.warns(DeprecationWarning, match="Data Lifecycle"):
        client.with_sandbox("dev").entities.delete(entity_id, namespace="crmId")


def with_job(client: rtcp.Client) -> rtcp.Client:
    """The client in a sandbox where some delete request is under way."""
    inside = client.with_sandbox("dev")
    with contextlib.suppress(rtcp.UnprocessableError, rtcp.BadRequestError):
        inside.system_jobs.create(dataset_id="dev-crm")
    return inside


CALLS: dict[str, Callable[[rtcp.Client], Any]] = {
    "entities.get: by namespace": lambda c: c.entities.get("C-1001", namespace="crmId"),
    "entities.get: by xid": lambda c: c.entities.get(xid(c)),
    "entities.get: all options": lambda c: c.entities.get(
        "70007",
        namespace="loyaltyId",
        fields=["person.name", "identities"],
        merge_policy_id="harbour-loyalty-first",
        with_computed_attributes=True,
    ),
    "entities.get: unstitched": lambda c: c.entities.get("C-1001", namespace="crmId", merge_policy_id="none"),
    "entities.get: unknown": lambda c: c.entities.get("nobody", namespace="crmId"),
    "entities.get: unknown account": lambda c: c.entities.get(
        "41", namespace="Email", schema_name="_xdm.context.account"
    ),
    "entities.get: unknown namespace": lambda c: c.entities.get("1", namespace="nowhere"),
    "entities.get: unknown policy": lambda c: c.entities.get("C-1001", namespace="crmId", merge_policy_id="gone"),
    "entities.get: unknown class": lambda c: c.entities.get("1", namespace="crmId", schema_name="_xdm.context.boat"),
    "entities.get: unknown sandbox": lambda c: c.with_sandbox("nowhere").entities.get("1", namespace="crmId"),
    "entities.get: sandbox by id": lambda c: c.with_sandbox(sandbox_id="no-such-id").entities.get(
        "1", namespace="crmId"
    ),
    "entities.get_many: mixture": lambda c: list(c.entities.get_many(MIXED)),
    "entities.get_many: xids": lambda c: list(c.entities.get_many([xid(c), "bm9ib2R5"])),
    "entities.get_many: all options": lambda c: list(
        c.entities.get_many(
            MIXED, fields=["person.name"], merge_policy_id="harbour-unstitched", workers=2, chunk_size=2
        )
    ),
    "entities.get_many: accounts": lambda c: list(
        c.entities.get_many(["41", "42"], namespace="b2b_account", schema_name="_xdm.context.account")
    ),
    "entities.get_many: a bad namespace": lambda c: list(c.entities.get_many([*MIXED, Identity("1", "nowhere")])),
    "entities.get_many: unknown policy": lambda c: list(c.entities.get_many(MIXED, merge_policy_id="gone")),
    "entities.list_events: in one page": lambda c: list(c.entities.list_events("C-1001", namespace="crmId")),
    "entities.list_events: in pages": lambda c: list(c.entities.list_events("C-1001", namespace="crmId", page_size=3)),
    "entities.list_events: all options": lambda c: list(
        c.entities.list_events(
            xid(c),
            fields=["commerce.order.priceTotal", "_id"],
            merge_policy_id="harbour-newest",
            occurred_after=datetime(2025, 1, 1, tzinfo=UTC),
            occurred_before=datetime(2027, 1, 1, tzinfo=UTC),
            filters=["commerce.order.priceTotal>=10", 'eventType!="x & y"', "_id!=1"],
            descending=True,
            limit=5,
            page_size=2,
        )
    ),
    "entities.list_events: nobody's": lambda c: list(c.entities.list_events("nobody", namespace="crmId")),
    "entities.list_events: bad filter": lambda c: list(
        c.entities.list_events("C-1001", namespace="crmId", filters=["nonsense"])
    ),
    "merge_policies.list: all": lambda c: list(c.merge_policies.list()),
    "merge_policies.list: in pages": lambda c: list(c.merge_policies.list(page_size=1)),
    "merge_policies.list: all options": lambda c: list(
        c.merge_policies.list(
            schema_name="_xdm.context.profile",
            default=False,
            is_active_on_edge=False,
            identity_graph="pdg",
            attribute_merge="timestampOrdered",
            sort_by="name",
            descending=True,
            page_size=2,
        )
    ),
    "merge_policies.get": lambda c: c.merge_policies.get("harbour-newest"),
    "merge_policies.get: unknown": lambda c: c.merge_policies.get("gone"),
    "merge_policies.create: least": create,
    "merge_policies.create: all options": lambda c: create(
        c,
        schema_name="_xdm.context.profile",
        identity_graph="none",
        attribute_merge="dataSetPrecedence",
        order=["harbour-crm"],
        default=True,
        is_active_on_edge=True,
    ),
    "merge_policies.get_many": lambda c: c.merge_policies.get_many(["harbour-newest", "harbour-unstitched"]),
    "merge_policies.get_many: unknown": lambda c: c.merge_policies.get_many(["harbour-newest", "gone"]),
    "merge_policies.replace": lambda c: c.with_sandbox("dev").merge_policies.replace(
        create(c).id,
        name="Replaced",
        identity_graph="none",
        attribute_merge="dataSetPrecedence",
        order=["crm"],
        default=False,
        is_active_on_edge=False,
    ),
    "merge_policies.replace: unknown": lambda c: c.merge_policies.replace(
        "gone", name="x", identity_graph="none", attribute_merge="timestampOrdered"
    ),
    "merge_policies.update": lambda c: c.with_sandbox("dev").merge_policies.update(
        create(c).id,
        name="Renamed",
        schema_name="_xdm.context.account",
        identity_graph="none",
        attribute_merge="timestampOrdered",
        default=True,
        is_active_on_edge=True,
    ),
    "merge_policies.update: unknown": lambda c: c.merge_policies.update("gone", name="x"),
    "merge_policies.delete": lambda c: c.with_sandbox("dev").merge_policies.delete(create(c).id),
    "merge_policies.delete: unknown": lambda c: c.merge_policies.delete("gone"),
    "entities.delete": lambda c: forget(c, "D-1"),
    "entities.delete: unknown": lambda c: forget(c, "nobody"),
    "system_jobs.create: dataset": lambda c: c.with_sandbox("dev").system_jobs.create(dataset_id="dev-crm"),
    "system_jobs.create: batch": lambda c: c.with_sandbox("dev").system_jobs.create(
        dataset_id="dev-crm", batch_id="dev-batch"
    ),
    "system_jobs.create: unknown": lambda c: c.with_sandbox("dev").system_jobs.create(dataset_id="gone"),
    "system_jobs.list": lambda c: list(with_job(c).system_jobs.list()),
    "system_jobs.list: in pages": lambda c: list(with_job(c).system_jobs.list(page_size=1, limit=3)),
    "system_jobs.get": lambda c: with_job(c).system_jobs.get(with_job(c).system_jobs.list().first().id),
    "system_jobs.get: unknown": lambda c: c.system_jobs.get("gone"),
    "system_jobs.wait": lambda c: with_job(c).system_jobs.wait(with_job(c).system_jobs.list().first().id, timeout=12),
    "system_jobs.cancel": lambda c: with_job(c).system_jobs.cancel(with_job(c).system_jobs.list().first().id),
    "system_jobs.cancel: unknown": lambda c: c.system_jobs.cancel("gone"),
    **export_calls.CALLS,
    **ingestion_calls.CALLS,
    **report_calls.CALLS,
    **media_calls.CALLS,
}
