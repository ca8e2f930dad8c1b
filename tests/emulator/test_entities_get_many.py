"""Many records by POST: one entry for each identity asked for, or a list of what failed."""

from __future__ import annotations

import pytest

ENTITIES = "/data/core/ups/access/entities"
PROFILE = "_xdm.context.profile"


def test_every_identity_has_an_entry_under_its_own_xid(people, platform):
    body = platform.people(("c-1", "crmId"), ("c-2", "crmId")).json()
    prod = people.store.sandbox("prod")

    assert set(body) == {prod.xid(prod.parse_xid(xid)) for xid in body}
    assert [entry["entityId"] for entry in body.values()] == list(body)
    assert [entry["entity"]["person"]["name"]["firstName"] for entry in body.values()] == ["Mara", "Teo"]


def test_two_identities_of_one_person_have_two_entries_with_the_same_entity(people, platform):
    first, second = platform.people(("c-1", "crmId"), ("mara@example.com", "Email")).json().values()

    assert first["entityId"] != second["entityId"]
    assert first["entity"] == second["entity"]


def test_one_identity_asked_twice_has_one_entry(people, platform):
    assert len(platform.people(("c-1", "crmId"), ("c-1", "CRMID")).json()) == 1


def test_an_unknown_person_has_an_empty_entry_and_no_error(people, platform):
    answer = platform.people(("nobody@example.com", "Email"))

    ((xid, entry),) = answer.json().items()
    assert entry == {"entityId": xid, "sources": [""], "entity": {}, "lastModifiedAt": "1970-01-01T00:00:00Z"}


def test_xids_are_asked_for_without_a_namespace(people, platform):
    (xid,) = platform.people(("c-1", "crmId")).json()

    assert platform.people(xid).json()[xid]["entity"]["tier"] == "gold"


def test_fields_come_as_a_list(people, platform):
    (entry,) = platform.people(("c-1", "crmId"), fields=["tier", "identities"]).json().values()

    assert set(entry["entity"]) == {"tier", "identities"}


def test_a_policy_in_the_body_is_applied(people, platform):
    (entry,) = platform.people(("c-1", "crmId"), mergePolicyId="none").json().values()

    assert "tier" not in entry["entity"]


def test_an_unknown_policy_fails_the_whole_batch(people, platform):
    assert platform.people(("c-1", "crmId"), mergePolicyId="no-such-policy").status_code == 422


def test_an_identity_that_fails_alone_turns_the_answer_into_a_list_of_failures(people, platform):
    answer = platform.people(("c-1", "crmId"), ("x", "noSuchNamespace"))

    assert answer.status_code == 207
    ((failure,)) = answer.json()
    assert failure["xid"] == "x"
    assert set(failure["error"]) == {"message", "cause", "statusCode"}


def test_a_text_that_is_no_xid_fails_alone(people, platform):
    answer = platform.people(("c-1", "crmId"), "not-an-xid")

    assert [failure["error"]["statusCode"] for failure in answer.json()] == ["400"]


def test_too_many_linked_identities_fail_alone_under_their_xid(people, platform):
    prod = people.store.sandbox("prod")
    prod.ingest("crm", [{"crm": {"id": "c-9"}, "mail": f"m{number}@example.com"} for number in range(50)])

    answer = platform.people(("c-1", "crmId"), ("c-9", "crmId"))

    ((failure,)) = answer.json()
    assert prod.parse_xid(failure["xid"]).id == "c-9"
    assert failure["error"]["statusCode"] == "422"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"schema": {"name": PROFILE}},
        {"schema": {"name": PROFILE}, "identities": []},
        {"schema": {"name": PROFILE}, "identities": [{}]},
        {"schema": {}, "identities": [{"entityId": "c-1"}]},
        {"schema": {"name": PROFILE}, "identities": [{"entityId": 1}]},
        {"schema": {"name": PROFILE}, "identities": [{"entityId": "c-1"}], "fields": "tier"},
    ],
)
def test_a_body_against_the_description_is_a_bad_request_in_the_entities_own_shape(people, platform, body):
    answer = platform.post(ENTITIES, body)

    assert answer.status_code == 400
    assert set(answer.json()) == {"message", "cause", "statusCode"}


def test_a_bad_request_does_not_repeat_the_value_that_is_wrong(people, platform):
    body = {"schema": {"name": PROFILE}, "identities": [{"entityId": ["mara@example.com"]}]}

    assert "mara@example.com" not in platform.post(ENTITIES, body).text


@pytest.mark.parametrize("text", [b"{", b"NaN", b"", b"\xff"])
def test_a_body_that_is_no_json_is_a_bad_request(platform, text):
    answer = platform.request("POST", ENTITIES, data=text, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")


def test_half_a_surrogate_pair_is_answered_like_any_unknown_person(people, platform):
    answer = platform.people(("\ud83d", "crmId"))

    assert [entry["entity"] for entry in answer.json().values()] == [{}]


def test_accounts_carry_the_identity_that_was_asked_for(people, platform):
    answer = platform.people(("41", "b2b_account"), ("42", "b2b_account"), schema="_xdm.context.account")

    asked = [entry["requestedIdentity"] for entry in answer.json().values()]
    assert asked == [
        {"entityId": "41", "entityIdNS": {"code": "b2b_account"}},
        {"entityId": "42", "entityIdNS": {"code": "b2b_account"}},
    ]


def test_profiles_do_not_carry_it(people, platform):
    (entry,) = platform.people(("c-1", "crmId")).json().values()

    assert "requestedIdentity" not in entry
