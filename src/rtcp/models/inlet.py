"""Inlets: the addresses that streaming ingestion sends to, each the connection of a source."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from rtcp._instants import OptionalEpochMillis
from rtcp.models.base import CleanedModel, OpenEnum


class InletDataType(OpenEnum):
    """What an inlet takes: XDM in envelopes, or any JSON that a mapping turns into XDM."""

    XDM = "xdm"
    RAW = "raw"


class Inlet(CleanedModel):
    """One inlet.

    Attributes:
        id: of the connection in Flow Service.
        inlet_id: what streaming takes; empty until the service has made one.
        inlet_url: where messages go.
        source_id: name of the source, for messages that name none.
        is_authenticated: True when it wants the token: pass `authenticated=True` to streaming.
        state: "enabled" when it takes messages.
    """

    id: str
    _told: ClassVar[tuple[str, ...]] = (
        "inlet_id",
        "data_type",
        "is_authenticated",
        "state",
        "description",
        "inlet_url",
        "created_at",
    )

    name: str | None = None
    description: str | None = None
    inlet_id: str = ""
    inlet_url: str | None = None
    data_type: InletDataType | None = None
    source_id: str | None = None
    is_authenticated: Annotated[bool, Field(alias="authenticationRequired")] = False
    state: str | None = None
    etag: str | None = None
    created_at: OptionalEpochMillis = None
    updated_at: OptionalEpochMillis = None

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        """The parameters of the connection beside its own fields, whose names win."""
        auth = data.get("auth")
        params = auth.get("params") if isinstance(auth, dict) else None
        fields = {**params, **data} if isinstance(params, dict) else data
        return {name: value for name, value in fields.items() if value is not None}

    def __repr__(self) -> str:
        return f"<Inlet {self.inlet_id} {self.name!r}{', authenticated' if self.is_authenticated else ''}>"

    __str__ = __repr__
