"""What every resource class stands on: a session to send with, and one way to turn answers into models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from rtcp._arguments import check_verbs
from rtcp.config import Config
from rtcp.errors import DecodeError, ResponseError
from rtcp.paging import Paged
from rtcp.transport.answers import M, decode, mapping, parse, read_part_error, refuse_page, told, unreadable
from rtcp.transport.pages import NextLink, Pager, paged
from rtcp.transport.request import Request, Response
from rtcp.transport.session import Session

T = TypeVar("T")


class Resource:
    """One noun of the service. Its verbs refuse arguments that are not what their signatures say."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        check_verbs(cls)

    def __init__(self, session: Session, config: Config) -> None:
        self._session = session
        self._config = config

    def _send(self, request: Request, model: type[M]) -> M:
        return self._send_for(request, lambda body, response: parse(model, body, response))

    def _send_for(self, request: Request, read: Callable[[Any, Response], T]) -> T:
        response = self._session.send(request)
        try:
            return told(read, response)
        except DecodeError as exc:
            if request.creates is None:
                raise
            problem = exc.args[0]
        # A success that cannot be read has made what was asked for, most likely.
        raise unreadable(response, f"{problem}; {request.creates}")

    def _do(self, request: Request) -> Response:
        """Send a request whose answer need not say more than that it was done."""
        return refuse_page(self._session.send(request))

    def _list(
        self,
        first: Request,
        read: Callable[[Any, Response], list[T]],
        *,
        of: type[T],
        by: Pager | None = None,
        limit: int | None,
    ) -> Paged[T]:
        """The list whose first page `first` asks for; it goes on by the links of the answers, unless told otherwise."""
        pager = NextLink(self._config.base_url) if by is None else by
        return paged(first, read, of=of, by=pager, send=self._session.send, limit=limit)


def items_of(body: Any, response: Response, *keys: str, what: str) -> list[Any]:
    """The list under the first of these keys that is there.

    Raises:
        DecodeError: there is no list.
    """
    listed = mapping(body)
    found = next((listed[key] for key in keys if key in listed), None)
    if not isinstance(found, list):
        raise unreadable(response, f"the answer holds no list of {what}")
    return found


def catalog_map(body: Any, response: Response, *, what: str, only: str | None = None) -> list[dict[str, Any]]:
    """The things of a map by id, as the Catalog answers; the id is the key, and not always repeated inside.

    Args:
        only: the id of the one that was asked for, which some answer without the map around it.

    Raises:
        DecodeError: it is no such map, or something in it is none of these things.
    """
    if not isinstance(body, dict):
        raise unreadable(response, f"the answer is no map of {what}")
    if only is not None and body and only not in body:
        if str(body.get("id")) != only:
            raise unreadable(response, f"the answer is about other {what} than the one asked for")
        return [body]
    things = {key: value for key, value in body.items() if not key.startswith("_")}
    if not all(isinstance(value, dict) for value in things.values()):
        raise unreadable(response, f"the answer is no map of {what}: something in it is no object")
    return [{**value, "id": key} for key, value in things.items()]


def read_partial_failure(request: Request, response: Response) -> list[ResponseError]:
    """The errors of a 207 that lists `{xid, error}`, in the order of the list."""
    listed = decode(response)
    errors = [mapping(mapping(item).get("error")) for item in (listed if isinstance(listed, list) else [])]
    return [read_part_error(request, response, error, status=error.get("statusCode")) for error in errors]
