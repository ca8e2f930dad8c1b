"""The events of a person, page after page, in both ways of naming the cursor."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest

import rtcp
from rtcp.errors import BadRequestError, DecodeError, InvalidArgumentError, PagingError, UnprocessableError

pytestmark = pytest.mark.filterwarnings("ignore:the event look-up:PendingDeprecationWarning")
DIALECTS = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
START = datetime(2026, 3, 1, 8, tzinfo=UTC)
ALL = [f"visit-{number}" for number in range(7)]


def ids(events):
    return [event.entity_id for event in events]


@DIALECTS
@pytest.mark.parametrize("page_size", [None, 1, 2, 3, 7, 1000])
def test_yields_all_events_of_the_person_oldest_first(client, visits, page_size):
    assert ids(client.entities.list_events("1", namespace="crmId", page_size=page_size)) == ALL


@DIALECTS
@pytest.mark.parametrize("page_size", [None, 2])
def test_yields_the_newest_first_when_told(client, visits, page_size):
    events = client.entities.list_events("1", namespace="crmId", descending=True, page_size=page_size)

    assert ids(events) == ALL[::-1]


@DIALECTS
def test_finds_the_events_by_any_identity_of_the_person(client, visits):
    xid = client.entities.get("k1", namespace="cardId").entity_id

    by_card = client.entities.list_events(rtcp.Identity("k1", "cardId"), page_size=3)
    by_xid = client.entities.list_events(xid, page_size=3)

    assert ids(by_card) == ids(by_xid) == ALL


@DIALECTS
def test_an_event_tells_whose_it_is_when_it_was_and_what_it_says(client, visits):
    (event,) = client.entities.list_events("2", namespace="crmId")

    assert event.entity_id == "visit-of-another"
    assert event.related_entity_id == client.entities.get("2", namespace="crmId").entity_id
    assert event.timestamp == START
    assert rtcp.xdm_get(event, "page") == "page 0"


@DIALECTS
def test_includes_the_start_and_excludes_the_end(client, visits):
    events = client.entities.list_events(
        "1",
        namespace="crmId",
        occurred_after=START + timedelta(hours=2),
        occurred_before=START + timedelta(hours=5),
        page_size=2,
    )

    assert ids(events) == ALL[2:5]


def test_times_may_be_in_any_zone(client, emulator, visits):
    local = datetime(2026, 3, 1, 13, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    list(client.entities.list_events("1", namespace="crmId", occurred_after=local))

    assert emulator.requests.of("entities.list_events")[0].query["startTime"] == [str(int(START.timestamp()) * 1000)]


@DIALECTS
def test_all_filters_must_hold_on_every_page(client, visits):
    events = client.entities.list_events(
        "1",
        namespace="crmId",
        filters=["commerce.order.priceTotal>=20", "page!=page 6"],
        page_size=1,
    )

    assert ids(events) == ["visit-2"]


def test_a_filter_arrives_as_it_was_written_and_goes_along_to_every_page(client, emulator, visits):
    condition = 'placeContext.localTime<="2026-03-20"&+%'
    list(client.entities.list_events("1", namespace="crmId", filters=[condition, "a=b"]))
    list(client.entities.list_events("1", namespace="crmId", filters=['page!="nowhere & else"'], page_size=4))

    asked = [request.query["property"] for request in emulator.requests.of("entities.list_events")]
    assert asked == [[condition, "a=b"], ['page!="nowhere & else"'], ['page!="nowhere & else"']]


@DIALECTS
def test_returns_only_the_fields_asked_for(client, visits):
    first = client.entities.list_events("1", namespace="crmId", fields=["page"]).first()

    assert first.entity == {"page": "page 0"}


@DIALECTS
def test_policy_none_leaves_the_events_of_other_identities_out(client, visits):
    assert ids(client.entities.list_events("k1", namespace="cardId", merge_policy_id="none")) == []
    assert ids(client.entities.list_events("1", namespace="crmId", merge_policy_id="none")) == ALL


@DIALECTS
@pytest.mark.parametrize("limit", [0, 1, 3, 100])
def test_limit_caps_the_events_and_not_the_pages(client, visits, limit):
    assert ids(client.entities.list_events("1", namespace="crmId", limit=limit, page_size=2)) == ALL[:limit]


def test_fetches_no_page_before_it_is_needed(client, emulator, visits):
    events = client.entities.list_events("1", namespace="crmId", page_size=2)
    assert emulator.requests.count() == 0

    list(itertools.islice(events, 2))

    assert emulator.requests.count("entities.list_events") == 1


def test_iterating_again_starts_again(client, visits):
    events = client.entities.list_events("1", namespace="crmId", page_size=4)

    assert ids(events) == ids(events) == ALL


@DIALECTS
def test_pages_are_yielded_as_the_service_cut_them(client, visits, dialect):
    sizes = [len(page.items) for page in client.entities.list_events("1", namespace="crmId", page_size=3).pages()]

    # The hostile dialect begins with an empty page that has a successor.
    assert sizes == ([0] if dialect == "hostile" else []) + [3, 3, 1]


@pytest.mark.parametrize(("dialect", "cursor"), [("guide", "start"), ("spec", "start"), ("hostile", "offsets")])
def test_the_cursor_goes_back_under_the_name_it_came_with(client, emulator, visits, cursor):
    list(client.entities.list_events("1", namespace="crmId", page_size=4))

    first, *rest = [request.query for request in emulator.requests.of("entities.list_events")]
    assert cursor not in first
    assert rest
    assert all(cursor in query and query["relatedEntityId"] == ["1"] for query in rest)


@pytest.mark.parametrize("href", ["/entities?start=e2&limit=1", "/data/core/ups/access/entities?start=e2&limit=1"])
def test_a_next_link_is_asked_for_at_the_one_place_where_entities_live(client, emulator, visits, href):
    emulator.faults.once("entities.list_events", status=200, body=page("e1", href))
    emulator.faults.once("entities.get", status=200, body=page("e2", ""))

    assert ids(client.entities.list_events("1", namespace="crmId")) == ["e1", "e2"]
    assert {request.path for request in emulator.requests.of("entities.get")} == {"/data/core/ups/access/entities"}


@pytest.mark.parametrize("links", [{}, {"_links": {}}, {"_links": {"next": {}}}, {"_links": {"next": {"href": ""}}}])
def test_no_next_link_of_any_kind_is_the_end(client, emulator, visits, links):
    body = {"children": page("e1", "")["children"], **links}
    emulator.faults.once("entities.list_events", status=200, body=body)

    assert ids(client.entities.list_events("1", namespace="crmId")) == ["e1"]


def test_an_empty_page_with_a_successor_is_not_the_end(client, emulator, visits):
    empty = {"_page": {"count": 0}, "children": [], "_links": page("", next_link("x"))["_links"]}
    emulator.faults.once("entities.list_events", status=200, body=empty)
    emulator.faults.once("entities.list_events", status=200, body=page("e1", ""))

    assert ids(client.entities.list_events("1", namespace="crmId")) == ["e1"]


def test_a_cursor_that_comes_twice_is_an_error_and_no_endless_loop(client, emulator, visits):
    emulator.faults.always("entities.list_events", status=200, body=page("e1", next_link("same")))

    with pytest.raises(PagingError, match="repeated"):
        list(client.entities.list_events("1", namespace="crmId"))
    assert emulator.requests.count("entities.list_events") == 2


def test_a_next_link_to_another_host_is_not_followed(client, emulator, visits):
    emulator.faults.once(
        "entities.list_events", status=200, body=page("e1", "https://elsewhere.example/entities?start=1")
    )

    with pytest.raises(PagingError, match="another host"):
        list(client.entities.list_events("1", namespace="crmId"))
    assert emulator.requests.count("entities.list_events") == 1


def next_link(cursor):
    query = "schema.name=_xdm.context.experienceevent&relatedSchema.name=_xdm.context.profile&relatedEntityId=1"
    return f"/entities?start={cursor}&{query}&relatedEntityIdNS=crmId"


def page(event_id, href):
    event = {"relatedEntityId": "x1", "entityId": event_id, "timestamp": 1772352000000, "entity": {}}
    return {"_page": {"next": ""}, "children": [event], "_links": {"next": {"href": href}}}


@pytest.mark.parametrize("body", [{}, {"children": None}, [], "<html>", {"x1": {"entityId": "x1"}}, {"children": [7]}])
def test_an_answer_that_is_no_page_of_events_is_a_decode_error(client, emulator, visits, body):
    emulator.faults.once("entities.list_events", status=200, body=body)

    with pytest.raises(DecodeError):
        list(client.entities.list_events("1", namespace="crmId"))


@DIALECTS
def test_somebody_without_events_has_none(client, visits):
    assert ids(client.entities.list_events("3", namespace="crmId")) == []


def test_a_person_with_too_many_identities_is_an_error(client, crowd):
    with pytest.raises(UnprocessableError, match=r"(?i)too many"):
        list(client.entities.list_events("d7", namespace="deviceId"))


def test_a_filter_that_the_service_cannot_read_is_an_error(client, visits):
    with pytest.raises(BadRequestError, match="property"):
        list(client.entities.list_events("1", namespace="crmId", filters=["no operator"]))


@pytest.mark.parametrize("name", ["occurred_after", "occurred_before"])
def test_a_time_without_a_zone_is_refused(client, emulator, name):
    with pytest.raises(InvalidArgumentError, match=f"{name} has no time zone"):
        client.entities.list_events("1", namespace="crmId", **{name: datetime(2026, 3, 1)})  # noqa: DTZ001

    assert emulator.requests.count() == 0


@pytest.mark.parametrize(
    "options",
    [
        {"page_size": 0},
        {"page_size": 1001},
        {"limit": -1},
        {"filters": ["a=1", "b=1", "c=1", "d=1"]},
        {"filters": "a=1"},
        {"fields": "page"},
        {"fields": []},
    ],
)
def test_refuses_bad_options_before_anything_is_sent(client, emulator, options):
    with pytest.raises(InvalidArgumentError, match=next(iter(options))):
        client.entities.list_events("1", namespace="crmId", **options)

    assert emulator.requests.count() == 0


def test_an_e_mail_address_without_namespace_is_refused(client):
    with pytest.raises(InvalidArgumentError, match="namespace='Email'"):
        client.entities.list_events("mara@example.com")


@pytest.mark.filterwarnings("default")
def test_warns_that_the_look_up_may_go_away_and_points_at_the_caller(client):
    with pytest.warns(PendingDeprecationWarning, match="event look-up") as caught:
        client.entities.list_events("1", namespace="crmId")

    assert caught[0].filename == __file__


def test_sends_only_what_the_caller_gave(client, emulator, visits):
    list(client.entities.list_events("1", namespace="crmId"))

    assert emulator.requests.of("entities.list_events")[0].query == {
        "schema.name": ["_xdm.context.experienceevent"],
        "relatedSchema.name": ["_xdm.context.profile"],
        "relatedEntityId": ["1"],
        "relatedEntityIdNS": ["crmId"],
        "orderby": ["+timestamp"],
    }
