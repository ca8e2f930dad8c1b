"""Which entry of a bulk answer belongs to whom: never a guess, whatever the answer looks like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp import Entity, Identity
from rtcp.resources.entities import matching as _matching

NAMESPACES = ["Email", "email", "EMAIL", "crmId", "CRMID"]
VALUES = ["1", "01", "2", "x1", "x2"]
XIDS = ["x1", "x2", "x3"]

identities = st.builds(Identity, st.sampled_from(VALUES), st.sampled_from([*NAMESPACES, None]))
named = st.builds(Identity, st.sampled_from(VALUES), st.sampled_from(NAMESPACES))


def entity(*names: Identity, requested: Identity | None = None, mapped: bool = False) -> Entity:
    """An entity that names these identities itself, in its list or in its map."""
    body = (
        {"identityMap": {code: [{"id": each.id} for each in names if each.namespace == code] for code in NAMESPACES}}
        if mapped
        else {"identities": [{"id": each.id, "namespace": {"code": each.namespace}} for each in names]}
    )
    asked = {} if requested is None else {"requestedIdentity": wire(requested)}
    return Entity.model_validate({"entityId": "x", "sources": ["crm"], "entity": body, **asked})


def match(asked: list[Identity], answer: dict[str, Entity]) -> dict:
    return _matching.match([identity.key for identity in asked], answer)


def wire(identity: Identity) -> dict:
    code = {} if identity.namespace is None else {"entityIdNS": {"code": identity.namespace}}
    return {"entityId": identity.id, **code}


entities = st.builds(
    lambda names, requested, mapped: entity(*names, requested=requested, mapped=mapped),
    st.lists(named, max_size=3),
    st.none() | named,
    st.booleans(),
)
answers = st.dictionaries(st.sampled_from(XIDS), entities, max_size=3)
questions = st.lists(identities, min_size=1, max_size=5)


def requested_key(entry: Entity) -> tuple[str, str | None] | None:
    asked = entry.requested_identity
    return None if asked is None else Identity(asked.entity_id, asked.entity_id_ns.code).key


@given(questions, answers)
def test_an_entity_goes_only_to_an_identity_that_it_belongs_to_by_key_by_request_or_by_name(asked, answer):
    for key, entry in match(asked, answer).items():
        names = {identity.key for identity in entry.identities}
        by_xid = key[1] is None and answer.get(key[0]) is entry
        assert by_xid or requested_key(entry) == key or (entry.requested_identity is None and key in names)


@given(questions, answers)
def test_nobody_gets_an_entity_who_did_not_ask(asked, answer):
    assert match(asked, answer).keys() <= {identity.key for identity in asked}


@given(questions, answers, st.randoms(use_true_random=False))
def test_neither_the_order_of_the_questions_nor_that_of_the_answers_matters(asked, answer, chance):
    entries = list(answer.items())
    shuffled = list(asked)
    chance.shuffle(entries)
    chance.shuffle(shuffled)

    assert match(shuffled, dict(entries)) == match(asked, answer)


@given(questions, answers)
def test_an_entity_found_by_name_goes_to_one_identity_only(asked, answer):
    matched = match(asked, answer)
    for key, entry in matched.items():
        if key[1] is not None and entry.requested_identity is None:
            assert [other for other, taken in matched.items() if taken is entry] == [key]


@given(st.lists(named, min_size=1, max_size=3, unique_by=lambda identity: identity.key), st.booleans())
def test_an_entity_that_several_find_themselves_in_is_left_open(asked, mapped):
    matched = match(asked, {"x9": entity(*asked, mapped=mapped)})

    assert len(matched) == (1 if len(asked) == 1 else 0)


def test_an_identity_named_by_two_entities_is_left_open():
    jane = Identity("1", "crmId")

    assert match([jane], {"x1": entity(jane), "x2": entity(jane)}) == {}


def test_two_entities_that_answer_the_same_request_leave_it_open():
    jane = Identity("1", "crmId")

    assert match([jane], {"x1": entity(requested=jane), "x2": entity(requested=jane)}) == {}


def test_ids_that_are_one_number_are_left_open_as_answers_may_print_numbers():
    # "007" is known and answered as 7; "7" is unknown, and must not get the other's data.
    seven = Identity("7", "crmId")
    asked = [seven, Identity("007", "crmId"), Identity("007", "cardId"), Identity("70", "crmId")]

    matched = match(asked, {"x1": entity(seven), "x2": entity(requested=seven), "x3": entity(asked[2])})

    assert list(matched) == [("007", "cardid")]


def test_the_request_that_an_entity_answers_counts_more_than_the_identities_in_it():
    first, second = Identity("1", "crmId"), Identity("2", "crmId")
    answer = {"x1": entity(first, second, requested=second), "x2": entity(first, second, requested=first)}

    assert match([first, second], answer) == {first.key: answer["x2"], second.key: answer["x1"]}


def test_the_answer_to_a_request_counts_more_than_another_entity_with_the_identity_in_it():
    one = Identity("1", "crmId")
    answer = {"x1": entity(one), "x2": entity(one, requested=one)}

    assert match([one], answer) == {one.key: answer["x2"]}


def test_an_entity_that_answers_another_request_is_given_to_nobody_else():
    first = Identity("1", "crmId")

    assert match([first], {"x1": entity(first, requested=Identity("2", "crmId"))}) == {}


def test_an_xid_is_matched_by_the_key_of_its_entry():
    answer = {"x1": entity(), "x2": entity()}

    assert match([Identity("x2")], answer) == {("x2", None): answer["x2"]}


def test_an_entity_taken_by_its_xid_is_not_given_to_an_identity_in_it():
    mail = Identity("mara@example.com", "Email")
    answer = {"x1": entity(mail)}

    assert match([Identity("x1"), mail], answer) == {("x1", None): answer["x1"]}


def test_an_id_in_a_namespace_is_never_taken_for_an_xid():
    assert match([Identity("x1", "crmId")], {"x1": entity()}) == {}


def test_namespaces_compare_without_case_and_ids_with_it():
    answer = {"x1": entity(Identity("ab", "EMAIL"))}

    assert match([Identity("ab", "email")], answer) == {("ab", "email"): answer["x1"]}
    assert match([Identity("AB", "email")], answer) == {}


def test_the_same_id_in_two_namespaces_is_two_identities():
    answer = {"x1": entity(Identity("7", "cardId")), "x2": entity(Identity("7", "crmId"))}

    matched = match([Identity("7", "crmId"), Identity("7", "cardId")], answer)

    assert matched == {("7", "crmid"): answer["x2"], ("7", "cardid"): answer["x1"]}


def test_a_lone_entry_is_not_given_to_the_lone_question():
    assert match([Identity("1", "crmId")], {"x1": entity()}) == {}


@pytest.mark.parametrize("other", ["01", "001"])
@pytest.mark.parametrize("one", ["1", "0001"])
def test_numbers_that_differ_in_their_noughts_are_doubted_and_no_others(one, other):
    asked = [Identity(each, "crmId") for each in (one, other, "x")]

    matched, doubts = _matching.match_with_doubts([each.key for each in asked], {"x1": entity(requested=asked[2])})

    assert (set(matched), set(doubts)) == ({asked[2].key}, {each.key for each in asked[:2]})


def test_who_is_answered_is_not_in_doubt():
    asked = [Identity("1", "crmId"), Identity("2", "crmId")]

    matched, doubts = _matching.match_with_doubts([each.key for each in asked], {"x1": entity(asked[0])})

    assert (set(matched), set(doubts)) == ({asked[0].key}, set())


def test_an_xid_that_is_answered_is_not_in_doubt():
    matched, doubts = _matching.match_with_doubts([("x1", None)], {"x1": entity()})

    assert (set(matched), set(doubts)) == ({("x1", None)}, set())
