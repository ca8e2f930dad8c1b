"""How one emulator behaves where the service may differ between organisations, and how fast its jobs are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Switches of an emulator.

    Attributes:
        job_seconds: factor on the time that jobs take; 0 ends each one at once.
        limits: refuse what is beyond the documented guardrails: a sixth merge policy; in a second, more than 1,000
            requests or 10,000 messages of streaming; in a minute, more than 60 requests with validation to one inlet.
        streaming_seconds: how long after its receipt a streamed row can be looked up; times `job_seconds`.
        tenant: the id of the organisation's tenant; its own fields stand under it, with an underscore before.
        rows_per_file: how many rows an export writes to a file before it begins the next one.
        withdrawn_reports: serve the preview reports that the newest guide no longer has.
    """

    job_seconds: float = 1.0
    limits: bool = False
    withdrawn_reports: bool = True
    tenant: str = "acme"
    rows_per_file: int = 10_000
    streaming_seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.job_seconds < 0:
            raise ValueError(f"job_seconds must not be negative, but is {self.job_seconds!r}")
        if self.streaming_seconds < 0:
            raise ValueError(f"streaming_seconds must not be negative, but is {self.streaming_seconds!r}")
        if self.rows_per_file < 1:
            raise ValueError(f"rows_per_file must be at least 1, not {self.rows_per_file!r}")
