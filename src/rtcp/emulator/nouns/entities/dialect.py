"""How look-ups differ from dialect to dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtcp.emulator.http.operations import Body, Change, without
from rtcp.emulator.http.paging import href_of_events, payload_of_events
from rtcp.emulator.http.wire import NO_JSON, Request
from rtcp.emulator.store import B2B_CLASSES

# What a record may lack: some documented sample is without it.
_OPTIONAL = ("requestedIdentity", "mergePolicy", "tags", "identityGraph", "lastModifiedAt")
# No source prints a longer id as a number, and a longer one would lose digits in JavaScript.
_MAX_NUMBER_DIGITS = 15


def _guide_records(request: Request, body: Body) -> Body:
    # Only the answers to B2B batches carry requestedIdentity in the guide.
    if request.method == "POST" and _schema_name(request) in B2B_CLASSES:
        return body
    return {xid: without(entry, "requestedIdentity") for xid, entry in body.items()}


def _spec_records(request: Request, body: Body) -> Body:
    return {xid: {**_with_text_primary(entry), **_number_id(entry)} for xid, entry in body.items()}


def _hostile_records(request: Request, body: Body) -> Body:
    changed: Body = {"_page": {}, "_links": {"next": {"href": ""}}}
    for xid, entry in body.items():
        entry = _with_text_primary(without(entry, *_OPTIONAL))
        entity = entry["entity"]
        if "identities" in entity:
            # Codes differ in case from sample to sample, and nobody promises an order.
            entry["entity"] = {**entity, "identities": [_lower_code(item) for item in reversed(entity["identities"])]}
        changed[xid] = {**entry, "notInAnySource": {"kept": True}}
    return changed


def _hostile_events(request: Request, body: Body) -> Body:
    if request.method == "GET":
        changed = _hostile_event_page(body, first=not request.query.first("start", "offsets"))
        cursor = changed["_page"]["next"]
        if cursor:
            changed["_links"] = {"next": {"href": href_of_events(request.query.pairs, cursor, names=("offsets",))}}
        return changed
    asks = request.content
    first = not any(item.get("start") for item in asks["identities"])
    pages: Body = {"_page": {}}
    for xid, page in body.items():
        changed = _hostile_event_page(page, first=first)
        cursor = changed["_page"]["next"]
        if cursor:
            changed["_links"] = {"next": {"href": "/entities", "payload": payload_of_events(asks, xid, cursor)}}
        pages[xid] = changed
    return pages


def _hostile_event_page(page: Body, *, first: bool) -> Body:
    """An empty page before the first one, numbers as text, no links on the last page."""
    paging = dict(page["_page"])
    children = [{**child, "timestamp": str(child["timestamp"]), "notInAnySource": 1} for child in page["children"]]
    if first and children:
        paging.update(count=0, next=paging["start"], start="")
        children = []
    paging["count"] = str(paging["count"])
    return {"_page": paging, "children": children}


def _with_text_primary(entry: Body) -> Body:
    entity = entry["entity"]
    if "identities" not in entity:
        return entry
    listed = [{**item, "primary": "true"} if "primary" in item else item for item in entity["identities"]]
    return {**entry, "entity": {**entity, "identities": listed}}


def _lower_code(item: Mapping[str, Any]) -> Body:
    return {**item, "namespace": {"code": item["namespace"]["code"].lower()}}


def _number_id(entry: Body) -> Body:
    """The requested identity with its id as a number where it reads like one."""
    asked = entry.get("requestedIdentity")
    text = asked["entityId"] if asked else ""
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_NUMBER_DIGITS and str(int(text)) == text):
        return {}
    return {"requestedIdentity": {**asked, "entityId": int(text)}} if asked else {}


def _schema_name(request: Request) -> str:
    if request.content is NO_JSON:
        return request.query.first("schema.name") or ""
    return str(request.content["schema"]["name"])


CHANGES: dict[str, dict[str, Change]] = {
    "guide": {"entities.get": _guide_records, "entities.get_many": _guide_records},
    "spec": {"entities.get": _spec_records, "entities.get_many": _spec_records},
    "hostile": {
        "entities.get": _hostile_records,
        "entities.get_many": _hostile_records,
        "entities.list_events": _hostile_events,
    },
}
