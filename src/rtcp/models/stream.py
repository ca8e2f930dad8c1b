"""What became of streamed rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import Field

from rtcp._instants import OptionalEpochMillis
from rtcp.models.base import CleanedModel

UNKNOWN: Final = "unknown"
REFUSED: Final = "refused"
NOT_SENT: Final = "not-sent"


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
class WriterSummary:
    """What became of the rows of a writer: sent, rejected, unknown, waiting and under way add up to `rows`.

    Attributes:
        rows: taken from the caller, refused ones included, and those that the spool kept of an earlier writer.
        sent: received by the service.
        rejected: refused, by rtcp before sending or by the service.
        unknown: no answer came, so the service may have received them.
        waiting: in the spool, for the next writer to send.
        bytes: of all bodies sent, repeated ones included.
        requests: sent, repeated ones included.
    """

    rows: int = 0
    sent: int = 0
    rejected: int = 0
    unknown: int = 0
    waiting: int = 0
    bytes: int = 0
    requests: int = 0

    @property
    def pending(self) -> int:
        """Rows that are not settled yet; 0 once the writer is closed."""
        return self.rows - self.sent - self.rejected - self.unknown - self.waiting


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that the service has not, or maybe not, received.

    Attributes:
        row: the row as it was sent, `_id` included; the caller's own object when it was refused before.
        position: which of the writer's rows it was, from 0; None when the spool kept it of an earlier writer.
        status: HTTP status of its refusal; None when rtcp refused it, or when no answer came.
        code: the service's code; "refused" when rtcp refused it, "not-sent" when it was not sent (no connection, no
            token, interrupted), "unknown" when no answer came.
        message: the reason; names paths, never values.
        can_retry: whether the same row may be received later.
    """

    row: Any = field(repr=False)
    position: int | None
    status: int | None
    code: str | None
    message: str
    can_retry: bool

    @property
    def is_unknown(self) -> bool:
        """True when no answer came: the service may have received it."""
        return self.code == UNKNOWN
