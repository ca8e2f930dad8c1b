"""Computed attributes: what is sent, both dialects of what comes back, and waiting."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.helpers.adapters import Answer, ScriptedAdapter, mounted

import rtcp
from rtcp.models.computed_attribute import MergeFunction

SUM = "xEvent[commerce.order.priceTotal > 0].sum(commerce.order.priceTotal)"


@pytest.fixture
def service(clock) -> Iterator[Any]:
    """A client, and a function that sets what the service will answer."""
    with rtcp.Client(token="given", client_id="key", org_id="ORG@AdobeOrg", clock=clock) as client:
        client.script = lambda *answers: mounted(client.http, answers)
        yield client


def attribute(**changes: Any) -> dict[str, Any]:
    return {
        "id": "7f0c",
        "type": "ComputedAttribute",
        "name": "spent7",
        "displayName": "Spent",
        "description": "In a week",
        "imsOrgId": "ORG@AdobeOrg",
        "sandbox": {"sandboxId": "s-1", "sandboxName": "prod", "type": "production", "isDefault": True},
        "path": "_acme/ComputedAttributes",
        "keepCurrent": False,
        "expression": {"type": "PQL", "format": "pql/text", "value": SUM},
        "mergeFunction": {"value": "SUM"},
        "status": "DRAFT",
        "schema": {"name": "_xdm.context.profile"},
        "lastEvaluationTs": "",
        "createEpoch": 1767225600500,
        "updateEpoch": 1767225600500,
        "createdBy": "somebody",
        **changes,
    }


def page(*items: dict[str, Any], total: Any = None, key: str = "computedAttributes") -> Answer:
    paging = {} if total is None else {"totalCount": total}
    # The service prints a next link after the last page, too.
    links = {"next": {"href": "/attributes?offset=20&limit=20"}}
    return Answer(body={key: list(items), "_page": paging, "_links": links})


def query(script: ScriptedAdapter, number: int = 0) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(str(script.requests[number].url)).query)


def body(script: ScriptedAdapter, number: int = 0) -> Any:
    return json.loads(script.requests[number].body)


def new(client: rtcp.Client, **changes: Any) -> rtcp.ComputedAttribute:
    given = {
        "name": "spent7",
        "display_name": "Spent",
        "description": "In a week",
        "expression": SUM,
        "duration": rtcp.Window.days(7),
    }
    return client.computed_attributes.create(**{**given, **changes})


def test_filters_are_written_in_the_property_grammar(service):
    script = service.script(page(total=0))

    list(
        service.computed_attributes.list(
            name="spent7",
            name_contains=["spent", "orders"],
            status=["NEW", "PROCESSED"],
            function="SUM",
            created_after=datetime(2026, 1, 1, tzinfo=UTC),
            updated_before=datetime(2026, 2, 1, tzinfo=UTC),
            sort_by="created_at",
            descending=True,
            page_size=40,
        )
    )

    assert query(script) == [
        ("property", "name=spent7"),
        ("property", "name=contains(spent,orders)"),
        ("property", "status=contains(new,processed)"),
        ("property", "mergeFunction.value=SUM"),
        ("property", "createEpoch>=1767225600000"),
        ("property", "updateEpoch<=1769903999999"),
        ("sortBy", "-createEpoch"),
        ("limit", "40"),
    ]
    assert "property=createEpoch%3E%3D1767225600000" in str(script.requests[0].url)


def test_nothing_is_asked_that_was_not_said(service):
    script = service.script(page(total=0))

    list(service.computed_attributes.list())

    assert query(script) == []


def test_one_status_is_compared_and_not_searched(service):
    script = service.script(page(total=0))

    list(service.computed_attributes.list(status="DISABLED"))

    assert query(script) == [("property", "status=disabled")]


def test_pages_are_asked_by_offset_until_the_total_is_reached(service):
    script = service.script(page(attribute(id="1"), attribute(id="2"), total=3), page(attribute(id="3"), total=3))

    found = list(service.computed_attributes.list(status="DRAFT", page_size=2))

    assert [each.id for each in found] == ["1", "2", "3"]
    assert query(script, 1) == [("property", "status=draft"), ("limit", "2"), ("offset", "2")]
    assert len(script.requests) == 2


def test_a_total_in_quotes_counts(service):
    script = service.script(page(attribute(), total="1"))

    assert len(list(service.computed_attributes.list())) == 1
    assert len(script.requests) == 1


def test_without_a_total_an_empty_page_is_the_end(service):
    script = service.script(page(attribute(id="1"), key="children"), page(key="children"))

    assert [each.id for each in service.computed_attributes.list()] == ["1"]
    assert len(script.requests) == 2


def test_a_total_that_promises_too_much_does_not_loop(service):
    service.script(page(attribute(id="1"), total=9), page(total=9))

    assert [each.id for each in service.computed_attributes.list()] == ["1"]


@pytest.mark.parametrize(
    "given",
    [
        {"page_size": 0},
        {"page_size": 41},
        {"sort_by": "colour"},
        {"descending": True},
        {"name": "a,b"},
        {"name_contains": []},
        {"name_contains": "a)"},
        {"created_after": datetime(2026, 1, 1)},  # noqa: DTZ001 - the point
    ],
)
def test_a_list_that_cannot_be_asked_for_is_refused(service, given):
    script = service.script(page())

    with pytest.raises(rtcp.InvalidArgumentError):
        list(service.computed_attributes.list(**given))
    assert script.requests == []


def test_an_answer_without_a_list_is_no_empty_list(service):
    service.script(Answer(body={"_page": {"totalCount": 0}}))

    with pytest.raises(rtcp.DecodeError, match="no list of computed attributes"):
        list(service.computed_attributes.list())


def test_create_sends_the_documented_body(service):
    script = service.script(Answer(body=attribute()))

    created = new(service, status="NEW", keep_current=True)

    assert script.requests[0].method == "POST"
    assert script.requests[0].url == "https://platform.adobe.io/data/core/ca/attributes"
    assert body(script) == {
        "name": "spent7",
        "displayName": "Spent",
        "description": "In a week",
        "expression": {"type": "PQL", "format": "pql/text", "value": SUM},
        "keepCurrent": True,
        "duration": {"count": 7, "unit": "DAYS"},
        "status": "NEW",
    }
    assert created.function == MergeFunction.SUM
    assert created.last_evaluated_at is None


def test_keep_current_is_left_to_the_service_unless_said(service):
    script = service.script(Answer(body=attribute()))

    new(service)

    assert "keepCurrent" not in body(script)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "spent_7"}, "letters and digits"),
        ({"name": ""}, "letters and digits"),
        ({"expression": " "}, "expression is empty"),
        ({"duration": "8 days"}, "1 to 7 days"),
        ({"duration": "0 hours"}, "1 to 24 hours"),
        ({"duration": "a week or so"}, "no window"),
        ({"duration": (7, "days")}, "duration must be"),
        ({"duration": 7}, "duration must be"),
        ({"duration": "7 years"}, "hours, days, weeks, months"),
        ({"status": "DISABLED"}, "'DRAFT' or 'NEW'"),
    ],
)
def test_an_attribute_that_cannot_be_is_refused_before_sending(service, given, message):
    script = service.script(Answer(body=attribute()))

    with pytest.raises(rtcp.InvalidArgumentError, match=message):
        new(service, **given)
    assert script.requests == []


@pytest.mark.parametrize(
    ("make", "longest", "unit"),
    [
        (rtcp.Window.hours, 24, "HOURS"),
        (rtcp.Window.days, 7, "DAYS"),
        (rtcp.Window.weeks, 4, "WEEKS"),
        (rtcp.Window.months, 6, "MONTHS"),
    ],
)
def test_a_window_ends_where_the_service_says(make, longest, unit):
    assert (make(longest).count, make(longest).unit) == (longest, unit)
    for count in (0, longest + 1, True, 1.5):
        with pytest.raises(rtcp.InvalidArgumentError):
            make(count)


def test_a_create_without_an_answer_is_not_sent_again_and_says_where_to_look(service):
    script = service.script(Answer(503))

    with pytest.raises(rtcp.ServerError, match=r"may have been created.*computed_attributes\.list"):
        new(service)
    assert len(script.requests) == 1


def test_update_sends_only_what_is_given(service):
    script = service.script(Answer(body=attribute()))

    service.computed_attributes.update("7f0c", description="Anew", duration="2 weeks", keep_current=False)

    assert script.requests[0].method == "PATCH"
    assert script.requests[0].url.endswith("/data/core/ca/attributes/7f0c")
    assert body(script) == {
        "description": "Anew",
        "keepCurrent": False,
        "duration": {"count": 2, "unit": "WEEKS"},
    }


def test_an_expression_is_wrapped_in_an_update_too(service):
    script = service.script(Answer(body=attribute()))

    service.computed_attributes.update("7f0c", name="other", display_name="Other", expression=SUM, status="NEW")

    assert body(script) == {
        "name": "other",
        "displayName": "Other",
        "expression": {"type": "PQL", "format": "pql/text", "value": SUM},
        "status": "NEW",
    }


def test_an_update_of_nothing_is_refused(service):
    with pytest.raises(rtcp.InvalidArgumentError, match="nothing to change"):
        service.computed_attributes.update("7f0c")


def test_publish_and_disable_set_the_status_and_nothing_else(service):
    script = service.script(Answer(body=attribute(status="NEW")), Answer(body=attribute(status="DISABLED")))

    service.computed_attributes.publish("7f0c")
    service.computed_attributes.disable("7f0c")

    assert [body(script, number) for number in (0, 1)] == [{"status": "NEW"}, {"status": "DISABLED"}]


def test_delete_returns_what_was_deleted(service):
    script = service.script(Answer(202, attribute()))

    assert service.computed_attributes.delete("7f0c").name == "spent7"
    assert script.requests[0].method == "DELETE"


def test_deleting_a_published_one_says_what_to_do_instead(service):
    service.script(Answer(422, {"message": "not a draft"}))

    with pytest.raises(rtcp.UnprocessableError, match=r"computed_attributes\.disable"):
        service.computed_attributes.delete("7f0c")


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"type": "DRAFT", "job": "NOT_STARTED"}, "DRAFT"),
        ({"type": "PUBLISHED", "job": "ENABLED"}, "PROCESSED"),
        ({"type": "PUBLISHED", "job": "NOT_STARTED"}, "NEW"),
        ({"type": "PUBLISHED", "job": "PROCESSING"}, "PROCESSING"),
        ({"type": "PUBLISHED", "job": "DISABLED"}, "DISABLED"),
        ({"type": "PUBLISHED", "job": "INVENTED"}, "INVENTED"),
        ("PAUSED", "PAUSED"),
    ],
)
def test_both_forms_of_the_status_are_one_word_and_come_back_as_they_were(told, status):
    answer = attribute(status=told, createEpoch=1767225600, somethingNew={"deep": 1})

    read = rtcp.ComputedAttribute.model_validate(answer)

    assert read.status == status
    assert read.to_wire() == answer


def test_the_repr_of_an_attribute_says_what_it_is():
    read = rtcp.ComputedAttribute.model_validate(attribute(mergeFunction=None))

    assert repr(read) == "<ComputedAttribute 7f0c 'spent7': no function, DRAFT>"


def test_epochs_are_read_in_either_unit():
    answer = attribute(createEpoch=1767225600, updateEpoch="1767225600500", lastEvaluationTs="2026-01-01T00:00:00.500")

    read = rtcp.ComputedAttribute.model_validate(answer)

    assert read.created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert read.updated_at == read.last_evaluated_at == datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("key", ["default", "isDefault"])
def test_the_sandbox_says_in_two_ways_that_it_is_the_default(key):
    read = rtcp.ComputedAttribute.model_validate(attribute(sandbox={"sandboxName": "prod", key: True}))

    assert read.sandbox is not None
    assert read.sandbox.is_default is True


def test_wait_returns_the_attribute_once_it_has_values(service, clock):
    statuses = ["NEW", "INITIALIZING", "PROCESSING", "SOMETHING_NEW", "PROCESSED"]
    service.script(*(Answer(body=attribute(status=status)) for status in statuses))
    seen = []

    ready = service.computed_attributes.wait("7f0c", on_progress=lambda each: seen.append(str(each.status)))

    assert ready.is_success
    assert seen == statuses
    assert clock.slept[:2] == [5.0, 7.5]


def test_waiting_for_a_draft_is_refused_at_once(service, clock):
    script = service.script(Answer(body=attribute()))

    with pytest.raises(rtcp.InvalidArgumentError, match="draft, and nothing will move it"):
        service.computed_attributes.wait("7f0c")
    assert len(script.requests) == 1
    assert clock.slept == []


@pytest.mark.parametrize(("status", "words"), [("FAILED", "7f0c failed"), ("DISABLED", "7f0c was disabled")])
def test_wait_tells_a_failure_from_a_disabled_one(service, status, words):
    service.script(Answer(body=attribute(status=status)))

    with pytest.raises(rtcp.JobFailedError, match=words) as caught:
        service.computed_attributes.wait("7f0c")
    assert caught.value.job.status == status


def test_wait_gives_up_when_the_time_is_over(service):
    service.script(Answer(body=attribute(status="PROCESSING")))

    with pytest.raises(rtcp.WaitTimeoutError) as caught:
        service.computed_attributes.wait("7f0c", timeout=12, interval=5)
    assert caught.value.last.status == "PROCESSING"
