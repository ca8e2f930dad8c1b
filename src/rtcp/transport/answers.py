"""Answers read: their JSON, the models in it, and the errors that a success may carry along. The one home for that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from rtcp._instants import EPOCH
from rtcp.errors import DecodeError, ResponseError, RtcpError
from rtcp.models.base import Model
from rtcp.transport.request import Request, Response

M = TypeVar("M", bound=Model)
T = TypeVar("T")


def decode(response: Response) -> Any:
    """The JSON of a success.

    Raises:
        DecodeError: it is none.
    """
    try:
        return response.json()
    except ValueError:
        what = "nothing" if not response.body else "an HTML page" if response.is_page else "no JSON"
    # Raised outside the handler, here and below: the parser's error has the answer in its hands.
    raise unreadable(response, f"the service answered {response.status} with {what}")


def told(read: Callable[[Any, Response], T], response: Response) -> T:
    """What `read` makes of the JSON of a success. Its errors come without the frames below, which have the answer in
    their hands: error reporters show the locals of every frame.

    Raises:
        DecodeError: it is none, or not what is documented.
    """
    try:
        return read(decode(response), response)
    except RtcpError as exc:
        failure = exc.with_traceback(None)
    raise failure


def decode_object(response: Response, *, creates: str | None = None) -> Mapping[str, Any]:
    """The JSON object of a success; `creates` tells how to find out what was made, where the answer is none.

    Raises:
        DecodeError: it is none.
    """
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise unreadable(response, f"the service answered {response.status} with no JSON object", creates=creates)
    return body


def refuse_page(response: Response, *, creates: str | None = None) -> Response:
    """The answer itself, which need not say more than that something was done; `creates` as in `decode_object`.

    Raises:
        DecodeError: it is a page of somebody else.
    """
    if response.is_page:
        raise unreadable(response, f"the service answered {response.status} with an HTML page", creates=creates)
    return response


def parse(model: type[M], data: Any, response: Response) -> M:
    """The answer as a model.

    A field that does not fit, and that no verb stands on, is left out and told of, unless the client is strict.

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
    if isinstance(data, dict):
        if None in data.values():
            # A null where a list or flag belongs says no more than leaving it out would.
            return parse(model, {name: value for name, value in data.items() if value is not None}, response)
        if response.tell_odd is not None:
            from rtcp.transport.odd_fields import parse_without

            found = parse_without(model, data)
            if found is not None:
                for odd in found[1]:
                    response.tell_odd(model.__name__, odd.path, odd.kind)
                return found[0]
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
    # One by one now, so that only the odd ones lose a field.
    return [parse(model, item, response) for item in items]


def read_part_error(request: Request, response: Response, said: Mapping[str, Any], *, status: Any) -> ResponseError:
    """The error of one part of an answer, typed as if it had been the whole answer.

    `said` is what the service says of that part; `status` its own status, else that of the answer counts.
    """
    # Loaded with the first error: its patterns would cost every client that is made.
    from rtcp.transport.error_mapping import to_error_saying

    # A number here, a text there: openapi/README.md, oddity 3.
    own = str(status) if not isinstance(status, bool) and isinstance(status, int | str) else ""
    part = replace(
        response, status=int(own) if len(own) == 3 and own.isascii() and own.isdecimal() else response.status
    )
    return to_error_saying(request, part, said, now=EPOCH)


def unreadable(response: Response, message: str, *, creates: str | None = None) -> DecodeError:
    """A `DecodeError` that says which answer it is about; `creates` tells how to find out what was made."""
    message = message if creates is None else f"{message}; {creates}"
    return DecodeError(
        message, method=response.method, url=response.url, request_id=response.request_id, may_have_been_applied=True
    )


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; of anything else, none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


@cache
def _list_of(model: type[M]) -> TypeAdapter[list[M]]:
    return TypeAdapter(list[model])  # type: ignore[valid-type]


def _where(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    # Only the first step is a field of ours; deeper ones may be keys that hold identities.
    return str(location[0]) if location else model.__name__
