"""The events of both media APIs as one table, the value of one event, and the rules that need no history."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rtcp._instants import parse_instant, to_iso
from rtcp.errors import InvalidArgumentError, SessionRuleError
from rtcp.media.details import Ad, AdBreak, Analytics, AnyDetails, Chapter, PlayerError, Qoe, SessionDetails
from rtcp.media.fields import Api, from_json, number, whole

MILLISECOND: Final = timedelta(milliseconds=1)
STANDARD_STATES: Final = ("fullscreen", "fullScreen", "mute", "closedCaptioning", "pictureInPicture", "inFocus")
LONGEST_LIVE: Final = 86_400
_STATE_NAME: Final = re.compile(r"[a-zA-Z0-9_.]{1,64}")
_METADATA_NAME: Final = re.compile(r"[a-zA-Z0-9_.]+")
_RESERVED: Final = ("media.", "a.")
_LIVE: Final = ("live", "linear")


@dataclass(frozen=True, slots=True)
class Kind:
    """What one event takes; whatever it does not name is forbidden.

    Attributes:
        details: the class of its details, None for none.
        optional_on: APIs on which the details may be left out.
        metadata: True where custom metadata may go along.
        states: True where player states change.
        needs_qoe_on: APIs on which quality of experience must go along; it may with every event.
        apis: the APIs that know the event.
    """

    details: type[AnyDetails] | None = None
    optional_on: Collection[Api] = ()
    metadata: bool = False
    states: bool = False
    needs_qoe_on: Collection[Api] = ()
    apis: Collection[Api] = tuple(Api)


_PLAIN: Final = Kind()
EVENTS: Final[Mapping[str, Kind]] = {
    "sessionStart": Kind(SessionDetails, metadata=True),
    "play": _PLAIN,
    "ping": _PLAIN,
    "pauseStart": _PLAIN,
    "bufferStart": _PLAIN,
    "bitrateChange": Kind(needs_qoe_on=(Api.EDGE,)),
    "adBreakStart": Kind(AdBreak),
    "adStart": Kind(Ad, metadata=True),
    "adComplete": _PLAIN,
    "adSkip": _PLAIN,
    "adBreakComplete": _PLAIN,
    "chapterStart": Kind(Chapter, metadata=True),
    "chapterComplete": _PLAIN,
    "chapterSkip": _PLAIN,
    # The reference names both parts of an error; a documented player sends neither to the Media Collection API.
    "error": Kind(PlayerError, optional_on=(Api.COLLECTION,)),
    "statesUpdate": Kind(states=True),
    "stateStart": Kind(states=True, apis=(Api.COLLECTION,)),
    "stateEnd": Kind(states=True, apis=(Api.COLLECTION,)),
    "sessionComplete": _PLAIN,
    "sessionEnd": _PLAIN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaEvent:
    """One event of a session, before it is written for one of the APIs.

    Attributes:
        name: as in `EVENTS`, without `media.`.
        at: when it happened, aware; kept to the millisecond.
        playhead: seconds into the content, or into the day for live content; whole ones on the Edge.
        metadata: custom names and texts.
        qoe: quality of experience.
        states_start, states_end: player states that begin and end.
        analytics: of a sessionStart, for the Media Collection API.
    """

    name: str
    at: datetime
    playhead: int | float
    details: AnyDetails | None = None
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)
    qoe: Qoe | None = None
    states_start: tuple[str, ...] = ()
    states_end: tuple[str, ...] = ()
    analytics: Analytics | None = None

    def __post_init__(self) -> None:
        kind = EVENTS.get(self.name)
        if kind is None:
            raise SessionRuleError(f"no such media event: {self.name!r}; events are {', '.join(EVENTS)}", rule="event")
        if self.at.tzinfo is None:
            raise InvalidArgumentError("at= has no time zone; use e.g. datetime(..., tzinfo=timezone.utc)")
        at = self.at.astimezone(UTC)
        object.__setattr__(self, "at", at.replace(microsecond=at.microsecond // 1000 * 1000))
        object.__setattr__(self, "states_start", _names(self.states_start))
        object.__setattr__(self, "states_end", _names(self.states_end))
        if not number(self.playhead):
            raise SessionRuleError(f"playhead is a number of seconds from 0, not {self.playhead!r}", rule="playhead")
        self._check_parts(kind)
        check_metadata(self.metadata)

    def _check_parts(self, kind: Kind) -> None:
        if self.details is not None and (kind.details is None or not isinstance(self.details, kind.details)):
            takes = "no details" if kind.details is None else kind.details.__name__
            raise SessionRuleError(
                f"{self.name} takes {takes}, not {type(self.details).__name__}", rule="details-of-event"
            )
        if self.details is None and kind.details is not None and not kind.optional_on:
            raise SessionRuleError(f"{self.name} needs {kind.details.__name__}", rule="details-of-event")
        if self.metadata and not kind.metadata:
            takers = ", ".join(name for name, each in EVENTS.items() if each.metadata)
            raise SessionRuleError(f"{self.name} takes no custom metadata; {takers} do", rule="metadata-of-event")
        if bool(self.states_start or self.states_end) != kind.states:
            problem = "names no state that starts or ends" if kind.states else "takes no player states"
            raise SessionRuleError(f"{self.name} {problem}", rule="states-of-event")
        if self.analytics is not None and self.name != "sessionStart":
            raise SessionRuleError(f"{self.name} takes no analytics settings", rule="details-of-event")

    def moved_to(self, at: datetime) -> MediaEvent:
        """The same event at another time."""
        return replace(self, at=at)

    def to_json(self) -> dict[str, Any]:
        """The event as JSON values under the names used here; `event_from_json` reads it again."""
        data: dict[str, Any] = {"event": self.name, "at": to_iso(self.at), "playhead": self.playhead}
        parts = (("details", self.details), ("qoe", self.qoe), ("analytics", self.analytics))
        data.update((name, part.to_json()) for name, part in parts if part is not None)
        if self.metadata:
            data["metadata"] = dict(self.metadata)
        states = (("states_start", self.states_start), ("states_end", self.states_end))
        data.update((name, list(names)) for name, names in states if names)
        return data


_KEYS: Final = frozenset(
    ("event", "at", "playhead", "details", "metadata", "qoe", "states_start", "states_end", "analytics")
)


def event_from_json(data: Mapping[str, Any]) -> MediaEvent:
    """An event from what `MediaEvent.to_json` wrote, or a person.

    Raises:
        InvalidArgumentError: it is none.
    """
    unknown = sorted(set(data) - _KEYS)
    missing = [name for name in ("event", "at", "playhead") if name not in data]
    if unknown or missing:
        parts = (("has no", missing), ("does not know", unknown))
        problem = " and ".join(f"{verb} {', '.join(names)}" for verb, names in parts if names)
        raise InvalidArgumentError(f"the event {problem}")
    kind = EVENTS.get(str(data["event"]), _PLAIN)
    details = data.get("details")
    return MediaEvent(
        name=str(data["event"]),
        at=read_instant(data["at"]),
        playhead=data["playhead"],
        details=None if details is None or kind.details is None else from_json(kind.details, details),
        metadata=data.get("metadata", {}),
        qoe=from_json(Qoe, data["qoe"]) if "qoe" in data else None,
        states_start=data.get("states_start", ()),
        states_end=data.get("states_end", ()),
        analytics=from_json(Analytics, data["analytics"]) if "analytics" in data else None,
    )


def read_instant(value: Any) -> datetime:
    """An instant from its text.

    Raises:
        InvalidArgumentError: it is none.
    """
    try:
        return parse_instant(value)
    except (TypeError, ValueError):
        pass
    raise InvalidArgumentError(f"{value!r} is no time such as 2026-03-01T12:00:00Z")


def check_for(event: MediaEvent, api: Api) -> None:
    """Refuse an event that this API does not take.

    Raises:
        SessionRuleError: names the rule.
    """
    kind = EVENTS[event.name]
    if api not in kind.apis:
        raise SessionRuleError(f"{event.name} exists only in the other API; send statesUpdate", rule="event-of-api")
    if kind.details is not None and event.details is None and api not in kind.optional_on:
        raise SessionRuleError(f"{event.name} needs {kind.details.__name__} here", rule="details-of-event")
    if event.qoe is None and api in kind.needs_qoe_on:
        raise SessionRuleError(f"{event.name} needs qoe= here", rule="qoe-of-event")
    if api is Api.COLLECTION:
        return
    numbers = {"playhead": event.playhead}
    for name in ("length", "offset"):
        numbers[name] = getattr(event.details, name, 0)
    for name, value in numbers.items():
        if not whole(value):
            raise SessionRuleError(
                f"the Media Edge API takes whole seconds: {name}={value!r} must be an int", rule="edge-whole-seconds"
            )


def check_states(names: Collection[str], custom: Collection[str]) -> None:
    """Refuse names of player states that are neither the service's own nor announced ones.

    Raises:
        SessionRuleError: names the rule.
    """
    for name in names:
        if not _STATE_NAME.fullmatch(name):
            raise SessionRuleError(
                f"a player state is 1 to 64 letters, digits, '_' and '.', not {name!r}", rule="state-name"
            )
        if name not in STANDARD_STATES and name not in custom:
            raise SessionRuleError(
                f"{name!r} is no standard player state ({', '.join(STANDARD_STATES)}); if it is one of yours, start "
                f"the session with custom_states=[{name!r}]",
                rule="state-name",
            )


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Refuse custom metadata that the service would drop or take for its own.

    Raises:
        SessionRuleError: names the rule.
    """
    for name, value in metadata.items():
        if not isinstance(name, str) or not _METADATA_NAME.fullmatch(name):
            raise SessionRuleError(
                f"a metadata name is made of letters, digits, '_' and '.', not {name!r}", rule="metadata-name"
            )
        if name.startswith(_RESERVED):
            raise SessionRuleError(
                f"metadata names that begin with 'media.' or 'a.' are Adobe's own: {name!r}", rule="metadata-reserved"
            )
        if not isinstance(value, str):
            raise SessionRuleError(
                f"metadata values are texts; {name!r} is a {type(value).__name__}", rule="metadata-text"
            )


def check_playhead_of_live(details: SessionDetails, playhead: float) -> None:
    """Refuse a second of the day that no day has.

    Raises:
        SessionRuleError: names the rule.
    """
    if details.content_type.lower() in _LIVE and playhead > LONGEST_LIVE:
        raise SessionRuleError(
            f"the playhead of live content is the second of the day, 0 to {LONGEST_LIVE}, not {playhead!r}",
            rule="playhead",
        )


def _names(given: Any) -> tuple[str, ...]:
    if isinstance(given, str):
        raise InvalidArgumentError("player states are a list of names, not one text")
    return tuple(given)
