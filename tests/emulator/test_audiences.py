"""Audiences and sandboxes: declared or built in, read over HTTP."""

from __future__ import annotations

import pytest
from tests.helpers.description import described

from rtcp.emulator.manifest.loading import ManifestError

AUDIENCES = "/data/core/ups/audiences"
SANDBOXES = "/data/foundation/sandbox-management/sandboxes"
in_all = pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
MANIFEST = """
[[audiences]]
id = "gold"
name = "Gold cards"
description = "Everyone with a gold card"
expression = 'loyalty.tier = "gold"'

[[audiences]]
id = "silver"
name = "Silver cards"

[[audiences]]
id = "lapsed"
name = "Lapsed"
description = "No purchase for a year, CARD or not"
namespace = "Elsewhere"
"""


def write(tmp_path, text=MANIFEST):
    path = tmp_path / "audiences.toml"
    path.write_text(text)
    return path


@pytest.fixture
def declared(emulator, platform, tmp_path):
    emulator.clock.freeze(1_772_438_400_000)
    emulator.load(write(tmp_path))
    return platform


def ids(page):
    return [audience["id"] for audience in page["children"]]


def test_an_audience_shows_what_was_declared(declared):
    audience = declared.get(f"{AUDIENCES}/gold").json()

    assert audience["name"] == "Gold cards"
    assert audience["expression"] == {"type": "PQL", "format": "pql/text", "value": 'loyalty.tier = "gold"'}
    assert (audience["namespace"], audience["audienceId"], audience["lifecycleState"]) == (
        "AEPSegments",
        "gold",
        "published",
    )
    assert (audience["creationTime"], audience["createEpoch"]) == (1_772_438_400_000, 1_772_438_400)


def test_an_audience_without_an_expression_has_none(declared):
    assert "expression" not in declared.get(f"{AUDIENCES}/silver").json()


def test_an_unknown_audience_is_not_found(declared):
    assert declared.get(f"{AUDIENCES}/nobody").status_code == 404


def test_pages_are_numbered_and_linked(declared):
    first = declared.get(AUDIENCES, limit=2, sort="name:asc").json()
    second = declared.get(AUDIENCES, limit=2, sort="name:asc", start=first["_page"]["next"]).json()

    assert first["_page"] == {
        "totalCount": 3,
        "totalPages": 2,
        "sortField": "name",
        "sort": "asc",
        "pageSize": 2,
        "limit": 2,
        "start": "0",
        "next": 1,
    }
    assert first["_links"]["next"]["href"] == "@/audiences?start=1&limit=2&totalCount=3&sort=name%3Aasc"
    assert (ids(first), ids(second)) == (["gold", "lapsed"], ["silver"])
    assert "next" not in second["_page"]
    assert second["_links"] == {"next": {"href": ""}}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "CARD"}, {"gold", "silver"}),
        ({"description": "card"}, {"gold", "lapsed"}),
        ({"property": "audienceId==gold"}, {"gold"}),
        ({"property": "namespace==Elsewhere"}, {"lapsed"}),
        ({"property": "name==Gold"}, set()),
        ({"name": "cards", "description": "gold"}, {"gold"}),
        ({"entityType": "_xdm.context.profile"}, {"gold", "silver", "lapsed"}),
    ],
)
def test_filters_narrow_the_list(declared, query, found):
    assert set(ids(declared.get(AUDIENCES, **query).json())) == found


@pytest.mark.parametrize("query", [{"property": "size>1"}, {"sort": "name:up"}, {"limit": 0}, {"start": -1}])
def test_a_query_that_no_source_shows_is_refused(declared, query):
    assert declared.get(AUDIENCES, **query).status_code == 400


def test_the_list_is_sorted_either_way(declared):
    assert ids(declared.get(AUDIENCES, sort="name:desc").json()) == ["silver", "lapsed", "gold"]


def test_loading_again_changes_the_audience_and_keeps_its_age(declared, emulator, tmp_path):
    emulator.clock.advance(60)
    emulator.load(write(tmp_path, MANIFEST.replace("Gold cards", "Gold")))
    audience = declared.get(f"{AUDIENCES}/gold").json()

    assert (audience["name"], audience["creationTime"]) == ("Gold", 1_772_438_400_000)


def test_members_are_kept_under_the_namespace_as_declared(people, tmp_path):
    members = '[[audiences]]\nid = "a"\nmembers = [{ namespace = "CRMID", ids = ["c-1", "c-2"] }]\n'
    people.load(write(tmp_path, members))

    assert people.store.documents.get("prod", "audiences", "a")["members"] == [
        {"namespace": "crmId", "id": "c-1"},
        {"namespace": "crmId", "id": "c-2"},
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('name = "x"', "lacks 'id'"),
        ('id = "a"\nsize = 1', "unknown key 'size'"),
        ('id = "a"\nmembers = [{ namespace = "crmId" }]', "lacks 'ids'"),
        ('id = "a"\nmembers = [{ namespace = "crmId", ids = [1] }]', "a list of texts"),
        ('id = "a"\nmembers = [{ namespace = "planet", ids = ["1"] }]', "no dataset declares the namespace 'planet'"),
        ('id = "a"\n[[audiences]]\nid = "a"', "declared twice"),
    ],
)
def test_a_wrong_declaration_says_what_is_wrong(people, tmp_path, text, complaint):
    with pytest.raises(ManifestError, match=complaint):
        people.load(write(tmp_path, f"[[audiences]]\n{text}\n"))

    assert people.store.documents.of_kind("prod", "audiences") == []


@in_all
def test_every_answer_keeps_to_the_description(declared):
    assert described(AUDIENCES, "get").is_valid(declared.get(AUDIENCES, limit=1).json())
    assert described(f"{AUDIENCES}/{{audienceId}}", "get").is_valid(declared.get(f"{AUDIENCES}/gold").json())
    assert described(f"{SANDBOXES}/{{sandboxName}}", "get").is_valid(declared.get(f"{SANDBOXES}/prod").json())


def test_a_sandbox_is_read_by_its_name_whatever_the_header_says(platform, emulator):
    sandbox = platform.get(f"{SANDBOXES}/dev").json()

    assert (sandbox["id"], sandbox["name"], sandbox["isDefault"], sandbox["state"]) == (
        emulator.store.sandbox("dev").id,
        "dev",
        False,
        "active",
    )


@pytest.mark.parametrize("dialect", ["spec"])
def test_in_spec_a_sandbox_hides_its_id(platform):
    assert "id" not in platform.get(f"{SANDBOXES}/prod").json()


def test_an_unknown_sandbox_is_not_found(platform):
    assert platform.get(f"{SANDBOXES}/moon").status_code == 404
