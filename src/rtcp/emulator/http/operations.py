"""What nouns bind to operations: routes, the changes of dialects, and the shapes of errors; a noun is found by name.

There are three dialects: `guide` is what the product guides print, `spec` what the published OpenAPI says, `hostile`
all that both leave open. A dialect is pure changes to an answer that a route has made: a noun's `CHANGES` of
successful bodies, its `LIST_CHANGES` of those that are lists and, where its failures differ too, `REFUSED`.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlencode

from rtcp.emulator.http.gateway import refuse_expired_token
from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.wire import Answer, Request
from rtcp.emulator.noun_folders import load_noun

Body = dict[str, Any]
# The second argument is the service; nouns name its type, which stands above this floor.
Handler = Callable[[Request, Any], Answer]
PartHandler = Callable[[Request, Sequence[int]], Answer]
Change = Callable[[Request, Body], Any]
ListChange = Callable[[Request, list[Body]], list[Body]]
Refused = Callable[[Request, Answer], Answer]
Bound = TypeVar("Bound", bound=Callable[..., Answer])

DIALECTS = ("guide", "spec", "hostile")
ROUTES: dict[str, Handler] = {}
_PARTIAL: dict[str, PartHandler] = {}


def route(*operations: str) -> Callable[[Bound], Bound]:
    """Bind a handler to operations of the description by their ids."""
    return _bind(ROUTES, operations)


def partial_failure_of(*operations: str) -> Callable[[Bound], Bound]:
    """Bind the function that lets some parts of a request fail, when a fault asks for it."""
    return _bind(_PARTIAL, operations)


def find_route(operation: str) -> Handler:
    """The handler of an operation.

    Raises:
        LookupError: no noun has bound one.
    """
    if operation not in ROUTES:
        load_noun(_noun_of(operation))
    return ROUTES[operation]


def fail_parts(request: Request, positions: Sequence[int]) -> Answer | None:
    """The answer in which the parts at these positions fail, or None when the operation has no parts."""
    load_noun(_noun_of(request.operation))
    answer = _PARTIAL.get(request.operation or "")
    return None if answer is None else answer(request, positions)


def error_of(operation: str | None, status: int, detail: str) -> Answer:
    """An error in the shape that the operation's noun uses."""
    shape = _find(_noun_of(operation), "error_of")
    answer: Answer = problem(status, detail) if shape is None else shape(status, detail)
    return answer


def expired_token_of(operation: str | None) -> Answer:
    """The refusal of a token that has expired, as the operation's noun words it."""
    refuse = _find(_noun_of(operation), "refuse_expired_token") or refuse_expired_token
    answer: Answer = refuse()
    return answer


def answer_unbuilt(noun: str, request: Request) -> Answer | None:
    """What a noun answers a request that is none of its operations, or None."""
    answer = _find(noun, "answer_unbuilt")
    return None if answer is None else answer(request)


def headers_for_pages(request: Request) -> Mapping[str, str]:
    """What an answer carries so that the page that asked may read it; nothing where the service lets no page read."""
    headers = _find(_noun_of(request.operation), "headers_for_pages")
    return {} if headers is None else headers(request)


def changes_in(dialect: str, operation: str) -> bool:
    """Whether a dialect changes what an operation answers, or refuses."""
    tables = ("CHANGES", "LIST_CHANGES", "REFUSED")
    return any(_changes(dialect, operation, table) is not None for table in tables)


class Dialect:
    """One dialect by its name."""

    def __init__(self, name: str = "guide") -> None:
        if name not in DIALECTS:
            raise ValueError(f"no dialect {name!r}: choose one of {', '.join(DIALECTS)}")
        self.name = name

    def speak(self, request: Request, answer: Answer) -> Answer:
        """The answer as this dialect gives it."""
        if request.operation is None:
            return answer
        if answer.status >= 400:
            refused: Refused | None = _changes(self.name, request.operation, "REFUSED")
            return answer if refused is None else refused(request, answer)
        # An operation that answers an object may answer a list for once, which its change does not expect.
        table = "LIST_CHANGES" if isinstance(answer.body, list) else "CHANGES"
        change: Callable[[Request, Any], Any] | None = _changes(self.name, request.operation, table)
        if change is None or not isinstance(answer.body, (dict, list)):
            return answer
        body = change(request, answer.body)
        if self.name == "hostile" and body is not None:
            body = shuffle_keys(body, request)
        return Answer(answer.status, body, answer.headers, answer.content_type)


def without(entry: Mapping[str, Any], *names: str) -> Body:
    """A copy that lacks some names."""
    return {name: value for name, value in entry.items() if name not in names}


def shuffle_keys(value: Any, request: Request) -> Any:
    """The same value with the keys of every object in another order, the same order for the same request."""
    # Not `hash`, which differs from process to process.
    seed = zlib.crc32(urlencode(request.query.pairs).encode() + request.body)
    return _shuffle(value, random.Random(seed))  # noqa: S311 - chaos, not secrets


def _bind(bound: dict[str, Any], operations: Sequence[str]) -> Callable[[Bound], Bound]:
    def bind(handler: Bound) -> Bound:
        for operation in operations:
            if operation in bound:
                raise ValueError(f"{operation} is bound twice, to {bound[operation]} and to {handler}")
            bound[operation] = handler
        return handler

    return bind


def _noun_of(operation: str | None) -> str:
    return (operation or "").partition(".")[0]


def _find(noun: str, name: str) -> Callable[..., Any] | None:
    """What a noun's modules define under a name, or None."""
    return next((found for module in load_noun(noun) if (found := vars(module).get(name)) is not None), None)


@cache
def _changes(dialect: str, operation: str, table: str) -> Any:
    """The change that a noun has bound to an operation in its table of the dialect, or None."""
    for module in load_noun(_noun_of(operation)):
        found = vars(module).get(table, {}).get(dialect, {}).get(operation)
        if found is not None:
            return found
    return None


def _shuffle(value: Any, chance: random.Random) -> Any:
    if isinstance(value, list):
        return [_shuffle(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    chance.shuffle(names)
    return {name: _shuffle(value[name], chance) for name in names}
