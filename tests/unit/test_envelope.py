"""Envelopes: the documented form, rows checked before they leave, and faults told by path, never by value."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rtcp
from rtcp.resources.streaming.envelope import Envelope, check_envelope
from rtcp.rows.row import Row
from rtcp.rows.shaping import RowShaper
from rtcp.rows.wire_json import encode

SCHEMA = "https://ns.adobe.com/harbour/schemas/purchase"
EVENT = {"_id": "order-1", "timestamp": "2026-03-02T08:15:00Z"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def wrap(row, **options):
    return rtcp.envelope(row, form=rtcp.RowForm(**{"schema_id": SCHEMA, "dataset_id": "d", **options}))


def problem(row, **options):
    with pytest.raises(rtcp.InvalidArgumentError) as caught:
        wrap(row, **options)
    return str(caught.value)


def test_the_schema_stands_in_header_and_body():
    message = wrap(EVENT)

    reference = {"id": SCHEMA, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    assert message == {
        "header": {"schemaRef": reference, "datasetId": "d"},
        "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": EVENT},
    }


@given(st.dictionaries(st.text(), JSON, min_size=1))
def test_any_json_object_goes_through_unchanged(row):
    kept = {name: value for name, value in row.items() if name not in ("timestamp", "header", "body")}
    # A name with dots is no field of XDM.
    row = {name: value for name, value in kept.items() if "." not in name} or {"a": 1}
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        assert "UTF-8" in problem(row) or "key" in problem(row) or "JSON" in problem(row)
        return

    assert wrap(row)["body"]["xdmEntity"] == row


@given(st.dictionaries(st.sampled_from(["a", "b", "note"]), JSON, min_size=1))
def test_the_message_is_what_json_makes_of_the_whole_envelope(row):
    form = rtcp.RowForm(schema_id=SCHEMA, dataset_id="d", flow_id="f", source="till")
    around = Envelope(form, "o@AdobeOrg")
    try:
        message = around.message(Row(0, 1, row), RowShaper(form))
    except rtcp.InvalidArgumentError:
        return

    assert json.loads(message) == json.loads(json.dumps(around.wrap(row)))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"a": float("nan")}, "a is not a number"),
        ({"a": [1, {"b": float("-inf")}]}, "a[1].b is not a number"),
        ({"a": b"secret"}, "a is bytes"),
        ({"a": datetime(2026, 3, 2, tzinfo=UTC).replace(tzinfo=None)}, "a is a datetime without time zone"),
        ({"a": Decimal("sNaN"), "b": 10**400}, "a is not a number"),
        ({"a": Decimal("-Infinity")}, "a is not a number"),
        ({"a": {1, 2}}, "a is no JSON value but set"),
        ({"a": {(1, 2): 3}}, "a has a key that is no text but tuple"),
        ({"a": "\ud800"}, "a has a character that UTF-8 cannot carry"),
        ({**EVENT, "_id": 7}, "_id must be a text, not int"),
        ({**EVENT, "timestamp": "2026-03-02T08:15:00"}, "timestamp has no time zone"),
        ({}, "the row is empty"),
        ([EVENT], "the row is no object but list"),
        ({"header": {}, "body": {}}, "in an envelope already"),
    ],
)
def test_what_is_no_message_is_refused_with_its_path_and_without_its_value(row, said):
    assert said in problem(row)
    assert "secret" not in problem(row)


def test_a_row_that_holds_itself_is_refused():
    row = {"a": 1}
    row["self"] = row

    assert problem(row) == "self is nested too deep, or holds itself"


def test_an_event_needs_a_timestamp_where_the_kind_is_known():
    assert problem({"_id": "1"}, kind="event") == "an event needs a timestamp"


def test_a_record_may_have_a_timestamp_where_the_kind_is_known():
    assert wrap({"timestamp": "at noon"}, kind="record")["body"]["xdmEntity"] == {"timestamp": "at noon"}


def test_dates_and_aware_datetimes_become_texts():
    row = {**EVENT, "timestamp": datetime(2026, 3, 2, 8, tzinfo=UTC), "person": {"birthDate": date(1969, 3, 14)}}

    entity = wrap(row)["body"]["xdmEntity"]

    assert entity["timestamp"] == "2026-03-02T08:00:00Z"
    assert entity["person"] == {"birthDate": "1969-03-14"}


@pytest.mark.parametrize(
    "timestamp", ["2026-03-02T08:15:00z", "2026-03-02T08:15:00+01:00", "2026-03-02T08:15:00.5-08:00"]
)
def test_a_timestamp_with_any_offset_is_left_as_it_is(timestamp):
    assert wrap({**EVENT, "timestamp": timestamp})["body"]["xdmEntity"]["timestamp"] == timestamp


def test_the_callers_row_is_not_changed():
    row = {"timestamp": "2026-03-02T08:15:00Z"}

    wrap(row)

    assert row == {"timestamp": "2026-03-02T08:15:00Z"}


def test_any_mapping_is_a_row():
    assert wrap(MappingProxyType(EVENT))["body"]["xdmEntity"] == EVENT


@given(st.permutations([("timestamp", "2026-03-02T08:15:00Z"), ("crmId", "c"), ("total", 3), ("_id", "")]))
def test_a_derived_id_depends_on_the_content_and_not_on_its_order(items):
    known = wrap({"timestamp": "2026-03-02T08:15:00Z", "crmId": "c", "total": 3})["body"]["xdmEntity"]["_id"]

    assert wrap(dict(items))["body"]["xdmEntity"]["_id"] == known
    assert len(known) == 32


def test_an_identity_of_zero_is_one():
    assert wrap({"crmId": 0}, identity="crmId")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"schema_id": "purchase"}, "schema_id must be the schema's URI"),
        ({"dataset_id": " "}, "dataset_id is empty"),
        ({"kind": "visit"}, "kind must be"),
        ({"id_from": "order.number"}, "id_from is a sequence"),
    ],
)
def test_a_form_that_cannot_be_right_is_refused(options, said):
    assert said in problem(EVENT, **options)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda message: message.pop("body"), "needs a header and a body"),
        (lambda message: message["header"].pop("datasetId"), "no datasetId"),
        (lambda message: message["header"].pop("schemaRef"), "needs a schemaRef with an id"),
        (lambda message: message["body"]["xdmMeta"].pop("schemaRef"), "needs a schemaRef with an id"),
        (lambda message: message["body"]["xdmMeta"]["schemaRef"].update(id="x"), "schemaRefs .* differ"),
        (lambda message: message["body"].pop("xdmEntity"), "no xdmEntity"),
    ],
)
def test_an_envelope_made_by_hand_is_checked(change, said):
    message = wrap(EVENT)
    change(message)

    with pytest.raises(rtcp.InvalidArgumentError, match=said):
        check_envelope(message)


def test_versions_and_spaces_of_a_content_type_make_no_other_schema():
    message = wrap(EVENT)
    message["body"]["xdmMeta"]["schemaRef"]["contentType"] = "application/vnd.adobe.xed-full+json; version=1.0"

    check_envelope(message)


def test_an_upsert_through_data_prep_has_a_body_of_its_own():
    check_envelope({"header": {"datasetId": "d", "operations": {"data": "merge"}}, "body": {"crmId": "c-1"}})


def test_encoding_names_what_is_no_json():
    with pytest.raises(rtcp.InvalidArgumentError, match=r"a\.b is bytes"):
        encode({"a": {"b": b""}})
