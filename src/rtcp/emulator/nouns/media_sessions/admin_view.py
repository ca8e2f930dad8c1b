"""What a person sees of the media sessions under the admin paths, and the switches they may turn there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from rtcp.emulator.http.wire import Answer
from rtcp.emulator.nouns.media_sessions.sessions import Media
from rtcp.emulator.options import Datastream, MediaSettings
from rtcp.emulator.service import Service


def show(settings: Mapping[str, Any], service: Service) -> Answer:
    """All sessions with their events and flags; `api` and `id` in the query narrow them down."""
    media = service.part(Media)
    shown = [
        session.as_json(media.now_ms)
        for session in media
        if settings.get("api", session.api) == session.api and settings.get("id", session.id) == session.id
    ]
    leaks = [{"operation": leak.operation, "headers": list(leak.headers)} for leak in media.leaks]
    return Answer(200, {"sessions": shown, "credentials": leaks, "settings": asdict(media.settings)})


def change(settings: Mapping[str, Any], service: Service) -> Answer:
    """Turn switches; what is not named stays as it is. Raises ValueError on what is no switch."""
    known = {each.name for each in fields(MediaSettings)}
    unknown = sorted(set(settings) - known)
    if unknown:
        raise ValueError(f"no switch of the media services: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    changes = dict(settings)
    for name, value in changes.items():
        if name != "datastreams" and not isinstance(value, type(getattr(MediaSettings(), name))):
            raise ValueError(f"{name} has a value of the wrong type")
    if changes.get("datastreams") is not None:
        if not isinstance(changes["datastreams"], dict):
            raise TypeError("datastreams are switches by the datastream's id, or null")
        changes["datastreams"] = {name: _datastream(given) for name, given in changes["datastreams"].items()}
    media = service.part(Media)
    media.settings = replace(media.settings, **changes)
    return Answer(200, {"settings": asdict(media.settings)})


def _datastream(given: Any) -> Datastream:
    made = Datastream(**given)
    if not all(isinstance(getattr(made, each.name), bool) for each in fields(Datastream)):
        raise ValueError("the switches of a datastream are true or false")
    return made


def clear(settings: Mapping[str, Any], service: Service) -> Answer:
    """Forget all sessions."""
    service.part(Media).clear()
    return show(settings, service)
