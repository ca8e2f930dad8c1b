"""Media events as each API writes them, and back; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final

from rtcp._instants import from_millis, to_iso, to_millis
from rtcp.errors import InvalidArgumentError, SessionRuleError
from rtcp.media.details import Ad, AdBreak, Analytics, AnyDetails, Chapter, PlayerError, Qoe, SessionDetails
from rtcp.media.events import EVENTS, MediaEvent, check_for, event_from_json, read_instant
from rtcp.media.fields import Api, from_wire, wire_names

_PREFIX: Final = "media."
_EDGE_DETAILS: Final[Mapping[type[AnyDetails], str]] = {
    SessionDetails: "sessionDetails",
    AdBreak: "advertisingPodDetails",
    Ad: "advertisingDetails",
    Chapter: "chapterDetails",
    PlayerError: "errorDetails",
}
_STATE: Final = "media.state.name"
# One page of the guide has the parts of an error among the parameters, under names of their own.
_ERROR_PARAMS: Final = {"media.errorId": "media.qoe.errorID", "media.errorSource": "media.qoe.errorSource"}
_ANALYTICS: Final = wire_names(Analytics, Api.COLLECTION)
_SINGLE: Final = ("stateStart", "stateEnd")


def to_edge(event: MediaEvent, *, session_id: str | None = None) -> dict[str, Any]:
    """The `xdm` of one event for the Media Edge API.

    Raises:
        SessionRuleError: the API does not take it in this form.
    """
    return {
        "eventType": _PREFIX + event.name,
        "timestamp": to_iso(event.at),
        "mediaCollection": edge_collection(event, session_id=session_id),
    }


def edge_collection(event: MediaEvent, *, session_id: str | None = None) -> dict[str, Any]:
    """The `mediaCollection` of one event: the part that live and downloaded content share."""
    check_for(event, Api.EDGE)
    body: dict[str, Any] = {} if session_id is None else {"sessionID": session_id}
    body["playhead"] = event.playhead
    if event.details is not None:
        body[_EDGE_DETAILS[type(event.details)]] = event.details.to_wire(Api.EDGE)
    if event.qoe is not None:
        body["qoeDataDetails"] = event.qoe.to_wire(Api.EDGE)
    for name, states in (("statesStart", event.states_start), ("statesEnd", event.states_end)):
        if states:
            body[name] = [{"name": state} for state in states]
    if event.metadata:
        body["customMetadata"] = [{"name": name, "value": value} for name, value in event.metadata.items()]
    return body


def edge_downloaded(events: Sequence[MediaEvent]) -> dict[str, Any]:
    """The `xdm` of a whole session that was played offline."""
    return {
        "eventType": "media.downloaded",
        "mediaDownloadedEvents": [
            {
                "mediaEventTimestamp": to_iso(event.at),
                "mediaEventType": _PREFIX + event.name,
                "mediaCollection": edge_collection(event),
            }
            for event in events
        ],
    }


def to_collection(event: MediaEvent, *, downloaded: bool = False) -> dict[str, Any]:
    """The body of one event for the Media Collection API.

    Raises:
        SessionRuleError: the API does not take it in this form.
    """
    check_for(event, Api.COLLECTION)
    params: dict[str, Any] = {}
    quality: dict[str, Any] | None = None if event.qoe is None else event.qoe.to_wire(Api.COLLECTION)
    for part in (event.analytics, event.details):
        if isinstance(part, PlayerError):
            quality = {**(quality or {}), **part.to_wire(Api.COLLECTION)}
        elif part is not None:
            params.update(part.to_wire(Api.COLLECTION))
    if downloaded and event.name == "sessionStart":
        params["media.downloaded"] = True
    if event.name in _SINGLE:
        params[_STATE] = _only(event)
    else:
        for name, states in (("statesStart", event.states_start), ("statesEnd", event.states_end)):
            if states:
                params[name] = [{_STATE: state} for state in states]
    body: dict[str, Any] = {
        "playerTime": {"playhead": event.playhead, "ts": to_millis(event.at)},
        "eventType": event.name,
    }
    if params:
        body["params"] = params
    if quality is not None:
        body["qoeData"] = quality
    if event.metadata:
        body["customMetadata"] = dict(event.metadata)
    return body


def read_event(data: Any) -> MediaEvent:
    """An event as rtcp, the Media Edge API (its `xdm`, or the body around it) or the Media Collection API writes it.

    Raises:
        InvalidArgumentError: it is none of these.
    """
    if not isinstance(data, Mapping):
        raise InvalidArgumentError("this is no JSON object")
    if isinstance(data.get("events"), list) and len(data["events"]) == 1:
        (data,) = data["events"]
    try:
        xdm = data.get("xdm")
        data = xdm if isinstance(xdm, Mapping) else data
        if "mediaCollection" in data:
            return _from_edge(data)
        if "playerTime" in data:
            return _from_collection(data)
        return event_from_json(data)
    except InvalidArgumentError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as exc:
        problem = type(exc).__name__
    raise InvalidArgumentError(f"this is no media event ({problem} while reading it)")


def _from_edge(data: Mapping[str, Any]) -> MediaEvent:
    body = dict(data["mediaCollection"])
    body.pop("sessionID", None)
    name = str(data["eventType"]).removeprefix(_PREFIX)
    kind = EVENTS[name].details if name in EVENTS else None
    details = body.pop(_EDGE_DETAILS[kind], None) if kind is not None else None
    qoe = body.pop("qoeDataDetails", None)
    event = MediaEvent(
        name=name,
        at=read_instant(data["timestamp"]),
        playhead=body.pop("playhead"),
        details=None if details is None or kind is None else from_wire(kind, details, Api.EDGE),
        metadata={item["name"]: item["value"] for item in body.pop("customMetadata", None) or ()},
        qoe=None if qoe is None else from_wire(Qoe, qoe, Api.EDGE),
        states_start=tuple(state["name"] for state in body.pop("statesStart", None) or ()),
        states_end=tuple(state["name"] for state in body.pop("statesEnd", None) or ()),
    )
    _refuse_rest(event, body)
    return event


def _from_collection(data: Mapping[str, Any]) -> MediaEvent:
    params = dict(data.get("params") or {})
    # What an earlier sending put there is not the event's own.
    params.pop("media.downloaded", None)
    name = str(data["eventType"])
    kind = EVENTS[name].details if name in EVENTS else None
    start = [state[_STATE] for state in params.pop("statesStart", None) or ()]
    end = [state[_STATE] for state in params.pop("statesEnd", None) or ()]
    quality = {_prefixed(key): value for key, value in (data.get("qoeData") or {}).items()}
    if name in _SINGLE:
        (start if name == "stateStart" else end).append(params.pop(_STATE))
    analytics = {key: params.pop(key) for key in list(params) if key in _ANALYTICS}
    own = wire_names(kind, Api.COLLECTION) if kind is not None else frozenset()
    details = {key: params.pop(key) for key in list(params) if key in own}
    if kind is PlayerError:
        details |= {name: params.pop(old) for old, name in _ERROR_PARAMS.items() if old in params}
        details |= {key: quality.pop(key) for key in list(quality) if key in own}
    event = MediaEvent(
        name=name,
        at=from_millis(data["playerTime"]["ts"]).astimezone(UTC),
        playhead=data["playerTime"]["playhead"],
        details=from_wire(kind, details, Api.COLLECTION) if kind is not None and details else None,
        metadata=data.get("customMetadata") or {},
        qoe=from_wire(Qoe, quality, Api.COLLECTION) if quality else None,
        states_start=tuple(start),
        states_end=tuple(end),
        analytics=from_wire(Analytics, analytics, Api.COLLECTION) if analytics else None,
    )
    _refuse_rest(event, params)
    return event


def _prefixed(name: str) -> str:
    # A documented player leaves the prefix out, against the printed schema.
    return name if name.startswith("media.qoe.") else f"media.qoe.{name}"


def _refuse_rest(event: MediaEvent, rest: Mapping[str, Any]) -> None:
    if rest:
        raise SessionRuleError(f"{event.name} takes no {', '.join(sorted(rest))}", rule="details-of-event")


def _only(event: MediaEvent) -> str:
    names = event.states_start if event.name == "stateStart" else event.states_end
    if len(names) != 1 or len(event.states_start) + len(event.states_end) != 1:
        raise SessionRuleError(f"{event.name} names one state; statesUpdate takes several", rule="states-of-event")
    return names[0]
