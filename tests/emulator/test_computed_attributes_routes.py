"""Computed attributes over HTTP: their life from draft to disabled, their lists, and their values in look-ups."""

from __future__ import annotations

import pytest

from rtcp.emulator import Emulator

ATTRIBUTES = "/data/core/ca/attributes"
DAY = 86_400
# Six days after the first purchase of the people in these tests, at noon.
NOON = 1_767_700_800_000


def body(**changes):
    return {
        "name": "spent",
        "displayName": "Spent",
        "description": "What was spent",
        "expression": {"type": "PQL", "format": "pql/text", "value": "xEvent.sum(total)"},
        "duration": {"count": 7, "unit": "DAYS"},
        "status": "DRAFT",
        **changes,
    }


def pql(text):
    return {"type": "PQL", "format": "pql/text", "value": text}


def values(platform, entity_id="c-1", namespace="crmId", **query):
    (entry,) = platform.person(entity_id, namespace, **query).json().values()
    return entry["entity"].get("_acme", {}).get("ComputedAttributes")


@pytest.fixture
def at_noon(people, platform):
    people.clock.freeze(NOON)
    return platform


@pytest.fixture
def create(at_noon, people):
    """Create an attribute, with enough time for what is published to be processed."""

    def made(**changes):
        answer = at_noon.post(ATTRIBUTES, body(**changes))
        people.clock.advance(5)
        return answer.json()["id"]

    return made


def patch(platform, attribute_id, **changes):
    return platform.request("PATCH", f"{ATTRIBUTES}/{attribute_id}", json=changes)


def state(platform, attribute_id):
    return platform.get(f"{ATTRIBUTES}/{attribute_id}").json()["status"]


def test_a_draft_comes_back_complete(at_noon, emulator):
    shown = at_noon.post(ATTRIBUTES, body()).json()

    assert shown["status"] == "DRAFT"
    assert shown["mergeFunction"] == {"value": "SUM"}
    assert shown["path"] == "acme/ComputedAttributes"
    assert shown["keepCurrent"] is False
    assert shown["lastEvaluationTs"] == ""
    assert shown["createEpoch"] == shown["updateEpoch"] == NOON
    assert shown["sandbox"]["isDefault"] is True
    assert at_noon.get(f"{ATTRIBUTES}/{shown['id']}").json() == shown


def test_a_trailing_slash_creates_too(at_noon):
    assert at_noon.post(f"{ATTRIBUTES}/", body()).status_code == 200


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "NEW"), (1, "INITIALIZING"), (2, "PROCESSING"), (3.9, "PROCESSING"), (4, "PROCESSED"), (90_000, "PROCESSED")],
)
def test_a_published_attribute_moves_with_the_clock(at_noon, people, seconds, expected):
    made = at_noon.post(ATTRIBUTES, body(status="NEW")).json()
    people.clock.advance(seconds)
    # The token would have expired in the last case.
    at_noon.sign_in()

    assert state(at_noon, made["id"]) == expected


def test_a_value_shows_when_the_attribute_is_processed_and_not_before(at_noon, people):
    at_noon.post(ATTRIBUTES, body(status="NEW"))
    people.clock.advance(3)
    before = values(at_noon)
    people.clock.advance(1)

    assert (before, values(at_noon)) == (None, {"spent": 150})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("xEvent[web = true].sum(total)", 90),
        ("xEvent.count()", 5),
        ("xEvent.min(total)", 10),
        ("xEvent.max(total)", 50),
        (
            'xEvent.topN(timestamp, 1).map({"timestamp": timestamp, "value": total}).head()',
            {"value": 50, "timestamp": "2026-01-05T10:00:00Z"},
        ),
        ("xEvent[timestamp occurs <= 2 days before now].count()", 1),
    ],
)
def test_each_shape_gives_its_value(create, at_noon, expression, expected):
    create(expression=pql(expression), status="NEW")

    assert values(at_noon) == {"spent": expected}


def test_a_value_stands_beside_the_tenants_own_fields(create, at_noon, people):
    people.store.sandbox("prod").ingest("crm", [{"crm": {"id": "c-1"}, "_acme": {"shoe": 43}}], ingested_ms=5_000_000)
    create(status="NEW")

    (entry,) = at_noon.person("c-1", "crmId").json().values()
    assert entry["entity"]["_acme"] == {"shoe": 43, "ComputedAttributes": {"spent": 150}}


def test_every_identity_of_a_person_shows_the_value(create, at_noon):
    create(status="NEW")

    assert values(at_noon, "k-1", "cardId") == values(at_noon, "mara@example.com", "Email") == {"spent": 150}


def test_a_batch_look_up_shows_the_value(create, at_noon):
    create(status="NEW")

    found = at_noon.people(("c-1", "crmId"), ("c-2", "crmId")).json()
    assert ["_acme" in entry["entity"] for entry in found.values()] == [True, False]


def test_fields_can_name_a_computed_attribute(create, at_noon):
    create(status="NEW")

    (entry,) = at_noon.person("c-1", "crmId", fields="_acme.ComputedAttributes.spent").json().values()
    assert entry["entity"] == {"_acme": {"ComputedAttributes": {"spent": 150}}}


def test_without_any_merge_policy_there_is_no_value(create, at_noon):
    create(status="NEW")

    assert values(at_noon, mergePolicyId="none") is None


def test_too_many_identities_to_stitch_leave_no_value(create, at_noon, people):
    rows = [{"card": {"id": f"k-{number}"}, "crm": {"id": "c-1"}} for number in range(60)]
    prod = people.store.sandbox("prod")
    prod.ingest("loyalty", rows, ingested_ms=5_000_000)
    apart = prod.add_policy(
        name=None, schema_name="_xdm.context.profile", identity_graph="none", attribute_merge="timestampOrdered"
    )
    create(status="NEW")

    assert values(at_noon, mergePolicyId=apart.id) is None


def test_without_a_default_policy_nothing_is_evaluated(create, at_noon, people):
    prod = people.store.sandbox("prod")
    (default,) = prod.policies()
    create(status="NEW")
    other = prod.add_policy(
        name=None, schema_name="_xdm.context.profile", identity_graph="pdg", attribute_merge="timestampOrdered"
    )
    prod.remove_policy(default.id)

    assert values(at_noon, mergePolicyId=other.id) is None


def test_an_event_counts_from_the_next_refresh_on(create, at_noon, people):
    create(status="NEW")
    event = {"_id": "late", "timestamp": "2026-01-06T11:00:00Z", "crm": {"id": "c-1"}, "total": 7}
    people.store.sandbox("prod").ingest("shop", [event])
    before = values(at_noon)
    people.clock.advance(DAY / 2)

    assert (before, values(at_noon)) == ({"spent": 150}, {"spent": 157})


def test_events_leave_the_window_as_days_go_by(create, at_noon, people):
    create(status="NEW")
    seen = []
    for _ in range(3):
        people.clock.advance(3 * DAY)
        at_noon.sign_in()
        seen.append(values(at_noon))

    assert seen == [{"spent": 140}, {"spent": 50}, None]


def test_the_last_evaluation_is_told(create, at_noon, people):
    attribute_id = create(status="NEW")
    first = at_noon.get(f"{ATTRIBUTES}/{attribute_id}").json()["lastEvaluationTs"]
    people.clock.advance(DAY / 2)

    later = at_noon.get(f"{ATTRIBUTES}/{attribute_id}").json()["lastEvaluationTs"]
    assert (first, later) == ("2026-01-06T12:00:04.000", "2026-01-07T00:00:00.000")


def test_a_broken_off_expression_is_kept_and_gives_nobody_a_value(create, at_noon):
    attribute_id = create(expression=pql("xEvent[(total > 0.0 or total >= 10.0)"), status="NEW")

    assert state(at_noon, attribute_id) == "PROCESSED"
    assert values(at_noon) is None


def test_a_disabled_attribute_leaves_the_look_ups(create, at_noon):
    attribute_id = create(status="NEW")

    answer = patch(at_noon, attribute_id, status="DISABLED")
    assert (answer.status_code, answer.json()["status"]) == (200, "DISABLED")
    assert values(at_noon) is None


def test_a_job_that_fails_leaves_the_attribute_failed(at_noon, people):
    people.faults.fail_job("computed_attributes")
    made = at_noon.post(ATTRIBUTES, body(status="NEW")).json()
    people.clock.advance(5)

    assert (state(at_noon, made["id"]), values(at_noon)) == ("FAILED", None)


def test_a_draft_can_be_changed_and_published_at_once(create, at_noon):
    attribute_id = create()

    answer = patch(
        at_noon, attribute_id, name="bought", displayName="Bought", expression=pql("xEvent.count()"), status="NEW"
    ).json()
    assert (answer["name"], answer["status"], answer["mergeFunction"]) == ("bought", "NEW", {"value": "COUNT"})
    assert (answer["displayName"], answer["description"]) == ("Bought", "What was spent")


@pytest.mark.parametrize(
    ("status", "change"),
    [
        ("DRAFT", {"status": "DISABLED"}),
        ("DRAFT", {"mergeFunction": {"value": "MAX"}}),
        ("DRAFT", {"expression": pql("xEvent[")} | {"path": "x"}),
        ("DRAFT", {"name": "no spaces"}),
        ("DRAFT", {"duration": {"count": 8, "unit": "DAYS"}}),
        ("DRAFT", {}),
        ("NEW", {"description": "x"}),
        ("NEW", {"status": "NEW"}),
        ("NEW", {"status": "DISABLED", "description": "x"}),
    ],
)
def test_a_step_that_is_not_allowed_is_a_bad_request(create, at_noon, status, change):
    assert patch(at_noon, create(status=status), **change).status_code == 400


def test_a_disabled_attribute_stays_disabled(create, at_noon):
    attribute_id = create(status="NEW")
    patch(at_noon, attribute_id, status="DISABLED")

    assert patch(at_noon, attribute_id, status="NEW").status_code == 400


def test_a_deleted_draft_is_answered_and_gone(create, at_noon):
    attribute_id = create()

    answer = at_noon.request("DELETE", f"{ATTRIBUTES}/{attribute_id}")
    assert (answer.status_code, answer.json()["id"]) == (202, attribute_id)
    assert at_noon.get(f"{ATTRIBUTES}/{attribute_id}").status_code == 404


def test_only_a_draft_can_be_deleted(create, at_noon):
    assert at_noon.request("DELETE", f"{ATTRIBUTES}/{create(status='NEW')}").status_code == 422


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_attribute_is_not_found(platform, method):
    assert platform.request(method, f"{ATTRIBUTES}/gone", json={"status": "NEW"}).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"name": "has space"},
        {"name": "has_underscore"},
        {"name": ""},
        {"status": "PROCESSED"},
        {"duration": {"count": 25, "unit": "HOURS"}},
        {"duration": {"count": 5, "unit": "WEEKS"}},
        {"duration": {"count": 7, "unit": "MONTHS"}},
        {"duration": {"count": 0, "unit": "DAYS"}},
        {"duration": {"count": 1, "unit": "YEARS"}},
        {"expression": {"type": "SQL", "format": "pql/text", "value": "xEvent.count()"}},
        {"expression": pql("xEvent[total > ].count()")},
        {"expression": pql("")},
    ],
)
def test_a_body_that_makes_no_sense_is_a_bad_request(platform, change):
    assert platform.post(ATTRIBUTES, body(**change)).status_code == 400


@pytest.mark.parametrize("missing", ["name", "displayName", "description", "expression", "duration"])
def test_every_required_field_is_required(platform, missing):
    assert platform.post(ATTRIBUTES, {k: v for k, v in body().items() if k != missing}).status_code == 400


def test_without_a_status_a_draft_is_made(platform):
    answer = platform.post(ATTRIBUTES, {name: value for name, value in body().items() if name != "status"})

    assert answer.json()["status"] == "DRAFT"


def test_what_the_emulator_does_not_compute_is_named(platform):
    answer = platform.post(ATTRIBUTES, body(expression=pql("xEvent[total in [1, 2]].count()")))

    assert answer.status_code == 501
    assert "'total in [1, 2]'" in answer.json()["detail"]


def test_a_name_is_taken_once(create, at_noon):
    other = create(name="other")
    create()

    for answer in (at_noon.post(ATTRIBUTES, body()), patch(at_noon, other, name="spent")):
        assert answer.status_code == 400
        assert "same name already exists" in answer.json()["detail"]


def test_a_26th_attribute_is_refused_when_limits_are_on(platform):
    with Emulator(limits=True, seed=1) as strict:
        platform.url = strict.url
        platform.sign_in()
        answers = [platform.post(ATTRIBUTES, body(name=f"a{number}")).status_code for number in range(26)]

    assert answers == [200] * 25 + [400]


@pytest.fixture
def five(create, at_noon):
    """Alpha to Echo, in the order of their making; Bravo is processed."""
    for name in ("Alpha", "Bravo", "Charlie", "Delta", "Echo"):
        create(name=name, status="NEW" if name == "Bravo" else "DRAFT", expression=pql("xEvent.count()"))
    return at_noon


def names(platform, **query):
    return [attribute["name"] for attribute in platform.get(ATTRIBUTES, **query).json()["computedAttributes"]]


def test_a_list_begins_with_what_changed_last(five):
    page = five.get(ATTRIBUTES).json()

    assert [attribute["name"] for attribute in page["computedAttributes"]] == [
        "Echo", "Delta", "Charlie", "Bravo", "Alpha",
    ]  # fmt: skip
    assert page["_page"] == {"offset": 0, "limit": 20, "count": 5, "totalCount": 5}
    assert page["_links"]["next"] == {"href": "/attributes?offset=20&limit=20"}
    assert page["computedAttributes"][0]["sandbox"]["default"] is True


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"sortBy": "name", "limit": "2"}, ["Alpha", "Bravo"]),
        ({"sortBy": "-name", "limit": "2"}, ["Echo", "Delta"]),
        ({"sortBy": "createEpoch", "limit": "1"}, ["Alpha"]),
        ({"sortBy": "-status", "limit": "1"}, ["Bravo"]),
        ({"sortBy": "name", "offset": "3"}, ["Delta", "Echo"]),
        ({"offset": "9"}, []),
        ({"property": "name=Alpha"}, ["Alpha"]),
        ({"property": "name=alpha"}, []),
        ({"property": "name!=Alpha", "limit": "1"}, ["Echo"]),
        ({"property": "name=contains(RAV,cho)"}, ["Echo", "Bravo"]),
        ({"property": "name=!contains(a)"}, ["Echo"]),
        ({"property": "status=processed"}, ["Bravo"]),
        ({"property": "status=contains(new,processed)"}, ["Bravo"]),
        ({"property": ["status=draft", "name=contains(lta)"]}, ["Delta"]),
        ({"property": "mergeFunction.value=SUM"}, []),
        ({"property": "mergePolicy.value=count", "limit": "1"}, ["Echo"]),
        ({"property": f"createEpoch>={NOON + 20_000}"}, ["Echo"]),
        ({"property": f"createdEpoch<={NOON}"}, ["Alpha"]),
        ({"status": "PROCESSED"}, ["Bravo"]),
        ({"state": "anything", "limit": "1"}, ["Echo"]),
    ],
)
def test_a_list_can_be_cut_sorted_and_filtered(five, query, expected):
    assert names(five, **query) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "41"},
        {"limit": "0"},
        {"offset": "-1"},
        {"sortBy": "id"},
        {"property": "nonsense"},
        {"property": "path=x"},
        {"property": "name>=x"},
        {"property": "createEpoch=5"},
        {"property": "updateEpoch>=yesterday"},
        {"status": "odd"},
    ],
)
def test_a_query_that_cannot_be_answered_is_a_bad_request(platform, query):
    assert platform.get(ATTRIBUTES, **query).status_code == 400


def test_attributes_and_their_jobs_outlive_a_restart(tmp_path, platform):
    path = tmp_path / "store.db"
    with Emulator(db=path, seed=1) as first:
        platform.url = first.url
        platform.sign_in()
        made = platform.post(ATTRIBUTES, body(status="NEW")).json()
        first.clock.advance(10)
        assert state(platform, made["id"]) == "PROCESSED"
    with Emulator(db=path, seed=1) as second:
        platform.url = second.url
        platform.sign_in()

        assert state(platform, made["id"]) == "PROCESSED"


def test_a_reset_forgets_attributes(create, at_noon, emulator):
    create(status="NEW")
    emulator.reset()
    at_noon.sign_in()

    assert names(at_noon) == []


def test_a_tenant_is_named_by_the_manifest(platform, emulator, tmp_path):
    manifest = tmp_path / "m.toml"
    manifest.write_text('tenant = "harbour"\n')
    emulator.load(manifest)

    assert platform.post(ATTRIBUTES, body()).json()["path"] == "harbour/ComputedAttributes"


@pytest.mark.parametrize("tenant", ["_harbour", "two words"])
def test_a_tenant_is_one_word(emulator, tmp_path, tenant):
    manifest = tmp_path / "m.toml"
    manifest.write_text(f'tenant = "{tenant}"\n')

    with pytest.raises(ValueError, match="'tenant' is one word"):
        emulator.load(manifest)


TRY = "/_emulator/computed-attributes/try"


def test_an_expression_can_be_tried_without_creating_anything(at_noon):
    answer = at_noon.post(TRY, {"expression": "xEvent.sum(total)", "duration": {"count": 7, "unit": "DAYS"}}).json()

    assert (answer["function"], answer["window"]["endMs"]) == ("SUM", NOON)
    assert [(person["identity"], person["value"]) for person in answer["people"]] == [
        ({"namespace": "cardId", "id": "k-1"}, 150)
    ]
    assert names(at_noon) == []


def test_a_trial_can_be_at_another_time_and_of_fewer_people(at_noon):
    settings = {"expression": "xEvent.count()", "duration": {"count": 1, "unit": "DAYS"}, "limit": 1}

    answer = at_noon.post(TRY, {**settings, "atMs": NOON - 2 * DAY * 1000}).json()
    assert [person["value"] for person in answer["people"]] == [1]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"expression": "xEvent.avg(total)"}, 501),
        ({"expression": "xEvent[[].count()"}, 400),
        ({"expression": 5}, 400),
        ({"duration": {"count": 8, "unit": "DAYS"}}, 400),
        ({"duration": "a week"}, 400),
        ({"limit": 0}, 400),
        ({"sandbox": "nowhere"}, 400),
        ({"colour": "red"}, 400),
    ],
)
def test_a_trial_that_makes_no_sense_says_why(platform, change, status):
    settings = {"expression": "xEvent.count()", "duration": {"count": 1, "unit": "DAYS"}}

    assert platform.post(TRY, {**settings, **change}).status_code == status
