"""Events of one profile by GET, and of several by POST, a page at a time."""

from __future__ import annotations

import pytest

ENTITIES = "/data/core/ups/access/entities"
PROFILE = "_xdm.context.profile"
EVENT = "_xdm.context.experienceevent"


def ids(page):
    return [child["entityId"] for child in page["children"]]


def ask_many(platform, *identities, **body):
    asked = {"schema": {"name": EVENT}, "relatedSchema": {"name": PROFILE}, "identities": list(identities), **body}
    return platform.post(ENTITIES, asked)


def test_events_come_in_order_of_time(people, platform):
    page = platform.events().json()

    assert ids(page) == ["ev-1", "ev-2", "ev-3", "ev-4", "ev-5"]
    assert page["_page"] == {"orderby": "timestamp", "start": "ev-1", "count": 5, "next": ""}
    assert page["_links"] == {"next": {"href": ""}}


def test_an_event_names_its_profile_its_time_and_its_ingestion(people, platform):
    prod = people.store.sandbox("prod")

    event = platform.events(limit=1).json()["children"][0]

    assert prod.parse_xid(event["relatedEntityId"]).id == "c-1"
    assert event["timestamp"] == 1_767_261_600_000
    assert event["lastModifiedAt"] == "1970-01-01T00:50:00Z"
    assert event["entity"]["total"] == 10


def test_events_are_found_by_every_identity_of_the_person(people, platform):
    assert ids(platform.events("mara@example.com", "email").json()) == ["ev-1", "ev-2", "ev-3", "ev-4", "ev-5"]


def test_a_page_links_to_the_next_one_with_the_query_repeated(people, platform):
    page = platform.events(limit=2, fields="total").json()

    assert page["_page"]["next"] == "ev-3"
    assert page["_links"]["next"]["href"].startswith("/entities?start=ev-3&offsets=ev-3&schema.name=_xdm.context.")


def test_following_the_links_gives_every_event_once(people, platform):
    page = platform.events(limit=2, orderby="-timestamp").json()
    seen = ids(page)
    while page["_links"]["next"]["href"]:
        page = platform.follow(page["_links"]["next"]["href"]).json()
        seen += ids(page)

    assert seen == ["ev-5", "ev-4", "ev-3", "ev-2", "ev-1"]


def test_a_cursor_may_be_called_offsets(people, platform):
    assert ids(platform.events(limit=2, offsets="ev-3").json()) == ["ev-3", "ev-4"]


def test_an_unknown_cursor_is_a_bad_request(people, platform):
    assert platform.events(start="ev-99").status_code == 400


def test_the_start_of_a_time_window_is_inside_and_its_end_outside(people, platform):
    at_3rd, at_4th = 1_767_434_400_000, 1_767_520_800_000

    assert ids(platform.events(startTime=at_3rd, endTime=at_4th).json()) == ["ev-3"]


@pytest.mark.parametrize("name", ["orderby", "orderBy"])
@pytest.mark.parametrize(
    ("order", "first"), [("timestamp", "ev-1"), ("+timestamp", "ev-1"), (" timestamp", "ev-1"), ("-timestamp", "ev-5")]
)
def test_the_order_is_read_in_every_spelling(people, platform, name, order, first):
    assert ids(platform.events(**{name: order, "limit": 1}).json()) == [first]


def test_fields_limit_the_events(people, platform):
    assert platform.events(fields="total", limit=1).json()["children"][0]["entity"] == {"total": 10}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["total=20"], ["ev-2"]),
        (["total!=20", "total<=30"], ["ev-1", "ev-3"]),
        (["total>10", "total<40", "web=false"], ["ev-2", "ev-3"]),
        (["web=true"], ["ev-4", "ev-5"]),
        (['timestamp<="2026-01-02"'], ["ev-1", "ev-2"]),
        (['timestamp="20260103"'], ["ev-3"]),
        (["no.such.path=1"], []),
        (["no.such.path!=1", "total>=50"], ["ev-5"]),
    ],
)
def test_property_filters_are_anded(people, platform, filters, found):
    assert ids(platform.events(property=filters).json()) == found


def test_filters_hold_over_the_pages(people, platform):
    page = platform.events(property=["total>=20"], limit=2).json()

    assert ids(platform.follow(page["_links"]["next"]["href"]).json()) == ["ev-4", "ev-5"]


@pytest.mark.parametrize(
    "query",
    [
        {"property": ["a=1", "b=1", "c=1", "d=1"]},
        {"property": ["nonsense"]},
        {"property": ["total>"]},
        {"limit": "0"},
        {"limit": "1001"},
        {"orderby": "total"},
        {"startTime": "yesterday"},
        {"relatedEntityIdNS": "noSuchNamespace"},
        {"relatedEntityId": ""},
        {"relatedSchema.name": ""},
    ],
)
def test_a_query_that_cannot_be_answered_is_a_bad_request(people, platform, query):
    answer = platform.events(**query)

    assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")


def test_the_profile_may_be_named_by_entity_id_alone(people, platform):
    asked = {"schema.name": EVENT, "relatedSchema.name": PROFILE, "entityId": "c-1", "entityIdNS": "crmId"}

    assert len(platform.get(ENTITIES, **asked).json()["children"]) == 5


def test_a_stranger_has_an_empty_page(people, platform):
    page = platform.events("nobody@example.com", "Email").json()

    assert page["_page"] == {"orderby": "timestamp", "start": "", "count": 0, "next": ""}
    assert page["children"] == []


def test_too_many_linked_identities_are_unprocessable(people, platform):
    rows = [{"crm": {"id": "c-9"}, "mail": f"m{number}@example.com"} for number in range(50)]
    people.store.sandbox("prod").ingest("crm", rows)

    assert platform.events("c-9").status_code == 422


def test_a_batch_has_a_page_under_each_profile(people, platform):
    mara = {"relatedEntityId": "mara@example.com", "relatedEntityIdNS": {"code": "Email"}}
    teo = {"relatedEntityId": "c-2", "relatedEntityIdNS": {"code": "crmId"}}

    first, second = ask_many(platform, mara, teo, orderby="-timestamp").json().values()

    assert ids(first)[0] == "ev-5"
    assert second["children"] == []


def test_the_next_page_of_a_batch_is_a_body_to_send_again(people, platform):
    mara = {"relatedEntityId": "c-1", "relatedEntityIdNS": {"code": "crmId"}}
    times = {"startTime": 1_767_261_600_001}
    answer = ask_many(platform, mara, limit=2, fields=["total"], timeFilter=times).json()
    seen = []
    while True:
        ((_, page),) = answer.items()
        seen += ids(page)
        link = page["_links"]["next"]
        if not link["href"]:
            break
        assert link["href"] == "/entities"
        answer = platform.post(ENTITIES, link["payload"]).json()

    assert seen == ["ev-2", "ev-3", "ev-4", "ev-5"]
    assert "payload" not in link


def test_a_profile_that_fails_alone_turns_the_batch_into_a_list_of_failures(people, platform):
    mara = {"relatedEntityId": "c-1", "relatedEntityIdNS": {"code": "crmId"}}
    answer = ask_many(platform, mara, {**mara, "relatedEntityIdNS": {"code": "noSuchNamespace"}})

    assert (answer.status_code, [failure["xid"] for failure in answer.json()]) == (207, ["c-1"])


def test_a_batch_of_events_needs_the_related_class(people, platform):
    body = {"schema": {"name": EVENT}, "identities": [{"relatedEntityId": "x"}]}

    assert platform.post(ENTITIES, body).status_code == 400


def test_numbers_beyond_the_stores_are_taken_as_far_away(people, platform):
    mara = {"relatedEntityId": "c-1", "relatedEntityIdNS": {"code": "crmId"}}
    (page,) = ask_many(platform, mara, timeFilter={"endTime": 1e300}).json().values()

    assert len(page["children"]) == 5
