"""How the two media services behave where an organisation's setup or a disputed rule decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
        strict: hold Media Collection to the tables of parameters; False wants only what the envelope says, which
            some documented samples need.
        arrays_on_sessions: take downloaded content at the address of live sessions, which is deprecated.
        refuse_false_flag: refuse `media.downloaded: false` at the address of downloaded content, as an older rule says.
    """

    datastreams: Mapping[str, Datastream] | None = None
    org_id: str = "0A1B2C3D4E5F60718293A4B5@AdobeOrg"
    hint: str = "irl1"
    strict: bool = True
    arrays_on_sessions: bool = True
    refuse_false_flag: bool = False
