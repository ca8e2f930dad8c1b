"""What became of streamed rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from rtcp._instants import OptionalEpochMillis
from rtcp._notebook import Displayed
from rtcp.models.base import CleanedModel


class StreamReceipt(CleanedModel):
    """The service has received a message. Unless it was validated, that says nothing of its content: what is wrong
    with that ends in a failed batch of the dataset.

    Attributes:
        xaction_id: the service's id of the message.
        received_at: when it came in.
        validation: "pass" if it was validated; "skipped", or None when the service does not say.
    """

    xaction_id: str
    inlet_id: str | None = None
    received_at: Annotated[OptionalEpochMillis, Field(alias="receivedTimeMs")] = None
    validation: Annotated[str | None, Field(exclude=True)] = None

    @classmethod
    def clean(cls, data: dict[str, Any]) -> dict[str, Any]:
        # The second name is that of the year 2020.
        said = data.get("syncValidation", data.get("synchronousValidation"))
        if not isinstance(said, dict):
            return data
        skipped = said.get("skipped") in (True, "true")
        return {**data, "validation": "skipped" if skipped else said.get("status")}


@dataclass(frozen=True, slots=True)
class WriterSummary(Displayed):
    """What became of the rows of a writer: sent, rejected, unknown, waiting and under way add up to `rows`.

    Attributes:
        rows: taken from the caller, refused ones included, and those that the spool kept of an earlier writer.
        sent: received by the service.
        rejected: refused, by rtcp before sending or by the service.
        unknown: no answer came, so the service may have received them.
        waiting: in the spool, for the next writer to send.
        bytes: of all bodies sent, repeated ones included.
        requests: sent, repeated ones included.
        held_back: of a replay, rows that stay in their file, as they would be refused again; not in `rows`.
        recovered: of `rows`, those that the spool kept of an earlier writer.
    """

    rows: int = 0
    sent: int = 0
    rejected: int = 0
    unknown: int = 0
    waiting: int = 0
    bytes: int = 0
    requests: int = 0
    held_back: int = 0
    recovered: int = 0

    @property
    def pending(self) -> int:
        """Rows that are not settled yet; 0 once the writer is closed."""
        return self.rows - self.sent - self.rejected - self.unknown - self.waiting
