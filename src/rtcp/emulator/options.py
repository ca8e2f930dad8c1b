"""How one emulator behaves where the service may differ between organisations, and how fast its jobs are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Switches of an emulator.

    Attributes:
        job_seconds: factor on the time that jobs take; 0 ends each one at once.
        limits: refuse what is beyond the documented guardrails (a sixth merge policy).
        withdrawn_reports: serve the preview reports that the newest guide no longer has.
    """

    job_seconds: float = 1.0
    limits: bool = False
    withdrawn_reports: bool = True

    def __post_init__(self) -> None:
        if self.job_seconds < 0:
            raise ValueError(f"job_seconds must not be negative, but is {self.job_seconds!r}")
