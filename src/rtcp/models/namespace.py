"""Identity namespaces: what kinds of identities an organisation knows."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from rtcp._instants import OptionalEpochMillis
from rtcp.models.base import Model, OpenEnum


class NamespaceKind(OpenEnum):
    """What an identity of a namespace stands for; sources write the words in several cases, and all are read."""

    COOKIE = "COOKIE"
    CROSS_DEVICE = "CROSS_DEVICE"
    DEVICE = "DEVICE"
    EMAIL = "EMAIL"
    MOBILE = "MOBILE"
    NON_PEOPLE = "NON_PEOPLE"
    PHONE = "PHONE"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        known = cls.__members__.get(value.upper()) if isinstance(value, str) else None
        return super()._missing_(value) if known is None else known


class Namespace(Model):
    """One identity namespace.

    Attributes:
        id: its number, which differs from organisation to organisation for custom ones.
        code: what look-ups and identity maps call it; compared without case.
        kind: what an identity of it stands for; the service calls it `idType`.
        is_custom: True when the organisation has made it.
    """

    id: int
    code: str
    name: str | None = None
    kind: NamespaceKind | None = Field(default=None, alias="idType")
    is_custom: bool | None = Field(default=None, alias="custom")
    status: str | None = None
    description: str | None = None
    created_at: OptionalEpochMillis = Field(default=None, alias="createTime")
    updated_at: OptionalEpochMillis = Field(default=None, alias="updateTime")

    def __repr__(self) -> str:
        return f"<Namespace {self.id} {self.code!r}>"

    __str__ = __repr__
