"""Answers as values: what is read, what survives, what is shown."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.helpers.adapters import Answer, mounted

import rtcp
from rtcp import DecodeError, Entity, Event, Hit, Identity, MergePolicy, Miss, SchemaClass, xdm_get
from rtcp.errors import InvalidArgumentError, NotFoundError
from rtcp.models.entity import RequestedIdentity
from rtcp.models.merge_policy import AttributeMergeType, IdentityGraphType

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
xdm = st.dictionaries(st.text(), json_values, max_size=4)
POLICY = {
    "id": "p1",
    "name": "Newest",
    "schema": {"name": "_xdm.context.profile"},
    "identityGraph": {"type": "pdg"},
    "attributeMerge": {"type": "timestampOrdered"},
}


def policy(**changes):
    return MergePolicy.model_validate({**POLICY, **changes})


@settings(max_examples=25)
@given(xdm)
def test_xdm_survives_a_round_trip_untouched(entity):
    body = {"entityId": "x1", "sources": ["crm"], "entity": entity}

    assert Entity.model_validate(body).to_wire() == body
    assert Entity.model_validate_json(json.dumps(body)).to_wire() == body


@given(st.dictionaries(st.text(min_size=1).map(lambda key: f"x-{key}"), json_values, max_size=4))
def test_fields_that_nobody_knows_survive_a_round_trip(unknown):
    for body in ({"entityId": "x1", "entity": {}, **unknown}, POLICY | unknown):
        model = (MergePolicy if "id" in body else Entity).model_validate(body)
        assert model.to_wire() == body


def test_unknown_fields_deep_inside_survive_too():
    body = POLICY | {"identityGraph": {"type": "pdg", "depth": 2}, "schema": {"name": "c", "version": "1"}}

    assert policy(**body).to_wire() == body


def test_what_was_absent_stays_absent_and_what_was_null_stays_null():
    assert Entity.model_validate({"entityId": "x1"}).to_wire() == {"entityId": "x1"}
    assert policy(name=None).to_wire()["name"] is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-02T08:15:00Z", datetime(2026, 3, 2, 8, 15, tzinfo=UTC)),
        ("2026-03-02T00:15:00-08:00", datetime(2026, 3, 2, 8, 15, tzinfo=UTC)),
        ("2026-03-02T08:15:00.250Z", datetime(2026, 3, 2, 8, 15, 0, 250_000, tzinfo=UTC)),
        ("2026-03-02T08:15:00", datetime(2026, 3, 2, 8, 15, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("", None),
        ("null", None),
        (None, None),
    ],
)
def test_reads_the_time_of_change_in_every_documented_spelling(text, at):
    assert Entity.model_validate({"entityId": "x", "lastModifiedAt": text}).last_modified_at == at


@pytest.mark.parametrize("millis", [1772352000000, "1772352000000", 1772352000000.0])
def test_reads_the_time_of_an_event_as_milliseconds(millis):
    event = Event.model_validate({"entityId": "e1", "timestamp": millis, "entity": {}})

    assert event.timestamp == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert event.to_wire()["timestamp"] == 1772352000000


@pytest.mark.parametrize("seconds", [1772352000, "1772352000"])
def test_reads_the_time_of_a_policy_change_as_seconds(seconds):
    changed = policy(updateEpoch=seconds)

    assert changed.updated_at == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert changed.to_wire()["updateEpoch"] == 1772352000


def test_a_time_in_code_must_have_a_zone():
    with pytest.raises(ValidationError, match="time zone"):
        Event(entity_id="e1", timestamp=datetime(2026, 3, 1))  # noqa: DTZ001
    tokyo = datetime(2026, 3, 1, 17, tzinfo=timezone(timedelta(hours=9)))
    assert Event(entity_id="e1", timestamp=tokyo).to_wire()["timestamp"] == 1772352000000


@pytest.mark.parametrize(("written", "meant"), [(True, True), ("true", True), ("false", False), (False, False)])
def test_reads_booleans_that_come_as_words(written, meant):
    assert policy(isActiveOnEdge=written).is_active_on_edge is meant
    assert policy(default=written).default is meant


@pytest.mark.parametrize("name", ["default", "isDefault"])
def test_reads_either_word_for_the_default_sandbox(name):
    assert policy(sandbox={"sandboxName": "prod", name: True}).sandbox.is_default is True


def test_reads_numbers_that_come_as_words_and_ids_that_come_as_numbers():
    entity = Entity.model_validate(
        {"entityId": "x1", "requestedIdentity": {"entityId": 89149270342, "entityIdNS": {"code": "ECID"}}, "entity": {}}
    )

    assert policy(version="3").version == 3
    assert entity.requested_identity.entity_id == "89149270342"


@pytest.mark.parametrize("graph", ["auto", "coop", "next-year"])
def test_values_that_nobody_knows_are_kept(graph):
    read = policy(identityGraph={"type": graph})

    assert read.identity_graph.type == graph
    assert isinstance(read.identity_graph.type, IdentityGraphType)
    assert read.to_wire()["identityGraph"] == {"type": graph}


def test_known_values_are_the_members_of_their_enum():
    assert policy().identity_graph.type is IdentityGraphType.PDG
    assert policy().attribute_merge.type is AttributeMergeType.TIMESTAMP_ORDERED
    assert str(SchemaClass.PROFILE) == "_xdm.context.profile"
    assert SchemaClass("_xdm.context.boat") == "_xdm.context.boat"


@pytest.mark.parametrize("value", [policy(), policy(identityGraph={"type": "coop"}), Identity("1", "Email")])
def test_values_survive_pickling(value):
    assert pickle.loads(pickle.dumps(value)) == value


def test_values_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        policy().name = "other"
    with pytest.raises(AttributeError):
        Identity("1", "Email").id = "2"


def test_an_entity_lists_its_identities_once_each():
    entity = Entity(
        entity={
            "identities": [
                {"id": "jane@example.com", "namespace": {"code": "email"}, "primary": "true"},
                {"id": 7, "namespace": {"code": "cardId"}},
            ],
            "identityMap": {"Email": [{"id": "jane@example.com"}], "ECID": [{"id": "1", "primary": True}, {"id": "2"}]},
        }
    )

    assert [identity.key for identity in entity.identities] == [
        ("jane@example.com", "email"),
        ("7", "cardid"),
        ("1", "ecid"),
        ("2", "ecid"),
    ]


@given(json_values, json_values)
def test_identities_are_read_from_whatever_stands_there(listed, mapped):
    entity = Entity(entity={"identities": listed, "identityMap": mapped})

    assert all(identity.namespace for identity in entity.identities)


@pytest.mark.parametrize("item", [{"id": True, "namespace": {"code": "c"}}, {"id": "1"}, {"id": "1", "namespace": {}}])
def test_what_is_no_identity_is_not_listed(item):
    assert Entity(entity={"identities": [item], "identityMap": {"": [{"id": "1"}]}}).identities == []


@pytest.mark.parametrize(
    ("body", "is_empty"),
    [
        ({"entity": {}, "sources": [""], "lastModifiedAt": "1970-01-01T00:00:00Z"}, True),
        ({"entity": {}, "sources": []}, True),
        ({"entity": {}, "sources": ["crm"]}, False),
        ({"entity": {"a": 1}, "sources": [""]}, False),
    ],
)
def test_only_an_entity_without_content_and_sources_is_empty(body, is_empty):
    assert Entity.model_validate({"entityId": "x1", **body}).is_empty is is_empty


def test_texts_about_values_show_no_one():
    jane = {"person": {"name": "Jane Doe"}, "mail": "jane@example.com"}
    entity = Entity(entity_id="xid-of-jane", entity=jane, sources=["crm"])
    event = Event(entity_id="e1", related_entity_id="xid-of-jane", entity=jane)
    identity = Identity("jane@example.com", "Email")
    lookups = [
        Hit(3, identity, entity),
        Miss(3, identity, DecodeError("no")),
        Miss(3, Identity("xid-of-jane"), NotFoundError("no")),
    ]

    shown = [f"{value!r} {value}" for value in (entity, event, identity, *lookups)]

    assert not [text for text in shown if "jane" in text.lower()]
    assert shown[0].startswith("<Entity of 2 fields from 1 sources>")
    assert "DecodeError" in shown[4]
    assert shown[5].startswith("Miss(3, Identity('***'), missing)")


def test_the_display_of_a_notebook_shows_the_data_and_no_markup_of_its_own():
    entity = Entity(entity={"person": {"name": "<b>Jane</b>"}, "tags": ["a", "b"], "cards": [{"id": 7}]})

    shown = entity._repr_html_()

    assert "&lt;b&gt;Jane&lt;/b&gt;" in shown
    assert "person.name" in shown
    assert "cards.0.id" in shown


def test_an_error_of_validation_does_not_show_its_input():
    with pytest.raises(ValidationError) as caught:
        Entity.model_validate({"entityId": "x1", "entity": "jane@example.com"})

    assert "jane" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("person.name.first", "Jane"),
        ("cards.1.id", 8),
        ("cards.2.id", "gone"),
        ("cards.x", "gone"),
        ("person.name.first.more", "gone"),
        ("nothing", "gone"),
        ("null", None),
        ("person", {"name": {"first": "Jane"}}),
    ],
)
def test_xdm_get_reads_dot_paths(path, value):
    record = {"person": {"name": {"first": "Jane"}}, "cards": [{"id": 7}, {"id": 8}], "null": None}

    assert xdm_get(record, path, "gone") == value
    assert xdm_get(Entity(entity=record), path, "gone") == value
    assert xdm_get(Event(entity=record), path, "gone") == value
    assert xdm_get(MappingProxyType(record), path, "gone") == value


def test_xdm_get_gives_none_unless_told():
    assert xdm_get({}, "a.b") is None


@pytest.mark.parametrize(("id_", "namespace"), [("", "Email"), (7, "Email"), (None, None), ("1", "")])
def test_an_identity_needs_an_id_and_no_empty_namespace(id_, namespace):
    with pytest.raises(InvalidArgumentError):
        Identity(id_, namespace)


def test_identities_are_the_same_whatever_case_their_namespace_has():
    assert Identity("a", "Email").key == Identity("a", "EMAIL").key
    assert Identity("a", "Email").key != Identity("A", "Email").key
    assert Identity("a").key != Identity("a", "Email").key
    assert Identity("a").is_xid
    assert not rtcp.Identity("a", "Email").is_xid


def test_the_identity_that_was_asked_for_is_in_no_repr():
    entity = Entity.model_validate(
        {"requestedIdentity": {"entityId": "mara@whitby.example", "entityIdNS": {"code": "Email"}}}
    )

    assert repr(entity.requested_identity) == "<RequestedIdentity in 'Email'>"
    assert str(RequestedIdentity(entity_id="mara@whitby.example")) == "<RequestedIdentity>"


def test_a_null_where_a_list_or_flag_belongs_reads_as_left_out():
    with rtcp.Client(token="t", client_id="k", org_id="o@AdobeOrg", retries=0) as client:
        entity = {"entityId": "x", "sources": None, "tags": None, "identityGraph": None, "entity": {"a": 1}}
        policy = {"id": "p", "identityGraph": {"type": "pdg"}, "attributeMerge": {"type": "timestampOrdered"}}
        mounted(client.http, [Answer(body={"x": entity}), Answer(body={**policy, "default": None, "version": None})])

        assert client.entities.get("x").sources == []
        assert client.merge_policies.get("p").default is False
