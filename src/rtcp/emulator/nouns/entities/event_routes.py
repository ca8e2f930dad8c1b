"""Look-ups of experience events: one profile's by GET, several profiles' by POST."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rtcp.emulator.http.paging import href_of_events, payload_of_events
from rtcp.emulator.http.problems import entity_error, partial_failure
from rtcp.emulator.http.wire import Answer, Refusal, Request
from rtcp.emulator.nouns.entities.filters import Predicate, predicate
from rtcp.emulator.nouns.entities.lookups import (
    PROFILE_CLASS,
    identity_of,
    instant,
    namespace_code,
    policy_for,
    too_many_identities,
)
from rtcp.emulator.nouns.entities.routes import failing_xid
from rtcp.emulator.service import Service
from rtcp.emulator.store import Event, EventPage, Identity, MergePolicy, Sandbox, TooManyIdentities, UnknownCursor
from rtcp.emulator.xdm_paths import select

DEFAULT_LIMIT = 1000
MAX_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class _Window:
    """Which events are wanted, and in which order."""

    policy: MergePolicy | None
    start_ms: int | None
    end_ms: int | None
    orderby: str
    limit: int
    fields: list[str] | None
    after: str | None = None
    where: Predicate | None = None


def list_events(request: Request, service: Service) -> Answer:
    """Answer pages of events, by GET or by POST."""
    return _of_one(request) if request.method == "GET" else _of_many(request)


def _of_one(request: Request) -> Answer:
    query, sandbox = request.query, request.sandbox
    related = query.first("relatedschema.name")
    if related is None:
        return entity_error(400, "query parameter relatedSchema.name is missing: events belong to a profile")
    # A field script asks with entityId alone, another client sends both: the related one is the documented one.
    if query.first("relatedentityid"):
        identity = identity_of(sandbox, query.first("relatedentityid") or "", query.first("relatedentityidns"))
    elif query.first("entityid"):
        identity = identity_of(sandbox, query.first("entityid") or "", query.first("entityidns"))
    else:
        return entity_error(400, "query parameter relatedEntityId is missing")
    try:
        where = predicate(query.all("property"))
    except ValueError as error:
        return entity_error(400, str(error))
    fields = query.first("fields")
    window = _Window(
        policy=policy_for(sandbox, related, query.first("mergepolicyid")),
        start_ms=_integer(query.first("starttime")),
        end_ms=_integer(query.first("endtime")),
        orderby=_order(query.first("orderby")),
        limit=_integer(query.first("limit")) or DEFAULT_LIMIT,
        fields=None if fields is None else [path for path in fields.split(",") if path],
        after=query.first("start", "offsets"),
        where=where,
    )
    page = _page(sandbox, identity, window)
    href = href_of_events(query.pairs, page.next) if page.next else ""
    return Answer(200, {**_envelope(page, window), "_links": {"next": {"href": href}}})


def _of_many(request: Request) -> Answer:
    body, sandbox = request.content, request.sandbox
    time_filter = body.get("timeFilter", {})
    window = _Window(
        policy=policy_for(sandbox, body["relatedSchema"].get("name", PROFILE_CLASS), body.get("mergePolicyId")),
        start_ms=_integer(time_filter.get("startTime")),
        end_ms=_integer(time_filter.get("endTime")),
        orderby=_order(body.get("orderby", body.get("orderBy"))),
        limit=_integer(body.get("limit")) or DEFAULT_LIMIT,
        fields=body.get("fields"),
    )
    found: dict[str, Any] = {}
    failures: list[tuple[str, dict[str, str]]] = []
    for asked in body["identities"]:
        try:
            xid, entry = _entry(sandbox, body, asked, window)
        except Refusal as refusal:
            failures.append((failing_xid(sandbox, asked), refusal.answer.body))
        else:
            found[xid] = entry
    return partial_failure(failures) if failures else Answer(200, found)


def _entry(
    sandbox: Sandbox, body: Mapping[str, Any], asked: Mapping[str, Any], window: _Window
) -> tuple[str, dict[str, Any]]:
    identity = identity_of(sandbox, asked["relatedEntityId"], namespace_code(asked.get("relatedEntityIdNS")))
    xid = sandbox.xid(identity)
    page = _page(sandbox, identity, replace(window, after=asked.get("start") or None))
    link: dict[str, Any] = {"href": ""}
    if page.next:
        link = {"href": "/entities", "payload": payload_of_events(body, xid, page.next)}
    return xid, {**_envelope(page, window), "_links": {"next": link}}


def _page(sandbox: Sandbox, identity: Identity, window: _Window) -> EventPage:
    try:
        return sandbox.events(
            identity,
            policy=window.policy,
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            descending=window.orderby.startswith("-"),
            after=window.after,
            limit=window.limit,
            where=window.where,
        )
    except TooManyIdentities:
        raise too_many_identities() from None
    except UnknownCursor:
        raise Refusal(entity_error(400, "start names no event of this profile")) from None


def _envelope(page: EventPage, window: _Window) -> dict[str, Any]:
    first = page.events[0].id if page.events else ""
    return {
        "_page": {"orderby": window.orderby, "start": first, "count": len(page.events), "next": page.next or ""},
        "children": [_child(event, window.fields) for event in page.events],
    }


def _child(event: Event, fields: list[str] | None) -> dict[str, Any]:
    return {
        "relatedEntityId": event.xid,
        "entityId": event.id,
        "timestamp": event.timestamp_ms,
        "entity": event.entity if fields is None else select(event.entity, fields),
        "lastModifiedAt": instant(event.ingested_ms),
    }


def _order(text: str | None) -> str:
    # A bare plus sign in a query decodes to a blank.
    return "-timestamp" if (text or "").startswith("-") else "timestamp"


def _integer(value: str | float | None) -> int | None:
    # JSON numbers have no bounds, the store's integers have.
    return None if value is None else min(int(value), MAX_INTEGER)
