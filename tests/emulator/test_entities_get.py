"""One record by GET: who is found, under which policy, and what the answer holds."""

from __future__ import annotations

import pytest

from rtcp.emulator.store import Dataset, IdentityPath

ENTITIES = "/data/core/ups/access/entities"
PROFILE = "_xdm.context.profile"


def only(answer):
    """The one entry of an answer, which must stand under its own XID."""
    assert answer.status_code == 200, answer.text
    ((xid, entry),) = answer.json().items()
    assert entry["entityId"] == xid
    return entry


def test_a_person_is_stitched_and_merged_over_datasets(people, platform):
    entity = only(platform.person("mara@example.com"))["entity"]

    assert entity["person"]["name"]["firstName"] == "Mara"
    assert entity["tier"] == "gold"


def test_an_answer_names_its_sources_newest_first_and_the_newest_change(people, platform):
    entry = only(platform.person("mara@example.com"))

    assert entry["sources"] == ["loyalty", "crm"]
    assert entry["lastModifiedAt"] == "1970-01-01T00:33:20Z"


def test_an_answer_names_batches_policy_and_graph(people, platform):
    entry = only(platform.person("mara@example.com"))
    prod = people.store.sandbox("prod")

    assert len(entry["tags"]) == 2
    assert entry["mergePolicy"] == {"id": prod.policies()[0].id}
    assert entry["entityId"] in entry["identityGraph"]
    assert len(entry["identityGraph"]) == 3


def test_the_identities_stand_in_the_entity(people, platform):
    listed = only(platform.person("mara@example.com"))["entity"]["identities"]

    assert {"id": "mara@example.com", "namespace": {"code": "Email"}} in listed
    assert {"id": "c-1", "namespace": {"code": "crmId"}, "primary": True} in listed
    assert {"id": "k-1", "namespace": {"code": "cardId"}, "primary": True} in listed


def test_an_xid_needs_no_namespace(people, platform):
    xid = only(platform.person("mara@example.com"))["entityId"]

    assert only(platform.person(xid, namespace=None))["entity"]["tier"] == "gold"


@pytest.mark.parametrize("name", ["entityIdNS", "entityIdNs", "entityidns"])
def test_the_namespace_is_read_under_every_spelling(people, platform, name):
    assert only(platform.person("c-1", namespace=None, **{name: "CRMID"}))["entity"]["mail"] == "mara@example.com"


def test_a_trailing_slash_does_not_matter(people, platform):
    answer = platform.get(f"{ENTITIES}/", **{"schema.name": PROFILE, "entityId": "c-2", "entityIdNS": "crmId"})

    assert answer.status_code == 200


def test_an_unknown_person_is_not_found(people, platform):
    answer = platform.person("nobody@example.com")

    assert (answer.status_code, answer.json()) == (404, {"statusCode": "404"})


def test_the_policy_none_stitches_nothing(people, platform):
    entry = only(platform.person("c-1", "crmId", mergePolicyId="none"))

    assert "tier" not in entry["entity"]
    assert "mergePolicy" not in entry


def test_the_policy_none_does_not_find_a_person_by_an_identity_that_owns_nothing(people, platform):
    assert platform.person("mara@example.com", mergePolicyId="none").status_code == 404


def test_an_unknown_policy_is_unprocessable(people, platform):
    answer = platform.person("mara@example.com", mergePolicyId="no-such-policy")

    assert (answer.status_code, answer.json()["statusCode"]) == (422, "422")
    assert answer.json()["message"] == "provided merge policy is not found"
    assert "UPLIB-101221-404" in answer.json()["cause"]


def test_a_policy_of_another_class_is_not_found(people, platform):
    policy = people.store.sandbox("prod").add_policy(
        name=None,
        schema_name="_xdm.context.account",
        identity_graph="none",
        attribute_merge="timestampOrdered",
    )

    assert platform.person("mara@example.com", mergePolicyId=policy.id).status_code == 422


def test_a_class_without_a_default_policy_is_unprocessable(platform):
    answer = platform.get(ENTITIES, **{"schema.name": "_acme.context.store", "entityId": "7", "entityIdNS": "Email"})

    assert answer.status_code == 422
    assert answer.json()["message"].startswith("UPS-MRG-1000001")


def test_a_class_of_ones_own_is_read_under_the_policy_none(emulator, platform):
    prod = emulator.store.sandbox("prod")
    prod.put_dataset(Dataset("stores", "Stores", "_acme.context.store", (IdentityPath("id", "storeId", True),)))
    prod.ingest("stores", [{"id": "s-7", "city": "Porto"}])

    asked = {"schema.name": "_acme.context.store", "entityId": "s-7", "entityIdNS": "storeId", "mergePolicyId": "none"}
    assert only(platform.get(ENTITIES, **asked))["entity"]["city"] == "Porto"


def test_more_than_fifty_linked_identities_are_unprocessable(people, platform):
    rows = [{"crm": {"id": "c-9"}, "mail": f"m{number}@example.com"} for number in range(50)]
    people.store.sandbox("prod").ingest("crm", rows)

    answer = platform.person("c-9", "crmId")

    assert (answer.status_code, answer.json()["message"]) == (422, "Too many related identities")


@pytest.mark.parametrize(
    "query",
    [
        {"entityId": "c-1", "entityIdNS": "crmId"},
        {"schema.name": PROFILE, "entityIdNS": "crmId"},
        {"schema.name": PROFILE, "entityId": "", "entityIdNS": "crmId"},
        {"schema.name": PROFILE, "entityId": "c-1"},
        {"schema.name": PROFILE, "entityId": "c-1", "entityIdNS": "noSuchNamespace"},
        {"schema.name": PROFILE, "entityId": "c-1", "entityIdNS": "crmId", "limit": "many"},
        {"schema.name": PROFILE, "entityId": "c-1", "entityIdNS": "crmId", "startTime": "-1"},
    ],
)
def test_a_query_that_lacks_something_is_a_bad_request_in_the_entities_own_shape(people, platform, query):
    answer = platform.get(ENTITIES, **query)

    assert answer.status_code == 400
    assert set(answer.json()) == {"message", "cause", "statusCode"}
    assert answer.json()["statusCode"] == "400"


def test_fields_limit_the_entity_to_their_paths(people, platform):
    entity = only(platform.person("mara@example.com", fields="person.name.firstName,tier"))["entity"]

    assert entity == {"person": {"name": {"firstName": "Mara"}}, "tier": "gold"}


def test_identities_are_a_field_of_their_own(people, platform):
    entity = only(platform.person("mara@example.com", fields="identities,tier"))["entity"]

    assert set(entity) == {"identities", "tier"}


def test_an_unknown_field_gives_nothing(people, platform):
    assert only(platform.person("mara@example.com", fields="no.such.path"))["entity"] == {}


def test_old_parameters_are_accepted_and_ignored(people, platform):
    assert only(platform.person("c-2", "crmId", withCA="true"))["entity"]["crm"] == {"id": "c-2"}


def test_an_account_is_resolved_without_a_policy_of_its_class(people, platform):
    asked = {"schema.name": "_xdm.context.account", "entityId": "42", "entityIdNs": "b2b_account"}

    entry = only(platform.get(ENTITIES, **asked))

    assert entry["entity"]["accountID"] == "41"
    assert set(entry) == {"entityId", "mergePolicy", "sources", "entity"}
    assert entry["sources"] == ["er_m_attr"]
