"""Datasets of the Catalog, as far as Profile is concerned with them."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pydantic import Field

from rtcp._instants import OptionalEpochMillis
from rtcp.models.base import CleanedModel, Model

UNION_SCHEMA: Final = "https://ns.adobe.com/xdm/context/profile__union"


class DatasetSchema(Model):
    """Which schema a dataset holds; `id` is a URI."""

    id: str
    content_type: str | None = None


class Dataset(CleanedModel):
    """One dataset.

    Attributes:
        schema_ref: its schema.
        tags: texts by tag; `unifiedProfile` and `unifiedIdentity` say whether Profile takes it in.
        version: changes with each edit of the dataset's description.
    """

    id: str
    _told: ClassVar[tuple[str, ...]] = (
        "is_profile_enabled",
        "schema_id",
        "description",
        "created_at",
        "updated_at",
    )

    name: str | None = None
    description: str | None = None
    schema_ref: DatasetSchema | None = None
    tags: dict[str, list[str]] = {}
    ims_org: str | None = None
    version: str | None = None
    created_at: OptionalEpochMillis = Field(default=None, alias="created")
    updated_at: OptionalEpochMillis = Field(default=None, alias="updated")

    @property
    def schema_id(self) -> str | None:
        """The URI of its schema, as streaming takes it."""
        return self.schema_ref.id if self.schema_ref is not None else None

    @property
    def is_union(self) -> bool:
        """True when it holds the union schema of profiles, which is what exports are written to."""
        return self.schema_ref is not None and self.schema_ref.id.rstrip("/") == UNION_SCHEMA

    @property
    def is_profile_enabled(self) -> bool:
        """True when what comes into it goes into the Profile store."""
        return _has(self.tags.get("unifiedProfile"), "enabled:true")

    @property
    def is_upsert_enabled(self) -> bool:
        """True when a record that comes into it changes the fields it holds and leaves the others as they are."""
        return self.is_profile_enabled and _has(self.tags.get("unifiedProfile"), "isUpsert:true")

    @property
    def is_identity_enabled(self) -> bool:
        """True when its identities go into the identity graph."""
        return _has(self.tags.get("unifiedIdentity"), "enabled:true")

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        tags = data.get("tags")
        if not isinstance(tags, dict):
            return {name: value for name, value in data.items() if name != "tags"}
        return {**data, "tags": {name: [value] if isinstance(value, str) else value for name, value in tags.items()}}

    def __repr__(self) -> str:
        marks = ["profile"] * self.is_profile_enabled + ["upsert"] * self.is_upsert_enabled
        marks += ["union schema"] * self.is_union
        return f"<Dataset {self.id} {self.name!r}{': ' if marks else ''}{', '.join(marks)}>"

    __str__ = __repr__


def _has(texts: list[str] | None, text: str) -> bool:
    # One of the documented examples writes "enabled: true".
    return any(given.replace(" ", "") == text for given in texts or ())
