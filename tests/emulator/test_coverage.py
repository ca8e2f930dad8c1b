"""The table of what is built tells the truth: of the description, of what the emulator answers, and on its page."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtcp.emulator.coverage import as_markdown, coverage
from rtcp.emulator.http.description import load_description
from rtcp.emulator.http.published import load_published

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"
COVERED = coverage()


def test_the_page_is_made_of_the_table():
    # python -m rtcp.emulator coverage > docs/coverage.md
    assert PAGE.read_text(encoding="utf-8") == as_markdown()


def test_every_operation_of_ours_is_in_the_table_once():
    listed = [each.operation for each in COVERED if each.operation is not None]

    ours = {operation.id for operation in load_description().operations()}
    assert set(listed) == ours
    assert {each for each in listed if listed.count(each) > 1} == set()


def test_every_published_operation_is_in_the_table_once():
    keys = [(each.method, each.path) for each in COVERED]

    assert {(each.method, each.path) for each in load_published()} <= set(keys)
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("dialect", ["guide", "spec", "hostile"])
def test_what_is_not_built_answers_so_with_its_name(platform):
    wrong = []
    for each in COVERED:
        if each.state == "built":
            continue
        answer = platform.request(each.method, each.path.replace("{", "").replace("}", ""))
        is_named = each.method == "HEAD" or each.name in answer.text
        if answer.status_code != 501 or not is_named:
            wrong.append((each.method, each.path, answer.status_code))

    assert wrong == []


def test_what_is_out_of_scope_says_why():
    assert all(each.reason for each in COVERED if each.state == "out of scope")


def test_the_guesses_of_a_schema_count_for_the_operations_that_use_it():
    (start,) = [each for each in COVERED if each.operation == "media_edge.start_session"]

    assert {"media-quality-units", "media-nulls", "media-edge-cors"} <= set(start.assumptions)
    assert start.dialects == ("hostile",)
