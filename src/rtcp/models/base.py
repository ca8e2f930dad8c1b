"""The base of all answer models, and the enum that keeps values it does not know."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, InstanceOf, ModelWrapValidatorHandler, PrivateAttr, model_validator
from pydantic.alias_generators import to_camel

from rtcp._notebook import Displayed

# Taken as it was parsed: copying it is a sixth of reading a person.
Xdm = Annotated[dict[str, Any], InstanceOf()]  # pyright: ignore[reportCallIssue]
"""A record or event as the service wrote it: tenant prefixes, case and unknown keys untouched."""


class Model(Displayed, BaseModel):
    """A frozen answer. Fields the service adds tomorrow are kept under their wire names and dumped again."""

    # Fields that may be absent, and without which an answer of another form would say something that is not true.
    _stands_on: ClassVar[frozenset[str]] = frozenset()

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
        # Built on first use: nobody uses every model, and each import of a client would pay for them all.
        defer_build=True,
    )

    def to_wire(self) -> dict[str, Any]:
        """The answer as JSON values under the service's own names, unknown fields included, absent ones left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class CleanedModel(Model):
    """An answer that is put right on the way in: several dialects become one form, quoted numbers become numbers.

    `to_wire()` gives it back as it came.
    """

    _raw: Any = PrivateAttr(default=None)

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        """The answer in the form of the fields; overridden where there is something to put right."""
        return data

    @model_validator(mode="wrap")
    @classmethod
    def _clean_and_keep(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        model = handler(cls.clean(data) if isinstance(data, dict) else data)
        if isinstance(data, dict):
            model._raw = data
        return model

    def to_wire(self) -> dict[str, Any]:
        """The answer as it came, dialect and quirks included."""
        return dict(self._raw) if isinstance(self._raw, dict) else super().to_wire()


class OpenEnum(StrEnum):
    """An enum of texts that takes any text: a value the service adds tomorrow becomes a member of its own. A known one
    is known in any case, and with an underscore for a hyphen.

    Compare with `==`, not `is`: unknown members are new objects.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        spelled = _spelled(value)
        for known in cls:
            # Whoever waits for a state would wait for ever for one that is written in small letters.
            if _spelled(known.value) == spelled:
                return known
        # Made as Enum makes its own, but kept nowhere: of words that nobody knows there is no end.
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member


def _spelled(word: str) -> str:
    return word.strip().casefold().replace("_", "-").replace(" ", "-")
