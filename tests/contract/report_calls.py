"""Every way of calling the verbs of preview, audiences and namespaces, and the look-up of a sandbox's id."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import rtcp

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def by_id(client: rtcp.Client) -> rtcp.Audience:
    first = client.audiences.list().first()
    assert first is not None
    return client.audiences.get(first.id)


CALLS: dict[str, Callable[[rtcp.Client], Any]] = {
    "preview.status": lambda c: c.preview.status(),
    "preview.status: before the first sample": lambda c: c.with_sandbox("dev").preview.status(),
    "preview.wait": lambda c: c.preview.wait(sampled_after=LONG_AGO, timeout=6),
    "preview.dataset_report": lambda c: c.preview.dataset_report(),
    "preview.dataset_report: of a day": lambda c: c.preview.dataset_report(date=date(2020, 1, 1)),
    "preview.namespace_report": lambda c: c.preview.namespace_report(),
    "preview.namespace_report: of a day": lambda c: c.preview.namespace_report(date="2020-1-1"),
    "preview.dataset_stats": lambda c: c.preview.dataset_stats(),
    "preview.dataset_overlap": lambda c: c.preview.dataset_overlap(),
    "preview.dataset_overlap: of a day": lambda c: c.preview.dataset_overlap(date="2020-01-01"),
    "preview.namespace_overlap": lambda c: c.preview.namespace_overlap(),
    "preview.unstitched_profiles": lambda c: c.preview.unstitched_profiles(),
    "namespaces.list": lambda c: list(c.namespaces.list()),
    "namespaces.get": lambda c: c.namespaces.get(6),
    "namespaces.get: unknown": lambda c: c.namespaces.get(5),
    "audiences.list": lambda c: list(c.audiences.list()),
    "audiences.list: in pages": lambda c: list(c.audiences.list(page_size=1)),
    "audiences.list: all options": lambda c: list(
        c.audiences.list(
            name="card",
            description="gold",
            entity_type="_xdm.context.profile",
            origin_id="harbour-gold",
            sort_by="name",
            descending=True,
        )
    ),
    "audiences.get": by_id,
    "audiences.get: unknown": lambda c: c.audiences.get("gone"),
}
