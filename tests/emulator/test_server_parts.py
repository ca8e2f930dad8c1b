"""The pure parts of the HTTP half: field selection, filters, cursors, descriptions."""

from __future__ import annotations

import pytest

from rtcp.emulator.http.operations import OPERATIONS, not_built
from rtcp.emulator.http.paging import offset_token, read_offset
from rtcp.emulator.http.validation import Validator
from rtcp.emulator.http.wire import NO_JSON, Query, Refusal, Request, decoded
from rtcp.emulator.nouns.entities.filters import predicate
from rtcp.emulator.routes import HANDLERS
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


def test_every_operation_has_a_route():
    assert set(OPERATIONS.values()) <= set(HANDLERS)


def test_a_path_is_not_built_only_with_its_whole_name():
    assert not_built("/data/core/hygiene/workorder/7") == "data hygiene"
    assert not_built("/data/core/hygienes") is None


def test_json_that_is_none_is_told_from_null():
    assert decoded(b"null") is None
    assert decoded(b"[" * 100_000) is NO_JSON
    assert repr(NO_JSON) == "NO_JSON"


def test_a_request_has_no_sandbox_before_the_gateway():
    with pytest.raises(LookupError, match="gateway"):
        _ = Request(None, "GET", "/", Query(""), {}).sandbox


SMALL = {
    "paths": {
        "/things": {
            "get": {
                "parameters": [
                    {"$ref": "#/components/parameters/Kind"},
                    {"name": "count", "in": "query", "schema": {"type": "integer", "minimum": 1}},
                    {"name": "x-header", "in": "header", "required": True},
                ]
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

    with pytest.raises(Refusal) as refused:
        Validator(SMALL).check(request, "/things")

    assert complaint in refused.value.answer.body["detail"]


@pytest.mark.parametrize("query", ["kind=a", "KIND=b&count=3", "kind=a&count=&unknown=1"])
def test_a_query_that_keeps_to_it_passes(query):
    Validator(SMALL).check(Request("merge_policies.list", "GET", "/things", Query(query), {}), "/things")
