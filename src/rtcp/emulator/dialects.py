"""The three ways in which the service is described to talk: pure changes to an answer that a route has made.

`guide` is what the product guides print, `spec` what the published OpenAPI says, `hostile` all that both leave open.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from rtcp.emulator.lookups import B2B_CLASSES
from rtcp.emulator.paging import href_of_events, href_of_policies, offset_token, payload_of_events, read_offset
from rtcp.emulator.wire import NO_JSON, Answer, Request

DIALECTS = ("guide", "spec", "hostile")
# What a record may lack: some documented sample is without it.
_OPTIONAL = ("requestedIdentity", "mergePolicy", "tags", "identityGraph", "lastModifiedAt")
# No source prints a longer id as a number, and a longer one would lose digits in JavaScript.
_MAX_NUMBER_DIGITS = 15

Body = dict[str, Any]
Change = Callable[[Request, Body], Body]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect by its name."""

    name: str = "guide"

    def __post_init__(self) -> None:
        if self.name not in DIALECTS:
            raise ValueError(f"no dialect {self.name!r}: choose one of {', '.join(DIALECTS)}")

    def speak(self, request: Request, answer: Answer) -> Answer:
        """The answer as this dialect gives it; failures are the same in all of them."""
        change = _CHANGES[self.name].get(request.operation or "")
        if change is None or answer.status != 200 or not isinstance(answer.body, dict):
            return answer
        body = change(request, answer.body)
        if self.name == "hostile":
            body = _shuffled(body, random.Random(_seed(request)))  # noqa: S311 - chaos, not secrets
        return Answer(200, body, answer.headers, answer.content_type)


def _guide_records(request: Request, body: Body) -> Body:
    # Only the answers to B2B batches carry requestedIdentity in the guide.
    if request.method == "POST" and _schema_name(request) in B2B_CLASSES:
        return body
    return {xid: _without(entry, ("requestedIdentity",)) for xid, entry in body.items()}


def _spec_records(request: Request, body: Body) -> Body:
    return {xid: {**_with_text_primary(entry), **_numbered(entry)} for xid, entry in body.items()}


def _spec_policies(request: Request, body: Body) -> Body:
    paging: Body = {"count": len(body["children"])}
    if body["_links"]["next"]["href"]:
        paging["next"] = offset_token(_offset_after(request, body))
    return {"_page": paging, "children": body["children"]}


def _hostile_records(request: Request, body: Body) -> Body:
    changed: Body = {"_page": {}, "_links": {"next": {"href": ""}}}
    for xid, entry in body.items():
        entry = _with_text_primary(_without(entry, _OPTIONAL))
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


def _hostile_policies(request: Request, body: Body) -> Body:
    """An empty page before the first one and another after the last."""
    children = [_hostile_policy(request, policy) for policy in body["children"]]
    paging = {name: str(value) for name, value in body["_page"].items()}
    limit = int(request.query.first("limit") or "20")
    if request.query.first("start") is None and children:
        return {"_page": {**paging, "pageSize": "0"}, "children": [], "_links": _policies_link(request, 0, limit)}
    if not children:
        return {"_page": paging, "children": []}
    return {
        "_page": paging,
        "children": children,
        "_links": _policies_link(request, _offset_after(request, body), limit),
    }


def _hostile_policy(request: Request, body: Body) -> Body:
    changed = _without(body, ("imsOrgId", "sandbox"))
    for name in ("version", "updateEpoch", "isActiveOnEdge"):
        changed[name] = str(changed[name]).lower()
    # Very old organisations show graph types that cannot be created any more.
    if request.operation != "merge_policies.create" and body["identityGraph"]["type"] == "pdg" and not body["default"]:
        changed["identityGraph"] = {"type": "coop"}
    return {**changed, "notInAnySource": None}


_CHANGES: dict[str, dict[str, Change]] = {
    "guide": {"entities.get": _guide_records, "entities.get_many": _guide_records},
    "spec": {
        "entities.get": _spec_records,
        "entities.get_many": _spec_records,
        "merge_policies.list": _spec_policies,
    },
    "hostile": {
        "entities.get": _hostile_records,
        "entities.get_many": _hostile_records,
        "entities.list_events": _hostile_events,
        "merge_policies.list": _hostile_policies,
        "merge_policies.get": _hostile_policy,
        "merge_policies.create": _hostile_policy,
    },
}


def _without(entry: Mapping[str, Any], names: tuple[str, ...]) -> Body:
    return {name: value for name, value in entry.items() if name not in names}


def _with_text_primary(entry: Body) -> Body:
    entity = entry["entity"]
    if "identities" not in entity:
        return entry
    listed = [{**item, "primary": "true"} if "primary" in item else item for item in entity["identities"]]
    return {**entry, "entity": {**entity, "identities": listed}}


def _lower_code(item: Mapping[str, Any]) -> Body:
    return {**item, "namespace": {"code": item["namespace"]["code"].lower()}}


def _numbered(entry: Body) -> Body:
    """The requested identity with its id as a number where it reads like one."""
    asked = entry.get("requestedIdentity")
    text = asked["entityId"] if asked else ""
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_NUMBER_DIGITS and str(int(text)) == text):
        return {}
    return {"requestedIdentity": {**asked, "entityId": int(text)}} if asked else {}


def _offset_after(request: Request, body: Body) -> int:
    from_start = request.query.first("start")
    return (read_offset(from_start) if from_start else 0) + len(body["children"])


def _policies_link(request: Request, offset: int, limit: int) -> Body:
    return {"next": {"href": href_of_policies(request.query.pairs, offset_token(offset), limit)}}


def _schema_name(request: Request) -> str:
    if request.content is NO_JSON:
        return request.query.first("schema.name") or ""
    return str(request.content["schema"]["name"])


def _shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, list):
        return [_shuffled(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    chance.shuffle(names)
    return {name: _shuffled(value[name], chance) for name in names}


def _seed(request: Request) -> int:
    return zlib.crc32(urlencode(request.query.pairs).encode() + request.body)
