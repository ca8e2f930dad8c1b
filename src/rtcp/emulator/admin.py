"""The emulator's own paths under `/_emulator`: state, faults, clock, requests and loading, all in JSON."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rtcp.emulator.http.faults import fault_from_json
from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.wire import ADMIN_PREFIX, JSON_TYPE, NO_JSON, Answer, Refusal, Request, decode_json
from rtcp.emulator.nouns.computed_attributes.trial import try_expression
from rtcp.emulator.nouns.entities.explaining import explain
from rtcp.emulator.nouns.media_sessions import admin_view as media
from rtcp.emulator.nouns.preview.sample_job import Preview
from rtcp.emulator.service import Service

# The last millisecond of the year 9999.
_LAST_MS = 253_402_300_799_999


async def answer(request: Request, service: Service) -> Answer:
    """Answer one request to an admin path; these are neither recorded nor made to fail."""
    action = (request.method, request.path.removeprefix(ADMIN_PREFIX).rstrip("/"))
    try:
        if action == ("POST", "load"):
            return await _load(request, service)
        if action == ("POST", "computed-attributes/try"):
            # In a thread too: it may have to look at everybody.
            return await asyncio.to_thread(try_expression, _settings(request), service)
        handler = _ACTIONS.get(action)
        if handler is None:
            return problem(404, f"the emulator has no {request.method} {request.path}")
        return handler(_settings(request), service)
    except Refusal as refusal:
        return refusal.answer
    except (TypeError, ValueError, OverflowError) as error:
        return problem(400, str(error))


def _status(settings: Mapping[str, Any], service: Service) -> Answer:
    sandboxes = {}
    for name, sandbox in list(service.store.sandboxes.items()):
        sandboxes[name] = {
            "id": sandbox.id,
            "datasets": [
                {
                    "id": each.id,
                    "name": each.name,
                    "class": each.schema_class,
                    "ignoredIdentityMaps": sandbox.ignored_maps.get(each.id, 0),
                }
                for each in sandbox.datasets()
            ],
            "mergePolicies": [{"id": each.id, "name": each.name} for each in sandbox.policies()],
        }
    return Answer(
        200,
        {
            "dialect": service.dialect.name,
            "nowMs": service.clock.now_ms(),
            "requests": service.requests.counts(),
            "faults": len(service.faults.pending()),
            "sandboxes": sandboxes,
        },
    )


def _reset(settings: Mapping[str, Any], service: Service) -> Answer:
    _check_names(settings)
    service.reset()
    return Answer(200, {"reset": True})


def _list_faults(settings: Mapping[str, Any], service: Service) -> Answer:
    return Answer(200, {"faults": service.faults.pending()})


def _add_fault(settings: Mapping[str, Any], service: Service) -> Answer:
    values = dict(settings)
    if "failJob" in values:
        kind, times = values.pop("failJob"), values.pop("times", 1)
        service.faults.fail_job(kind, times=times, **values)
        return _list_faults(settings, service)
    if "queueStreaming" in values:
        _check_names(values, "queueStreaming")
        service.faults.queue_streaming(values["queueStreaming"])
        return _list_faults(settings, service)
    operation, times = values.pop("operation", ""), values.pop("times", 1)
    # `"times": null` is how JSON says "always".
    service.faults.add(operation, fault_from_json(values), times=times)
    return _list_faults(settings, service)


def _clear_faults(settings: Mapping[str, Any], service: Service) -> Answer:
    service.faults.clear()
    return _list_faults(settings, service)


def _show_clock(settings: Mapping[str, Any], service: Service) -> Answer:
    return Answer(200, {"nowMs": service.clock.now_ms()})


def _move_clock(settings: Mapping[str, Any], service: Service) -> Answer:
    _check_names(settings, "freezeAtMs", "advance")
    at_ms, seconds = settings.get("freezeAtMs"), settings.get("advance", 0)
    if at_ms is not None and not (_is_number(at_ms, int) and 0 <= at_ms <= _LAST_MS):
        raise ValueError("freezeAtMs is a time in milliseconds since 1970, or null for the present one")
    now_ms = service.clock.now_ms() if at_ms is None else at_ms
    if not _is_number(seconds, int, float) or not 0 <= seconds * 1000 <= _LAST_MS - now_ms:
        raise ValueError("advance is a number of seconds from 0, and the year after it has four digits")
    if "freezeAtMs" in settings:
        service.clock.freeze(at_ms)
    if seconds:
        service.clock.advance(float(seconds))
    # So that what has become due is done when the answer comes.
    service.jobs.settle()
    return _show_clock(settings, service)


def _list_requests(settings: Mapping[str, Any], service: Service) -> Answer:
    return Answer(200, {"requests": [received.as_json() for received in service.requests.snapshot()]})


def _clear_requests(settings: Mapping[str, Any], service: Service) -> Answer:
    service.requests.clear()
    return _list_requests(settings, service)


def _sample(settings: Mapping[str, Any], service: Service) -> Answer:
    _check_names(settings, "sandbox")
    name = settings.get("sandbox", "prod")
    if not isinstance(name, str):
        raise TypeError("sandbox is a name")
    if name not in service.store.sandboxes:
        return problem(404, f"there is no sandbox {name!r}")
    preview = service.part(Preview)
    preview.run(name)
    (*_, last) = preview.list_ended(name)
    return Answer(200, {"sandbox": name, "state": service.jobs.state(last), "profiles": last.document.get("profiles")})


async def _load(request: Request, service: Service) -> Answer:
    # It reads files, and its errors tell of them: nobody else's business.
    if not request.is_local:
        return problem(403, "manifests are loaded from the emulator's own machine only")
    settings = _settings(request)
    _check_names(settings, "manifest", "data", "sample")
    # A tenth of the time to start, for emulators that load nothing.
    from rtcp.emulator.manifest.loading import ManifestError, load_manifest

    manifest, data = settings.get("manifest"), settings.get("data")
    if not isinstance(manifest, str) or not isinstance(data, str | None):
        return problem(400, "manifest, and data where given, must be paths on the emulator's machine")
    is_sampled = settings.get("sample", True)
    if not isinstance(is_sampled, bool):
        return problem(400, "sample must be true or false")
    path = Path(manifest)
    if path.exists() and not path.is_file():
        # A device may have no end, and nobody may write into a pipe.
        return problem(400, f"{manifest}: is no file")
    # In a thread: look-ups wait for the store, but tokens are given and connections kept while a large file is read.
    try:
        report = await asyncio.to_thread(load_manifest, service.store, manifest, data=data)
    except (ManifestError, OSError) as error:
        return problem(400, str(error))
    if is_sampled:
        await asyncio.to_thread(service.part(Preview).run, report.sandbox)
    datasets = [{**asdict(each), "file": str(each.file)} for each in report.datasets]
    return Answer(
        200,
        {
            "sandbox": report.sandbox,
            "policies": list(report.policies),
            "datasets": datasets,
            "audiences": list(report.audiences),
        },
    )


def _settings(request: Request) -> Mapping[str, Any]:
    if request.method != "POST":
        return dict(request.query.pairs)
    # A web page can post a form, a text or nothing to this address without asking, but not JSON.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON_TYPE:
        raise Refusal(problem(400, "A valid content-type must be specified"))
    if request.query.pairs:
        raise Refusal(problem(400, "what a POST is to do stands in its body, not in its query"))
    content = decode_json(request.body or b"{}")
    if content is NO_JSON or not isinstance(content, dict):
        raise Refusal(problem(400, "the body is no JSON object"))
    return content


def _check_names(settings: Mapping[str, Any], *known: str) -> None:
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; there are {', '.join(known) or 'no settings'}")


def _is_number(value: object, *kinds: type) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(value)  # type: ignore[arg-type]


_ACTIONS = {
    ("GET", "status"): _status,
    ("GET", "explain"): explain,
    ("POST", "sample"): _sample,
    ("POST", "reset"): _reset,
    ("GET", "faults"): _list_faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "clock"): _show_clock,
    ("POST", "clock"): _move_clock,
    ("GET", "media"): media.show,
    ("POST", "media"): media.change,
    ("DELETE", "media"): media.clear,
    ("GET", "requests"): _list_requests,
    ("DELETE", "requests"): _clear_requests,
}
