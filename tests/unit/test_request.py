"""The request as a value: quoted paths, encoded queries, JSON bodies, and nothing private in its repr."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rtcp
from rtcp.transport.headers import check_headers
from rtcp.transport.request import Request

ROUTE = "/data/things/{id}/parts/{part}"
# Everything that UTF-8 can carry.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def located(**path: object) -> str:
    return Request.platform("GET", ROUTE, path=path).location()


@given(TEXT, TEXT)
def test_a_path_value_stays_one_segment_and_comes_out_as_it_went_in(first: str, second: str) -> None:
    try:
        location = located(id=first, part=second)
    except rtcp.InvalidArgumentError:
        assert {first.strip(), second.strip()} & {"", ".", ".."}
        return

    parts = location.split("/")
    assert [unquote(part) for part in parts] == ["", "data", "things", first, "parts", second]
    assert location.isascii()


@pytest.mark.parametrize("bad", ["", " ", ".", "..", " .. ", "\n"])
def test_a_path_value_that_would_climb_is_refused_by_name(bad: str) -> None:
    with pytest.raises(rtcp.InvalidArgumentError, match="part cannot be"):
        located(id="a", part=bad)


@pytest.mark.parametrize("value", ["a/../b", "../secrets", "%2e%2e", "..%2f", "a?b=c#d", "{id}", "a\r\nb", "..\\x"])
def test_a_path_value_full_of_tricks_is_quoted(value: str) -> None:
    location = located(id=value, part="p")

    assert location.count("/") == 5
    assert not set(location) & set("?#\r\n\\{} ")


def test_numbers_are_ids_as_well() -> None:
    assert located(id=17, part=0) == "/data/things/17/parts/0"


@given(st.dictionaries(TEXT.filter(bool), TEXT))
def test_a_query_comes_out_as_it_went_in(query: dict[str, str]) -> None:
    encoded = Request.platform("GET", "/x", query=query).encoded_query()

    assert parse_qsl(encoded, keep_blank_values=True) == list(query.items())


def test_none_is_left_out_and_booleans_are_written_as_json_does() -> None:
    request = Request.platform("GET", "/x", query=[("a", None), ("b", True), ("b", False), ("c", 0), ("d", "")])

    assert request.encoded_query() == "b=true&b=false&c=0&d="


def test_a_query_that_is_encoded_already_stays_and_only_what_is_unsafe_is_quoted() -> None:
    query = "start=a%2Fb&orderby=+timestamp&name=é#\r\nx y"

    assert Request.platform("GET", "/x", query=query).encoded_query() == (
        "start=a%2Fb&orderby=+timestamp&name=%C3%A9%23%0D%0Ax%20y"
    )


BROKEN = "jane\ud83d"


@pytest.mark.parametrize(
    "build",
    [
        lambda: Request.platform("GET", "/x/{id}", path={"id": BROKEN}).location(),
        lambda: Request.platform("GET", "/x", query={"entityId": BROKEN}).encoded_query(),
        lambda: Request.platform("GET", "/x", query=BROKEN).encoded_query(),
        lambda: Request.platform("POST", "/x", json={"entityId": BROKEN}).body(),
    ],
    ids=["path", "query", "encoded query", "body"],
)
def test_half_a_surrogate_pair_is_refused_without_repeating_the_text(build: Callable[[], object]) -> None:
    with pytest.raises(rtcp.InvalidArgumentError) as caught:
        build()

    assert "jane" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_a_body_that_json_does_not_know_is_refused(value: object) -> None:
    with pytest.raises(rtcp.InvalidArgumentError, match="POST /x is not JSON"):
        Request.platform("POST", "/x", json={"a": value}).body()


def test_no_body_null_and_an_empty_one_are_three_things() -> None:
    assert Request.platform("POST", "/x").body() == (None, None)
    assert Request.platform("POST", "/x", json=None).body() == (b"null", "application/json")
    assert Request.platform("POST", "/x", json={}).body() == (b"{}", "application/json")


def test_a_body_is_utf_8_and_compact() -> None:
    assert Request.platform("POST", "/x", json={"a": [1, "é"]}).body()[0] == '{"a":[1,"é"]}'.encode()


@pytest.mark.parametrize(
    ("method", "idempotent", "repeatable"),
    [
        ("GET", False, True),
        ("PUT", False, True),
        ("DELETE", False, True),
        ("POST", False, False),
        ("PATCH", False, False),
        ("POST", True, True),
    ],
)
def test_what_may_be_sent_twice(method: str, idempotent: bool, repeatable: bool) -> None:
    assert Request.platform(method, "/x", idempotent=idempotent).is_repeatable is repeatable


def test_no_repr_shows_what_is_asked() -> None:
    request = Request.platform(
        "POST",
        "/x/{id}",
        path={"id": "jane"},
        query={"q": "jane"},
        json={"b": "jane"},
        headers={"h": "jane"},
        private=["jane"],
    )

    assert "jane" not in repr(request)


@pytest.mark.parametrize(
    "value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\x7f", "a\x85b", "\u2013", "日本", "\ud800"]
)
def test_a_header_that_would_break_its_line_is_refused_without_its_value(value: str) -> None:
    with pytest.raises(rtcp.InvalidArgumentError, match="'x-thing'") as caught:
        check_headers({"x-thing": value})

    assert "Evil" not in str(caught.value)


@pytest.mark.parametrize("name", ["x y", "x:", "x\r\n", "", "é"])
def test_a_header_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(rtcp.InvalidArgumentError):
        check_headers({name: "a"})


@given(st.dictionaries(st.from_regex(r"[A-Za-z-]{1,9}", fullmatch=True), st.text()))
def test_checked_headers_fit_on_the_wire(headers: dict[str, str]) -> None:
    try:
        check_headers(headers)
    except rtcp.InvalidArgumentError:
        return
    for value in headers.values():
        assert not set(value.encode("latin-1")) & set(b"\r\n\0")
