"""Deleting one person: taken at once, done a little later, for profiles only."""

from __future__ import annotations

import pytest

ENTITIES = "/data/core/ups/access/entities"
PROFILE = "_xdm.context.profile"


def delete(platform, entity_id="mara@example.com", namespace="Email", **query):
    asked = {"schema.name": PROFILE, "entityId": entity_id, "entityIdNS": namespace, **query}
    params = {name: value for name, value in asked.items() if value is not None}
    return platform.request("DELETE", ENTITIES, params=params)


def test_a_delete_is_taken_and_done_later(people, platform):
    answer = delete(platform)
    before = platform.person("c-1", "crmId").status_code
    people.clock.advance(5)

    assert (answer.status_code, answer.content, before) == (202, b"", 200)
    assert platform.person("c-1", "crmId").status_code == 404
    assert platform.events().json()["children"] == []


def test_a_delete_takes_one_person_only(people, platform):
    delete(platform)
    people.clock.advance(5)

    assert platform.person("c-2", "crmId").status_code == 200


def test_without_stitching_only_the_own_fragments_go(people, platform):
    delete(platform, "k-1", "cardId", mergePolicyId="none")
    people.clock.advance(5)
    (entry,) = platform.person("c-1", "crmId").json().values()

    assert entry["sources"] == ["crm"]


def test_an_xid_needs_no_namespace(people, platform):
    (xid,) = platform.person("c-1", "crmId").json()

    assert delete(platform, xid, None).status_code == 202


@pytest.mark.parametrize(("entity_id", "namespace"), [("nobody@example.com", "Email"), ("41", "b2b_account")])
def test_whom_no_profile_knows_is_not_found(people, platform, entity_id, namespace):
    answer = delete(platform, entity_id, namespace)

    assert (answer.status_code, answer.json()) == (404, {"statusCode": "404"})


@pytest.mark.parametrize(
    "changes",
    [{"schema.name": "_xdm.context.account"}, {"schema.name": None}, {"entity_id": None}, {"namespace": "planet"}],
)
def test_what_is_no_profile_is_refused(people, platform, changes):
    answer = delete(platform, **changes)

    assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")


def test_a_person_of_events_alone_can_be_deleted(people, platform):
    event = {"_id": "lone", "timestamp": "2026-02-01T10:00:00Z", "crm": {"id": "c-9"}}
    people.store.sandbox("prod").ingest("shop", [event])

    assert delete(platform, "c-9", "crmId").status_code == 202


def test_a_fault_makes_it_fail_in_part(people, platform):
    people.faults.once("entities.delete", partial=[0])
    answer = delete(platform)

    assert answer.status_code == 207
    ((xid, error),) = [(entry["xid"], entry["error"]) for entry in answer.json()]
    assert (xid in platform.person("mara@example.com").json(), error["statusCode"]) == (True, "500")


def test_a_failing_delete_leaves_everything(people, platform):
    people.faults.fail_job("entities.delete")
    delete(platform)
    people.clock.advance(60)

    assert platform.person("c-1", "crmId").status_code == 200


def test_a_delete_whose_policy_is_gone_by_then_leaves_everything(people, platform):
    body = {
        "schema": {"name": PROFILE},
        "identityGraph": {"type": "none"},
        "attributeMerge": {"type": "timestampOrdered"},
    }
    policy = platform.post("/data/core/ups/config/mergePolicies", body).json()
    delete(platform, "c-1", "crmId", mergePolicyId=policy["id"])
    platform.request("DELETE", f"/data/core/ups/config/mergePolicies/{policy['id']}")
    people.clock.advance(60)

    assert platform.person("c-1", "crmId").status_code == 200
    (job,) = people.service.jobs.of_kind("prod", "entities.delete")
    assert job.document["failure"]["message"] == "the person can no longer be found under the merge policy"
