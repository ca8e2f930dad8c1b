"""Lazy lists: complete, in order, no page too many, and never in a circle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rtcp
from rtcp.paging import Page, Paged, next_query

BASE = "https://platform.example"
PAGES = st.lists(st.lists(st.integers(), max_size=4), min_size=1, max_size=6)


class Book:
    """Pages to fetch, with a record of what was fetched."""

    def __init__(self, pages: list[list[int]]) -> None:
        self.pages = pages
        self.asked: list[str | None] = []

    def fetch(self, token: str | None) -> Page[int]:
        self.asked.append(token)
        number = int(token or 0)
        return Page(self.pages[number], str(number + 1) if number + 1 < len(self.pages) else None)


@given(PAGES)
def test_a_list_yields_every_item_of_every_page(pages: list[list[int]]) -> None:
    book = Book(pages)

    assert list(Paged(book.fetch)) == [item for page in pages for item in page]
    assert len(book.asked) == len(pages)


@given(PAGES, st.integers(0, 30))
def test_limit_caps_the_items_and_fetches_no_page_for_nothing(pages: list[list[int]], limit: int) -> None:
    book = Book(pages)

    found = list(Paged(book.fetch, limit=limit))

    assert found == [item for page in pages for item in page][:limit]
    needed = next((n for n in range(len(pages) + 1) if sum(map(len, pages[:n])) >= limit), len(pages))
    assert len(book.asked) == needed


def test_nothing_is_fetched_before_the_first_item_is_asked_for() -> None:
    book = Book([[1], [2]])

    items = iter(Paged(book.fetch))
    assert book.asked == []

    assert next(items) == 1
    assert book.asked == [None]


def test_an_empty_page_with_a_token_goes_on() -> None:
    assert list(Paged(Book([[], [], [7]]).fetch)) == [7]


def test_each_iteration_starts_from_the_beginning() -> None:
    paged = Paged(Book([[1], [2]]).fetch)

    assert list(paged) == list(paged) == [1, 2]


def test_pages_are_given_as_they_were_cut() -> None:
    assert [page.items for page in Paged(Book([[1, 2], [3]]).fetch, limit=1).pages()] == [[1, 2], [3]]


def test_first_is_the_first_item_or_none() -> None:
    assert Paged(Book([[], [5, 6]]).fetch).first() == 5
    assert Paged(Book([[]]).fetch).first() is None
    assert Paged(Book([[5]]).fetch, limit=0).first() is None


@pytest.mark.parametrize("circle", [["a", "a"], ["a", "b", "a"], ["a", "b", "c", "b"]])
def test_a_repeated_token_is_an_error_and_no_endless_loop(circle: list[str]) -> None:
    tokens = iter(circle)
    items = iter(Paged(lambda token: Page([1], next(tokens))))

    assert [next(items) for _ in circle] == [1] * len(circle)
    with pytest.raises(rtcp.PagingError, match="repeated"):
        next(items)


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(rtcp.InvalidArgumentError, match="limit"):
        Paged(Book([[1]]).fetch, limit=-1)


def test_no_repr_shows_a_token_or_an_item() -> None:
    assert repr(Page(["jane"], "start=jane")) == "<Page of 1 items, more>"
    assert repr(Page([])) == "<Page of 0 items, last>"
    assert "jane" not in repr(Paged(lambda token: Page(["jane"])))


@pytest.mark.parametrize(
    "href",
    [
        "/entities?start=a%2Fb&limit=2",
        "@/mergePolicies?start=a%2Fb&limit=2",
        "?start=a%2Fb&limit=2",
        "https://platform.example/data/x?start=a%2Fb&limit=2",
        "https://PLATFORM.example:443/data/x?start=a%2Fb&limit=2",
    ],
)
def test_of_a_next_link_the_query_is_taken_as_it_came(href: str) -> None:
    assert next_query(href, base_url=BASE) == "start=a%2Fb&limit=2"


def test_an_empty_link_is_the_end() -> None:
    assert next_query("", base_url=BASE) is None


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.example/data?start=1",
        "//evil.example/data?start=1",
        "http://platform.example/data?start=1",
        "https://platform.example:8443/data?start=1",
        "https://platform.example@evil.example/?start=1",
        "https://[bad/?start=1",
        "https://platform.example:99999/?start=1",
    ],
)
def test_a_link_to_another_host_is_refused(href: str) -> None:
    with pytest.raises(rtcp.PagingError, match="was not followed"):
        next_query(href, base_url=BASE)


@given(st.text())
def test_no_link_breaks_the_paging(href: str) -> None:
    try:
        query = next_query(href, base_url=BASE)
    except rtcp.PagingError:
        return
    assert query is None or query


def test_a_next_link_without_a_query_is_an_error_and_no_end():
    with pytest.raises(rtcp.PagingError, match="has no query"):
        next_query("/entities", base_url=BASE)


@pytest.mark.parametrize("is_counted", [True, False])
def test_a_service_that_overlooks_the_place_it_is_asked_for_does_not_loop(is_counted):
    pages = iter([*(Page(["a", "b"], place, is_counted=is_counted) for place in ("2", "4", "6")), Page([])])
    paged = Paged(lambda token: next(pages))

    if is_counted:
        with pytest.raises(rtcp.PagingError, match="repeated a page"):
            list(paged)
    else:
        # A token of the service's own may well lead to what looks the same.
        assert list(paged) == ["a", "b"] * 3


def test_a_list_that_grows_while_it_is_read_may_show_a_page_twice():
    pages = iter([Page(["a"], "1", is_counted=True), Page(["a"], "2", is_counted=True), Page(["b"], is_counted=True)])

    assert list(Paged(lambda token: next(pages))) == ["a", "a", "b"]
