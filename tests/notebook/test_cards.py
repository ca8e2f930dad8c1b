"""What a notebook shows of a value: a card that tells, escapes what others wrote, and can leave people out."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from pydantic import BaseModel

import rtcp
from rtcp._notebook import Displayed
from rtcp._notebook.html import SWITCH, draw

EVIL = "<script>alert(1)</script>"
pytestmark = pytest.mark.filterwarnings("ignore:the event look-up is marked as deprecated")

NOW = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
# They hold settings or options of the caller's own, not what came of a call.
GIVEN_BY_THE_CALLER = {"Config", "RowForm", "RowFile", "Row", "RowSource", "Secret", "Settings"}


class Text(HTMLParser):
    """The words of a card, and the tags that it is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self._open.append(tag)

    def handle_endtag(self, tag):
        self._open.pop() if tag in self._open else None

    def handle_data(self, data):
        if "style" not in self._open:
            self.words.append(data)


def shown(value) -> str:
    html = value if isinstance(value, str) else value._repr_html_()
    return " ".join(" ".join(Text(html).words).split())


def repr_of(value) -> str:
    return type(value).__name__


def results():
    return [
        kind
        for name in rtcp.__all__
        if inspect.isclass(kind := getattr(rtcp, name))
        and (issubclass(kind, BaseModel) or dataclasses.is_dataclass(kind))
        and name not in GIVEN_BY_THE_CALLER
    ]


@pytest.mark.parametrize("kind", [*results(), rtcp.Paged], ids=lambda kind: kind.__name__)
def test_every_result_has_a_card(kind):
    assert issubclass(kind, Displayed)


def test_an_entity_shows_its_values_by_path(client):
    card = shown(client.entities.get("jane@example.com", namespace="Email"))

    assert "person.name.firstName Jane" in card
    assert "Email: jane@example.com" in card
    # It may be an id, which has no separators.
    assert "_harbour.loyaltyId 70007" in card


def test_events_are_a_timeline_with_what_is_left_out(client):
    html = client.entities.list_events("jane@example.com", namespace="Email", limit=12)._repr_html_()

    assert html.count("<li>") == 10
    assert "commerce.purchases" in shown(html)
    assert "and 2 more" in shown(html)


def test_a_list_shows_its_first_page_and_that_there_is_more(client):
    assert "There is more to come" in shown(client.entities.list_events("C-1001", namespace="crmId", page_size=2))
    assert "This is all." in shown(client.merge_policies.list())


def test_a_list_that_the_limit_ends_does_not_promise_more(client):
    events = client.entities.list_events("C-1001", namespace="crmId", page_size=2, limit=2)

    assert "more to come" not in shown(events)


def test_the_card_of_a_list_asks_for_one_page_only(client, emulator):
    events = client.entities.list_events("C-1001", namespace="crmId", page_size=2)
    events.first()
    asked = len(emulator.requests)

    events._repr_html_()

    assert len(emulator.requests) == asked + 1


def test_a_list_that_cannot_be_read_says_why(client, emulator):
    emulator.faults.once("merge_policies.list", status=403)

    assert "PermissionDeniedError" in shown(client.merge_policies.list())


def test_an_explanation_colors_each_value_by_the_dataset_that_it_comes_from(client):
    html = client.entities.explain("jane@example.com", namespace="Email")._repr_html_()

    (crm,) = set(re.findall(r'style="([^"]+)">Harbour CRM<', html))
    (card,) = set(re.findall(r'style="([^"]+)">Harbour loyalty card<', html))
    assert crm != card
    assert "Janet Harbour loyalty card" in shown(html)
    assert "Why values won over others" in shown(html)


def test_a_job_tells_its_status_by_words_and_tone_and_its_age():
    job = rtcp.ExportJob.model_validate(
        {"id": 7, "status": "FAILED", "creationTime": int((NOW - timedelta(hours=3)).timestamp() * 1000)}
    )

    html = draw(job._card(), now=NOW)

    assert '<span class="s bad">FAILED</span>' in html
    assert "2026-03-02 05:15:00 UTC (3 h ago)" in shown(html)


def test_a_report_is_a_table_with_bars(client):
    html = client.preview.dataset_report()._repr_html_()

    assert 'style="width:100%"' in html
    assert "Harbour newsletter" in shown(html)


def test_a_plan_says_what_would_be_deleted(client):
    card = shown(client.system_jobs.plan(dataset_id="harbour-crm"))

    assert card.startswith("Delete plan")
    assert "dataset name Harbour CRM" in card


def test_a_bulk_result_shows_what_did_not_succeed():
    result = rtcp.BulkResult((rtcp.Success(0, "yes"), rtcp.Failure(1, rtcp.NotFoundError("no such policy"))))

    assert "failed 1" in shown(result)
    assert "NotFoundError: no such policy" in shown(result)


HOSTILE = {
    "entity": lambda: rtcp.Entity(entity_id=EVIL, entity={EVIL: EVIL, "list": [EVIL, {EVIL: [EVIL]}]}, sources=[EVIL]),
    "event": lambda: rtcp.Event(entity_id=EVIL, entity={"eventType": EVIL, EVIL: EVIL}),
    "job": lambda: rtcp.ExportJob.model_validate({"id": EVIL, "status": EVIL, EVIL: EVIL, "fields": EVIL}),
    "batch": lambda: rtcp.Batch.model_validate(
        {"id": EVIL, "status": EVIL, "errors": [{"code": EVIL, "description": EVIL}]}
    ),
    "policy": lambda: rtcp.MergePolicy.model_validate(
        {"id": EVIL, "name": EVIL, "identityGraph": {"type": EVIL}, "attributeMerge": {"type": EVIL, "order": [EVIL]}}
    ),
    "report": lambda: rtcp.OverlapReport.model_validate({"data": {EVIL: 3}, EVIL: EVIL}),
    "reject": lambda: rtcp.Reject({EVIL: EVIL}, 0, 400, EVIL, EVIL, False, 1, EVIL),
    "miss": lambda: rtcp.Miss(0, rtcp.Identity(EVIL, EVIL), rtcp.NotFoundError(EVIL)),
    "page": lambda: rtcp.Page([rtcp.Event(entity={"eventType": EVIL, EVIL: {EVIL: EVIL}}), rtcp.Event()]),
    "plan": lambda: rtcp.DeletePlan(EVIL, dataset_name=EVIL, notes=(EVIL,)),
    "explanation": lambda: rtcp.Explanation(
        (rtcp.PolicyView(HOSTILE["policy"](), HOSTILE["entity"]()),),
        (rtcp.Difference(EVIL, {EVIL: EVIL}),),
        (rtcp.Winner(EVIL, EVIL, EVIL, EVIL, EVIL, None, EVIL, (EVIL,)),),
    ),
}


@pytest.mark.parametrize("switch", ["show", "hide", ""])
@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_of_others_becomes_markup(name, switch, monkeypatch):
    monkeypatch.setenv(SWITCH, switch)

    html = HOSTILE[name]()._repr_html_()

    assert "script" not in Text(html).tags
    assert "<script" not in html.lower()


def test_what_would_turn_letters_round_is_written_out():
    assert "\u202e" not in rtcp.Entity(entity={"name": "\u202egpj.exe"})._repr_html_()


def test_people_who_were_asked_for_are_shown_and_the_card_names_the_switch(client):
    card = shown(client.entities.get("jane@example.com", namespace="Email"))

    assert f"{SWITCH}=hide leaves it out" in card


@pytest.mark.parametrize(
    "value",
    [
        rtcp.Entity(entity_id="jane", entity={"name": "jane", "jane": 1}),
        rtcp.Event(entity_id="jane", entity={"name": "jane"}),
        rtcp.Page([rtcp.Event(entity={"name": "jane"})]),
        rtcp.Hit(0, rtcp.Identity("jane", "Email"), rtcp.Entity(entity={"name": "jane"})),
        rtcp.Explanation((), (rtcp.Difference("name", {"p": "jane"}),)),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("setting", ["hide", "neither"])
def test_the_switch_leaves_everybody_out(value, setting, monkeypatch):
    monkeypatch.setenv(SWITCH, setting)

    assert "jane" not in value._repr_html_()
    assert f"{SWITCH}=show shows it" in shown(value)
    assert (f"{SWITCH} is neither" in shown(value)) == (setting == "neither")


@pytest.mark.parametrize(
    "value",
    [
        rtcp.Identity("jane", "Email"),
        rtcp.Miss(3, rtcp.Identity("jane", "Email"), rtcp.NotFoundError("no")),
        rtcp.Reject({"name": "jane"}, 3, 400, "c", "no", False),
        rtcp.Success(3, {"name": "jane"}),
        rtcp.RequestedIdentity(entity_id="jane"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_the_repr_hides_the_card_leaves_out_and_names_the_switch_that_shows_it(value, monkeypatch):
    assert "jane" not in value._repr_html_()
    assert f"{SWITCH}=show shows it" in shown(value)

    monkeypatch.setenv(SWITCH, "show")
    assert "jane" in shown(value)


def test_a_card_stays_small_whatever_the_service_sends():
    entity = rtcp.Entity(entity={f"field{number}": "x" * 100_000 for number in range(5_000)})

    html = entity._repr_html_()

    assert len(html) < 300_000
    assert "and 4,800 more values" in shown(html)
    assert "(100,000 characters)" in shown(html)


@pytest.mark.parametrize("value", [10**5000, float("nan"), {"a": {"b": {}}}, [[[]]], None, b"\xff", True], ids=repr_of)
def test_odd_values_have_a_text(value):
    assert shown(rtcp.Entity(entity={"field": value}))


def test_depth_is_no_problem():
    deep: dict = {}
    for _ in range(5_000):
        deep = {"a": deep}

    assert "a.a.a" in shown(rtcp.Entity(entity=deep))


def test_only_who_looks_loads_what_draws():
    script = "import rtcp, sys, json; rtcp.Client; rtcp.Entity(); print(json.dumps([*sys.modules]))"
    # Coverage would start in it, and brings modules of its own.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    run = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True, env=bare)

    assert not {"html", "rtcp._notebook.html", "tqdm"} & {*json.loads(run.stdout)}
