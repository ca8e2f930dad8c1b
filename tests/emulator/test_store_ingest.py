"""Ingesting rows: what is kept, what is skipped and why, and that a failure leaves nothing behind."""

from __future__ import annotations

import pytest

from rtcp.emulator.clock import Clock
from rtcp.emulator.store import EVENT_CLASS, PROFILE_CLASS, Dataset, Identity, IdentityPath, Store, StoreError

CRM = Dataset("crm", "CRM", PROFILE_CLASS, (IdentityPath("ids.crm", "crmId", True), IdentityPath("mail", "Email")))
MAPPED = Dataset("mapped", "Mapped", PROFILE_CLASS, identity_map=True)
SHOP = Dataset("shop", "Shop", EVENT_CLASS, (IdentityPath("card", "cardId", True),))


@pytest.fixture
def clock():
    return Clock(frozen_at_ms=1_000)


@pytest.fixture
def sandbox(clock):
    store = Store(clock=clock, seed=1)
    sandbox = store.sandbox("prod")
    for dataset in (CRM, MAPPED, SHOP):
        sandbox.put_dataset(dataset)
    yield sandbox
    store.close()


def own(sandbox, namespace, value):
    return sandbox.profile(Identity(namespace, value), schema_name=PROFILE_CLASS, policy=None)


def test_whole_numbers_become_identity_texts(sandbox):
    sandbox.ingest("crm", [{"ids": {"crm": 42}}])

    assert own(sandbox, "crmId", "42").entity == {"ids": {"crm": 42}}


@pytest.mark.parametrize("value", [None, "", "  ", True, 1.5, ["1"], {"id": "1"}, "\ud800"])
def test_a_row_without_a_usable_primary_identity_is_skipped_with_a_reason(sandbox, value):
    report = sandbox.ingest("crm", [{"ids": {"crm": value}}, {"ids": {"crm": "1"}}])

    assert report.accepted == 1
    assert report.skipped == ((0, "no primary identity at 'ids.crm'"),)


def test_a_row_that_lacks_the_object_around_its_identity_is_skipped(sandbox):
    assert sandbox.ingest("crm", [{}, {"ids": "text"}]).accepted == 0


def test_a_null_secondary_identity_is_left_out_and_the_row_kept(sandbox):
    sandbox.ingest("crm", [{"ids": {"crm": "1"}, "mail": None}])

    default = sandbox.default_policy(PROFILE_CLASS)
    found = sandbox.profile(Identity("crmId", "1"), schema_name=PROFILE_CLASS, policy=default)
    assert found.identities == (Identity("crmId", "1"),)


def test_null_attributes_and_objects_of_nothing_else_are_absent(sandbox):
    sandbox.ingest("crm", [{"ids": {"crm": "1"}, "person": {"name": {"firstName": None}}, "tags": [None, 1]}])

    assert own(sandbox, "crmId", "1").entity == {"ids": {"crm": "1"}, "tags": [None, 1]}


def test_rows_are_stamped_by_the_clock_unless_told(sandbox, clock):
    clock.advance(5)
    sandbox.ingest("crm", [{"ids": {"crm": "1"}}])
    sandbox.ingest("crm", [{"ids": {"crm": "2"}}], ingested_ms=7, batch_id="mine")

    assert own(sandbox, "crmId", "1").last_modified_ms == 6_000
    assert (own(sandbox, "crmId", "2").last_modified_ms, own(sandbox, "crmId", "2").tags) == (7, ("mine",))


def test_a_lone_surrogate_of_the_source_survives(sandbox):
    sandbox.ingest("crm", [{"ids": {"crm": "1"}, "note": "\ud83d"}])

    assert own(sandbox, "crmId", "1").entity["note"] == "\ud83d"


@pytest.mark.parametrize("flag", [True, "true"])
def test_the_marked_identity_of_a_map_owns_the_fragment(sandbox, flag):
    sandbox.ingest(
        "mapped", [{"identityMap": {"Phone": [{"id": "1"}], "Email": [{"id": "j@example.com", "primary": flag}]}}]
    )

    assert own(sandbox, "Email", "j@example.com") is not None
    assert own(sandbox, "Phone", "1") is None


def test_the_first_identity_of_a_map_owns_the_fragment_when_none_is_marked(sandbox):
    sandbox.ingest("mapped", [{"identityMap": {"Phone": [{"id": "1"}, {"id": "2"}]}}])

    assert own(sandbox, "Phone", "1") is not None
    assert own(sandbox, "Phone", "2") is None


@pytest.mark.parametrize(
    "identity_map", [None, {}, {"ECID": None}, {"ECID": [None]}, {"ECID": [{"id": None}]}, {"": [{"id": "1"}]}]
)
def test_a_row_whose_map_names_nobody_is_skipped(sandbox, identity_map):
    report = sandbox.ingest("mapped", [{"identityMap": identity_map}])

    assert report.skipped == ((0, "no identity in 'identityMap'"),)


def test_a_namespace_that_a_map_brings_along_is_declared(sandbox):
    sandbox.ingest("mapped", [{"identityMap": {"Nova": [{"id": "1"}]}}])

    assert sandbox.known_namespace("nova") == "Nova"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"_id": None}, "_id"),
        ({"_id": ""}, "_id"),
        ({"_id": 7}, "_id"),
        ({"timestamp": None}, "RFC 3339"),
        ({"timestamp": 1_700_000_000_000}, "RFC 3339"),
        ({"timestamp": "2026-01-01"}, "RFC 3339"),
        ({"timestamp": "2026-01-01T00:00:00"}, "RFC 3339"),
        ({"timestamp": "2026-02-30T00:00:00Z"}, "calendar"),
        ({"card": None}, "primary identity"),
        ({"note": "x" * 10_300}, "10 KB"),
    ],
)
def test_an_event_that_cannot_be_kept_is_skipped_with_a_reason(sandbox, change, reason):
    report = sandbox.ingest("shop", [{"_id": "e", "timestamp": "2026-01-01T00:00:00Z", "card": "1", **change}])

    ((_, said),) = report.skipped
    assert reason in said


@pytest.mark.parametrize(
    ("timestamp", "at_ms"),
    [
        ("1970-01-01T00:00:01Z", 1_000),
        ("1970-01-01t01:00:00.25+01:00", 250),
        ("1969-12-31T23:59:59.999Z", -1),
        ("1970-01-01T00:00:00.123456789Z", 123),
    ],
)
def test_event_times_are_read_to_the_millisecond(sandbox, timestamp, at_ms):
    sandbox.ingest("shop", [{"_id": "e", "timestamp": timestamp, "card": "1"}])

    (found,) = sandbox.events(Identity("cardId", "1"), policy=None, start_ms=None, end_ms=None).events
    assert found.timestamp_ms == at_ms


def test_a_record_larger_than_the_service_keeps_is_skipped(sandbox):
    report = sandbox.ingest("crm", [{"ids": {"crm": "1"}, "note": "x" * 102_400}])

    assert report.skipped == ((0, "larger than the 100 KB that the service keeps"),)


def test_reasons_hold_no_value_of_the_row(sandbox):
    report = sandbox.ingest("shop", [{"_id": "secret-1", "timestamp": "secret-2", "card": "secret-3"}])

    assert "secret" not in str(report.skipped)


def test_an_error_in_the_rows_leaves_nothing_of_them_behind(sandbox):
    def rows():
        yield {"ids": {"crm": "1"}}
        yield {"identityMap": {}, "ids": {"crm": "2"}}
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        sandbox.ingest("crm", rows())

    assert (sandbox.counts().records, sandbox.counts().identities) == (0, 0)


def test_a_namespace_declared_by_rows_that_failed_is_forgotten(sandbox):
    def rows():
        yield {"identityMap": {"Nova": [{"id": "1"}]}}
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        sandbox.ingest("mapped", rows())

    assert sandbox.known_namespace("Nova") is None


def test_rows_for_an_unknown_dataset_are_refused(sandbox):
    with pytest.raises(StoreError, match="has no dataset 'nothing'"):
        sandbox.ingest("nothing", [])


def test_an_identity_path_that_is_none_is_refused(sandbox):
    dataset = Dataset("odd", "Odd", PROFILE_CLASS, (IdentityPath("a..b", "crmId", True),))

    with pytest.raises(StoreError, match=r"dataset 'odd': 'a\.\.b' is no path"):
        sandbox.put_dataset(dataset)


def test_an_identity_may_stand_in_an_array(sandbox):
    dataset = Dataset("mails", "Mails", PROFILE_CLASS, (IdentityPath("mails[0].address", "Email", True),))
    sandbox.put_dataset(dataset)

    report = sandbox.ingest("mails", [{"mails": [{"address": "a@b.c"}]}, {"mails": []}])

    assert (report.accepted, len(report.skipped)) == (1, 1)


@pytest.mark.parametrize(
    "identities", [(), (IdentityPath("a", "x"),), (IdentityPath("a", "x", True), IdentityPath("b", "x", True))]
)
def test_a_dataset_needs_exactly_one_primary_identity(sandbox, identities):
    with pytest.raises(StoreError, match="exactly one primary"):
        sandbox.put_dataset(Dataset("bad", "Bad", PROFILE_CLASS, identities))


def test_the_class_of_a_dataset_cannot_change(sandbox):
    with pytest.raises(StoreError, match="cannot change"):
        sandbox.put_dataset(Dataset("crm", "CRM", EVENT_CLASS, CRM.identities))


def test_a_dataset_declared_anew_takes_its_new_form(sandbox):
    sandbox.put_dataset(Dataset("crm", "New name", PROFILE_CLASS, CRM.identities))

    assert sandbox.dataset("crm").name == "New name"
    assert [dataset.id for dataset in sandbox.datasets()] == ["crm", "mapped", "shop"]


def test_many_rows_that_share_one_secondary_identity_are_linked_quickly(sandbox):
    report = sandbox.ingest("crm", ({"ids": {"crm": number}, "mail": "shared@example.com"} for number in range(3_000)))

    assert report.accepted == 3_000


ECID = "01234567890123456789012345678901234567"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"identityMap": {"ECID": [{"id": "123"}]}}, "38 digits"),
        ({"identityMap": {"ecid": [{"id": ECID + "0"}]}}, "38 digits"),
        ({"identityMap": {"ECID": [{"id": ECID[:-1] + "x"}]}}, "38 digits"),
        ({"identityMap": {"Email": [{"id": "Anonymous"}]}}, "stands for nobody"),
        ({"identityMap": {"Email": [{"id": " null "}]}}, "stands for nobody"),
        ({"ids": {"crm": "invalid"}}, "stands for nobody"),
        ({"identityMap": {"Nova": [{"id": "x" * 1025}]}}, "longer than 1024"),
        ({"identityMap": {"Nova": [{"id": str(number)} for number in range(20)]}}, "more than 20 identities"),
        ({"identityMap": []}, "lists of objects"),
        ({"identityMap": {"Email": "x"}}, "lists of objects"),
        ({"identityMap": {"Email": ["x"]}}, "lists of objects"),
        ({"identityMap": {"Email": [{"id": 1.5}]}}, "lists of objects"),
    ],
)
def test_a_row_whose_identity_can_be_none_is_skipped(sandbox, row, said):
    report = sandbox.ingest("crm", [{"ids": {"crm": "1"}, **row}])

    ((_, reason),) = report.skipped
    assert said in reason


def test_a_row_with_an_ecid_and_twenty_identities_is_kept(sandbox):
    many = [{"id": str(number)} for number in range(18)]

    report = sandbox.ingest("crm", [{"ids": {"crm": "1"}, "identityMap": {"ECID": [{"id": ECID}], "Nova": many}}])

    assert report.accepted == 1


def test_identities_of_the_map_count_beside_those_of_the_paths(sandbox):
    sandbox.ingest("crm", [{"ids": {"crm": "1"}, "identityMap": {"Email": [{"id": "m@example.com", "primary": True}]}}])

    assert own(sandbox, "crmId", "1") is not None
    found = sandbox.profile(
        Identity("Email", "m@example.com"), schema_name=PROFILE_CLASS, policy=sandbox.default_policy(PROFILE_CLASS)
    )
    assert {identity.id for identity in found.identities} == {"1", "m@example.com"}


def test_a_map_that_the_dataset_excludes_is_told(sandbox, caplog):
    path = IdentityPath("ids.crm", "crmId", primary=True)
    sandbox.put_dataset(Dataset("apart", "Apart", PROFILE_CLASS, (path,), identity_map=False))
    rows = [{"ids": {"crm": str(number)}, "identityMap": {"Email": [{"id": "m@example.com"}]}} for number in (7, 8)]

    report = sandbox.ingest("apart", [*rows, {"ids": {"crm": "9"}}])

    assert (report.accepted, report.ignored_maps, sandbox.ignored_maps) == (3, 2, {"apart": 2})
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert own(sandbox, "Email", "m@example.com") is None


def test_half_a_surrogate_pair_in_an_event_id_skips_that_event_alone(sandbox):
    event = {"timestamp": "2026-03-01T10:00:00Z", "card": "1"}

    report = sandbox.ingest("shop", [{"_id": "a", **event}, {"_id": "\ud800", **event}, {"_id": "b", **event}])

    assert (report.accepted, report.skipped) == (2, ((1, "an event needs a text as '_id'"),))


def test_half_a_surrogate_pair_in_a_namespace_skips_that_row_alone(sandbox):
    rows = [{"identityMap": {namespace: [{"id": "x"}]}} for namespace in ("Email", "\ud800", "crmId")]

    report = sandbox.ingest("mapped", rows)

    assert (report.accepted, [position for position, _ in report.skipped]) == (2, [1])
