"""Events as Media Collection writes them: checked against the schemas of its tables, which it also publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rtcp.emulator.http.description import Description, Violation
from rtcp.emulator.nouns.media_sessions.order import MediaEvent

LIVE_EVENTS = (
    "play", "ping", "bufferStart", "pauseStart", "sessionComplete", "sessionEnd", "bitrateChange", "error",
    "adBreakStart", "adBreakComplete", "adStart", "adComplete", "adSkip",
    "chapterStart", "chapterComplete", "chapterSkip", "stateStart", "stateEnd", "statesUpdate",
)  # fmt: skip
START = "sessionStart"
FLAG = "media.downloaded"
_PREFIX = "MediaCollection"
_REFERENCE = "#/components/schemas/"


def complaint(body: Any, kinds: Sequence[str], description: Description, *, strict: bool) -> str | None:
    """What is wrong with one event, which must be of one of these types."""
    if not isinstance(body, dict):
        return "the event is no object"
    kind = body.get("eventType")
    if kind not in kinds:
        return f"eventType: must be {START}" if kinds == (START,) else "eventType: no event of this address"
    for violation in description.violations(body, schema_of(str(kind))):
        if strict or not _is_of_the_tables(violation):
            return f"{'.'.join(map(str, violation.path))}: {violation.message}"
    return None


def complaint_about_download(body: Any, description: Description, *, strict: bool) -> str | None:
    """What is wrong with a finished session: one bad event condemns it."""
    if not isinstance(body, list) or not body:
        return "downloaded content is a list of events"
    for position, event in enumerate(body):
        found = complaint(event, LIVE_EVENTS if position else (START,), description, strict=strict)
        if found is not None:
            return f"[{position}] {found}"
    return None


def flag_of(start: Mapping[str, Any]) -> bool | None:
    """What the start of a session says of being downloaded content; None when it says nothing."""
    flag = (start.get("params") or {}).get(FLAG)
    return flag if isinstance(flag, bool) else None


def event_of(body: Mapping[str, Any], now_ms: int) -> MediaEvent:
    # Browsers write null for what they have not: absent.
    params, time = body.get("params") or {}, body["playerTime"]
    started = (params.get("statesStart") or ()) if body["eventType"] == "statesUpdate" else [params]
    states = tuple(state["media.state.name"] for state in started if "media.state.name" in state)
    has_metadata = bool(body.get("customMetadata"))
    return MediaEvent(body["eventType"], time["playhead"], time["ts"], now_ms, body, states, has_metadata)


def schema_of(kind: str) -> str:
    """The description's schema of one type of event."""
    return f"{_PREFIX}{kind[0].upper()}{kind[1:]}"


def published_schema(kind: str, description: Description) -> dict[str, Any]:
    """The schema of one type of event as the service publishes it: draft 4, with all it refers to."""
    schemas = description.document["components"]["schemas"]
    wanted, definitions = [schema_of(kind)], {}
    while wanted:
        name = wanted.pop()
        if name not in definitions:
            definitions[name] = schemas[name]
            wanted += [found.removeprefix(_REFERENCE) for found in _references(schemas[name])]
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "definitions": {_short(name): _publish(schema) for name, schema in definitions.items()},
        "type": "object",
        "$ref": f"#/definitions/{kind}",
    }


def _is_of_the_tables(violation: Violation) -> bool:
    """Whether only the tables of parameters ask for it, which some documented samples do not heed."""
    # An object that is closed to every key is called a false schema.
    if violation.keyword in ("additionalProperties", "falseSchema"):
        return violation.path[0] == "params" or len(violation.path) > 1
    return violation.keyword == "required" and violation.path[0] == "params" and len(violation.path) > 1


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _publish(node: Any) -> Any:
    if isinstance(node, list):
        return [_publish(value) for value in node]
    if not isinstance(node, dict):
        return node
    return {
        name: f"#/definitions/{_short(value.removeprefix(_REFERENCE))}" if name == "$ref" else _publish(value)
        for name, value in node.items()
        if not name.startswith("x-rtcp-")
    }


def _short(name: str) -> str:
    bare = name.removeprefix(_PREFIX)
    return f"{bare[0].lower()}{bare[1:]}"
