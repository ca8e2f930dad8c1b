"""Names at a prompt: what the service knows by an id can be called by its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import rtcp
from rtcp.errors import BadRequestError, NotFoundError, RtcpError, UnprocessableError
from rtcp.resources._naming import near_names

# An id that the service has made; whoever writes one means it, and no look-up is needed.
_MADE: Final = re.compile(r"[0-9a-f]{24}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def one(noun: Any, given: str) -> Any:
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
    # Of what looks like an id, its refusal says more than that nothing has it for a name.
    if isinstance(problem, BadRequestError) or _MADE.fullmatch(given):
        raise problem
    raise NotFoundError(text, status=404)


def merge_policy(client: rtcp.Client, given: str | None) -> str | None:
    """The id of a merge policy that is given by id or name; None and none are what they are."""
    return given if given in (None, "none") else _id_of(client.merge_policies, given)


def dataset(client: rtcp.Client, given: str) -> str:
    """The id of a dataset that is given by id or name."""
    return _id_of(client.datasets, given)


def optional_dataset(client: rtcp.Client, given: str | None) -> str | None:
    """The same where none need be given."""
    return None if given is None else dataset(client, given)


def datasets(client: rtcp.Client, given: Iterable[str]) -> list[str]:
    """The ids of many datasets, in their order."""
    return _each(dataset, client, given)


def audiences(client: rtcp.Client, given: Iterable[str]) -> list[str]:
    """The ids of many audiences, in their order."""
    return _each(lambda client, each: _id_of(client.audiences, each), client, given)


def computed_attribute(client: rtcp.Client, given: str) -> str:
    """The id of a computed attribute that is given by id or name."""
    return _id_of(client.computed_attributes, given)


def namespace(client: rtcp.Client, given: str) -> rtcp.Namespace:
    """The namespace that is given by its number or its code.

    Raises:
        NotFoundError: there is none; near codes are told.
    """
    if given.isdecimal():
        return client.namespaces.get(given)
    listed = list(client.namespaces.list())
    found = next((each for each in listed if each.code == given), None)
    if found is None:
        raise NotFoundError(_no_namespace(given, [each.code for each in listed]), status=404)
    return found


@contextmanager
def near_namespaces(client: rtcp.Client, code: str | None) -> Iterator[None]:
    """While a person is looked up: of a namespace that the sandbox does not have, near ones are told."""
    try:
        yield
    except (BadRequestError, NotFoundError, UnprocessableError) as exc:
        told = unknown_namespace(client, code)
        if told is not None:
            exc.add_note(told)
        raise


def unknown_namespace(client: rtcp.Client, code: str | None) -> str | None:
    """What to say of a namespace that the sandbox does not have; None of one that it has, or when nobody can tell."""
    codes: list[str] = []
    # The hint is worth one more request, and no second error.
    with suppress(RtcpError):
        codes = [] if code is None else [each.code for each in client.namespaces.list() if each.code]
    return None if code is None or not codes or code in codes else _no_namespace(code, codes)


def _no_namespace(code: str, codes: Iterable[str | None]) -> str:
    near = ", ".join(near_names(code, codes))
    meant = f"; near it: {near}" if near else ""
    return f"there is no namespace {code!r} in this sandbox{meant}; rtcp namespaces list shows all"


def said(thing: Any) -> str:
    """A thing by name and id, as an admin knows it."""
    return f"{thing.name!r} ({thing.id})" if getattr(thing, "name", None) else str(thing.id)


def _each(find: Callable[[rtcp.Client, str], str], client: rtcp.Client, given: Iterable[str]) -> list[str]:
    listed = list(given)
    try:
        return [find(client, each) for each in listed]
    except NotFoundError as exc:
        if len(listed) > 1:
            exc.add_note("commas part names; one that belongs to a name is written \\,")
        raise


def _id_of(noun: Any, given: str | None) -> str:
    assert given is not None
    return given if _MADE.fullmatch(given) else str(one(noun, given).id)
