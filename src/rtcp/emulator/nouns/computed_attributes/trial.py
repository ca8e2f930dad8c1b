"""Trying the expression of a computed attribute on the people of a sandbox, without creating anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtcp.emulator.http.gateway import DEFAULT_SANDBOX
from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.wire import Answer
from rtcp.emulator.pql import (
    LIMITS,
    Truncated,
    Unsupported,
    Window,
    compile_expression,
    evaluate,
    from_ms,
    to_ms,
    window_at,
)
from rtcp.emulator.service import Service
from rtcp.emulator.store import PROFILE_CLASS, Person, Sandbox

DEFAULT_PEOPLE = 10
_SETTINGS = ("expression", "duration", "limit", "sandbox", "atMs")


def try_expression(settings: Mapping[str, Any], service: Service) -> Answer:
    """The values of the first people who have one; raises ValueError on settings that make no sense.

    `atMs` is the time of the imagined run, by default now; events count whenever they came in.
    """
    unknown = sorted(set(settings) - set(_SETTINGS))
    if unknown:
        raise ValueError(f"no setting of a trial: {', '.join(unknown)}; there are {', '.join(_SETTINGS)}")
    expression, limit = settings.get("expression"), settings.get("limit", DEFAULT_PEOPLE)
    at_ms = settings.get("atMs", service.clock.now_ms())
    if not isinstance(expression, str) or not _is_count(limit) or not _is_count(at_ms):
        raise ValueError("expression must be a text, limit and atMs whole numbers above 0")
    try:
        computation = compile_expression(expression)
    except Unsupported as error:
        return problem(501, str(error))
    if isinstance(computation, Truncated):
        return problem(400, "the expression breaks off")
    sandbox = _find_sandbox(settings.get("sandbox", DEFAULT_SANDBOX), service)
    policy = sandbox.default_policy(PROFILE_CLASS)
    if policy is None:
        return problem(422, "the sandbox has no default merge policy for profiles")
    refresh = from_ms(at_ms)
    start, end = (to_ms(at) for at in window_at(_read_window(settings.get("duration")), refresh))
    found: list[dict[str, Any]] = []
    for person in sandbox.people(policy):
        events = [event.entity for event in person.events if start <= event.timestamp_ms < end]
        value = evaluate(computation, events, refresh) if person.profile is not None else None
        if value is not None:
            found.append(_show(person, value, sandbox))
        if len(found) == limit:
            break
    return Answer(200, {"function": computation.function, "window": {"startMs": start, "endMs": end}, "people": found})


def _read_window(duration: Any) -> Window:
    if isinstance(duration, Mapping):
        count: Any = duration.get("count")
        unit: Any = duration.get("unit")
        if isinstance(unit, str) and _is_count(count) and count <= LIMITS.get(unit, 0):
            return Window(count, unit)
    bounds = ", ".join(f"1 to {most} {name}" for name, most in LIMITS.items())
    raise ValueError(f"duration must have a count and a unit: {bounds}")


def _find_sandbox(name: Any, service: Service) -> Sandbox:
    sandbox = service.store.sandboxes.get(name) if isinstance(name, str) else None
    if sandbox is None:
        raise ValueError(f"there is no sandbox {name!r}")
    return sandbox


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _show(person: Person, value: Any, sandbox: Sandbox) -> dict[str, Any]:
    identity = person.profile.identity if person.profile is not None else person.identities[0]
    shown = {"namespace": identity.namespace, "id": identity.id}
    return {"entityId": sandbox.xid(identity), "identity": shown, "value": value}
