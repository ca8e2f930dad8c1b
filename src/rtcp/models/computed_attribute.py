"""Computed attributes: an aggregate over a person's events, kept up to date as a field of the profile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self

from pydantic import Field

from rtcp._instants import BlankAsNone, EpochSecondsOrMillis, OptionalIsoInstant
from rtcp._notebook import Displayed
from rtcp._numbers import MOST_BITS
from rtcp.errors import InvalidArgumentError
from rtcp.models.base import CleanedModel, Model, OpenEnum
from rtcp.models.merge_policy import Sandbox, SchemaRef


class ComputedAttributeStatus(OpenEnum):
    """Where a computed attribute stands; it has a value in look-ups when `PROCESSED`."""

    DRAFT = "DRAFT"
    NEW = "NEW"
    INITIALIZING = "INITIALIZING"
    PROCESSING = "PROCESSING"
    PROCESSED = "PROCESSED"
    FAILED = "FAILED"
    DISABLED = "DISABLED"


class MergeFunction(OpenEnum):
    """What is made of the events' values; the service reads it from the expression."""

    SUM = "SUM"
    COUNT = "COUNT"
    MIN = "MIN"
    MAX = "MAX"
    MOST_RECENT = "MOST_RECENT"


class WindowUnit(OpenEnum):
    """What a window is counted in; weeks and months are those of the calendar."""

    HOURS = "HOURS"
    DAYS = "DAYS"
    WEEKS = "WEEKS"
    MONTHS = "MONTHS"


_TEXT: Final = re.compile(r"(\d{1,9})\s*([A-Za-z]+)", re.ASCII)
_LONGEST: Final = {WindowUnit.HOURS: 24, WindowUnit.DAYS: 7, WindowUnit.WEEKS: 4, WindowUnit.MONTHS: 6}


@dataclass(frozen=True, slots=True)
class Window(Displayed):
    """How far a computed attribute looks back: 1-24 hours, 1-7 days, 1-4 weeks, or 1-6 months.

    Example:
        >>> Window.days(7)
        Window(count=7, unit='DAYS')
    """

    count: int
    unit: str

    def __post_init__(self) -> None:
        unit = WindowUnit(str(self.unit).upper())
        longest = _LONGEST.get(unit)
        if longest is None:
            units = ", ".join(known.lower() for known in _LONGEST)
            raise InvalidArgumentError(f"a window is counted in {units}, not in {self.unit!r}")
        if isinstance(self.count, bool) or not isinstance(self.count, int) or not 1 <= self.count <= longest:
            is_long = isinstance(self.count, int) and self.count.bit_length() > MOST_BITS
            told = "so many" if is_long else repr(self.count)
            raise InvalidArgumentError(f"a window is 1 to {longest} {unit.lower()} long, not {told}")
        object.__setattr__(self, "unit", unit.value)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The window of a text such as "7 days", "1 month" or "7d".

        Raises:
            InvalidArgumentError: it is no window.
        """
        found = _TEXT.fullmatch(text.strip()) if isinstance(text, str) else None
        units = [unit for unit in _LONGEST if found is not None and unit.lower().startswith(found[2].lower())]
        if found is None or not units:
            kinds = ", ".join(known.lower() for known in _LONGEST)
            raise InvalidArgumentError(f"{text!r} is no window such as '7 days'; there are {kinds}")
        return cls(int(found[1]), units[0])

    @classmethod
    def hours(cls, count: int) -> Self:
        """The last 1 to 24 hours; refreshed hourly."""
        return cls(count, WindowUnit.HOURS)

    @classmethod
    def days(cls, count: int) -> Self:
        """The last 1 to 7 days; refreshed daily."""
        return cls(count, WindowUnit.DAYS)

    @classmethod
    def weeks(cls, count: int) -> Self:
        """The last 1 to 4 weeks, Sunday to Saturday; refreshed weekly."""
        return cls(count, WindowUnit.WEEKS)

    @classmethod
    def months(cls, count: int) -> Self:
        """The last 1 to 6 months of the calendar; refreshed monthly."""
        return cls(count, WindowUnit.MONTHS)


class Expression(Model):
    """The PQL of a computed attribute, in `value`."""

    type: str | None = None
    format: str | None = None
    value: str | None = None


class AppliedFunction(Model):
    value: MergeFunction | None = None


class Duration(Model):
    """The window as the service tells it."""

    count: int
    unit: WindowUnit


class ComputedAttribute(CleanedModel):
    """One computed attribute.

    Attributes:
        name: of the field in the profile, under `path` and the tenant's prefix.
        status: one word; the older form with two (`type` and `job`) is translated.
        expression: the PQL as it was given.
        merge_function: what the service reads from the expression.
        duration: how far it looks back; single answers may leave it out.
        keep_current: True when it is refreshed daily, whatever its window.
        last_evaluated_at: events before it were counted in the last run that succeeded; None before the first.
    """

    id: str
    type: str | None = None
    name: str
    display_name: str | None = None
    description: str | None = None
    status: ComputedAttributeStatus
    expression: Expression | None = None
    merge_function: AppliedFunction | None = None
    duration: Duration | None = None
    keep_current: bool | None = None
    path: str | None = None
    schema_ref: SchemaRef | None = Field(default=None, alias="schema")  # "schema" would shadow a method of pydantic's
    ims_org_id: str | None = None
    sandbox: Sandbox | None = None
    created_at: Annotated[EpochSecondsOrMillis | None, BlankAsNone] = Field(default=None, alias="createEpoch")
    updated_at: Annotated[EpochSecondsOrMillis | None, BlankAsNone] = Field(default=None, alias="updateEpoch")
    last_evaluated_at: OptionalIsoInstant = Field(default=None, alias="lastEvaluationTs")
    created_by: str | None = None

    @property
    def function(self) -> MergeFunction | None:
        """What is made of the events' values, such as `SUM`."""
        return self.merge_function.value if self.merge_function is not None else None

    @property
    def is_final(self) -> bool:
        """True when the service will not move it any more by itself. A draft waits for `publish`."""
        return self.status in _FINAL

    @property
    def is_success(self) -> bool:
        """True when it has been evaluated, and look-ups show it."""
        return self.status == ComputedAttributeStatus.PROCESSED

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        cleaned = dict(data)
        status, sandbox = data.get("status"), data.get("sandbox")
        if isinstance(status, dict):
            cleaned["status"] = _one_word(status)
        # Single answers write isDefault, lists write default.
        if isinstance(sandbox, dict) and "isDefault" in sandbox:
            others = {name: value for name, value in sandbox.items() if name != "isDefault"}
            cleaned["sandbox"] = {"default": sandbox["isDefault"], **others}
        return cleaned

    def __repr__(self) -> str:
        return f"<ComputedAttribute {self.id} {self.name!r}: {self.function or 'no function'}, {self.status}>"

    __str__ = __repr__


_FINAL: Final = (
    ComputedAttributeStatus.PROCESSED,
    ComputedAttributeStatus.FAILED,
    ComputedAttributeStatus.DISABLED,
)
# The beta's words for its jobs; those that are not here say the same as the newer status.
_BETA_JOBS: Final = {"NOT_STARTED": "NEW", "ENABLED": "PROCESSED"}


def _one_word(status: dict[str, Any]) -> str:
    """The status of today for the pair of words that the beta wrote."""
    kind, job = str(status.get("type") or ""), str(status.get("job") or "")
    if kind == "DRAFT" or not job:
        return kind
    return _BETA_JOBS.get(job, job)
