"""Reading expressions: the five shapes, what breaks off, what is not computed, and nonsense."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp.emulator.pql import Computation, PqlError, Truncated, Unsupported, compile_expression

MOST_RECENT = 'xEvent[a = 1].topN(timestamp, 1).map({"timestamp": timestamp, "value": b.c}).head()'
paths = st.from_regex(r"[a-z_][a-zA-Z0-9_]{0,6}(\.[a-z_][a-zA-Z0-9_]{0,6}){0,3}", fullmatch=True).filter(
    lambda path: not {"and", "or", "not", "in", "like", "occurs", "true", "false", "if", "for"} & set(path.split("."))
)
literals = st.one_of(
    st.integers(0, 10**9).map(str),
    st.floats(0, 10**6, allow_nan=False).map(lambda number: f"{number:.4f}"),
    st.text(st.characters(codec="ascii", exclude_characters='"\\', min_codepoint=32), max_size=8).map('"{}"'.format),
    st.sampled_from(["true", "false"]),
)
comparisons = st.tuples(paths, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), literals).map(" ".join)
spans = st.tuples(st.integers(1, 30), st.sampled_from(["hour", "day", "days", "weeks", "months"])).map(
    lambda span: f"timestamp occurs <= {span[0]} {span[1]} before now"
)
conditions = st.recursive(
    comparisons | spans,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join), inner.map("({})".format)
    ),
    max_leaves=6,
)
aggregates = st.one_of(
    st.just("count()"),
    st.tuples(st.sampled_from(["sum", "min", "max"]), paths).map(lambda pair: f"{pair[0]}({pair[1]})"),
)


@pytest.mark.parametrize(
    ("expression", "function", "path"),
    [
        ("xEvent[a.b > 1].sum(c.d)", "SUM", "c.d"),
        ("xEvent.sum(c)", "SUM", "c"),
        ("xEvent[a=1].min(c)", "MIN", "c"),
        ("xEvent[ a != 'x' ].max( c.d )", "MAX", "c.d"),
        ("xEvent[a = true].count()", "COUNT", None),
        (MOST_RECENT, "MOST_RECENT", "b.c"),
    ],
)
def test_five_shapes_are_computed(expression, function, path):
    computation = compile_expression(expression)

    assert isinstance(computation, Computation)
    assert (computation.function, computation.path) == (function, path)


@given(conditions, aggregates)
def test_every_expression_of_the_grammar_is_computed(condition, aggregate):
    assert isinstance(compile_expression(f"xEvent[{condition}].{aggregate}"), Computation)


@given(conditions, aggregates, st.data())
def test_an_expression_cut_between_two_words_is_kept_as_broken_off(condition, aggregate, data):
    words = f"xEvent [ {condition} ]".replace("(", "( ").replace(")", " )").split(" ")
    cut = data.draw(st.integers(1, len(words)))
    head = " ".join(words[:cut])

    # A cut inside a quoted text leaves a quotation mark without its other half, which is unreadable.
    if head.count('"') % 2 == 0:
        assert isinstance(compile_expression(head), (Truncated, Computation))


@given(st.text(max_size=60))
def test_any_text_is_answered_without_a_crash(text):
    with contextlib.suppress(PqlError):
        compile_expression(text)


@pytest.mark.parametrize(
    "expression",
    ["xEvent[(a > 0.0 or b >= 10.0)", "xEvent[", "xEvent", "xEvent[a = 1]", "xEvent[a = 1].sum(", "xEvent."],
)
def test_an_expression_that_breaks_off_is_no_error(expression):
    assert compile_expression(expression) == Truncated()


@pytest.mark.parametrize(
    ("expression", "span"),
    [
        ("xEvent[a = 1].average(b)", "xEvent[a = 1].average(b)"),
        ("xEvent[a = b].count()", "a = b"),
        ("xEvent[x = 1 and a.b + 1 > 2].count()", "a.b + 1 > 2"),
        ("xEvent[a in [1, 2]].count()", "a in [1, 2]"),
        ("xEvent[timestamp occurs = 1 days before now].count()", "timestamp occurs = 1 days before now"),
        ("xEvent[timestamp occurs <= 1 days after now].count()", "timestamp occurs <= 1 days after now"),
        ("xEvent[timestamp occurs <= 1 fortnights before now].count()", "timestamp occurs <= 1 fortnights before now"),
        ("xEvent.sum(a + b)", "a + b"),
        ("person.name", "person.name"),
        ("events.count()", "events"),
        ("xEvent[a = 1][b = 2].count()", "xEvent[a = 1][b = 2]"),
        ("select e from xEvent where e.a = 1", "select e from xEvent where e.a = 1"),
        ("exists e from xEvent where true", "exists e from xEvent where true"),
        (MOST_RECENT.replace("1).map", "3).map"), "xEvent[a = 1].topN(timestamp, 3)"),
        (MOST_RECENT.replace('"value": b.c', '"other": b.c'), '{"timestamp": timestamp, "other": b.c}'),
        (MOST_RECENT.replace(".head()", ""), MOST_RECENT.replace(".head()", "")),
        ("xEvent[a.matches('x')].count()", "a.matches('x')"),
        ("xEvent[a.equals(b)].count()", "a.equals(b)"),
        ("xEvent[a.equals('b', 1)].count()", "a.equals('b', 1)"),
        ("xEvent[a].count()", "a"),
        ("max(a, b)", "max(a, b)"),
    ],
)
def test_what_is_not_computed_is_named(expression, span):
    with pytest.raises(Unsupported) as caught:
        compile_expression(expression)

    assert caught.value.span == span


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("xEvent[a = 1]].count()", "']' at position 13"),
        ("xEvent[(a = 1].count()", "']' at position 13"),
        ("xEvent[a +].count()", "']' at position 10"),
        ("xEvent[a = 1] b", "'b' at position 14"),
        ("xEvent[a ~ 1].count()", "'~ 1].count()' at position 9"),
        ('xEvent[a = "x].count()', "position 11"),
        ('xEvent[a = "\\q"].count()', "escape"),
        ("xEvent[timestamp occurs <= 1 days 5 now].count()", "'5' at position 34"),
        ("a +", "not over xEvent"),
        (", a", "',' at position 0"),
    ],
)
def test_nonsense_is_refused_with_its_place(expression, complaint):
    with pytest.raises(PqlError) as caught:
        compile_expression(expression)

    assert complaint in str(caught.value)
    assert not isinstance(caught.value, Unsupported)


def test_parentheses_beyond_all_reason_are_not_computed():
    with pytest.raises(Unsupported):
        compile_expression("xEvent[" + "(" * 5000 + "a = 1" + ")" * 5000 + "].count()")


def test_a_path_may_be_as_long_as_it_likes():
    path = ".".join("a" * 20_000)

    assert compile_expression(f"xEvent[{path} = 1].sum({path})").path == path
