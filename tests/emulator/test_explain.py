"""Why a merged person looks as they do: winners, losers and reasons, as the admin path tells them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp.emulator.store import Fragment, Identity, MergePolicy, by_priority, merge_entities
from rtcp.emulator.store.provenance import explain_merge

EXPLAIN = "/_emulator/explain"
POLICIES = "/data/core/ups/config/mergePolicies"


def fragment(dataset, ingested_ms, **entity):
    return Fragment(Identity("crmId", "1"), dataset, entity, ingested_ms, ingested_ms, f"{dataset}-batch")


def policy(*order):
    merge = "dataSetPrecedence" if order else "timestampOrdered"
    return MergePolicy("p", None, "_xdm.context.profile", 1, "pdg", merge, order, False, True, 0)


def explained(*fragments, under=None):
    explanation = explain_merge((Identity("crmId", "1"),), fragments, under)
    return {choice.path: choice for choice in explanation.choices}, explanation


def test_one_source_needs_no_reason():
    choices, _ = explained(fragment("crm", 1, city="Whitby"))

    assert (choices["city"].value, choices["city"].reason, choices["city"].losers) == ("Whitby", "only source", ())


def test_the_newest_ingestion_wins_and_the_loser_is_named():
    choices, _ = explained(fragment("crm", 1, city="Whitby"), fragment("card", 2, city="York"), under=policy())

    city = choices["city"]
    assert (city.winner.dataset_id, city.winner.ingested_ms, city.reason) == ("card", 2, "newest ingestion")
    assert [(loser.dataset_id, loser.value) for loser in city.losers] == [("crm", "Whitby")]


def test_the_first_in_order_wins_over_a_newer_one():
    fragments = (fragment("crm", 1, city="Whitby"), fragment("card", 2, city="York"))
    choices, _ = explained(*fragments, under=policy("crm", "card"))

    assert (choices["city"].value, choices["city"].reason) == ("Whitby", "first in order")


def test_within_one_dataset_time_decides_under_precedence_too():
    older = fragment("crm", 1, city="Whitby")
    newer = Fragment(Identity("crmId", "2"), "crm", {"city": "York"}, 2, 2, "b")
    choices, _ = explained(older, newer, under=policy("crm"))

    assert (choices["city"].value, choices["city"].reason) == ("York", "newest ingestion")


def test_a_dataset_outside_the_order_is_excluded():
    choices, whole = explained(fragment("crm", 1, city="Whitby"), fragment("web", 2, city="York"), under=policy("crm"))

    assert choices["city"].reason == "only source"
    assert [(each.dataset_id, each.ingested_ms) for each in whole.excluded] == [("web", 2)]


def test_objects_are_explained_leaf_by_leaf():
    choices, _ = explained(
        fragment("crm", 1, name={"first": "Jane", "last": "M"}), fragment("card", 2, name={"first": "Janet"})
    )

    assert {path: choice.winner.dataset_id for path, choice in choices.items()} == {
        "name.first": "card",
        "name.last": "crm",
    }


def test_a_plain_value_that_lost_to_an_object_is_a_loser():
    choices, _ = explained(fragment("crm", 1, name="Jane"), fragment("card", 2, name={"first": "Janet"}))

    assert [loser.value for loser in choices["name.first"].losers] == ["Jane"]


def test_an_identity_map_is_a_union():
    choices, _ = explained(
        fragment("crm", 1, identityMap={"Email": [{"id": "a"}]}),
        fragment("card", 2, identityMap={"ECID": [{"id": "b"}]}),
    )

    union = choices["identityMap"]
    assert (union.reason, union.value) == ("union", {"ECID": [{"id": "b"}], "Email": [{"id": "a"}]})
    assert [loser.value for loser in union.losers] == [{"Email": [{"id": "a"}]}]


def leaves(entity, path=()):
    for name, value in entity.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, name))
        elif not isinstance(value, dict):
            yield ".".join((*path, name)), value


ENTITIES = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        st.integers() | st.lists(st.integers(), max_size=2),
        lambda inner: st.dictionaries(st.sampled_from("xyz"), inner, min_size=1, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)


@given(st.lists(ENTITIES, min_size=1, max_size=4), st.permutations(["d0", "d1", "d2", "d3"]), st.booleans())
def test_an_explanation_tells_exactly_what_the_merge_gives(entities, order, by_order):
    fragments = [fragment(f"d{number}", number, **entity) for number, entity in enumerate(entities)]
    chosen = policy(*order[:3]) if by_order else policy()
    merged = merge_entities([each.entity for each in by_priority(fragments, chosen)])
    choices, _ = explained(*fragments, under=chosen)

    assert {path: choice.value for path, choice in choices.items()} == dict(leaves(merged))


def test_the_admin_path_names_datasets_times_and_reasons(people, stranger):
    answer = stranger.get(EXPLAIN, entityId="mara@example.com", entityIdNS="Email").json()
    attributes = {attribute["path"]: attribute for attribute in answer["attributes"]}

    assert answer["sandbox"] == "prod"
    assert len(answer["identities"]) == 3
    assert attributes["crm.id"] == {
        "path": "crm.id",
        "datasetId": "loyalty",
        "datasetName": "Loyalty",
        "ingestedMs": 2_000_000,
        "identity": {"id": "k-1", "namespace": {"code": "cardId"}},
        "value": "c-1",
        "reason": "newest ingestion",
        "losers": [
            {
                "datasetId": "crm",
                "datasetName": "CRM",
                "ingestedMs": 1_000_000,
                "identity": {"id": "c-1", "namespace": {"code": "crmId"}},
                "value": "c-1",
            }
        ],
    }
    assert attributes["tier"]["reason"] == "only source"


def test_the_admin_path_shows_what_a_policy_excludes(people, platform):
    body = {
        "schema": {"name": "_xdm.context.profile"},
        "identityGraph": {"type": "pdg"},
        "attributeMerge": {"type": "dataSetPrecedence", "order": ["crm"]},
    }
    made = platform.post(POLICIES, body).json()
    answer = platform.get(EXPLAIN, entityId="c-1", entityIdNS="crmId", mergePolicyId=made["id"]).json()

    assert answer["mergePolicyId"] == made["id"]
    assert [each["datasetId"] for each in answer["excluded"]] == ["loyalty"]


def test_the_admin_path_takes_the_literal_none(people, stranger):
    answer = stranger.get(EXPLAIN, entityId="c-1", entityIdNS="crmId", mergePolicyId="none").json()

    assert (answer["mergePolicyId"], [each["id"] for each in answer["identities"]]) == (None, ["c-1"])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"entityId": "c-1", "colour": "red"}, 400),
        ({"entityId": "c-1", "entityIdNS": "planet"}, 400),
        ({"entityId": "nobody", "entityIdNS": "crmId"}, 404),
        ({"entityId": "c-1", "entityIdNS": "crmId", "sandbox": "moon"}, 404),
        ({"entityId": "c-1", "entityIdNS": "crmId", "mergePolicyId": "nobody"}, 422),
    ],
)
def test_what_cannot_be_explained_is_refused(people, stranger, query, status):
    assert stranger.get(EXPLAIN, **query).status_code == status


def test_a_person_of_too_many_identities_cannot_be_explained(people, stranger):
    row = {"accountID": "x", "crm": {"id": "c-1"}, "mail": "m-0@example.com"}
    for number in range(60):
        people.store.sandbox("prod").ingest("crm", [{**row, "mail": f"m-{number}@example.com"}])

    assert stranger.get(EXPLAIN, entityId="c-1", entityIdNS="crmId").status_code == 422
