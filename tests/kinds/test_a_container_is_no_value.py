"""An `identityMap` counts when a text that is not blank is in it; a wrong form is refused with its path."""

from __future__ import annotations

import json

import pytest
from tests.helpers.row_world import rows_as

import rtcp

NONE = "no identity: neither crm nor identityMap has a value"
MAPS = [
    ({}, NONE),
    ({"crmId": []}, NONE),
    ({"crmId": None}, NONE),
    ({"crmId": [{"id": ""}]}, NONE),
    ({"crmId": [{"id": "  "}]}, NONE),
    ({"crmId": [{"primary": True}]}, NONE),
    ("c-1", "identityMap must be an object of namespaces, not str"),
    ([{"id": "c-1"}], "identityMap must be an object of namespaces, not list"),
    ({"crmId": "c-1"}, "identityMap.crmId must be a list of identities, each an object with an id, not str"),
    ({"crmId": {"id": "c-1"}}, "identityMap.crmId must be a list of identities, each an object with an id, not dict"),
    ({"crmId": ["c-1"]}, "identityMap.crmId[0] must be an object with an id, not str"),
    ({"crmId": [{"id": "c-1"}, {"id": 7}]}, "identityMap.crmId[1].id must be a text, not int"),
]
GOOD = {"crm": "c-good", "city": "Whitby"}


@pytest.mark.parametrize(("identities", "said"), MAPS)
def test_envelopes_writers_and_upserts_refuse_it_alike(world, identities, said):
    row = {"identityMap": identities, "city": "Oslo"}

    with pytest.raises(rtcp.InvalidArgumentError) as caught:
        rtcp.envelope(row, form=world.form(identity="crm"))
    streamed = world.stream([row, GOOD], identity="crm")
    upserted = world.upsert([row, GOOD], identity="crm")

    assert str(caught.value) == said
    assert [(each.position, each.message) for each in streamed.rejects()] == [(0, said)]
    assert [(each.position, each.message) for each in upserted.rejects()] == [(0, said)]
    assert streamed.summary.sent == upserted.written == 1
    assert world.found(["c-good"])["c-good"]["city"] == "Whitby"


@pytest.mark.parametrize("identities", ["c-1", {"crmId": "c-1"}, {"crmId": ["c-1"]}])
def test_a_wrong_form_is_refused_also_where_no_identity_is_asked_for(world, identities):
    row = {"crm": "c-1", "identityMap": identities}

    assert world.stream([row]).summary.rejected == 1
    assert world.upsert([row]).refused == 1
    with pytest.raises(rtcp.InvalidArgumentError, match="identityMap"):
        rtcp.envelope(row, form=world.form())


@pytest.mark.parametrize("form", ["dicts", "jsonl", "json"])
def test_one_id_among_what_is_empty_is_enough(world, tmp_path, form):
    rows = [
        {"identityMap": {"Email": [], "crmId": [{"id": ""}, {"id": "c-7", "primary": True}]}, "crm": "c-7"},
        {"identityMap": {}, "city": "Oslo"},
    ]

    result = world.upsert(rows_as(form, rows, tmp_path), identity="crm")

    assert (result.written, result.refused) == (1, 1)
    assert "c-7" in world.found(["c-7"])


def test_at_a_prompt_it_is_named_by_its_line(world, tmp_path):
    rows = [GOOD, {"identityMap": {"crmId": ["c-1"]}}]
    path = tmp_path / "people.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    streamed = world.command_stream(str(path), "--identity", "crm")
    upserted = world.command_upsert(str(path), "--identity", "crm")

    for result in (streamed, upserted):
        assert result.exit_code == 6
        assert "people.jsonl, line 2: identityMap.crmId[0] must be an object with an id, not str" in result.stderr
