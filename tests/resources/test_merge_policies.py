"""Merge policies: listed whole, read one by one, made once."""

from __future__ import annotations

import itertools
import logging
from datetime import UTC, datetime

import pytest

from rtcp.errors import (
    ConnectError,
    DecodeError,
    InvalidArgumentError,
    NotFoundError,
    PagingError,
    ServerError,
)

DIALECTS = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
PROFILE = "_xdm.context.profile"


def names(policies):
    return [policy.name for policy in policies]


@pytest.fixture
def policies(sandbox):
    """Five policies beside the one that every sandbox has; the one named e is for accounts."""
    made = {}
    for name, graph, order in [("c", "pdg", ()), ("a", "none", ()), ("d", "pdg", ("crm", "card")), ("b", "none", ())]:
        made[name] = sandbox.add_policy(
            name=name,
            schema_name=PROFILE,
            identity_graph=graph,
            attribute_merge="dataSetPrecedence" if order else "timestampOrdered",
            order=order,
            is_active_on_edge=name == "b",
        )
    made["e"] = sandbox.add_policy(
        name="e",
        schema_name="_xdm.context.account",
        identity_graph="pdg",
        attribute_merge="timestampOrdered",
        default=True,
    )
    return made


@DIALECTS
@pytest.mark.parametrize("page_size", [None, 1, 2, 3, 6, 100])
def test_lists_every_policy_by_name_over_all_pages(client, policies, page_size):
    assert names(client.merge_policies.list(page_size=page_size)) == ["Default Timebased", "a", "b", "c", "d", "e"]


@DIALECTS
def test_lists_by_descending_name(client, policies):
    listed = names(client.merge_policies.list(sort_by="name", descending=True, page_size=4))

    assert listed == ["e", "d", "c", "b", "a", "Default Timebased"]


@DIALECTS
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"default": True}, ["Default Timebased", "e"]),
        ({"default": False}, ["a", "b", "c", "d"]),
        ({"schema_name": "_xdm.context.account"}, ["e"]),
        ({"is_active_on_edge": True}, ["b"]),
        ({"identity_graph": "none"}, ["a", "b"]),
        ({"attribute_merge": "dataSetPrecedence"}, ["d"]),
        ({"identity_graph": "none", "is_active_on_edge": False}, ["a"]),
        ({"schema_name": "_xdm.context.opportunity"}, []),
    ],
)
def test_lists_only_what_is_wanted_on_every_page(client, policies, wanted, found):
    assert names(client.merge_policies.list(**wanted, page_size=1)) == found


@DIALECTS
@pytest.mark.parametrize("limit", [0, 2, 6, 50])
def test_limit_caps_the_policies_and_not_the_pages(client, policies, limit):
    assert names(client.merge_policies.list(limit=limit, page_size=1)) == [
        "Default Timebased", "a", "b", "c", "d", "e",
    ][:limit]  # fmt: skip


def test_fetches_no_page_before_it_is_needed(client, emulator, policies):
    listed = client.merge_policies.list(page_size=2)
    assert emulator.requests.count() == 0

    list(itertools.islice(listed, 2))

    assert emulator.requests.count("merge_policies.list") == 1


@DIALECTS
def test_first_is_the_first_or_none(client, policies):
    assert client.merge_policies.list().first().name == "Default Timebased"
    assert client.merge_policies.list(schema_name="_xdm.context.opportunity").first() is None


def test_a_page_knows_the_total_where_the_service_tells(client, policies):
    page = next(client.merge_policies.list(page_size=2).pages())

    assert (len(page.items), page.total) == (2, 6)


@pytest.mark.parametrize("next_of", [{"_links": {"next": {"href": "@/mergePolicies?start=bm8&orderBy="}}}, {}])
def test_follows_links_and_tokens_alike_to_an_empty_last_page(client, emulator, sandbox, next_of):
    policy = client.merge_policies.list().first().to_wire()
    paging = {"_page": {"count": 1}} if next_of else {"_page": {"count": 1, "next": "bm8"}}
    emulator.faults.once("merge_policies.list", status=200, body={**paging, "children": [policy], **next_of})
    emulator.faults.once("merge_policies.list", status=200, body={"_page": {"count": 0}, "children": []})

    assert len(list(client.merge_policies.list())) == 1
    assert emulator.requests.of("merge_policies.list")[-1].query["start"] == ["bm8"]


def test_a_token_with_awkward_characters_goes_back_as_it_came(client, emulator, sandbox):
    token = "a+b/c=&d e"
    emulator.faults.once("merge_policies.list", status=200, body={"_page": {"count": 0, "next": token}, "children": []})
    emulator.faults.once("merge_policies.list", status=200, body={"_page": {"count": 0}, "children": []})

    list(client.merge_policies.list(default=True, page_size=3))

    assert emulator.requests.of("merge_policies.list")[-1].query["start"] == [token]


def test_a_bare_token_keeps_the_filters_of_the_first_page(client, emulator, sandbox):
    emulator.faults.once("merge_policies.list", status=200, body={"_page": {"count": 0, "next": "bm8"}, "children": []})
    emulator.faults.once("merge_policies.list", status=200, body={"_page": {"count": 0}, "children": []})

    list(client.merge_policies.list(default=True, page_size=3))

    assert emulator.requests.of("merge_policies.list")[-1].query == {
        "start": ["bm8"],
        "default": ["true"],
        "limit": ["3"],
    }


def test_a_token_that_comes_twice_is_an_error(client, emulator, sandbox):
    again = {"_page": {"count": 0, "next": "again"}, "children": []}
    emulator.faults.always("merge_policies.list", status=200, body=again)

    with pytest.raises(PagingError):
        list(client.merge_policies.list())


@pytest.mark.parametrize("body", [{}, [], "<html>", {"children": {}}, {"children": [{"id": "x"}]}])
def test_an_answer_that_is_no_list_is_a_decode_error(client, emulator, sandbox, body):
    emulator.faults.once("merge_policies.list", status=200, body=body)

    with pytest.raises(DecodeError):
        list(client.merge_policies.list())


@DIALECTS
def test_gets_one_with_all_that_is_known_of_it(client, policies, dialect):
    policy = client.merge_policies.get(policies["d"].id)

    assert (policy.id, policy.name, policy.version) == (policies["d"].id, "d", 1)
    assert policy.schema_name == PROFILE
    assert policy.identity_graph.type == ("coop" if dialect == "hostile" else "pdg")
    assert (policy.attribute_merge.type, policy.attribute_merge.order) == ("dataSetPrecedence", ["crm", "card"])
    assert (policy.default, policy.is_active_on_edge) == (False, False)
    assert policy.updated_at == datetime.fromtimestamp(policies["d"].update_epoch, UTC)
    assert policy.took_default_from is None


def test_gets_one_of_its_own_sandbox_only(client, policies):
    assert client.merge_policies.get(policies["a"].id).sandbox.sandbox_name == "prod"
    with pytest.raises(NotFoundError):
        client.with_sandbox("dev").merge_policies.get(policies["a"].id)


@pytest.mark.parametrize("policy_id", ["gone", "a/../b", "a b?c#d"])
def test_an_unknown_id_is_an_error(client, emulator, sandbox, policy_id):
    with pytest.raises(NotFoundError) as caught:
        client.merge_policies.get(policy_id)

    assert caught.value.status == 404
    assert emulator.requests.of("merge_policies.get")[0].path.startswith("/data/core/ups/config/mergePolicies/")


@pytest.mark.parametrize("policy_id", ["", ".", "..", " "])
def test_an_id_that_would_leave_its_place_in_the_path_is_refused(client, emulator, policy_id):
    with pytest.raises(InvalidArgumentError):
        client.merge_policies.get(policy_id)

    assert {request.operation for request in emulator.requests} <= {"auth.fetch_token"}


@DIALECTS
def test_creates_a_policy_and_returns_it(client, sandbox):
    made = client.merge_policies.create(
        name="Card first", identity_graph="none", attribute_merge="dataSetPrecedence", order=["card", "crm"]
    )

    stored = sandbox.policy(made.id)
    assert (made.name, made.version, made.default) == ("Card first", 1, False)
    assert (stored.name, stored.schema_name, stored.identity_graph) == ("Card first", PROFILE, "none")
    assert (stored.attribute_merge, stored.order) == ("dataSetPrecedence", ("card", "crm"))
    assert made.took_default_from is None


def test_sends_the_documented_body_and_header_and_nothing_besides(client, emulator, sandbox):
    client.merge_policies.create(
        name="Card first",
        identity_graph="none",
        attribute_merge="dataSetPrecedence",
        order=("card", "crm"),
        default=True,
        is_active_on_edge=True,
    )
    client.merge_policies.create(name="Newest", identity_graph="pdg", attribute_merge="timestampOrdered")

    full, least = emulator.requests.of("merge_policies.create")
    assert full.body == {
        "name": "Card first",
        "schema": {"name": "_xdm.context.profile"},
        "identityGraph": {"type": "none"},
        "attributeMerge": {"type": "dataSetPrecedence", "order": ["card", "crm"]},
        "default": True,
        "isActiveOnEdge": True,
    }
    assert least.body == {
        "name": "Newest",
        "schema": {"name": "_xdm.context.profile"},
        "identityGraph": {"type": "pdg"},
        "attributeMerge": {"type": "timestampOrdered"},
    }
    assert full.headers["x-profile-instance-id"] == "ups"
    assert full.query == {}


@DIALECTS
def test_says_which_default_it_took_over_from(client, sandbox, caplog):
    previous = sandbox.default_policy(PROFILE)
    with caplog.at_level(logging.WARNING, "rtcp.resources"):
        made = client.merge_policies.create(
            name="New default", identity_graph="pdg", attribute_merge="timestampOrdered", default=True
        )

    assert made.took_default_from == previous.id
    assert sandbox.default_policy(PROFILE).id == made.id
    (record,) = caplog.records
    assert made.id in record.getMessage()
    assert previous.id in record.getMessage()


def test_the_first_default_of_a_class_takes_over_from_nobody(client, sandbox, caplog):
    made = client.merge_policies.create(
        name="Accounts",
        schema_name="_xdm.context.account",
        identity_graph="none",
        attribute_merge="timestampOrdered",
        default=True,
    )

    assert made.default
    assert made.took_default_from is None
    assert not caplog.records


def test_a_list_that_ignores_its_filter_does_not_mislead_about_the_former_default(client, emulator, policies, sandbox):
    # A sandbox has five at most.
    for name in ("a", "c"):
        client.merge_policies.delete(policies[name].id)
    shown = [policy.to_wire() for policy in client.merge_policies.list()]
    shown.sort(key=lambda policy: policy["default"])
    emulator.faults.once("merge_policies.list", status=200, body={"_page": {"count": len(shown)}, "children": shown})

    made = client.merge_policies.create(
        name="New default", identity_graph="pdg", attribute_merge="timestampOrdered", default=True
    )

    former = next(policy for policy in shown if policy["name"] == "Default Timebased")
    assert made.took_default_from == former["id"]


def test_whom_it_took_over_from_is_no_part_of_the_policy_on_the_wire(client, sandbox):
    made = client.merge_policies.create(
        name="New default", identity_graph="pdg", attribute_merge="timestampOrdered", default=True
    )

    assert "tookDefaultFrom" not in made.to_wire()
    assert not any("took" in key for key in made.to_wire())


@pytest.mark.parametrize(
    ("attribute_merge", "order", "complaint"),
    [
        ("dataSetPrecedence", None, "needs order="),
        ("dataSetPrecedence", [], "needs order="),
        ("dataSetPrecedence", "crm", "not one text"),
        ("timestampOrdered", ["crm"], "dataSetPrecedence"),
    ],
)
def test_refuses_a_contradiction_before_anything_is_sent(client, emulator, attribute_merge, order, complaint):
    with pytest.raises(InvalidArgumentError, match=complaint):
        client.merge_policies.create(
            name="x", identity_graph="pdg", attribute_merge=attribute_merge, order=order, default=True
        )

    assert emulator.requests.count() == 0


def test_refuses_a_page_of_nothing(client):
    with pytest.raises(InvalidArgumentError, match="page_size"):
        client.merge_policies.list(page_size=0)


def test_a_word_that_nobody_knows_is_refused_with_the_words_there_are(client):
    with pytest.raises(InvalidArgumentError, match="identity_graph must be 'none' or 'pdg'"):
        client.merge_policies.create(name="x", identity_graph="everything", attribute_merge="timestampOrdered")


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"status": 500},
        {"cut": "after"},
        {"cut": "before"},
        {"status": 200, "body": "<html>"},
        {"status": 200, "body": {"no": "policy"}},
    ],
)
def test_is_never_created_twice_and_the_error_says_how_to_find_out(client, emulator, sandbox, fault):
    emulator.faults.once("merge_policies.create", **fault)

    with pytest.raises((ServerError, ConnectError, DecodeError), match=r"merge_policies\.list\(\)"):
        client.merge_policies.create(name="Once", identity_graph="pdg", attribute_merge="timestampOrdered")

    assert emulator.requests.count("merge_policies.create") == 1


def test_creates_after_it_was_throttled(client, emulator, sandbox, clock):
    emulator.faults.once("merge_policies.create", status=429, headers={"Retry-After": "7"})

    made = client.merge_policies.create(name="Later", identity_graph="pdg", attribute_merge="timestampOrdered")

    assert sandbox.policy(made.id).name == "Later"
    assert clock.slept == [7.0]


def test_a_repr_names_the_policy_and_what_it_does(client, policies):
    policy = client.merge_policies.get(policies["b"].id)

    assert repr(policy) == f"<MergePolicy {policies['b'].id} 'b': none, timestampOrdered, active on edge>"
