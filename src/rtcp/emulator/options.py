"""How one emulator behaves where the service may differ between organisations, and how fast its jobs are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Datastream:
    """One datastream: without Media Analytics a start brings no session id; with `needs_token` all is refused."""

    has_media: bool = True
    is_enabled: bool = True
    needs_token: bool = False


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Switches of both media services.

    Attributes:
        datastreams: those that exist, by id; None takes any id.
        org_id: the organisation that the Edge names in the keys of its state.
        hint: the location hint of the Edge.
        strict: hold Media Collection to the tables of parameters, and a start on the Edge to a channel; False wants
            only what the envelope says, which some documented samples need.
        arrays_on_sessions: take downloaded content at the address of live sessions, which is deprecated.
        refuse_false_flag: refuse `media.downloaded: false` at the address of downloaded content, as an older rule says.
    """

    datastreams: Mapping[str, Datastream] | None = None
    org_id: str = "0A1B2C3D4E5F60718293A4B5@AdobeOrg"
    hint: str = "irl1"
    strict: bool = True
    arrays_on_sessions: bool = True
    refuse_false_flag: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """Switches of an emulator.

    Attributes:
        job_seconds: factor on the time that jobs take; 0 ends each one at once.
        limits: refuse what is beyond the documented guardrails: in a second, more than 1,000 requests or 10,000
            messages of streaming; in a minute, more than 60 requests with validation to one inlet.
        most_policies: merge policies that a sandbox may have, whatever `limits` says; None for any number.
        graph_overflow: "refuse" answers 422 to look-ups of somebody with more than 50 identities; "fifo" lets the
            oldest identities go as the graph grows, as the service does since some time.
        streaming_seconds: how long after its receipt a streamed row can be looked up; times `job_seconds`.
        tenant: the id of the organisation's tenant; its own fields stand under it, with an underscore before.
        rows_per_file: how many rows an export writes to a file before it begins the next one.
        withdrawn_reports: serve the preview reports that the newest guide no longer has.
        media: switches of both media services, as they are at the start and after a reset.
        hosts: names of this machine beside the loopback ones.
        is_remote: other machines may call.
    """

    job_seconds: float = 1.0
    limits: bool = False
    most_policies: int | None = 5
    graph_overflow: str = "refuse"
    withdrawn_reports: bool = True
    tenant: str = "acme"
    rows_per_file: int = 10_000
    streaming_seconds: float = 1.0
    media: MediaSettings = field(default_factory=MediaSettings)
    hosts: tuple[str, ...] = ()
    is_remote: bool = False

    def __post_init__(self) -> None:
        if self.graph_overflow not in ("refuse", "fifo"):
            raise ValueError(f"graph_overflow is 'refuse' or 'fifo', not {self.graph_overflow!r}")
        if self.job_seconds < 0:
            raise ValueError(f"job_seconds must not be negative, but is {self.job_seconds!r}")
        if self.streaming_seconds < 0:
            raise ValueError(f"streaming_seconds must not be negative, but is {self.streaming_seconds!r}")
        if self.rows_per_file < 1:
            raise ValueError(f"rows_per_file must be at least 1, not {self.rows_per_file!r}")
