"""Lists that fetch their pages as they are read, and read to the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Generic, TypeVar
from urllib.parse import SplitResult, urlsplit

from rtcp._notebook import Displayed
from rtcp._notebook.cards import Card
from rtcp._notebook.describing import part_of
from rtcp.errors import InvalidArgumentError, PagingError, RtcpError

T = TypeVar("T")

_MOST_REPEATS: Final = 2
# Filters may leave many pages of a list empty, but no service goes on for ever.
_MOST_EMPTY: Final = 500


@dataclass(frozen=True, slots=True)
class Page(Displayed, Generic[T]):
    """One page as the service cut it; `next` is the token of the page after it, None on the last.

    `is_counted` tells that the token is a place that we have counted ourselves, and not the service's own.
    """

    items: Sequence[T]
    next: str | None = None
    total: int | None = None
    is_counted: bool = False

    def __repr__(self) -> str:
        # A token may carry identities in its query.
        return f"<Page of {len(self.items)} items, {'more' if self.next else 'last'}>"

    def _card(self) -> Card:
        return _card_of_page(self, f"Page of {len(self.items):,} items")


class Paged(Displayed, Generic[T]):
    """A list on the service: iterating yields every item, page after page, from the start each time.

    `limit` caps the items, never the pages. It is lazy: nothing is sent before the first item is asked for. `of` says
    what the items are, also where there is none.
    """

    def __init__(
        self, fetch: Callable[[str | None], Page[T]], *, limit: int | None = None, of: type[T] | None = None
    ) -> None:
        if limit is not None and limit < 0:
            raise InvalidArgumentError(f"limit must be 0 or more, not {limit}")
        self._fetch = fetch
        # No list is so long, and no slice of Python's.
        self._limit = None if limit is not None and limit > sys.maxsize else limit
        self.of = of

    def __iter__(self) -> Iterator[T]:
        items = (item for page in self.pages() for item in page.items)
        return items if self._limit is None else islice(items, self._limit)

    def pages(self) -> Iterator[Page[T]]:
        """Yield page after page, `limit` not applied.

        Raises:
            PagingError: the service gave a token that it had given before, or one page over and over, or hundreds of
                empty pages.
        """
        token: str | None = None
        seen: set[str] = set()
        before: list[object] = []
        repeats = empty = 0
        while True:
            page = self._fetch(token)
            # A service that overlooks the place it is asked for would give its first page for ever. Once is no proof: a
            # list that grows meanwhile moves what was on one page to the next.
            ids: list[object] = [getattr(item, "id", item) for item in page.items] if page.is_counted else []
            repeats = repeats + 1 if ids and ids == before else 0
            if repeats == _MOST_REPEATS:
                raise PagingError(f"the service repeated a page, the one after {len(seen)} others")
            before = ids
            empty = 0 if page.items else empty + 1
            if empty > _MOST_EMPTY:
                raise PagingError(f"the service gave {empty} empty pages in a row, each with a token for another one")
            yield page
            # A page may be empty and still carry a token: filters run after the page is cut.
            if page.next is None:
                return
            if page.next in seen:
                raise PagingError(f"the service repeated a next-page token after {len(seen) + 1} pages")
            seen.add(page.next)
            token = page.next

    def first(self) -> T | None:
        """The first item, or None when there is none."""
        return next(iter(self), None)

    def __repr__(self) -> str:
        items = "items" if self.of is None else self.of.__name__
        most = "" if self._limit is None else f", {self._limit} at most"
        return f"<{type(self).__name__} list of {items}{most}: iterate it, or take first() or pages()>"

    def _card(self) -> Card:
        """The first page, which is asked for when the card is."""
        title = f"List of {'items' if self.of is None else self.of.__name__}"
        if self._limit is not None:
            title += f", {self._limit:,} at most"
        try:
            page = self._fetch(None)
        except RtcpError as exc:
            return Card(title, notes=[f"The first page did not come. {type(exc).__name__}: {exc}"])
        return _card_of_page(page, title, limit=self._limit)


def _card_of_page(page: Page[Any], title: str, *, limit: int | None = None) -> Card:
    items = page.items if limit is None else page.items[:limit]
    is_cut = limit is not None and limit <= len(page.items)
    parts = [part_of(items)] if items else []
    said = ["There is more to come: iterate the list."] if page.next is not None and not is_cut else ["This is all."]
    counted = [] if page.total is None else [("in all, by the service's count", page.total)]
    # A person's events were asked for, as the person is.
    return Card(title, facts=counted, parts=parts, notes=said, is_asked_for=True)


def next_query(href: str, *, base_url: str) -> str | None:
    """The query of a next link, or None at the end.

    Only the query is taken, as the paths in the links are relative to differing roots.

    Raises:
        PagingError: the link leads to another host, has no query, or is no link.
    """
    if not href:
        return None
    try:
        link = urlsplit(href)
        is_ours = link.hostname is None or _origin(link) == _origin(urlsplit(base_url))
    except ValueError:
        is_ours = False
    if not is_ours:
        raise PagingError("the next-page link leads to another host, or nowhere; it was not followed")
    if not link.query:
        raise PagingError("the next-page link has no query, so there is no telling where the next page starts")
    return link.query


def _origin(link: SplitResult) -> tuple[str | None, int | None]:
    return link.hostname, link.port if link.port is not None else {"https": 443, "http": 80}.get(link.scheme)
