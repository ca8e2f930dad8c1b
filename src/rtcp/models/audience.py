"""Audiences: named groups of people; here to be read, as exports and reports refer to them by id."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from rtcp._instants import OptionalEpochMillis
from rtcp.models.base import Model


class Audience(Model):
    """One audience.

    Attributes:
        id: what `audience_id` means everywhere else; export filters take it.
        origin_id: its id where it comes from, which may be another system.
        kind: `SegmentDefinition` and others.
        lifecycle_state: such as `published`.
        expression: what decides who is in it, for those that are evaluated here.
    """

    id: str
    origin_id: str | None = Field(default=None, alias="audienceId")
    name: str | None = None
    description: str | None = None
    kind: str | None = Field(default=None, alias="type")
    origin_name: str | None = None
    namespace: str | None = None
    lifecycle_state: str | None = None
    merge_policy_id: str | None = None
    expression: dict[str, Any] | None = None
    labels: list[str] | None = None
    created_at: OptionalEpochMillis = Field(default=None, alias="creationTime")
    updated_at: OptionalEpochMillis = Field(default=None, alias="updateTime")

    def __repr__(self) -> str:
        return f"<Audience {self.id} {self.name!r}>"

    __str__ = __repr__
