"""Declared fields: what a row is held to, and the words in which it is told."""

from __future__ import annotations

import pytest
from tests.emulator.conftest import EVENT, PROFILE

from rtcp.emulator.declared_fields import FieldError, compile_fields, violations, wrap_violations
from rtcp.emulator.store import Dataset, IdentityPath


def found(fields, row, schema_class=PROFILE, identities=()):
    dataset = Dataset("d", "D", schema_class, identities, identity_map=True, fields=fields)
    return [(each["pointerToViolation"], each["message"]) for each in violations(compile_fields(dataset), row)]


@pytest.mark.parametrize(
    ("rules", "value", "message"),
    [
        ({"type": "string"}, 7, "expected type: String, found: Long"),
        ({"type": "string"}, 7.5, "expected type: String, found: Double"),
        ({"type": "string"}, {}, "expected type: String, found: JSONObject"),
        ({"type": "string"}, [], "expected type: String, found: JSONArray"),
        ({"type": "integer"}, 7.5, "expected type: Integer, found: Double"),
        ({"type": "integer"}, True, "expected type: Integer, found: Boolean"),
        ({"type": "number"}, "7", "expected type: Number, found: String"),
        ({"type": "boolean"}, 1, "expected type: Boolean, found: Long"),
        ({"type": "object"}, "x", "expected type: JSONObject, found: String"),
        ({"type": "array"}, "x", "expected type: JSONArray, found: String"),
        ({"type": "date"}, "2026-02-30", "[2026-02-30] is not a valid date. Expected [yyyy-MM-dd]"),
        ({"type": "date"}, "20260203", "[20260203] is not a valid date. Expected [yyyy-MM-dd]"),
        ({"type": "string", "enum": ["a"]}, "b", "b is not a valid enum value"),
        ({"type": "string", "pattern": "^a"}, "b", "string [b] does not match pattern ^a"),
        ({"type": "integer", "minimum": 1}, 0, "0 is not greater or equal to 1"),
        ({"type": "integer", "maximum": 1}, 2, "2 is not less or equal to 1"),
    ],
)
def test_a_value_is_held_to_its_rules(rules, value, message):
    assert found({"a.b": rules}, {"a": {"b": value}}) == [("#/a/b", message)]


def test_a_time_that_is_none_is_told_with_the_forms_that_are():
    ((pointer, message),) = found({"at": {"type": "date-time"}}, {"at": "2018-00-23T22:07:01Z"})

    assert pointer == "#/at"
    assert message.startswith("[2018-00-23T22:07:01Z] is not a valid date-time. Expected [yyyy-MM-dd'T'HH:mm:ssZ, ")


@pytest.mark.parametrize(
    ("rules", "value"),
    [
        ({"type": "number"}, 7),
        ({"type": "date"}, "2026-02-03"),
        ({"type": "date-time"}, "2026-02-03T00:00:00.123+02:00"),
        ({"type": "boolean"}, False),
        ({"type": "object"}, {"any": 1}),
        ({"type": "array"}, [1, "x"]),
        ({"type": "string"}, None),
    ],
)
def test_a_good_value_is_not_told(rules, value):
    assert found({"a.b": rules}, {"a": {"b": value}}) == []


def test_items_of_arrays_are_held_to_theirs():
    fields = {"items[].SKU": {"type": "string", "required": True}, "items[].quantity": {"type": "integer"}}

    assert found(fields, {"items": [{"SKU": "a", "quantity": "x"}, {"colour": "red"}]}) == [
        ("#/items/0/quantity", "expected type: Integer, found: String"),
        ("#/items/1", "required key [SKU] not found"),
        ("#/items/1", "extraneous key [colour] is not permitted"),
    ]


def test_what_is_not_declared_is_extraneous_save_what_every_row_may_have():
    row = {"_id": "x", "timestamp": "2026-02-03T00:00:00Z", "identityMap": {"Email": []}, "crm": {"id": "c"}, "b": 1}

    assert found({"a": {"type": "string"}}, row, identities=(IdentityPath("crm.id", "crmId", True),)) == [
        ("#", "extraneous key [b] is not permitted")
    ]


def test_without_declared_fields_only_what_the_class_needs_is_asked_for():
    assert found(None, {"anything": {"goes": None}}) == []
    assert found(None, {"anything": 1}, EVENT) == [
        ("#", "required key [_id] not found"),
        ("#", "required key [timestamp] not found"),
    ]


def test_a_required_field_may_not_be_null_and_is_asked_for_inside_what_is_there():
    fields = {"a": {"type": "string", "required": True}, "b.c": {"type": "string", "required": True}}

    assert found(fields, {"a": None}) == [("#", "required key [a] not found")]
    assert found(fields, {"a": "x", "b": {}}) == [("#/b", "required key [c] not found")]


def test_five_errors_are_told_at_most():
    assert len(found({"a": {"type": "string"}}, {str(number): 1 for number in range(9)})) == 5


def test_several_errors_are_causes_of_one_and_a_single_one_is_itself():
    dataset = Dataset("d", "D", PROFILE, (), True, fields={"a": {"type": "string"}})
    several = violations(compile_fields(dataset), {"a": 1, "b": 2})

    assert wrap_violations(several)["message"] == "2 schema violations found"
    assert wrap_violations(several)["causingExceptions"] == several
    assert wrap_violations(several[:1]) is several[0]


def test_a_field_that_has_two_natures_is_refused():
    with pytest.raises(FieldError, match="below one that is no object"):
        compile_fields(
            Dataset("d", "D", PROFILE, (), True, fields={"a": {"type": "string"}, "a.b": {"type": "string"}})
        )
