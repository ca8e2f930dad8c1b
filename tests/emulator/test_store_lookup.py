"""Looking people up in the store: which fragments a policy brings together for an identity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp.emulator.clock import Clock
from rtcp.emulator.store import (
    ACCOUNT_CLASS,
    EVENT_CLASS,
    PROFILE_CLASS,
    Dataset,
    Identity,
    IdentityPath,
    Store,
    TooManyIdentities,
)

CRM = Dataset("crm", "CRM", PROFILE_CLASS, (IdentityPath("crm", "crmId", True), IdentityPath("mail.address", "email")))
CARD = Dataset("card", "Card", PROFILE_CLASS, (IdentityPath("card", "cardId", True), IdentityPath("crm", "crmId")))
JANE = Identity("crmId", "1")


@pytest.fixture
def sandbox():
    store = Store(clock=Clock(frozen_at_ms=1_000), seed=1)
    sandbox = store.sandbox("prod")
    sandbox.put_dataset(CRM)
    sandbox.put_dataset(CARD)
    yield sandbox
    store.close()


@pytest.fixture
def people(sandbox):
    sandbox.ingest(
        "crm", [{"crm": "1", "mail": {"address": "jane@example.com"}, "name": "Jane"}], ingested_ms=20, batch_id="b1"
    )
    sandbox.ingest("card", [{"card": 77, "crm": "1", "name": "Janet", "tier": "gold"}], ingested_ms=10, batch_id="b2")
    return sandbox


def look_up(sandbox, identity, policy="default", schema_name=PROFILE_CLASS):
    chosen = sandbox.default_policy(PROFILE_CLASS) if policy == "default" else policy
    return sandbox.profile(identity, schema_name=schema_name, policy=chosen)


def test_the_default_policy_stitches_over_shared_identities(people):
    found = look_up(people, Identity("cardId", "77"))

    assert (found.entity["name"], found.entity["tier"]) == ("Jane", "gold")


def test_any_identity_of_the_person_finds_the_same_entity(people):
    entities = [
        look_up(people, each).entity for each in (JANE, Identity("cardId", "77"), Identity("Email", "jane@example.com"))
    ]

    assert entities[0] == entities[1] == entities[2]


def test_a_profile_says_where_it_comes_from(people):
    found = look_up(people, JANE)

    assert found.sources == ("crm", "card")
    assert found.tags == ("b1", "b2")
    assert found.last_modified_ms == 20
    assert found.policy_id == people.default_policy(PROFILE_CLASS).id
    assert found.identity == JANE
    assert people.parse_xid(found.xid) == JANE


def test_a_profile_names_all_linked_identities_and_which_own_fragments(people):
    found = look_up(people, JANE)

    assert set(found.identities) == {JANE, Identity("Email", "jane@example.com"), Identity("cardId", "77")}
    assert found.primary == {JANE, Identity("cardId", "77")}


def test_without_a_policy_only_own_fragments_count(people):
    found = look_up(people, JANE, policy=None)

    assert (found.sources, found.identities, found.policy_id) == (("crm",), (JANE,), None)


def test_a_policy_without_graph_stitches_nothing(people):
    unstitched = people.add_policy(
        name=None, schema_name=PROFILE_CLASS, identity_graph="none", attribute_merge="timestampOrdered"
    )

    assert look_up(people, Identity("cardId", "77"), policy=unstitched).entity["name"] == "Janet"


def test_a_secondary_identity_owns_no_fragment(people):
    assert look_up(people, Identity("Email", "jane@example.com"), policy=None) is None


def test_precedence_decides_conflicts_and_leaves_out_unlisted_datasets(people):
    card_only = people.add_policy(
        name=None, schema_name=PROFILE_CLASS, identity_graph="pdg", attribute_merge="dataSetPrecedence", order=["card"]
    )

    found = look_up(people, JANE, policy=card_only)

    assert found.entity == {"card": 77, "crm": "1", "name": "Janet", "tier": "gold"}
    assert found.sources == ("card",)


def test_a_person_is_unknown_under_a_precedence_that_lists_none_of_their_datasets(people):
    people.put_dataset(Dataset("other", "Other", PROFILE_CLASS, (IdentityPath("id", "otherId", True),)))
    other = people.add_policy(
        name=None, schema_name=PROFILE_CLASS, identity_graph="pdg", attribute_merge="dataSetPrecedence", order=["other"]
    )

    assert look_up(people, JANE, policy=other) is None


def test_namespaces_compare_without_case(people):
    found = look_up(people, Identity("EMAIL", "jane@example.com"))

    assert found.identity == Identity("Email", "jane@example.com")


@pytest.mark.parametrize("identity", [Identity("crmId", "2"), Identity("nowhere", "1"), Identity("crmId", "\ud800")])
def test_unknown_identities_find_nobody(people, identity):
    assert look_up(people, identity) is None


def test_a_later_record_replaces_the_fragment(people):
    people.ingest("crm", [{"crm": "1", "city": "Hull"}], ingested_ms=30)

    found = look_up(people, JANE, policy=None)

    assert found.entity == {"crm": "1", "city": "Hull"}


def test_a_record_ingested_at_an_earlier_time_does_not_replace_the_fragment(people):
    people.ingest("crm", [{"crm": "1", "name": "Old"}], ingested_ms=5)

    assert look_up(people, JANE, policy=None).entity["name"] == "Jane"


def test_a_null_attribute_does_not_hide_the_value_of_another_fragment(people):
    people.ingest("crm", [{"crm": "1", "name": None}], ingested_ms=30)

    assert look_up(people, JANE).entity["name"] == "Janet"


def test_links_stay_when_the_record_that_made_them_is_replaced(people):
    people.ingest("card", [{"card": 77, "tier": "silver"}], ingested_ms=30)

    assert look_up(people, JANE).entity["tier"] == "silver"


def test_two_groups_of_identities_become_one_person_when_a_row_links_them(sandbox):
    sandbox.ingest("crm", [{"crm": "1", "name": "Jane"}, {"crm": "2", "mail": {"address": "j@example.com"}}])
    sandbox.ingest("card", [{"card": "a", "crm": "1"}, {"card": "b", "crm": "2"}])
    sandbox.put_dataset(
        Dataset("link", "L", PROFILE_CLASS, (IdentityPath("l", "cardId", True), IdentityPath("r", "cardId")))
    )
    sandbox.ingest("link", [{"l": "a", "r": "b"}])

    assert look_up(sandbox, Identity("Email", "j@example.com")).entity["name"] == "Jane"


def test_fifty_linked_identities_are_stitched(sandbox):
    sandbox.ingest("card", [{"card": number, "crm": "1", "name": "Jane"} for number in range(49)])

    assert len(look_up(sandbox, JANE).identities) == 50


def test_more_than_fifty_linked_identities_are_refused(sandbox):
    sandbox.ingest("card", [{"card": number, "crm": "1"} for number in range(50)])

    with pytest.raises(TooManyIdentities, match="more than 50"):
        look_up(sandbox, JANE)


def test_more_than_fifty_linked_identities_do_not_matter_without_stitching(sandbox):
    sandbox.ingest("card", [{"card": number, "crm": "1", "name": "Jane"} for number in range(60)])

    assert look_up(sandbox, Identity("cardId", "3"), policy=None).entity["card"] == 3


def test_classes_are_kept_apart(people):
    assert look_up(people, JANE, schema_name=ACCOUNT_CLASS) is None


def test_an_identity_that_only_has_events_has_no_record(sandbox):
    sandbox.put_dataset(Dataset("ev", "E", EVENT_CLASS, (IdentityPath("card", "cardId", True),)))
    sandbox.ingest("ev", [{"_id": "e1", "timestamp": "2026-01-01T00:00:00Z", "card": 1}])

    assert look_up(sandbox, Identity("cardId", "1")) is None


def test_accounts_are_stitched_by_their_own_namespace_only(sandbox):
    account = Dataset("acc", "Accounts", ACCOUNT_CLASS, identity_map=True)
    sandbox.put_dataset(account)
    sandbox.ingest(
        "acc",
        [
            {
                "identityMap": {
                    "b2b_account": [{"id": "A", "primary": True}, {"id": "B"}],
                    "Email": [{"id": "x@example.com"}],
                }
            },
            {
                "identityMap": {"b2b_account": [{"id": "C", "primary": True}], "Email": [{"id": "x@example.com"}]},
                "name": "C",
            },
        ],
    )

    found = look_up(sandbox, Identity("b2b_account", "B"), schema_name=ACCOUNT_CLASS)

    assert set(found.identities) == {Identity("b2b_account", "A"), Identity("b2b_account", "B")}


def test_records_of_another_class_link_nothing(sandbox):
    sandbox.put_dataset(
        Dataset("p", "Products", "_shop.product", (IdentityPath("sku", "sku", True), IdentityPath("c", "crmId")))
    )
    sandbox.ingest("p", [{"sku": "S1", "c": "1"}])

    assert look_up(sandbox, Identity("sku", "S1"), schema_name="_shop.product").identities == (Identity("sku", "S1"),)


def test_a_namespace_is_unknown_until_it_is_declared(sandbox):
    assert sandbox.known_namespace("CRMID") == "crmId"
    assert sandbox.known_namespace("ecid") == "ECID"
    assert sandbox.known_namespace("nowhere") is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=15), st.integers(0, 9))
def test_linked_are_exactly_those_that_a_chain_of_rows_joins(edges, asked):
    store = Store(clock=Clock(frozen_at_ms=1_000), seed=1)
    sandbox = store.sandbox("prod")
    sandbox.put_dataset(Dataset("l", "L", PROFILE_CLASS, (IdentityPath("a", "n", True), IdentityPath("b", "n"))))
    sandbox.ingest("l", [{"a": a, "b": b} for a, b in edges])

    reached, waiting = {asked}, [asked]
    while waiting:
        at = waiting.pop()
        near = {b for a, b in edges if a == at} | {a for a, b in edges if b == at}
        waiting.extend(near - reached)
        reached |= near
    found = look_up(sandbox, Identity("n", str(asked)))
    store.close()

    if not any(asked in edge for edge in edges):
        assert found is None
    else:
        assert {identity.id for identity in found.identities} == {str(each) for each in reached}


@pytest.fixture
def full(sandbox):
    """A graph of fifty identities: one crmId, ten cookies, five devices, thirty-four e-mails, in this order."""
    sandbox._database.drops_oldest = True
    kinds = ["AAID"] * 10 + ["IDFA"] * 5 + ["Email"] * 34
    for number, namespace in enumerate(kinds):
        sandbox.ingest("crm", [{"crm": "1", "identityMap": {namespace: [{"id": f"{namespace}-{number}"}]}}])
    return sandbox


def members(sandbox):
    return {identity.id for identity in look_up(sandbox, JANE).identities}


def test_a_graph_of_fifty_is_whole(full):
    assert len(members(full)) == 50


def test_a_graph_that_is_full_lets_its_oldest_cookies_go_then_devices_then_the_rest(full):
    before = members(full)
    gone = []
    for number in range(17):
        full.ingest("crm", [{"crm": "1", "identityMap": {"Email": [{"id": f"new-{number}"}]}}])
        now = members(full)
        assert len(now) == 50
        gone += sorted(before - now)
        before = now

    assert gone[:15] == [f"AAID-{number}" for number in range(10)] + [f"IDFA-{number}" for number in range(10, 15)]
    # The person's own number is older, and comes with every row.
    assert gone[15:] == ["Email-15", "Email-16"]


def test_who_was_let_go_is_a_person_of_their_own(full):
    full.ingest("card", [{"card": "9", "crm": "1"}])

    assert "AAID-0" not in members(full)
    assert look_up(full, Identity("AAID", "AAID-0")) is None


def test_without_the_rule_a_graph_grows_and_is_refused(sandbox):
    for number in range(51):
        sandbox.ingest("crm", [{"crm": "1", "identityMap": {"Email": [{"id": f"m-{number}"}]}}])

    with pytest.raises(TooManyIdentities):
        look_up(sandbox, JANE)
