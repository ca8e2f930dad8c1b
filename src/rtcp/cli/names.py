"""Names at a prompt: what the service knows by an id can be called by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import rtcp
from rtcp.errors import BadRequestError, NotFoundError, RtcpError

# An id that the service has made; whoever writes one means it, and no look-up is needed.
_MADE: Final = re.compile(r"[0-9a-f]{24}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def one(noun: Any, given: str, what: str) -> Any:
    """The thing of a noun with this id, or else the only one of this name.

    Raises:
        NotFoundError: there is neither; near names are told.
        InvalidArgumentError: there are several of this name; their ids are told.
    """
    try:
        return noun.get(given)
    except (NotFoundError, BadRequestError) as exc:
        problem: RtcpError = exc
    try:
        return noun.find(given)
    except NotFoundError as exc:
        text = exc.args[0].replace("of the name", "with the id or name")
    if isinstance(problem, BadRequestError) or _MADE.fullmatch(given):
        raise problem
    raise NotFoundError(text, status=404)


def merge_policy(client: rtcp.Client, given: str | None) -> str | None:
    """The id of a merge policy that is given by id or name; None and none are what they are."""
    return given if given in (None, "none") else _id_of(client.merge_policies, given, "merge policy")


def dataset(client: rtcp.Client, given: str) -> str:
    """The id of a dataset that is given by id or name."""
    return _id_of(client.datasets, given, "dataset")


def optional_dataset(client: rtcp.Client, given: str | None) -> str | None:
    """The same where none need be given."""
    return None if given is None else dataset(client, given)


def datasets(client: rtcp.Client, given: Iterable[str]) -> list[str]:
    """The ids of many datasets, in their order."""
    return [dataset(client, each) for each in given]


def audiences(client: rtcp.Client, given: Iterable[str]) -> list[str]:
    """The ids of many audiences, in their order."""
    return [_id_of(client.audiences, each, "audience") for each in given]


def computed_attribute(client: rtcp.Client, given: str) -> str:
    """The id of a computed attribute that is given by id or name."""
    return _id_of(client.computed_attributes, given, "computed attribute")


def said(thing: Any) -> str:
    """A thing by name and id, as an admin knows it."""
    return f"{thing.name!r} ({thing.id})" if getattr(thing, "name", None) else str(thing.id)


def _id_of(noun: Any, given: str | None, what: str) -> str:
    assert given is not None
    return given if _MADE.fullmatch(given) else str(one(noun, given, what).id)
