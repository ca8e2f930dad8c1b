"""What every resource class stands on: a session to send with, and one way to turn answers into models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from rtcp.config import Config
from rtcp.errors import DecodeError, ResponseError
from rtcp.paging import Page, next_query
from rtcp.transport.answers import M, decode, mapping, parse, read_part_error, refuse_page, unreadable
from rtcp.transport.request import Request, Response
from rtcp.transport.session import Session

T = TypeVar("T")


class Resource:
    """One noun of the service."""

    def __init__(self, session: Session, config: Config) -> None:
        self._session = session
        self._config = config

    def _send(self, request: Request, model: type[M]) -> M:
        return self._send_for(request, lambda body, response: parse(model, body, response))

    def _send_for(self, request: Request, read: Callable[[Any, Response], T]) -> T:
        response = self._session.send(request)
        try:
            return read(decode(response), response)
        except DecodeError as exc:
            if request.creates is None:
                raise
            problem = exc.args[0]
        # A success that cannot be read has made what was asked for, most likely.
        raise unreadable(response, f"{problem}; {request.creates}")

    def _do(self, request: Request) -> Response:
        """Send a request whose answer need not say more than that it was done."""
        return refuse_page(self._session.send(request))

    def _page(
        self, body: Any, response: Response, items: list[T], *, query: Iterable[tuple[str, Any]], total: Any = None
    ) -> Page[T]:
        """A page with the next link of the body, in either envelope: `_links.next.href`, else `_page.next`.

        A link carries the whole query; a bare token is put before `query`, that of the first page.
        """
        link = mapping(mapping(mapping(body).get("_links")).get("next")).get("href")
        if isinstance(link, str):
            token = next_query(link, base_url=self._config.base_url)
        else:
            cursor = mapping(mapping(body).get("_page")).get("next")
            has_cursor = isinstance(cursor, str | int) and str(cursor) != ""
            request = Request.platform("GET", "", query=[("start", cursor), *query])
            token = request.encoded_query() if has_cursor else None
        return Page(items, token, total=total if isinstance(total, int) else None)


def complete_link(link: str, asked: Mapping[str, Any]) -> str:
    """The query of a next link with what was asked for and the link leaves out.

    A documented link of the audiences has the place of the next page in it and no filter: followed as it is, it would
    lead to what nobody asked for.
    """
    told = {name.casefold() for name, _ in parse_qsl(link, keep_blank_values=True)}
    missing = {name: value for name, value in asked.items() if name.casefold() not in told}
    rest = Request.platform("GET", "", query=missing).encoded_query()
    return f"{link}&{rest}" if rest else link


def read_partial_failure(request: Request, response: Response) -> list[ResponseError]:
    """The errors of a 207 that lists `{xid, error}`, in the order of the list."""
    listed = decode(response)
    errors = [mapping(mapping(item).get("error")) for item in (listed if isinstance(listed, list) else [])]
    return [read_part_error(request, response, error, status=error.get("statusCode")) for error in errors]
