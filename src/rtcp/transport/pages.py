"""How the lists of the service go on: by a link or a token of the answer, or by a place that we count ourselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple, Protocol, TypeVar
from urllib.parse import parse_qsl

from rtcp._numbers import told_count
from rtcp.errors import PagingError
from rtcp.paging import Page, Paged, next_query
from rtcp.transport.answers import mapping, told
from rtcp.transport.request import Request, Response

T = TypeVar("T")

# The service writes these where it has no value.
_BLANK: Final = ("", "null", '"null"')


class Pager(Protocol):
    """Knows what to ask for next, and reads it from the page before."""

    def ask(self, first: Request, token: str | None) -> Request:
        """The request for the page of this token; `first` asks for the first one."""
        ...

    def page(self, items: list[T], body: Any, first: Request, token: str | None) -> Page[T]:
        """The items as the page that was asked for with this token."""
        ...


def paged(
    first: Request,
    read: Callable[[Any, Response], list[T]],
    *,
    by: Pager,
    send: Callable[[Request], Response],
    of: type[T] | None = None,
    limit: int | None = None,
) -> Paged[T]:
    """A list: `first` asks for its first page, `read` makes the items of one answer, `by` goes from page to page."""

    def fetch(token: str | None) -> Page[T]:
        return told(
            lambda body, response: by.page(read(body, response), body, first, token), send(by.ask(first, token))
        )

    return Paged(fetch, limit=limit, of=of)


def next_href(body: Any) -> Any:
    """The link to the next page where most nouns have it."""
    following = mapping(mapping(body).get("_links")).get("next")
    return following.get("href") if isinstance(following, dict) else following


def tells_end(told: Any) -> bool:
    """True for what stands in the place of a link or cursor where there is no next page."""
    # No page comes before the first one, whose number is 0.
    return not told or (isinstance(told, str) and told.strip() in _BLANK)


class NextLink(NamedTuple):
    """The answer tells the next page: by a link, else by a token in `_page.next`, which goes before the first query.

    Attributes:
        base_url: where a link may lead.
        link_of: the link of a body, an empty one on the last page, None where it has none.
        completes: put what was asked for, and the link leaves out, into the query again. A documented link of the
            audiences has the place of the next page in it and no filter: followed as it is, it would lead to what
            nobody asked for.
    """

    base_url: str
    link_of: Callable[[Any], Any] = next_href
    completes: bool = False

    def ask(self, first: Request, token: str | None) -> Request:
        if token is None:
            return first
        return replace(first, query=_complete(token, first.query) if self.completes else token)

    def page(self, items: list[T], body: Any, first: Request, token: str | None) -> Page[T]:
        paging = mapping(mapping(body).get("_page"))
        total = paging.get("totalCount")
        link = self.link_of(body)
        link = link.get("href") if isinstance(link, dict) else link
        if isinstance(link, str):
            following = None if tells_end(link) else next_query(link, base_url=self.base_url)
        elif link:
            raise PagingError(f"the next-page link is no text but {type(link).__name__}")
        else:
            following = _after(first, paging.get("next"))
        return Page(items, following, total=total if isinstance(total, int) else None)


class Offset(NamedTuple):
    """We count the items, as the service tells no next page.

    Attributes:
        name: of the parameter for the place of a page's first item.
        page_size: items in a full page, where the first one that is not full is the last; None goes on until a page is
            empty or the total is reached.
    """

    name: str
    page_size: int | None = None

    def ask(self, first: Request, token: str | None) -> Request:
        return first if token is None else replace(first, query=[*_pairs(first), (self.name, token)])

    def page(self, items: list[T], body: Any, first: Request, token: str | None) -> Page[T]:
        counted = told_count(mapping(mapping(body).get("_page")).get("totalCount"))
        total = counted if self.page_size is None else None
        offset = int(token or 0) + len(items)
        is_last = not items or (total is not None and offset >= total)
        if self.page_size is not None:
            is_last = len(items) < self.page_size
        return Page(items, None if is_last else str(offset), total=total, is_counted=True)


def _after(first: Request, cursor: Any) -> str | None:
    if tells_end(cursor):
        return None
    if isinstance(cursor, bool) or not isinstance(cursor, str | int):
        raise PagingError(f"the cursor of the next page is no text but {type(cursor).__name__}")
    return replace(first, query=[("start", cursor), *_pairs(first)]).encoded_query()


def _complete(link: str, asked: Any) -> str:
    """The query of a next link with what was asked for and the link leaves out."""
    pairs = asked.items() if isinstance(asked, Mapping) else asked
    # `orderBy` and `orderby` are one parameter: openapi/README.md, oddity 9.
    told = {name.casefold() for name, _ in parse_qsl(link, keep_blank_values=True)}
    missing = [(name, value) for name, value in pairs if name.casefold() not in told]
    rest = Request.platform("GET", "", query=missing).encoded_query()
    return f"{link}&{rest}" if rest else link


def _pairs(request: Request) -> Iterable[tuple[str, Any]]:
    query = request.query
    if isinstance(query, str):
        return parse_qsl(query, keep_blank_values=True)
    return query.items() if isinstance(query, Mapping) else query  # pyright: ignore[reportReturnType]
