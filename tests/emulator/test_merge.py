"""Merging fragments: priority, leaves, arrays, and the maps that are united."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rtcp.emulator.store import Fragment, Identity, MergePolicy, by_priority, merge_entities

PERSON = Identity("crmId", "C-1")


def fragment(dataset_id: str, entity: dict[str, Any], *, at: int, sequence: int = 0) -> Fragment:
    return Fragment(PERSON, dataset_id, entity, at, sequence, "batch")


def policy(*order: str) -> MergePolicy:
    kind = "dataSetPrecedence" if order else "timestampOrdered"
    return MergePolicy("p", None, "_xdm.context.profile", 1, "pdg", kind, order, False, False, 0)


def merged(fragments: list[Fragment], by: MergePolicy | None) -> dict[str, Any]:
    return merge_entities([each.entity for each in by_priority(fragments, by)])


def test_newest_ingestion_wins_each_leaf():
    old = fragment("a", {"person": {"name": {"firstName": "Ann", "lastName": "Lee"}}}, at=1)
    new = fragment("b", {"person": {"name": {"firstName": "Anna"}}}, at=2)

    assert merged([old, new], policy()) == {"person": {"name": {"firstName": "Anna", "lastName": "Lee"}}}


def test_the_later_write_of_one_millisecond_wins():
    first = fragment("a", {"city": "Hull"}, at=5, sequence=1)
    second = fragment("b", {"city": "Oban"}, at=5, sequence=2)

    assert merged([second, first], policy()) == {"city": "Oban"}


def test_precedence_beats_time():
    old = fragment("a", {"city": "Hull"}, at=1)
    new = fragment("b", {"city": "Oban"}, at=2)

    assert merged([new, old], policy("a", "b")) == {"city": "Hull"}


def test_newest_wins_within_one_dataset_of_a_precedence():
    old = fragment("a", {"city": "Hull"}, at=1)
    new = fragment("a", {"city": "Oban"}, at=2)

    assert merged([old, new], policy("a")) == {"city": "Oban"}


def test_unlisted_datasets_contribute_nothing_to_a_precedence():
    assert merged([fragment("b", {"city": "Oban"}, at=2)], policy("a")) == {}


def test_arrays_are_taken_whole():
    old = fragment("a", {"tags": ["x", "y"]}, at=1)
    new = fragment("b", {"tags": ["z"]}, at=2)

    assert merged([old, new], policy()) == {"tags": ["z"]}


def test_an_object_against_a_leaf_is_decided_by_priority():
    leaf = fragment("a", {"home": "Hull"}, at=1)
    tree = fragment("b", {"home": {"city": "Oban"}}, at=2)

    assert merged([leaf, tree], policy()) == {"home": {"city": "Oban"}}
    assert merged([leaf, tree], policy("a", "b")) == {"home": "Hull"}


def test_identity_maps_are_united_and_the_winner_keeps_its_entry():
    old = fragment("a", {"identityMap": {"Email": [{"id": "a@example.com"}, {"id": "b@example.com"}]}}, at=1)
    new = fragment(
        "b", {"identityMap": {"Email": [{"id": "a@example.com", "primary": True}], "ECID": [{"id": "1"}]}}, at=2
    )

    assert merged([old, new], policy())["identityMap"] == {
        "Email": [{"id": "a@example.com", "primary": True}, {"id": "b@example.com"}],
        "ECID": [{"id": "1"}],
    }


def test_memberships_are_united_without_mixing_two_statements():
    old = fragment(
        "a",
        {"segmentMembership": {"ups": {"s1": {"status": "exited", "xdm:n": 1}, "s2": {"status": "realized"}}}},
        at=1,
    )
    new = fragment("b", {"segmentMembership": {"ups": {"s1": {"status": "realized"}}}}, at=2)

    assert merged([old, new], policy())["segmentMembership"] == {
        "ups": {"s1": {"status": "realized"}, "s2": {"status": "realized"}}
    }


def test_a_malformed_identity_map_merges_like_any_leaf():
    good = fragment("a", {"identityMap": {"Email": [{"id": "a@example.com"}]}}, at=1)
    bad = fragment("b", {"identityMap": "none"}, at=2)

    assert merged([good, bad], policy())["identityMap"] == "none"


def test_merging_leaves_its_input_as_it_was():
    old, new = {"a": {"b": 1}}, {"a": {"c": 2}}

    merge_entities([new, old])

    assert (old, new) == ({"a": {"b": 1}}, {"a": {"c": 2}})


NAMES = st.sampled_from(["a", "b", "c", "identityMap", "segmentMembership"])
LEAVES = st.integers(0, 9) | st.sampled_from(["x", "y"]) | st.lists(st.integers(0, 3), max_size=2)
ENTITIES = st.dictionaries(
    NAMES,
    st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_leaves=6),
    max_size=4,
)
FRAGMENTS = st.lists(
    st.builds(
        fragment, st.sampled_from(["d1", "d2", "d3"]), ENTITIES, at=st.integers(0, 3), sequence=st.integers(0, 99)
    ),
    max_size=5,
    unique_by=lambda each: each.sequence,
)


def leaves(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if not isinstance(value, dict):
        return {path: value}
    return {key: leaf for name, item in value.items() for key, leaf in leaves(item, (*path, name)).items()}


@given(FRAGMENTS, st.randoms())
def test_the_order_in_which_fragments_are_found_does_not_matter(fragments, random):
    shuffled = fragments[:]
    random.shuffle(shuffled)

    assert merged(fragments, policy()) == merged(shuffled, policy())


@given(FRAGMENTS)
def test_the_order_of_ingestion_of_fragments_without_conflict_does_not_matter(fragments):
    apart = [fragment(each.dataset_id, {str(i): each.entity}, at=each.ingested_ms) for i, each in enumerate(fragments)]
    turned = [fragment(each.dataset_id, each.entity, at=-each.ingested_ms) for each in apart]

    assert merged(apart, policy()) == merged(turned, policy())


@given(FRAGMENTS, st.sets(st.sampled_from(["d1", "d2", "d3"]), min_size=1))
def test_precedence_never_yields_what_an_unlisted_dataset_says(fragments, listed):
    order = tuple(sorted(listed))
    only_listed = [each for each in fragments if each.dataset_id in listed]

    assert merged(fragments, policy(*order)) == merged(only_listed, policy(*order))


@given(FRAGMENTS)
def test_each_merged_leaf_stands_in_some_fragment(fragments):
    known = [leaves(each.entity) for each in fragments]

    for path, value in leaves(merged(fragments, policy())).items():
        if path and path[0] not in ("identityMap", "segmentMembership"):
            assert any(each.get(path) == value for each in known)


@given(FRAGMENTS)
def test_the_winning_fragment_stands_whole_in_the_result(fragments):
    winner = by_priority(fragments, policy())[:1]
    result = leaves(merged(fragments, policy()))

    for each in winner:
        for path, value in leaves(each.entity).items():
            if path and path[0] != "identityMap":
                assert result[path] == value


@given(ENTITIES)
def test_one_fragment_merges_to_itself(entity):
    assert merge_entities([entity]) == entity
    assert merge_entities([entity, entity]) == merge_entities([entity])
