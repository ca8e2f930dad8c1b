"""Rows that come together leave what they would leave one by one: packs are for speed alone."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from rtcp.emulator.clock import Clock
from rtcp.emulator.store import EVENT_CLASS, PROFILE_CLASS, Dataset, IdentityPath, Store, linking

CRM = Dataset("crm", "CRM", PROFILE_CLASS, (IdentityPath("ids.crm", "crmId", True), IdentityPath("mail", "Email")))
SHOP = Dataset("shop", "Shop", EVENT_CLASS, (IdentityPath("card", "cardId", True),))
WEB = Dataset("web", "Web", EVENT_CLASS, identity_map=True)
TABLES = (
    "SELECT id, namespace, value, component FROM identity ORDER BY id",
    # Only the order of numbers counts, which may have gaps.
    "SELECT identity, dataset, body, ingested_ms, batch FROM record ORDER BY id",
    "SELECT identity, dataset, event_id, timestamp_ms, body, ingested_ms, batch FROM event ORDER BY id",
)

few = st.sampled_from("abcdef")
crm_row = st.fixed_dictionaries(
    {"ids": st.fixed_dictionaries({"crm": few})},
    optional={"mail": few | st.none(), "tier": st.sampled_from(["gold", "blue"]), "points": st.integers(0, 3)},
)
shop_row = st.fixed_dictionaries(
    {"_id": few, "timestamp": st.just("2026-03-01T10:00:00Z")}, optional={"card": few, "identityMap": st.just({})}
)
map_row = st.builds(
    lambda event_id, people: {
        "_id": event_id,
        "timestamp": "2026-03-01T10:00:00Z",
        "identityMap": {code: [{"id": name}] for code, name in people.items()},
    },
    few,
    st.dictionaries(st.sampled_from(["Email", "crmId", "cardId", "deviceId"]), few, max_size=4),
)
step = (
    st.tuples(st.just("crm"), st.lists(crm_row, min_size=1, max_size=8), st.booleans(), st.integers(1, 3))
    | st.tuples(st.just("shop"), st.lists(shop_row, min_size=1, max_size=8), st.just(False), st.integers(1, 3))
    | st.tuples(st.just("web"), st.lists(map_row, min_size=1, max_size=8), st.just(False), st.integers(1, 3))
)


def left_by(steps, *, one_by_one, drops_oldest):
    store = Store(clock=Clock(frozen_at_ms=1_000), seed=1)
    store.database.drops_oldest = drops_oldest
    sandbox = store.sandbox("prod")
    for dataset in (CRM, SHOP, WEB):
        sandbox.put_dataset(dataset)
    reports = []
    for number, (dataset_id, rows, fills, ingested_ms) in enumerate(steps):
        how = {"fills": fills, "ingested_ms": ingested_ms, "batch_id": f"batch-{number}"}
        if one_by_one:
            each = [sandbox.ingest(dataset_id, [row], **how) for row in rows]
            skipped = [(place, reason) for place, report in enumerate(each) for _, reason in report.skipped]
            reports.append((sum(report.accepted for report in each), skipped))
        else:
            report = sandbox.ingest(dataset_id, rows, **how)
            reports.append((report.accepted, [*report.skipped]))
    with store.database.transaction() as connection:
        tables = [connection.execute(select).fetchall() for select in TABLES]
    store.close()
    return reports, tables


@settings(max_examples=150)
@given(st.lists(step, max_size=5), st.booleans())
def test_rows_that_come_together_leave_what_they_leave_one_by_one(steps, drops_oldest):
    # Small enough for a few rows to reach it.
    with patch.object(linking, "MAX_LINKED_IDENTITIES", 4):
        together = left_by(steps, one_by_one=False, drops_oldest=drops_oldest)
        one_by_one = left_by(steps, one_by_one=True, drops_oldest=drops_oldest)

    assert together == one_by_one


def test_more_rows_than_a_pack_holds_are_all_there():
    rows = [{"ids": {"crm": f"c-{number}"}, "mail": f"m-{number // 2}"} for number in range(1203)]

    reports, (identities, records, _) = left_by([("crm", rows, False, 1)], one_by_one=False, drops_oldest=False)

    assert reports == [(1203, [])]
    assert len(records) == 1203
    # Two of them share an address, and are one.
    assert len({component for *_, component in identities}) == 602
