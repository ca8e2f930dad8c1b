"""The pure parts of the HTTP half: field selection, filters, cursors, descriptions."""

from __future__ import annotations

import pytest

from rtcp.emulator.http.description import Description, load_description
from rtcp.emulator.http.paging import offset_token, read_offset
from rtcp.emulator.http.wire import NO_JSON, Query, Request, decode_json
from rtcp.emulator.noun_folders import load_noun
from rtcp.emulator.nouns.entities.filters import predicate
from rtcp.emulator.xdm_paths import select

XDM = {"person": {"name": {"first": "Ada", "last": "L"}}, "items": [{"sku": "a", "n": 1}, {"n": 2}], "_acme": None}


@pytest.mark.parametrize(
    ("paths", "part"),
    [
        (["person.name.first"], {"person": {"name": {"first": "Ada"}}}),
        (["person.name", "person.name.first"], {"person": {"name": {"first": "Ada", "last": "L"}}}),
        (["person.name.first", "person"], {"person": {"name": {"first": "Ada", "last": "L"}}}),
        (["items.sku"], {"items": [{"sku": "a"}]}),
        (["_acme"], {"_acme": None}),
        (["_acme.id", "person.name.first.letter", "none"], {}),
        ([], {}),
    ],
)
def test_fields_select_a_part(paths, part):
    assert select(XDM, paths) == part


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("items.n=2", True),
        ("items.n>2", False),
        ("person.name.first=Ada", True),
        ("person.name.first='Ada'", True),
        ("person.name.first = 7", False),
        ("items.sku=true", False),
        ("items.sku!=true", True),
    ],
)
def test_filters_compare_by_kind(expression, holds):
    assert predicate([expression])(XDM) is holds


def test_no_filter_is_no_predicate():
    assert predicate([]) is None


def test_a_cursor_is_read_back():
    assert read_offset(offset_token(40)) == 40


def test_no_cursor_is_the_beginning():
    assert read_offset(None) == 0


def test_what_is_no_noun_binds_nothing():
    assert load_noun("no_noun") == load_noun("../store") == load_noun("") == ()


@pytest.mark.parametrize(
    ("method", "path", "operation", "path_id"),
    [
        ("GET", "/data/core/ups/access/entities/", "entities.get", None),
        ("GET", "/data/core/ups/config/mergePolicies/a%2Fb", "merge_policies.get", "a/b"),
        ("GET", "/data/core/ups/config/mergePolicies/bulk-get", "merge_policies.get", "bulk-get"),
        ("POST", "/data/core/ups/config/mergePolicies/bulk-get", "merge_policies.get_many", None),
        ("PUT", "/data/foundation/import/batches/7/datasets/crm/files/a/b.json", "batches.upload", "7"),
        ("POST", "/ee/irl1/va/v1/play", "media_edge.play", "irl1"),
        ("POST", "/ims/token/v2", "auth.fetch_token", None),
    ],
)
def test_a_request_line_is_an_operation(method, path, operation, path_id):
    found = load_description().match(method, path)

    assert (found.operation.id, found.path_id) == (operation, path_id)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/data/core/ups/access/entities"),
        ("GET", "/data/core/ups/config/mergePolicies//"),
        ("PUT", "/data/foundation/import/batches/7/datasets/crm/files/"),
        ("PUT", "/data/foundation/import/batches/7/datasets/crm/files"),
        ("GET", "/"),
    ],
)
def test_another_request_line_is_none(method, path):
    found = load_description().match(method, path)

    assert found is None or found.operation.id == "merge_policies.list"


def test_a_path_is_not_built_only_with_its_whole_name():
    description = load_description()

    assert description.not_built("/data/core/hygiene/workorder/7").name == "data hygiene"
    assert description.not_built("/data/core/hygienes") is None


def test_the_longest_path_says_what_is_not_built():
    description = load_description()

    assert (
        description.not_built("/data/foundation/catalog/batches/7/x").name == "this method on batches of the catalogue"
    )
    assert description.not_built("/data/foundation/schemas").name == "the platform's foundation services"


def test_json_that_is_none_is_told_from_null():
    assert decode_json(b"null") is None
    assert decode_json(b"[" * 100_000) is NO_JSON
    assert repr(NO_JSON) == "NO_JSON"


def test_a_request_has_no_sandbox_before_the_gateway():
    with pytest.raises(LookupError, match="gateway"):
        _ = Request(None, "GET", "/", Query(""), {}).sandbox


SMALL = {
    "paths": {
        "/things": {
            "get": {
                "operationId": "things.list",
                "parameters": [
                    {"$ref": "#/components/parameters/Kind"},
                    {"name": "count", "in": "query", "schema": {"type": "integer", "minimum": 1}},
                    {"name": "x-header", "in": "header", "required": True},
                ],
            }
        }
    },
    "components": {
        "parameters": {
            "Kind": {"name": "kind", "in": "query", "required": True, "schema": {"$ref": "#/components/schemas/Kind"}}
        },
        "schemas": {"Kind": {"type": "string", "enum": ["a", "b"]}},
    },
}


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("", "kind is missing"),
        ("kind=c", "kind must be one of a, b"),
        ("kind=a&count=0", "count is out of range"),
        ("kind=a&count=1.5", "count is no integer"),
    ],
)
def test_a_query_is_held_to_a_description(query, complaint):
    request = Request("merge_policies.list", "GET", "/things", Query(query), {})

    assert complaint in Description(SMALL).match("GET", "/things").operation.complaint(request)


@pytest.mark.parametrize("query", ["kind=a", "KIND=b&count=3", "kind=a&count=&unknown=1"])
def test_a_query_that_keeps_to_it_passes(query):
    request = Request("merge_policies.list", "GET", "/things", Query(query), {})

    assert Description(SMALL).match("GET", "/things").operation.complaint(request) is None
