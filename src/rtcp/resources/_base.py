"""What every resource class stands on: a session to send with, and one way to turn answers into models."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, TypeAdapter, ValidationError

from rtcp._instants import EPOCH
from rtcp.config import Config
from rtcp.errors import DecodeError, ResponseError
from rtcp.models.base import Model
from rtcp.paging import Page, next_query
from rtcp.transport.request import Request, Response
from rtcp.transport.session import Session

M = TypeVar("M", bound=Model)
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
        response = self._session.send(request)
        if response.is_page:
            raise unreadable(response, f"the service answered {response.status} with an HTML page")
        return response

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


def completed(link: str, asked: Mapping[str, Any]) -> str:
    """The query of a next link with what was asked for and the link leaves out.

    A documented link of the audiences has the place of the next page in it and no filter: followed as it is, it would
    lead to what nobody asked for.
    """
    told = {name.casefold() for name, _ in parse_qsl(link, keep_blank_values=True)}
    missing = {name: value for name, value in asked.items() if name.casefold() not in told}
    rest = Request.platform("GET", "", query=missing).encoded_query()
    return f"{link}&{rest}" if rest else link


def decode(response: Response) -> Any:
    """The JSON of a success.

    Raises:
        DecodeError: it is none.
    """
    try:
        return response.json()
    except ValueError:
        what = "nothing" if not response.body else "an HTML page" if response.is_page else "no JSON"
    raise unreadable(response, f"the service answered {response.status} with {what}")


def parse(model: type[M], data: Any, response: Response) -> M:
    """The answer as a model.

    Raises:
        DecodeError: it does not have the documented form; the message names fields, never values.
    """
    try:
        return model.model_validate(data)
    except ValidationError as exc:
        problems = "; ".join(
            f"{_where(model, error['loc'])}: {error['type']}"
            for error in exc.errors(include_input=False, include_url=False)[:3]
        )
    if isinstance(data, dict) and None in data.values():
        # A null where a list or flag belongs says no more than leaving it out would.
        return parse(model, {name: value for name, value in data.items() if value is not None}, response)
    raise unreadable(response, f"the answer is no {model.__name__}: {problems}")


def parse_all(model: type[M], items: list[Any], response: Response) -> list[M]:
    """Each item as a model, all of them at once: a call for each would be a third of reading an event.

    Raises:
        DecodeError: one of them does not have the documented form; the message names fields, never values.
    """
    try:
        return _list_of(model).validate_python(items)
    except ValidationError:
        pass
    return [parse(model, item, response) for item in items]


@cache
def _list_of(model: type[M]) -> TypeAdapter[list[M]]:
    return TypeAdapter(list[model])  # type: ignore[valid-type]


def read_partial_failure(request: Request, response: Response) -> list[ResponseError]:
    """The errors of a 207 that lists `{xid, error}`, in the order of the list."""
    from rtcp.transport.error_mapping import to_error

    answer = decode(response)
    errors = []
    for item in answer if isinstance(answer, list) else []:
        error = mapping(mapping(item).get("error"))
        status = str(error.get("statusCode", ""))
        part = replace(
            response, status=int(status) if status.isdecimal() else response.status, body=json.dumps(error).encode()
        )
        errors.append(to_error(request, part, now=EPOCH))
    return errors


def unreadable(response: Response, message: str) -> DecodeError:
    """A `DecodeError` that says which answer it is about."""
    return DecodeError(
        message, method=response.method, url=response.url, request_id=response.request_id, may_have_been_applied=True
    )


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _where(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    # Only the first step is a field of ours; deeper ones may be keys that hold identities.
    return str(location[0]) if location else model.__name__
