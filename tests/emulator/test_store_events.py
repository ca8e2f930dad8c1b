"""Reading events from the store: order, windows, paging and filters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp.emulator.clock import Clock
from rtcp.emulator.store import (
    EVENT_CLASS,
    PROFILE_CLASS,
    Dataset,
    Identity,
    IdentityPath,
    Store,
    TooManyIdentities,
    UnknownCursor,
)

JANE = Identity("cardId", "1")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def event(event_id: str, at_ms: int, card: str = "1", **fields: object) -> dict[str, object]:
    return {"_id": event_id, "timestamp": (EPOCH + timedelta(milliseconds=at_ms)).isoformat(), "card": card, **fields}


def new_sandbox(store: Store):
    sandbox = store.sandbox("prod")
    for dataset_id in ("shop", "web"):
        sandbox.put_dataset(Dataset(dataset_id, dataset_id, EVENT_CLASS, (IdentityPath("card", "cardId", True),)))
    links = (IdentityPath("card", "cardId", True), IdentityPath("crm", "crmId"))
    sandbox.put_dataset(Dataset("card", "Card", PROFILE_CLASS, links))
    return sandbox


@pytest.fixture
def sandbox():
    store = Store(clock=Clock(frozen_at_ms=1_000), seed=1)
    yield new_sandbox(store)
    store.close()


def read(sandbox, identity=JANE, policy="default", **options):
    chosen = sandbox.default_policy(PROFILE_CLASS) if policy == "default" else policy
    return sandbox.events(identity, policy=chosen, **{"start_ms": None, "end_ms": None, **options})


def ids(page):
    return [each.id for each in page.events]


def test_events_come_in_order_of_time_then_of_arrival(sandbox):
    sandbox.ingest("shop", [event("b", 20), event("a", 10), event("c", 20)])

    assert ids(read(sandbox)) == ["a", "b", "c"]
    assert ids(read(sandbox, descending=True)) == ["c", "b", "a"]


def test_an_event_says_whose_it_is_and_when_it_came_in(sandbox):
    sandbox.ingest("shop", [event("a", 10, total=5)], ingested_ms=99)

    (found,) = read(sandbox).events

    assert sandbox.parse_xid(found.xid) == JANE
    assert (found.timestamp_ms, found.ingested_ms, found.dataset_id, found.entity["total"]) == (10, 99, "shop", 5)


def test_start_is_inclusive_and_end_exclusive(sandbox):
    sandbox.ingest("shop", [event("a", 10), event("b", 20), event("c", 30)])

    assert ids(read(sandbox, start_ms=10, end_ms=30)) == ["a", "b"]


def test_events_of_linked_identities_are_one_stream(sandbox):
    sandbox.ingest("card", [{"card": "1", "crm": "x"}, {"card": "2", "crm": "x"}])
    sandbox.ingest("shop", [event("a", 10), event("b", 20, card="2"), event("c", 30, card="3")])

    assert ids(read(sandbox, Identity("crmId", "x"))) == ["a", "b"]


def test_without_stitching_only_own_events_count(sandbox):
    sandbox.ingest("card", [{"card": "1", "crm": "x"}, {"card": "2", "crm": "x"}])
    sandbox.ingest("shop", [event("a", 10), event("b", 20, card="2")])

    assert ids(read(sandbox, policy=None)) == ["a"]


def test_unlisted_event_datasets_contribute_nothing_to_a_precedence(sandbox):
    sandbox.ingest("shop", [event("a", 10)])
    sandbox.ingest("web", [event("b", 20)])
    shop_only = sandbox.add_policy(
        name=None, schema_name=PROFILE_CLASS, identity_graph="pdg", attribute_merge="dataSetPrecedence", order=["shop"]
    )

    assert ids(read(sandbox, policy=shop_only)) == ["a"]


def test_a_filter_is_applied_before_the_page_is_cut(sandbox):
    sandbox.ingest("shop", [event(str(n), n, odd=bool(n % 2)) for n in range(10)])

    page = read(sandbox, limit=3, where=lambda entity: entity["odd"])

    assert (ids(page), page.next) == (["1", "3", "5"], "7")


def test_the_cursor_is_the_id_of_the_first_event_of_the_next_page(sandbox):
    sandbox.ingest("shop", [event("a", 10), event("b", 20), event("c", 30)])

    page = read(sandbox, limit=2)

    assert page.next == "c"
    assert ids(read(sandbox, limit=2, after="c")) == ["c"]
    assert read(sandbox, limit=2, after="c").next is None


def test_a_page_that_ends_with_the_events_has_no_cursor(sandbox):
    sandbox.ingest("shop", [event("a", 10), event("b", 20)])

    assert read(sandbox, limit=2).next is None


def test_paging_is_not_confused_by_two_datasets_that_use_the_same_id(sandbox):
    sandbox.ingest("shop", [event("same", 10), event("z", 40)])
    sandbox.ingest("web", [event("b", 20), event("same", 30)])

    seen, cursor = [], None
    while True:
        page = read(sandbox, limit=1, after=cursor)
        seen.extend((each.dataset_id, each.id) for each in page.events)
        cursor = page.next
        if cursor is None:
            break

    assert seen == [("shop", "same"), ("web", "b"), ("web", "same"), ("shop", "z")]


@pytest.mark.parametrize("cursor", ["nothing", "a~7", "a~x", "\ud800"])
def test_a_cursor_of_no_event_is_refused(sandbox, cursor):
    sandbox.ingest("shop", [event("a", 10)])

    with pytest.raises(UnknownCursor):
        read(sandbox, after=cursor)


def test_the_same_event_twice_is_kept_once(sandbox):
    report = sandbox.ingest("shop", [event("a", 10), event("a", 10)])

    assert (report.accepted, [position for position, _ in report.skipped]) == (1, [1])
    assert ids(read(sandbox)) == ["a"]


def test_an_unknown_person_has_no_events(sandbox):
    assert read(sandbox, Identity("cardId", "9")).events == []


def test_events_of_more_than_fifty_linked_identities_are_refused(sandbox):
    sandbox.ingest("card", [{"card": str(number), "crm": "x"} for number in range(51)])

    with pytest.raises(TooManyIdentities):
        read(sandbox)


@given(
    times=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["1", "2"])), max_size=20),
    limit=st.integers(1, 7),
    descending=st.booleans(),
)
def test_pages_put_together_are_the_whole_in_order(times, limit, descending):
    store = Store(clock=Clock(frozen_at_ms=0), seed=1)
    sandbox = new_sandbox(store)
    sandbox.ingest("card", [{"card": "1", "crm": "x"}, {"card": "2", "crm": "x"}])
    sandbox.ingest("shop", [event(str(n), at, card=card) for n, (at, card) in enumerate(times)])

    seen, cursor = [], None
    while True:
        page = read(sandbox, limit=limit, after=cursor, descending=descending)
        assert len(page.events) <= limit
        seen.extend(int(each.id) for each in page.events)
        cursor = page.next
        if cursor is None:
            break
    store.close()

    assert seen == sorted(range(len(times)), key=lambda n: (times[n][0], n), reverse=descending)
