"""Datasets of the catalogue over HTTP: those of the store, and those created for exports."""

from __future__ import annotations

import json

import pytest

from rtcp.emulator.store import Dataset, IdentityPath

DATASETS = "/data/foundation/catalog/dataSets"
UNION = {"name": "Out", "schemaRef": {"id": "https://ns.adobe.com/xdm/context/profile__union"}}


def names(platform, **query):
    return [entry["name"] for entry in platform.get(DATASETS, **query).json().values()]


def test_the_stores_datasets_are_listed_by_id(people, platform):
    listed = platform.get(DATASETS).json()

    assert list(listed) == ["crm", "loyalty", "shop", "accounts"]
    assert listed["crm"]["name"] == "CRM"
    assert listed["crm"]["tags"]["unifiedProfile"] == ["enabled:true"]
    assert listed["crm"]["imsOrg"] == platform.session.headers["x-gw-ims-org-id"]


@pytest.mark.parametrize(
    ("dataset_id", "schema"), [("crm", "profile"), ("shop", "experienceevent"), ("accounts", "account")]
)
def test_the_schema_tells_the_class(people, platform, dataset_id, schema):
    (entry,) = platform.get(f"{DATASETS}/{dataset_id}").json().values()

    assert entry["schemaRef"]["id"] == f"https://ns.adobe.com/xdm/context/{schema}"


def test_a_dataset_carries_its_version_as_tag(people, platform):
    assert platform.get(f"{DATASETS}/crm").headers["E-Tag"] == "1.0.0"


def test_an_unknown_dataset_is_not_found(platform):
    assert platform.get(f"{DATASETS}/gone").status_code == 404


def test_a_created_dataset_is_answered_by_reference_and_can_be_read(platform):
    answer = platform.post(DATASETS, UNION)

    (reference,) = answer.json()
    dataset_id = reference.removeprefix("@/datasets/")
    assert (answer.status_code, answer.headers["Location"]) == (201, f"{DATASETS}/{dataset_id}")
    assert len(dataset_id) == 24
    assert platform.get(f"{DATASETS}/{dataset_id}").json()[dataset_id]["schemaRef"] == UNION["schemaRef"]


def test_other_datasets_are_referred_to_with_a_capital_s(platform):
    body = {"name": "Mine", "schemaRef": {"id": "https://ns.adobe.com/acme/schemas/1"}}

    assert platform.post(DATASETS, body).json()[0].startswith("@/dataSets/")


def test_blanks_in_tags_are_taken_out(platform):
    (reference,) = platform.post(DATASETS, {**UNION, "tags": {"unifiedProfile": ["enabled: true"]}}).json()

    (entry,) = platform.get(f"{DATASETS}/{reference.rpartition('/')[2]}").json().values()
    assert entry["tags"] == {"unifiedProfile": ["enabled:true"]}


@pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
@pytest.mark.parametrize("tags", [{"n": 5}, {"n": "x"}, {"n": ["x", 5]}, {"n": {"a": ["b"]}}, {"n": None}, [], "x"])
def test_tags_are_lists_of_texts(platform, tags):
    (reference,) = platform.post(DATASETS, UNION).json()
    path = f"{DATASETS}/{reference.rpartition('/')[2]}"
    patch = [{"op": "add", "path": "/tags", "value": tags}]

    answers = [
        platform.post(DATASETS, {**UNION, "tags": tags}),
        platform.request("PATCH", path, json={"tags": tags}),
        platform.request("PATCH", path, json=patch, headers={"Content-Type": "application/json-patch+json"}),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400]


@pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
def test_one_dataset_shows_the_properties_that_are_asked_for(platform):
    (reference,) = platform.post(DATASETS, UNION).json()
    dataset_id = reference.rpartition("/")[2]

    answer = platform.get(f"{DATASETS}/{dataset_id}", properties="name,version")

    assert answer.json()[dataset_id].keys() - {"notInAnySource"} == {"name", "version"}
    assert answer.headers["E-Tag"] == "1.0.0"
    assert platform.get(f"{DATASETS}/{dataset_id}", properties="nothing").json()[dataset_id].get("name") is None


@pytest.mark.parametrize(("kind", "word"), [("profile", "record"), ("experienceevent", "time-series")])
def test_a_dataset_is_classified_by_its_behaviour(platform, kind, word):
    body = {"name": "Mine", "schemaRef": {"id": f"https://ns.adobe.com/xdm/context/{kind}"}}
    (reference,) = platform.post(DATASETS, body).json()

    (entry,) = platform.get(f"{DATASETS}/{reference.rpartition('/')[2]}").json().values()
    assert entry["classification"] == {"dataBehavior": word, "managedBy": "CUSTOMER"}
    assert platform.get(DATASETS).json()[reference.rpartition("/")[2]]["classification"] == entry["classification"]


def test_a_trial_creates_nothing(platform):
    answer = platform.request("POST", DATASETS, json=UNION, headers={"Pragma": "validate-only"})

    assert (answer.status_code, names(platform)) == (200, [])


@pytest.mark.parametrize(
    "body", [{}, {"name": "x"}, {"name": "", "schemaRef": {"id": "s"}}, {**UNION, "schemaRef": {}}]
)
def test_a_body_that_makes_no_sense_is_a_bad_request(platform, body):
    assert platform.post(DATASETS, body).status_code == 400


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"limit": "2"}, ["CRM", "Loyalty"]),
        ({"limit": "2", "start": "3"}, ["Accounts"]),
        ({"start": "9"}, []),
        ({"orderBy": "name"}, ["Accounts", "CRM", "Loyalty", "Purchases"]),
        ({"orderBy": "desc:name", "limit": "1"}, ["Purchases"]),
        ({"name": "CRM"}, ["CRM"]),
        ({"name": "CRM,Loyalty"}, ["CRM", "Loyalty"]),
        ({"name": "!CRM", "limit": "1"}, ["Loyalty"]),
        ({"schemaRef.id": "https://ns.adobe.com/xdm/context/experienceevent"}, ["Purchases"]),
        ({"tags": "unifiedProfile:enabled*", "limit": "1"}, ["CRM"]),
        ({"tags": "unifiedProfile:enabled:false"}, []),
    ],
)
def test_a_list_can_be_cut_sorted_and_filtered(people, platform, query, expected):
    assert names(platform, **query) == expected


def test_a_list_can_be_limited_to_some_properties(people, platform):
    assert platform.get(DATASETS, properties="name", limit=1).json() == {"crm": {"name": "CRM"}}


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"start": "-1"}])
def test_a_query_that_cannot_be_answered_is_a_bad_request(platform, query):
    assert platform.get(DATASETS, **query).status_code == 400


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("name", ["CRM", "Loyalty", "Purchases", "Accounts"]),
        ("!description", ["CRM", "Loyalty", "Purchases", "Accounts"]),
        ("name==CRM", ["CRM"]),
        ("name!=CRM", ["Loyalty", "Purchases", "Accounts"]),
        ("name~^[AC]", ["CRM", "Accounts"]),
        ("created>9999999999999", []),
        ("created<=9999999999999", ["CRM", "Loyalty", "Purchases", "Accounts"]),
        ("name>=Loyalty", ["Loyalty", "Purchases"]),
        ("tags>=1", []),
    ],
)
def test_a_list_can_be_filtered_by_expressions(people, platform, expression, expected):
    assert names(platform, property=expression) == expected


@pytest.mark.parametrize("expression", ["!name==x", "name~[", " "])
def test_an_expression_that_is_none_is_a_bad_request(platform, expression):
    assert platform.get(DATASETS, property=expression).status_code == 400


def test_a_custom_class_has_a_schema_of_its_own(platform, emulator):
    for dataset_id, schema_class in (("a", "custom"), ("b", "https://ns.adobe.com/acme/classes/1")):
        emulator.store.sandbox("prod").put_dataset(
            Dataset(dataset_id, dataset_id, schema_class, (IdentityPath("id", "crmId", True),))
        )

    listed = platform.get(DATASETS).json()
    assert [entry["schemaRef"]["id"] for entry in listed.values()] == [
        "https://ns.adobe.com/schemas/custom",
        "https://ns.adobe.com/acme/classes/1",
    ]


def patch(platform, operations, dataset_id="crm", **headers):
    return platform.request(
        "PATCH",
        f"{DATASETS}/{dataset_id}",
        data=operations if isinstance(operations, str) else json.dumps(operations),
        headers={"Content-Type": "application/json-patch+json", **headers},
    )


def tags(platform, dataset_id="crm"):
    return platform.get(f"{DATASETS}/{dataset_id}").json()[dataset_id]["tags"]


def change(op, *values, name="unifiedProfile"):
    return {"op": op, "path": f"/tags/{name}", "value": list(values)}


def test_a_patch_changes_a_dataset_and_counts_its_version_on(people, platform):
    answer = patch(platform, [change("replace", "enabled:false"), {"op": "add", "path": "/description", "value": "d"}])

    (entry,) = platform.get(f"{DATASETS}/crm").json().values()
    assert (answer.status_code, answer.json()) == (200, ["@/dataSets/crm"])
    assert (entry["version"], entry["description"], entry["name"]) == ("1.0.1", "d", "CRM")
    assert entry["tags"] == {"unifiedIdentity": ["enabled:true"], "unifiedProfile": ["enabled:false"]}
    assert names(platform) == ["CRM", "Loyalty", "Purchases", "Accounts"]


def test_upsert_wants_the_dataset_disabled_first(people, platform):
    at_once = patch(platform, [change("add", "enabled:true", "isUpsert:true")])
    patch(platform, [change("replace", "enabled:false")])
    afterwards = patch(platform, [change("add", "enabled: true", "isUpsert: true")])

    assert (at_once.status_code, afterwards.status_code) == (400, 200)
    assert tags(platform)["unifiedProfile"] == ["enabled:true", "isUpsert:true"]


def test_a_plain_body_changes_only_the_tags_that_it_names(people, platform):
    answer = platform.request("PATCH", f"{DATASETS}/crm", json={"tags": {"a/b": ["c"]}, "name": "New"})

    assert answer.status_code == 200
    assert tags(platform) == {"unifiedIdentity": ["enabled:true"], "unifiedProfile": ["enabled:true"], "a/b": ["c"]}
    assert names(platform, name="New") == ["New"]


def test_a_tag_with_a_slash_is_written_with_its_escape_and_can_be_removed(people, platform):
    patch(platform, [change("add", "c", name="a~1b")])
    added = tags(platform)["a/b"]
    patch(platform, [{"op": "remove", "path": "/tags/a~1b"}])

    assert (added, "a/b" in tags(platform)) == (["c"], False)


@pytest.mark.parametrize(
    "operations",
    [
        {},
        "{oops",
        [1],
        [{"op": "move", "path": "/name", "from": "/tags"}],
        [{"op": "add", "path": "name", "value": "x"}],
        [{"op": "add", "path": "/name"}],
        [{"op": "add", "path": "/name", "value": 7}],
        [{"op": "remove", "path": "/nothing"}],
        [{"op": "remove", "path": "/schemaRef"}],
        [{"op": "add", "path": "/name/first", "value": "x"}],
        [{"op": "replace", "path": "/tags", "value": 1}],
    ],
)
def test_a_patch_that_makes_no_sense_changes_nothing(people, platform, operations):
    assert patch(platform, operations).status_code == 400
    assert platform.get(f"{DATASETS}/crm").headers["E-Tag"] == "1.0.0"


@pytest.mark.parametrize("body", [[], 7])
def test_a_plain_body_is_an_object(people, platform, body):
    assert platform.request("PATCH", f"{DATASETS}/crm", json=body).status_code == 400


def test_what_the_service_keeps_for_itself_cannot_be_patched(people, platform):
    patch(platform, [{"op": "add", "path": "/version", "value": "9.9.9"}])

    assert platform.get(f"{DATASETS}/crm").headers["E-Tag"] == "1.0.1"


@pytest.mark.parametrize(("version", "status"), [("1.0.0", 200), ('"1.0.0"', 200), ("1.0.7", 412)])
def test_a_patch_may_name_the_version_that_it_changes(people, platform, version, status):
    operations = [{"op": "add", "path": "/description", "value": "d"}]

    assert patch(platform, operations, **{"If-Match": version}).status_code == status


def test_an_unknown_dataset_cannot_be_patched(platform):
    assert patch(platform, [], "gone").status_code == 404


def test_other_bodies_are_no_patches(people, platform):
    assert patch(platform, [], **{"Content-Type": "text/plain"}).status_code == 400


def test_a_dataset_that_is_enabled_later_takes_rows_from_then_on(platform, emulator):
    body = {"name": "Lake", "schemaRef": {"id": "https://ns.adobe.com/acme/schemas/1"}}
    dataset_id = platform.post(DATASETS, body).json()[0].rpartition("/")[2]
    before = emulator.store.sandbox("prod").dataset(dataset_id)
    patch(platform, [change("add", "enabled:true")], dataset_id)

    assert before is None
    assert emulator.store.sandbox("prod").dataset(dataset_id).identity_map
