"""What both media APIs need to read answers; media stands beside the resources, and borrows nothing from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rtcp._instants import EPOCH
from rtcp.errors import DecodeError, ResponseError
from rtcp.transport.error_mapping import to_error
from rtcp.transport.request import Request, Response


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; of anything else, none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def decode(response: Response, *, creates: str | None = None) -> Mapping[str, Any]:
    """The object of a success; `creates` tells how to find out what was made, where the answer is none.

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


def done(response: Response, *, creates: str | None = None) -> Response:
    """The answer itself, which need not say more than that something was done; `creates` as in `decode`.

    Raises:
        DecodeError: it is a page of somebody else.
    """
    if response.is_page:
        raise unreadable(response, f"the service answered {response.status} with an HTML page", creates=creates)
    return response


def first_error(request: Request, response: Response, body: Mapping[str, Any]) -> ResponseError | None:
    """The first error that a success carries along, as if it had been the answer."""
    error = next(iter(objects(body.get("errors"))), None)
    if error is None:
        return None
    status = error.get("status")
    part = replace(
        response, status=status if isinstance(status, int) else response.status, body=json.dumps(error).encode()
    )
    return to_error(request, part, now=EPOCH)


def unreadable(response: Response, message: str, *, creates: str | None = None) -> DecodeError:
    """A `DecodeError` that says which answer it is about."""
    message = message if creates is None else f"{message}; {creates}"
    return DecodeError(
        message, method=response.method, url=response.url, request_id=response.request_id, may_have_been_applied=True
    )
