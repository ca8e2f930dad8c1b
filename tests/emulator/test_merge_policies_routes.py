"""Merge policies: list, get, create."""

from __future__ import annotations

import pytest

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


def names(page):
    return [policy["name"] for policy in page["children"]]


@pytest.fixture
def five(emulator, platform):
    """The built-in policy and four more."""
    for name in ("Echo", "Alpha", "Bravo", "Charlie"):
        platform.post(POLICIES, draft(name=name, attributeMerge={"type": "timestampOrdered"}))
    return platform


def test_a_fresh_sandbox_has_a_default_policy(platform):
    (policy,) = platform.get(POLICIES).json()["children"]

    assert (policy["default"], policy["version"], policy["identityGraph"]) == (True, 1, {"type": "pdg"})


def test_a_policy_carries_organisation_and_sandbox(platform, emulator):
    (policy,) = platform.get(POLICIES).json()["children"]

    assert policy["imsOrgId"] == platform.session.headers["x-gw-ims-org-id"]
    assert policy["sandbox"] == {
        "sandboxId": emulator.store.sandbox("prod").id,
        "sandboxName": "prod",
        "type": "production",
        "default": True,
    }


def test_a_list_is_in_order_of_names(five):
    page = five.get(POLICIES).json()

    assert names(page) == ["Alpha", "Bravo", "Charlie", "Default Timebased", "Echo"]
    assert page["_page"] == {"totalCount": 5, "pageSize": 5}
    assert page["_links"] == {"next": {"href": ""}}


@pytest.mark.parametrize("name", ["orderBy", "orderby"])
def test_a_minus_sign_turns_the_order_round(five, name):
    assert names(five.get(POLICIES, **{name: "-name"}).json())[0] == "Echo"


def test_a_next_link_leads_with_the_documented_prefix(five):
    href = five.get(POLICIES, limit=2).json()["_links"]["next"]["href"]

    assert href.startswith("@/mergePolicies?start=")
    assert href.endswith("&orderBy=&limit=2")


def test_following_the_links_gives_every_policy_once(five):
    page = five.get(POLICIES, limit=2, orderBy="-name").json()
    seen = names(page)
    while page["_links"]["next"]["href"]:
        query = page["_links"]["next"]["href"].partition("?")[2]
        page = five.request("GET", f"{POLICIES}?{query}").json()
        seen += names(page)

    assert seen == ["Echo", "Default Timebased", "Charlie", "Bravo", "Alpha"]


def test_a_start_may_be_a_plain_number(five):
    assert names(five.get(POLICIES, start="3").json()) == ["Default Timebased", "Echo"]


@pytest.mark.parametrize("start", ["bm9uc2Vuc2U=", "%%%", "é", "-1"])
def test_a_start_that_is_no_cursor_is_a_bad_request(platform, start):
    assert platform.get(POLICIES, start=start).status_code == 400


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"default": "true"}, 1),
        ({"default": "false"}, 4),
        ({"schema.name": "_xdm.context.account"}, 0),
        ({"identityGraph.type": "pdg"}, 5),
        ({"identityGraph.type": "none"}, 0),
        ({"attributeMerge.type": "timestampOrdered", "isActiveOnEdge": "false"}, 5),
        ({"version": "2"}, 0),
    ],
)
def test_filters_narrow_the_list(five, query, count):
    assert len(five.get(POLICIES, **query).json()["children"]) == count


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"default": "maybe"}, {"orderBy": "version"}])
def test_a_query_that_cannot_be_answered_is_a_bad_request(platform, query):
    answer = platform.get(POLICIES, **query)

    assert (answer.status_code, answer.json()["title"]) == (400, "BadRequestError")


def test_a_policy_is_read_by_its_id(five):
    policy = five.get(POLICIES).json()["children"][2]

    assert five.get(f"{POLICIES}/{policy['id']}").json() == policy


def test_an_unknown_policy_is_not_found(platform):
    assert platform.get(f"{POLICIES}/none-such").status_code == 404


def test_creating_answers_200_and_the_whole_policy(people, platform):
    answer = platform.post(POLICIES, draft())

    assert answer.status_code == 200
    created = answer.json()
    assert created["attributeMerge"] == {"type": "dataSetPrecedence", "order": ["loyalty", "crm"]}
    assert (created["version"], created["default"], created["isActiveOnEdge"]) == (1, False, False)
    assert created["updateEpoch"] == people.store.sandbox("prod").policy(created["id"]).update_epoch


def test_an_old_policy_has_no_name(platform):
    body = draft(attributeMerge={"type": "timestampOrdered"})
    del body["name"]

    assert "name" not in platform.post(POLICIES, body).json()


def test_a_new_policy_is_applied_to_look_ups(people, platform):
    policy = platform.post(POLICIES, draft(attributeMerge={"type": "dataSetPrecedence", "order": ["crm"]})).json()

    (entry,) = platform.person("mara@example.com", mergePolicyId=policy["id"]).json().values()

    assert entry["sources"] == ["crm"]
    assert "tier" not in entry["entity"]


def test_a_new_default_takes_over_from_the_former_one(platform):
    created = platform.post(POLICIES, draft(default=True)).json()

    defaults = platform.get(POLICIES, default="true").json()["children"]
    assert [policy["id"] for policy in defaults] == [created["id"]]


def test_booleans_may_come_as_texts(platform):
    assert platform.post(POLICIES, draft(isActiveOnEdge="true")).json()["isActiveOnEdge"] is True


def test_an_order_beside_time_order_is_ignored(platform):
    body = draft(attributeMerge={"type": "timestampOrdered", "order": ["crm"]})

    assert platform.post(POLICIES, body).json()["attributeMerge"] == {"type": "timestampOrdered"}


def test_what_the_service_sets_itself_is_ignored(platform):
    created = platform.post(POLICIES, draft(id="mine", version=7, updateEpoch=1, imsOrgId="OTHER@AdobeOrg")).json()

    assert created["version"] == 1
    assert created["id"] != "mine"


@pytest.mark.parametrize(
    "body",
    [
        {},
        draft(schema={}),
        draft(schema={"name": ""}),
        draft(identityGraph={"type": "coop"}),
        draft(identityGraph=None),
        draft(attributeMerge={"type": "newest"}),
        draft(attributeMerge={"type": "dataSetPrecedence"}),
        draft(attributeMerge={"type": "dataSetPrecedence", "order": []}),
        draft(default="perhaps"),
        draft(default="\ud83d"),
    ],
)
def test_an_incomplete_or_wrong_policy_is_a_bad_request_and_is_not_kept(platform, body):
    answer = platform.post(POLICIES, body)

    assert answer.status_code == 400
    assert set(answer.json()) == {"type", "status", "title", "detail"}
    assert len(platform.get(POLICIES).json()["children"]) == 1
