"""Merge policies: which fragments of a person are put together, and which of them wins."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AliasChoices, Field

from rtcp._instants import BlankAsNone, EpochSeconds
from rtcp.models.base import Model, OpenEnum


class IdentityGraphType(OpenEnum):
    """How fragments are stitched: not at all, or over the organisation's private identity graph."""

    NONE = "none"
    PDG = "pdg"


class AttributeMergeType(OpenEnum):
    """Which fragment wins where two differ: the newest, or that of the dataset named first."""

    TIMESTAMP_ORDERED = "timestampOrdered"
    DATASET_PRECEDENCE = "dataSetPrecedence"


class Sandbox(Model):
    """The sandbox that an object lives in."""

    sandbox_id: str | None = None
    sandbox_name: str | None = None
    type: str | None = None
    # Merge policies say "default", other nouns "isDefault".
    is_default: bool | None = Field(
        default=None, validation_alias=AliasChoices("default", "isDefault"), serialization_alias="default"
    )


class SchemaRef(Model):
    name: str


class IdentityGraph(Model):
    type: IdentityGraphType


class AttributeMerge(Model):
    type: AttributeMergeType
    order: list[str] = []


class MergePolicy(Model):
    """One merge policy.

    Attributes:
        schema_ref: the class it is for.
        version: goes up by one with each change.
        is_active_on_edge: True for the one policy that edge segmentation uses.
        default: True for the policy that look-ups of this class take when none is named.
        updated_at: of the last change.
        took_default_from: after `create(default=True)`: id of the policy that was the default until then; never
            sent by the service.
    """

    _told: ClassVar[tuple[str, ...]] = (
        "default",
        "is_active_on_edge",
        "identity_graph",
        "attribute_merge",
        "schema_name",
        "updated_at",
        "took_default_from",
    )

    id: str
    name: str | None = None
    ims_org_id: str | None = None
    sandbox: Sandbox | None = None
    schema_ref: SchemaRef | None = Field(default=None, alias="schema")  # "schema" would shadow a method of pydantic's
    version: int | None = None
    identity_graph: IdentityGraph
    attribute_merge: AttributeMerge
    is_active_on_edge: bool = False
    default: bool = False
    updated_at: Annotated[EpochSeconds | None, BlankAsNone] = Field(default=None, alias="updateEpoch")
    took_default_from: str | None = Field(default=None, exclude=True)

    def __repr__(self) -> str:
        marks = ["default"] * self.default + ["active on edge"] * self.is_active_on_edge
        kind = ", ".join([str(self.identity_graph.type), str(self.attribute_merge.type), *marks])
        return f"<MergePolicy {self.id} {self.name!r}: {kind}>"

    __str__ = __repr__

    @property
    def schema_name(self) -> str | None:
        """The class it is for, such as `_xdm.context.profile`."""
        return self.schema_ref.name if self.schema_ref is not None else None
