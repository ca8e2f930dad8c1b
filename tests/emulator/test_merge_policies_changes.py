"""Merge policies: get many, replace, update, delete, and the limit of five."""

from __future__ import annotations

import pytest
from tests.helpers.description import described

from rtcp.emulator.options import Options

POLICIES = "/data/core/ups/config/mergePolicies"
PROFILE = "_xdm.context.profile"


def draft(**changes):
    return {
        "name": "Loyalty first",
        "schema": {"name": PROFILE},
        "identityGraph": {"type": "pdg"},
        "attributeMerge": {"type": "dataSetPrecedence", "order": ["loyalty", "crm"]},
        **changes,
    }


@pytest.fixture
def policy(platform):
    return platform.post(POLICIES, draft()).json()


def built_in(platform):
    return next(each for each in platform.get(POLICIES).json()["children"] if each["name"] == "Default Timebased")


def patch(platform, policy, content):
    return platform.request("PATCH", f"{POLICIES}/{policy['id']}", json=content)


def put(platform, policy, body):
    return platform.request("PUT", f"{POLICIES}/{policy['id']}", json=body)


def test_many_come_under_their_ids_with_207(platform, policy):
    first = built_in(platform)
    answer = platform.post(f"{POLICIES}/bulk-get", {"ids": [{"id": policy["id"]}, {"id": first["id"]}]})

    assert answer.status_code == 207
    assert answer.json() == {"results": {policy["id"]: policy, first["id"]: first}}


@pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
def test_every_answer_keeps_to_the_description(platform, policy):
    many = platform.post(f"{POLICIES}/bulk-get", {"ids": [{"id": policy["id"]}]}).json()
    replaced = put(platform, policy, draft(name="Newest")).json()
    patched = patch(platform, policy, {"op": "add", "path": "/name", "value": "Oldest"}).json()

    assert described(f"{POLICIES}/bulk-get", "post", "207").is_valid(many)
    assert described(f"{POLICIES}/{{mergePolicyId}}", "put").is_valid(replaced)
    assert described(f"{POLICIES}/{{mergePolicyId}}", "patch").is_valid(patched)


def test_an_unknown_id_is_left_out_of_many(platform, policy):
    answer = platform.post(f"{POLICIES}/bulk-get", {"ids": [{"id": "nobody"}, {"id": policy["id"]}]})

    assert list(answer.json()["results"]) == [policy["id"]]


@pytest.mark.parametrize("body", [{}, {"ids": ["1"]}, {"ids": [{}]}, []])
def test_many_needs_ids_in_objects(platform, body):
    assert platform.post(f"{POLICIES}/bulk-get", body).status_code == 400


def test_a_replaced_policy_has_all_fields_of_the_body_and_a_new_version(platform, policy, emulator):
    emulator.clock.advance(60)
    merge = {"type": "timestampOrdered"}
    answer = put(platform, policy, draft(name="Newest", attributeMerge=merge, version=9, id="x", updateEpoch=1))

    assert answer.status_code == 200
    expected = {**policy, "name": "Newest", "attributeMerge": merge, "version": 2}
    assert {**answer.json(), "updateEpoch": 0} == {**expected, "updateEpoch": 0}
    assert answer.json()["updateEpoch"] >= policy["updateEpoch"] + 60


def test_what_a_replacement_leaves_out_has_its_default(platform, policy):
    body = draft(default=True)
    put(platform, policy, body)
    del body["default"], body["name"]

    replaced = put(platform, policy, body).json()
    assert (replaced["default"], "name" in replaced) == (False, False)


def test_an_incomplete_replacement_is_refused(platform, policy):
    assert put(platform, policy, {"name": "x"}).status_code == 400
    assert platform.get(f"{POLICIES}/{policy['id']}").json() == policy


@pytest.mark.parametrize("form", [list, dict])
def test_a_patch_is_a_list_or_a_single_object(platform, policy, form):
    operation = {"op": "add", "path": "/identityGraph.type", "value": "none"}
    answer = patch(platform, policy, [operation] if form is list else operation)

    assert (answer.status_code, answer.json()["identityGraph"]) == (200, {"type": "none"})
    assert answer.json()["version"] == 2


@pytest.mark.parametrize("value", [True, "true"])
@pytest.mark.parametrize(
    ("path", "flag"),
    [("/default", "default"), ("/isActiveOnEdge", "isActiveOnEdge"), ("/idActiveOnEdge", "isActiveOnEdge")],
)
def test_flags_are_patched_by_booleans_and_their_names(platform, policy, path, flag, value):
    assert patch(platform, policy, [{"op": "add", "path": path, "value": value}]).json()[flag] is True


def test_a_patched_default_takes_over(platform, policy):
    patch(platform, policy, [{"op": "add", "path": "/default", "value": "true"}])

    former = built_in(platform)
    assert (former["default"], former["version"]) == (False, 2)


def test_a_replaced_edge_policy_takes_over(platform, policy):
    first = platform.post(POLICIES, draft(isActiveOnEdge=True)).json()
    put(platform, policy, draft(isActiveOnEdge=True))

    assert platform.get(f"{POLICIES}/{first['id']}").json()["isActiveOnEdge"] is False


def test_several_operations_are_one_change(platform, policy):
    changed = patch(
        platform,
        policy,
        [
            {"op": "add", "path": "/name", "value": "Newest"},
            {"op": "add", "path": "/attributeMerge.type", "value": "timestampOrdered"},
        ],
    ).json()

    assert (changed["name"], changed["attributeMerge"], changed["version"]) == (
        "Newest",
        {"type": "timestampOrdered"},
        2,
    )


def test_a_patched_version_is_ignored(platform, policy):
    assert patch(platform, policy, [{"op": "add", "path": "/version", "value": 7}]).json() == policy


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/name", "value": "x"},
        {"op": "add", "path": "/attributeMerge/order", "value": "x"},
        {"op": "add", "path": "/default", "value": "perhaps"},
        {"op": "add", "path": "/name", "value": True},
        {"op": "add", "path": "/identityGraph.type", "value": "coop"},
        {"op": "add", "path": "/name"},
    ],
)
def test_a_patch_that_no_source_shows_is_refused(platform, policy, operation):
    assert patch(platform, policy, [operation]).status_code == 400
    assert platform.get(f"{POLICIES}/{policy['id']}").json() == policy


def test_precedence_cannot_be_patched_in_without_an_order(platform):
    operation = {"op": "add", "path": "/attributeMerge.type", "value": "dataSetPrecedence"}
    answer = patch(platform, built_in(platform), [operation])

    assert answer.status_code == 400
    assert "order" in answer.json()["detail"]


def test_a_change_shows_in_the_next_look_up(people, platform):
    loyalty_first = platform.post(
        POLICIES, draft(attributeMerge={"type": "dataSetPrecedence", "order": ["crm"]})
    ).json()
    before = platform.person("c-1", "crmId").json()
    patch(platform, loyalty_first, [{"op": "add", "path": "/default", "value": "true"}])
    after = platform.person("c-1", "crmId").json()

    assert ["tier" in entry["entity"] for answer in (before, after) for entry in answer.values()] == [True, False]


def test_a_deleted_policy_is_gone(platform, policy):
    answer = platform.request("DELETE", f"{POLICIES}/{policy['id']}")

    assert (answer.status_code, answer.content) == (200, b"")
    assert platform.get(f"{POLICIES}/{policy['id']}").status_code == 404


def test_a_policy_on_the_edge_cannot_be_deleted(platform):
    policy = platform.post(POLICIES, draft(isActiveOnEdge=True)).json()

    assert platform.request("DELETE", f"{POLICIES}/{policy['id']}").status_code == 400
    assert platform.get(f"{POLICIES}/{policy['id']}").status_code == 200


def test_without_its_default_a_class_has_no_look_ups_of_its_own_accord(people, platform):
    platform.request("DELETE", f"{POLICIES}/{built_in(platform)['id']}")

    assert platform.person("c-1", "crmId").status_code == 422


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_unknown_policy_is_404(platform, method):
    body = {"PUT": draft(), "PATCH": [{"op": "add", "path": "/name", "value": "x"}]}.get(method)

    assert platform.request(method, f"{POLICIES}/nobody", json=body).status_code == 404


@pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
def test_a_sixth_policy_is_refused_whatever_its_class_and_its_name(platform):
    answers = [platform.post(POLICIES, draft()) for _ in range(4)]
    names = [answer.json().get("name") for answer in answers]

    sixth = platform.post(POLICIES, {**draft(), "schema": {"name": "_xdm.context.account"}})

    assert [answer.status_code for answer in answers] == [200] * 4
    assert len(set(names)) == 1
    assert sixth.status_code == 400
    assert "5 merge policies at most" in sixth.json()["detail"]


def test_a_policy_that_goes_makes_room(platform):
    made = [platform.post(POLICIES, draft()).json()["id"] for _ in range(4)]
    platform.request("DELETE", f"{POLICIES}/{made[0]}")

    assert platform.post(POLICIES, draft()).status_code == 200


def test_the_number_of_policies_can_be_left_open(platform, emulator):
    emulator.service.options = Options(most_policies=None)
    try:
        answers = [platform.post(POLICIES, draft()).status_code for _ in range(6)]
    finally:
        emulator.service.options = Options()

    assert answers == [200] * 6
