"""Look-ups of experience events: one profile's by GET, several profiles' by POST."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rtcp.emulator.clock import write_instant
from rtcp.emulator.http.operations import route
from rtcp.emulator.http.paging import href_of_events, payload_of_events
from rtcp.emulator.http.wire import Answer, Request
from rtcp.emulator.nouns.entities.filters import Predicate, predicate
from rtcp.emulator.nouns.entities.problems import answer_error, entity_error, partial_failure
from rtcp.emulator.nouns.entities.routes import failing_xid, namespace_code, read_fields
from rtcp.emulator.service import Service
from rtcp.emulator.store import PROFILE_CLASS, Event, EventPage, Identity, MergePolicy, Sandbox, StoreError
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


@route("entities.list_events")
def list_events(request: Request, service: Service) -> Answer:
    """Answer pages of events, by GET or by POST."""
    try:
        return _list_of_one(request) if request.method == "GET" else _list_of_many(request)
    except StoreError as error:
        return answer_error(error)


def _list_of_one(request: Request) -> Answer:
    query, sandbox = request.query, request.sandbox
    related = query.first("relatedschema.name")
    if related is None:
        return entity_error(400, "query parameter relatedSchema.name is missing: events belong to a profile")
    # A field script asks with entityId alone, another client sends both: the related one is the documented one.
    if query.first("relatedentityid"):
        identity = sandbox.identity_of(query.first("relatedentityid") or "", query.first("relatedentityidns"))
    elif query.first("entityid"):
        identity = sandbox.identity_of(query.first("entityid") or "", query.first("entityidns"))
    else:
        return entity_error(400, "query parameter relatedEntityId is missing")
    try:
        where = predicate(query.all("property"))
    except ValueError as error:
        return entity_error(400, str(error))
    window = _Window(
        policy=sandbox.policy_for(related, query.first("mergepolicyid")),
        start_ms=_read_integer(query.first("starttime")),
        end_ms=_read_integer(query.first("endtime")),
        orderby=_read_order(query.first("orderby")),
        limit=_read_integer(query.first("limit")) or DEFAULT_LIMIT,
        fields=read_fields(query.first("fields")),
        after=query.first("start", "offsets"),
        where=where,
    )
    page = _read_page(sandbox, identity, window)
    href = href_of_events(query.pairs, page.next) if page.next else ""
    return Answer(200, {**_show_page(page, window), "_links": {"next": {"href": href}}})


def _list_of_many(request: Request) -> Answer:
    body, sandbox = request.content, request.sandbox
    time_filter = body.get("timeFilter", {})
    window = _Window(
        policy=sandbox.policy_for(body["relatedSchema"].get("name", PROFILE_CLASS), body.get("mergePolicyId")),
        start_ms=_read_integer(time_filter.get("startTime")),
        end_ms=_read_integer(time_filter.get("endTime")),
        orderby=_read_order(body.get("orderby", body.get("orderBy"))),
        limit=_read_integer(body.get("limit")) or DEFAULT_LIMIT,
        fields=body.get("fields"),
    )
    found: dict[str, Any] = {}
    failures: list[tuple[str, dict[str, str]]] = []
    for asked in body["identities"]:
        try:
            xid, entry = _show_profile(sandbox, body, asked, window)
        except StoreError as error:
            failures.append((failing_xid(sandbox, asked), answer_error(error).body))
        else:
            found[xid] = entry
    return partial_failure(failures) if failures else Answer(200, found)


def _show_profile(
    sandbox: Sandbox, body: Mapping[str, Any], asked: Mapping[str, Any], window: _Window
) -> tuple[str, dict[str, Any]]:
    identity = sandbox.identity_of(asked["relatedEntityId"], namespace_code(asked.get("relatedEntityIdNS")))
    xid = sandbox.xid(identity)
    page = _read_page(sandbox, identity, replace(window, after=asked.get("start") or None))
    link: dict[str, Any] = {"href": ""}
    if page.next:
        link = {"href": "/entities", "payload": payload_of_events(body, xid, page.next)}
    return xid, {**_show_page(page, window), "_links": {"next": link}}


def _read_page(sandbox: Sandbox, identity: Identity, window: _Window) -> EventPage:
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


def _show_page(page: EventPage, window: _Window) -> dict[str, Any]:
    first = page.events[0].id if page.events else ""
    return {
        "_page": {"orderby": window.orderby, "start": first, "count": len(page.events), "next": page.next or ""},
        "children": [_show_event(event, window.fields) for event in page.events],
    }


def _show_event(event: Event, fields: list[str] | None) -> dict[str, Any]:
    return {
        "relatedEntityId": event.xid,
        "entityId": event.id,
        "timestamp": event.timestamp_ms,
        "entity": event.entity if fields is None else select(event.entity, fields),
        "lastModifiedAt": write_instant(event.ingested_ms),
    }


def _read_order(text: str | None) -> str:
    # A bare plus sign in a query decodes to a blank.
    return "-timestamp" if (text or "").startswith("-") else "timestamp"


def _read_integer(value: str | float | None) -> int | None:
    # JSON numbers have no bounds, the store's integers have.
    return None if value is None else min(int(value), MAX_INTEGER)
