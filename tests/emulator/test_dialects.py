"""The three dialects: the same facts in every documented shape, and nothing that no source allows."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

import rtcp.emulator
from rtcp.emulator.http.operations import Dialect

POLICIES = "/data/core/ups/config/mergePolicies"
ENTITIES = "/data/core/ups/access/entities"
DESCRIPTION = json.loads(Path(rtcp.emulator.__file__).with_name("openapi.json").read_text())
in_spec = pytest.mark.parametrize("dialect", ["spec"])
in_hostile = pytest.mark.parametrize("dialect", ["hostile"])
in_all = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])


def described(path, method):
    """A check of 200 answers against the description."""
    response = DESCRIPTION["paths"][path][method]["responses"]["200"]
    schema = response["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({"allOf": [schema], "components": DESCRIPTION["components"]})


def records(answer):
    return {xid: entry for xid, entry in answer.json().items() if xid not in ("_page", "_links")}


def policy_pages(platform, query="limit=1"):
    """Every page, as a client would walk them: on while there is a link or a token."""
    pages = []
    while True:
        page = platform.request("GET", f"{POLICIES}?{query}").json()
        pages.append(page)
        href = page.get("_links", {}).get("next", {}).get("href", "")
        token = page.get("_page", {}).get("next")
        if not href and not token:
            return pages
        query = href.partition("?")[2] if href else f"limit=1&start={token}"


@in_all
def test_a_record_answer_keeps_to_the_description(people, platform):
    assert described(ENTITIES, "get").is_valid(platform.person("mara@example.com").json())


@in_all
def test_a_batch_answer_keeps_to_the_description(people, platform):
    answer = platform.people(("c-1", "crmId"), ("nobody", "Email"), ("mara@example.com", "Email"))

    assert described(ENTITIES, "post").is_valid(answer.json())


@in_all
def test_an_event_answer_keeps_to_the_description(people, platform):
    assert described(ENTITIES, "get").is_valid(platform.events(limit=2).json())


@in_all
def test_a_policy_answer_keeps_to_the_description(platform):
    for page in policy_pages(platform):
        assert described(POLICIES, "get").is_valid(page)


@in_all
def test_every_dialect_tells_the_same_of_a_person(people, platform):
    (entry,) = records(platform.person("mara@example.com")).values()

    assert (entry["entity"]["tier"], entry["entity"]["person"]["name"]["lastName"]) == ("gold", "L")


@in_all
def test_every_policy_comes_once(platform, emulator):
    draft = {
        "schema": {"name": "_xdm.context.profile"},
        "identityGraph": {"type": "none"},
        "attributeMerge": {"type": "timestampOrdered"},
    }
    for _ in range(2):
        platform.post(POLICIES, draft)

    seen = [policy["id"] for page in policy_pages(platform) for policy in page["children"]]
    assert sorted(seen) == sorted(policy.id for policy in emulator.store.sandbox("prod").policies())


@in_all
def test_every_event_comes_once_by_get(people, platform):
    page = platform.events(limit=2).json()
    seen = [child["entityId"] for child in page["children"]]
    while href := page.get("_links", {}).get("next", {}).get("href"):
        page = platform.follow(href).json()
        seen += [child["entityId"] for child in page["children"]]

    assert seen == ["ev-1", "ev-2", "ev-3", "ev-4", "ev-5"]


@in_all
def test_every_event_comes_once_by_post(people, platform):
    body = {
        "schema": {"name": "_xdm.context.experienceevent"},
        "relatedSchema": {"name": "_xdm.context.profile"},
        "identities": [{"relatedEntityId": "c-1", "relatedEntityIdNS": {"code": "crmId"}}],
        "limit": 2,
    }
    seen = []
    while body:
        (page,) = records(platform.post(ENTITIES, body)).values()
        seen += [child["entityId"] for child in page["children"]]
        body = page.get("_links", {}).get("next", {}).get("payload")

    assert seen == ["ev-1", "ev-2", "ev-3", "ev-4", "ev-5"]


@in_all
def test_failures_are_the_same_in_every_dialect(people, platform):
    assert platform.person("nobody@example.com").json() == {"statusCode": "404"}


@in_spec
def test_spec_lists_policies_with_a_count_and_no_links(platform):
    page = platform.get(POLICIES).json()

    assert page["_page"] == {"count": 1}
    assert "_links" not in page


@in_spec
def test_spec_marks_the_primary_identity_with_a_text(people, platform):
    (entry,) = records(platform.person("c-2", "crmId")).values()

    assert entry["entity"]["identities"] == [{"id": "c-2", "namespace": {"code": "crmId"}, "primary": "true"}]


@in_spec
def test_spec_says_which_identity_was_asked_for(people, platform):
    (entry,) = records(platform.people(("c-2", "crmId"))).values()

    assert entry["requestedIdentity"] == {"entityId": "c-2", "entityIdNS": {"code": "crmId"}}


@in_spec
@pytest.mark.parametrize(("asked", "shown"), [("41", 41), ("041", "041"), ("1234567890123456", "1234567890123456")])
def test_spec_prints_an_id_as_a_number_where_none_is_lost(people, platform, asked, shown):
    (entry,) = records(platform.people((asked, "b2b_account"), schema="_xdm.context.account")).values()

    assert entry["requestedIdentity"]["entityId"] == shown


@in_hostile
def test_hostile_leaves_out_what_may_be_absent(people, platform):
    (entry,) = records(platform.people(("c-1", "crmId"))).values()

    assert set(entry) == {"entityId", "sources", "entity", "notInAnySource"}


@in_hostile
def test_hostile_puts_other_keys_beside_the_xids(people, platform):
    assert {"_page", "_links"} < set(platform.person("c-1", "crmId").json())


@in_hostile
def test_hostile_begins_events_with_an_empty_page_and_calls_the_cursor_offsets(people, platform):
    page = platform.events().json()

    assert (page["children"], page["_page"]["count"]) == ([], "0")
    assert "/entities?offsets=ev-1&" in page["_links"]["next"]["href"]


@in_hostile
def test_hostile_writes_numbers_as_texts(people, platform):
    page = platform.events(start="ev-5").json()

    assert page["children"][0]["timestamp"] == "1767607200000"
    assert "_links" not in page


@in_hostile
def test_hostile_puts_empty_pages_around_the_policies(platform):
    assert [len(page["children"]) for page in policy_pages(platform)] == [0, 1, 0]


@in_hostile
def test_hostile_shows_policies_of_very_old_organisations(platform):
    draft = {
        "schema": {"name": "_xdm.context.profile"},
        "identityGraph": {"type": "pdg"},
        "attributeMerge": {"type": "timestampOrdered"},
    }
    created = platform.post(POLICIES, draft).json()
    read = platform.get(f"{POLICIES}/{created['id']}").json()

    assert (created["identityGraph"]["type"], read["identityGraph"]["type"]) == ("pdg", "coop")
    assert (read["version"], read["isActiveOnEdge"]) == ("1", "false")


@in_hostile
def test_hostile_shuffles_keys_but_gives_the_same_answer_to_the_same_question(people, platform):
    first, second = platform.person("c-1", "crmId").text, platform.person("c-1", "crmId").text

    assert first == second
    assert list(json.loads(first)) != sorted(json.loads(first))


@in_hostile
def test_hostile_has_nothing_to_page_when_nothing_is_found(people, platform):
    assert platform.events("nobody@example.com", "Email").json()["_page"]["next"] == ""
    assert "_links" not in platform.get(POLICIES, **{"schema.name": "_xdm.context.account"}).json()


def test_an_unknown_dialect_is_refused():
    with pytest.raises(ValueError, match="'klingon'"):
        Dialect("klingon")
