"""The base of all answer models, and the enum that keeps values it does not know."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

Xdm = dict[str, Any]
"""A record or event as the service wrote it: tenant prefixes, case and unknown keys untouched."""


class Model(BaseModel):
    """A frozen answer. Fields the service adds tomorrow are kept under their wire names and dumped again."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        coerce_numbers_to_str=True,
        # A validation error would print its input, which is people's data.
        hide_input_in_errors=True,
    )

    def to_wire(self) -> dict[str, Any]:
        """The answer as JSON values under the service's own names, unknown fields included, absent ones left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class OpenEnum(StrEnum):
    """An enum of texts that takes any text: a value the service adds tomorrow becomes a member of its own.

    Compare with `==`, not `is`: unknown members are new objects.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member
