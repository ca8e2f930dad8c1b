"""The stub's answers as bytes: invented people in the size and form that the Profile API answers with."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

SINGLE_BYTES: Final = 3_000
BULK_BYTES: Final = 1_120
EVENTS_ON_A_PAGE: Final = 1_000
EVENT_PAGES: Final = 50
ROUTE: Final = "/data/core/ups/access/entities"
COLLECTION: Final = "/collection/batch/"
EXPORTS: Final = "/data/core/ups/export/jobs/"
FILES: Final = 8
FILE_BYTES: Final = 8_000_000
# The id of the export whose files have rows in them.
ROWS_EXPORT: Final = 2
ROWS_IN_A_FILE: Final = 3_000
INLET: Final = "f6ca9706d61de3b78be69e2673ad68ab9fb2cece0c1e1afc071718a0033e6877"
NAMESPACE: Final = "Email"
PERSON: Final = "person-0@bench.example"
# As long as the bearer tokens that IMS hands out.
TOKEN: Final = "b" * 1_200


def person(identity: str) -> dict[str, Any]:
    """One merged profile without padding, as the entities guide shows one: no `requestedIdentity`."""
    xid = xid_of(identity)
    return {
        "entityId": xid,
        "sources": ["5f2a9c3e1b7d4a0194c8e6aa", "5f2a9c3e1b7d4a0194c8e6ab"],
        "tags": ["01J9ZK4T0000000000000000A1"],
        "identityGraph": [xid],
        "entity": {
            "_id": identity,
            "person": {"name": {"firstName": "Ada", "lastName": "Quill"}, "birthYear": 1984, "gender": "female"},
            "personalEmail": {"address": identity, "primary": True},
            "homeAddress": {"city": "Tidewater", "postalCode": "04410", "countryCode": "XX"},
            "identities": [{"id": identity, "namespace": {"code": NAMESPACE}, "primary": True}],
            "identityMap": {NAMESPACE: [{"id": identity, "primary": True}]},
            "segmentMembership": {"ups": {}},
        },
        "lastModifiedAt": "2026-03-02T06:00:00Z",
    }


def xid_of(identity: str) -> str:
    """An opaque id of the usual length."""
    return "B" + base64.urlsafe_b64encode(identity.encode()).decode().rstrip("=")


def padded(profile: dict[str, Any], size: int) -> bytes:
    """`{xid: profile}` without its braces, grown to about `size` bytes by audience memberships."""
    memberships = profile["entity"]["segmentMembership"]["ups"]
    entry = _entry(profile)
    while len(entry) < size:
        memberships[f"0a1b2c3d-0000-4000-8000-{len(memberships):012d}"] = {
            "status": "realized",
            "lastQualificationTime": "2026-02-28T23:10:04Z",
        }
        entry = _entry(profile)
    return entry


def event_page(number: int) -> bytes:
    """One page of events with the link to the next, the last with an empty one."""
    start = number * EVENTS_ON_A_PAGE
    is_last = number == EVENT_PAGES - 1
    # aepp goes on by `offsets`.
    query = f"start={number + 1}&offsets={number + 1}&orderby=timestamp&schema.name=_xdm.context.experienceevent"
    children = [_event(start + index) for index in range(EVENTS_ON_A_PAGE)]
    cursor = "" if is_last else str(number + 1)
    return json.dumps(
        {
            "_page": {"orderby": "timestamp", "start": str(number), "count": len(children), "next": cursor},
            "children": children,
            "_links": {"next": {"href": "" if is_last else f"/entities?{query}"}},
        }
    ).encode()


def _event(number: int) -> dict[str, Any]:
    return {
        "relatedEntityId": xid_of(PERSON),
        "entityId": f"purchase-{number:08d}",
        "timestamp": 1_767_225_600_000 + number * 1_000,
        "entity": {
            "_id": f"purchase-{number:08d}",
            "eventType": "commerce.purchases",
            "timestamp": "2026-01-01T00:00:00Z",
            "commerce": {"purchases": {"value": 1}, "order": {"priceTotal": 12.5, "currencyCode": "USD"}},
            "productListItems": [{"name": "Rope, 8 mm", "quantity": 2}, {"name": "Shackle", "quantity": 1}],
        },
        "lastModifiedAt": "2026-03-02T07:00:00Z",
    }


def _entry(profile: dict[str, Any]) -> bytes:
    return json.dumps({profile["entityId"]: profile}, separators=(",", ":")).encode()[1:-1]


def rows_file() -> bytes:
    """One Parquet file of an export, with people as an export writes them."""
    import pyarrow
    import pyarrow.parquet

    people = [person(f"person-{number}@bench.example")["entity"] for number in range(ROWS_IN_A_FILE)]
    for each in people:
        each.pop("segmentMembership")
        each["identityMap"] = {NAMESPACE: each["identityMap"][NAMESPACE]}
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(people), sink)
    return bytes(sink.getvalue())
