"""Events as the Media Edge writes them: XDM read into events, and breaches of its schemas in its own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rtcp.emulator.http.description import Description, Violation
from rtcp.emulator.nouns.media_edge.problems import Details
from rtcp.emulator.nouns.media_sessions.order import MediaEvent

# The published description requires it; an example of the guide on media analytics goes without.
_CHANNEL = ("mediaCollection", "sessionDetails", "channel")
MISSING = "Missing required field"
SESSION_ID_LENGTH = "Unexpected error. Hint: InvalidApiSidLength={}"


def schema_of(kind: str) -> str:
    """The description's schema of one type of event."""
    return f"MediaEdge{kind[0].upper()}{kind[1:]}"


def details_of(
    xdm: Mapping[str, Any], kind: str, description: Description, *, prefix: str, strict: bool = True
) -> Details:
    """Everything that is wrong with an event, one entry a field; empty when it is right."""
    found: dict[str, str] = {}
    for violation in description.violations(xdm, schema_of(kind)):
        if not strict and violation.keyword == "required" and violation.path == _CHANNEL:
            continue
        found.setdefault(_path(violation.path), _reason(violation, xdm))
    for path in _impossible_times(xdm, found):
        found[path] = "Invalid value"
    return [{"name": f"{prefix}{path}", "reason": reason} for path, reason in found.items()]


def event_of(xdm: Mapping[str, Any], now_ms: int) -> MediaEvent:
    """A live event; a start without a time happens now."""
    written = xdm.get("timestamp")
    ts_ms = now_ms if written is None else _ms(written)
    return _event(xdm["eventType"], xdm["mediaCollection"], ts_ms, now_ms, xdm)


def downloaded_events(xdm: Mapping[str, Any], now_ms: int) -> list[MediaEvent]:
    """The events of a finished session."""
    return [
        _event(item["mediaEventType"], item["mediaCollection"], _ms(item["mediaEventTimestamp"]), now_ms, item)
        for item in xdm["mediaDownloadedEvents"]
    ]


def _event(event_type: str, data: Mapping[str, Any], ts_ms: int, now_ms: int, body: object) -> MediaEvent:
    states = tuple(state["name"] for state in data.get("statesStart") or ())
    kind = event_type.removeprefix("media.")
    return MediaEvent(kind, data["playhead"], ts_ms, now_ms, body, states, bool(data.get("customMetadata")))


def _ms(instant: str) -> int:
    return round(datetime.fromisoformat(instant).timestamp() * 1000)


def _impossible_times(xdm: Mapping[str, Any], found: Mapping[str, str]) -> Iterator[str]:
    """The times of the right form that are none, such as a 31st of June."""
    times: list[tuple[str, Any]] = [(".timestamp", xdm.get("timestamp"))]
    items = xdm.get("mediaDownloadedEvents")
    for position, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            times.append(
                (_path(("mediaDownloadedEvents", position, "mediaEventTimestamp")), item.get("mediaEventTimestamp"))
            )
    for path, written in times:
        if written is not None and path not in found:
            try:
                _ms(written)
            except ValueError:
                yield path


def _path(parts: Sequence[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)


def _reason(violation: Violation, xdm: Mapping[str, Any]) -> str:
    # Two reasons are published, the missing field and the length of a session's id; the other words are ours.
    if violation.keyword == "required":
        return MISSING
    if violation.path[-1:] == ("sessionID",) and violation.keyword in ("minLength", "maxLength"):
        return SESSION_ID_LENGTH.format(len(xdm["mediaCollection"]["sessionID"]))
    if violation.keyword == "falseSchema":
        return "Field is not allowed"
    return "Invalid type" if violation.keyword == "type" else "Invalid value"
