"""What expressions compute from events, and which span of time a refresh covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rtcp.emulator.pql import Window, compile_expression, evaluate, last_refresh, window_at

NOW = datetime(2026, 3, 18, 14, 30, tzinfo=UTC)


def event(days_ago=1, **values):
    return {"timestamp": (NOW - timedelta(days=days_ago)).isoformat(), **values}


def value(expression, *events):
    return evaluate(compile_expression(expression), events, NOW)


def chosen(condition, *events):
    return value(f"xEvent[{condition}].count()", *events)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_sum_adds_numbers_and_nothing_else():
    assert value("xEvent.sum(a)", event(a=1), event(a=2), event(a="3"), event(a=True), event(b=4)) == 3


def test_a_sum_of_cents_has_no_tail():
    assert value("xEvent.sum(a)", *(event(a=0.1) for _ in range(3))) == 0.3


def test_a_sum_goes_through_lists():
    assert value("xEvent.sum(items.price)", event(items=[{"price": 2}, {"price": 3}])) == 5


@pytest.mark.parametrize("aggregate", ["sum(a)", "min(a)", "max(a)", "count()"])
def test_nothing_to_aggregate_is_no_value(aggregate):
    assert value(f"xEvent[a > 100].{aggregate}", event(a=1)) is None


@pytest.mark.parametrize(("aggregate", "expected"), [("min(a)", 1.5), ("max(a)", 7)])
def test_extremes_of_numbers(aggregate, expected):
    assert value(f"xEvent.{aggregate}", event(a=7), event(a=1.5), event(a=True), event(a="x")) == expected


def test_extremes_of_instants_compare_across_zones_and_come_back_as_written():
    early, late = "2026-03-01T10:00:00+02:00", "2026-03-01T09:00:00Z"

    assert value("xEvent.min(a)", event(a=late), event(a=early)) == early


def test_the_most_recent_value_comes_with_its_time():
    expression = 'xEvent.topN(timestamp, 1).map({"timestamp": timestamp, "value": page.name}).head()'
    old, new, without = event(3, page={"name": "home"}), event(2, page={"name": "cart"}), event(1)

    assert value(expression, old, new, without) == {"value": "cart", "timestamp": new["timestamp"]}
    assert value(expression, without) is None


def test_an_expression_that_breaks_off_has_no_value():
    assert value("xEvent[(a > 1", event(a=2)) is None


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("a = 1", 1),
        ("a = 1.0", 1),
        ("a != 1", 3),
        ("a > 1", 1),
        ("a >= 1", 2),
        ("a < 2", 1),
        ("a <= 2", 2),
        ("a = 1 or a = 2", 2),
        ("a >= 1 and t = 'x'", 1),
        ("not a = 1", 3),
        ("not (a = 1 or a = 2)", 2),
        ("a = '1'", None),
        ("b = true", 1),
        ("b = 1", None),
        ("t.equals('X')", None),
        ("t.equals('X', false)", 1),
        ("t.contains('y')", 1),
        ("t.startsWith('y')", 1),
        ("t.endsWith('z')", 1),
        ("t.notEqualTo('x')", 1),
        ("t.isNull()", 2),
        ("t.isNotNull()", 2),
        ("a = -1", None),
    ],
)
def test_conditions_choose_events(condition, count):
    events = (event(a=1, t="x"), event(a=2), event(b=True), event(t="yz"))

    assert chosen(condition, *events) == count


def test_and_binds_tighter_than_or():
    assert chosen("a = 1 or a = 2 and b = 5", event(a=1), event(a=2)) == 1


@pytest.mark.parametrize(
    ("span", "count"),
    [
        ("<= 2 days", 2),
        ("< 2 days", 1),
        ("> 2 days", 2),
        (">= 2 days", 3),
        ("<= 48 hours", 2),
        ("<= 1 week", 3),
        ("<= 1 month", 3),
        ("<= 2 months", 4),
        ("<= 99999 years", 4),
        ("<= 5000 minutes", 2),
    ],
)
def test_a_condition_on_time_counts_back_from_the_refresh(span, count):
    events = (event(1), event(2), event(5), event(40), event(-1))

    assert chosen(f"timestamp occurs {span} before now", *events) == count


def test_a_time_that_is_none_is_in_no_span():
    assert chosen("shipped occurs <= 9 days before now", event(shipped="soon"), event(shipped=1e400)) is None


@pytest.mark.parametrize(
    ("window", "refresh", "start"),
    [
        (Window(6, "HOURS"), "2026-03-18T14:00", "2026-03-18T08:00"),
        (Window(7, "DAYS"), "2026-03-18T00:00", "2026-03-11T00:00"),
        (Window(2, "WEEKS"), "2023-10-15T00:00", "2023-10-01T00:00"),
        (Window(2, "WEEKS"), "2023-10-22T00:00", "2023-10-08T00:00"),
        (Window(2, "WEEKS"), "2023-10-18T00:00", "2023-10-01T00:00"),
        (Window(1, "MONTHS"), "2026-03-18T00:00", "2026-02-01T00:00"),
        (Window(6, "MONTHS"), "2026-03-01T00:00", "2025-09-01T00:00"),
    ],
)
def test_a_window_is_of_the_calendar_for_weeks_and_months(window, refresh, start):
    assert window_at(window, at(refresh)) == (at(start), at(refresh))


@pytest.mark.parametrize(
    ("unit", "daily", "refresh"),
    [
        ("HOURS", False, "2026-03-18T14:00"),
        ("DAYS", False, "2026-03-18T00:00"),
        ("WEEKS", False, "2026-03-15T00:00"),
        ("WEEKS", True, "2026-03-18T00:00"),
        ("MONTHS", False, "2026-03-01T00:00"),
        ("MONTHS", True, "2026-03-18T00:00"),
    ],
)
def test_a_refresh_happens_as_often_as_the_unit_asks(unit, daily, refresh):
    assert last_refresh(Window(1, unit), at("2026-01-01T00:00"), NOW, daily=daily) == at(refresh)


def test_until_the_first_boundary_the_first_run_counts():
    first = at("2026-03-17T09:15")

    assert last_refresh(Window(1, "WEEKS"), first, NOW) == first
