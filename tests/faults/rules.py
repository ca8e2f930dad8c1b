"""What must hold in every cell: derived from the description and the fault, never from the client's own tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tests.faults.cells import RETRIES, Outcome, Usual
from tests.faults.faults import DENIED, Again, Fault
from tests.helpers.description import DESCRIPTION

import rtcp
from rtcp.hooks import RequestFailed, RequestFinished, RetryScheduled

# POSTs and PATCHes that only read, or whose second coming changes nothing. What is not named here is sent once.
REPEATABLE = frozenset(
    {
        "auth.fetch_token",
        "entities.get_many",
        "merge_policies.get_many",
        # They bring a batch, an upload or a dataset into a state, or bytes to a place.
        "batches.complete",
        "batches.upload_action",
        "batches.upload_part",
        "datasets.enable_profile",
        # The calls of the table send records, and events with an _id.
        "streaming.send",
        "streaming.send_many",
    }
)
# Media events carry their session and their time.
_REPEATABLE_FAMILIES = ("media_edge.", "media_collection.send_event")
_MEDIA_CREATES = ("media_edge.start_session", "media_edge.send_downloaded")
# Several requests of theirs are under way at once, or follow from what the first one brought.
_UNCOUNTED = frozenset({"batches.upload_part", "batches.upload_action", "datasets.enable_profile"})
_LONGEST_TEXT = 3000
# Where an answer that looks wrong is a documented one, or is made good.
_FINE: dict[tuple[str, str], str] = {
    ("datasets.list", "200 that is an empty object"): "a map of no datasets",
    ("datasets.get", "200 that is an empty object"): "told as unknown",
    ("entities.get", "200 that is an empty object"): "told as unknown",
    ("system_jobs.list", "200 that is a list"): "the form of other stacks",
    ("media_edge.start_session", "200 that is an empty object"): "told as a datastream without media",
    ("media_edge.end", "404 that is empty"): "the session is over, which is what was wanted",
    ("batches.list", "200 that is an empty object"): "a map of no batches",
    ("batches.get", "200 that is an empty object"): "told as unknown",
    ("batches.upload_status", "404 that is empty"): "nothing is there: the upload starts anew",
    ("batches.meta_files", "404 that is empty"): "a batch without diagnostics of rows",
    ("preview.status", "200 that is an empty object"): "no source says which fields are always there",
    ("sandboxes.get", "200 that is an empty object"): "told as an id that is not shown",
    **{
        ("entities.get_many", fault): "each is looked up alone"
        for fault in (
            "200 that is a list",
            "200 that is an empty object",
            "207 that lists failures",
            "404 that is empty",
        )
    },
    ("entities.get_many", "422 that repeats everything"): "each is looked up alone",
}
# Sources disagree on whether these have a body; an answer that is none is as good as an empty one.
_BODY_OPTIONAL = frozenset(
    {"batches.complete", "export_jobs.cancel", "media_edge.send_downloaded", "datasets.enable_profile"}
)


@dataclass(frozen=True)
class Operation:
    """What the description says of one operation."""

    id: str
    method: str
    needs_body: bool
    has_204: bool

    @property
    def is_reading(self) -> bool:
        """True when the client takes an answer that just ends, without a body, for none."""
        return self.method == "GET" or (self.method == "POST" and self.is_repeatable and not self.has_204)

    @property
    def is_repeatable(self) -> bool:
        """True when doing it twice does no more than doing it once."""
        if self.method not in ("POST", "PATCH"):
            return True
        if self.id in _MEDIA_CREATES:
            return False
        return self.id in REPEATABLE or self.id.startswith(_REPEATABLE_FAMILIES)


def _described() -> Iterator[Operation]:
    for item in DESCRIPTION["paths"].values():
        for method, operation in item.items():
            if isinstance(operation, dict) and "operationId" in operation and "x-rtcp-variant-of" not in operation:
                successes = [each for status, each in operation["responses"].items() if status.startswith("2")]
                yield Operation(
                    operation["operationId"],
                    method.upper(),
                    operation["operationId"] not in _BODY_OPTIONAL
                    and all("content" in _resolved(each) for each in successes),
                    "204" in operation["responses"],
                )


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = DESCRIPTION
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


OPERATIONS: dict[str, Operation] = {operation.id: operation for operation in _described()}


def is_resent(operation: Operation, name: str, fault: Fault, *, has_token: bool) -> bool:
    """True when the client may try again."""
    if _refuses_token(operation, fault):
        return has_token
    if operation.id.startswith("streaming.") and name.startswith("500"):
        # Documented as passing, and only there.
        return True
    if name == "cut in the headers":
        # To HTTP it is a whole answer that is empty. Only where a body was due without doubt, it is noticed.
        return operation.is_reading
    return fault.again is Again.EVERYBODY or (fault.again is Again.REPEATABLE and operation.is_repeatable)


def complaints(name: str, fault: Fault, outcome: Outcome, usual: Usual, *, times: int | None) -> Iterator[str]:
    """Everything that is not as it should be when an operation meets a fault, once or for ever."""
    operation = OPERATIONS[usual.operation]
    if operation.method == "HEAD":
        # Its answers are their headers: what the body would tell, and what spoils only that, is not there.
        fault = _without_body(name, fault)
    resent = is_resent(operation, name, fault, has_token=usual.has_token)
    is_fine = (operation.id, name) in _FINE and outcome.error is None
    recovers = is_fine or (times == 1 and (resent or not fault.raises))
    yield from _about_the_caller(operation, name, fault, outcome, recovers=recovers, resent=resent)
    if not is_fine:
        yield from _about_requests(operation, fault, outcome, usual, resent=resent, recovers=recovers)
    yield from _about_state(operation, outcome, usual)
    yield from _about_what_was_said(operation, outcome)


def complaints_of_composed(fault: Fault, outcome: Outcome, usual: Usual, going_well: Outcome) -> Iterator[str]:
    """Everything that is not as it should be when a verb of many requests meets a fault in the midst of it: it fails
    with an error of ours, or has done all that it does when nothing fails.
    """
    operation, error = OPERATIONS[usual.operation], outcome.error
    if error is None:
        if repr(outcome.result) != repr(going_well.result):
            yield f"the result is {outcome.result!r:.300} in place of {going_well.result!r:.300}"
        # What waits to be taken in may be there twice: it is told by its keys.
        tables = [table for table in usual.grown if table != "pending" and outcome.grown[table] != usual.grown[table]]
        if tables:
            yield f"the service holds more or less than usual in {tables}"
    elif not isinstance(error, rtcp.RtcpError) or (
        not fault.raises and not isinstance(error, rtcp.PagingError | rtcp.WaitTimeoutError)
    ):
        yield f"the caller gets {error!r:.300}"
    if len(str(error)) > _LONGEST_TEXT:
        yield f"the error's text has {len(str(error))} characters"
    if outcome.foreign_hosts:
        yield f"went to {outcome.foreign_hosts}"
    yield from _about_state(operation, outcome, usual)
    yield from _about_what_was_said(operation, outcome)


def _without_body(name: str, fault: Fault) -> Fault:
    # It ends with its headers, whatever drips behind them.
    if fault.is_of_body or name == "a drip without an end":
        return replace(fault, raises=(), again=Again.NOBODY)
    return replace(fault, code=None, waits=None if fault.is_hint_in_body else fault.waits)


def _about_the_caller(
    operation: Operation, name: str, fault: Fault, outcome: Outcome, *, recovers: bool, resent: bool
) -> Iterator[str]:
    error = outcome.error
    if recovers or not fault.raises:
        # Both ways of paging are tried on every operation; only those with pages notice.
        is_known = isinstance(error, rtcp.PagingError) and "page" in name
        # A session that nobody heard of for a day is over.
        is_known = is_known or (isinstance(error, rtcp.SessionGoneError) and fault.passes > 0)
        if error is not None and not is_known and not _was_its_own_success(operation, error):
            yield f"the caller gets {error!r:.300}"
        return
    if error is None:
        # An answer whose body nobody reads may hold anything but a page of somebody else.
        is_status_enough = name == "cut in the headers" and not operation.is_reading
        is_page = name == "200 in HTML" and operation.method != "HEAD"
        if operation.needs_body or is_page or not (is_status_enough or rtcp.DecodeError in fault.raises):
            yield f"the caller is told nothing: {outcome.result!r:.200}"
        return
    if isinstance(error, rtcp.PartialFailureError):
        if error.succeeded:
            yield f"what was not answered counts as done: {error}"
        return
    if not isinstance(error, (*fault.raises, *_also(operation, name, resent=resent))):
        yield f"the caller gets {error!r:.300}"
        return
    yield from _about_the_error(operation, fault, error)


def _about_the_error(operation: Operation, fault: Fault, error: BaseException) -> Iterator[str]:
    code = getattr(error, "code", None)
    if fault.code is not None and code != fault.code and operation.id != "auth.fetch_token":
        yield f"the error has the code {code!r}"
    if "?" in str(getattr(error, "url", "")):
        yield "the error's URL carries a query"
    if len(str(error)) > _LONGEST_TEXT:
        yield f"the error's text has {len(str(error))} characters"
    if (
        isinstance(error, rtcp.RequestError)
        and operation.id != "auth.fetch_token"
        and error.may_have_been_applied is not (fault.address is None)
    ):
        yield f"may_have_been_applied is {error.may_have_been_applied}"
    if made_by(operation) and _may_have_happened(error) and "may have been" not in str(error):
        yield f"nothing says how to find out: {error}"


def _refuses_token(operation: Operation, fault: Fault) -> bool:
    # Streaming ingestion says it with a 403 as well.
    return fault.is_refused_token or (operation.id.startswith("streaming.") and fault.raises == DENIED)


def made_by(operation: Operation) -> bool:
    """True when doing it twice makes two."""
    return operation.method == "POST" and not operation.is_repeatable


def _also(operation: Operation, name: str, *, resent: bool) -> tuple[type[Exception], ...]:
    if operation.id == "auth.fetch_token":
        return (rtcp.TokenError,)
    if (operation.id, name) in _FINE:
        return (rtcp.NotFoundError, rtcp.ResponseError, rtcp.ConfigError)
    if name == "cut in the headers":
        return (rtcp.DecodeError,)
    return (rtcp.NotFoundError,) if resent and operation.method == "DELETE" else ()


def _may_have_happened(error: BaseException) -> bool:
    if isinstance(error, rtcp.RequestError):
        return error.may_have_been_applied
    return isinstance(error, rtcp.ServerError)


def _was_its_own_success(operation: Operation, error: BaseException) -> bool:
    """What was deleted by a request whose answer got lost is not there for the next one; the error says so."""
    if operation.id == "media_edge.end":
        return isinstance(error, rtcp.SessionGoneError)
    return operation.method == "DELETE" and isinstance(error, rtcp.NotFoundError) and "earlier attempt" in str(error)


def _about_requests(
    operation: Operation, fault: Fault, outcome: Outcome, usual: Usual, *, resent: bool, recovers: bool
) -> Iterator[str]:
    sent = outcome.sent[operation.id]
    if recovers:
        wanted = usual.sent[operation.id] + resent
    elif fault.raises and outcome.error is not None:
        wanted = 1 if not resent else 2 if _refuses_token(operation, fault) else RETRIES + 1
    else:
        wanted = None
    if wanted is not None and sent != wanted and operation.id not in _UNCOUNTED:
        yield f"{sent} requests in place of {wanted}"
    if outcome.traffic.seen - outcome.sent:
        yield f"on the wire were {outcome.traffic.seen - outcome.sent} more requests than were sent"
    if resent and fault.waits is not None and not usual.slept and fault.waits not in outcome.slept:
        yield f"waited {outcome.slept} in place of {fault.waits}"
    if outcome.foreign_hosts:
        yield f"went to {outcome.foreign_hosts}"


def _about_state(operation: Operation, outcome: Outcome, usual: Usual) -> Iterator[str]:
    for name, count in outcome.traffic.acted.items():
        made = OPERATIONS.get(name)
        if made is not None and not made.is_repeatable and count > usual.acted.get(name, 0):
            yield f"{name} was done {count} times in place of {usual.acted.get(name, 0)}"
    if made_by(operation):
        grown = {table: more for table, more in outcome.grown.items() if more > max(0, usual.grown.get(table, 0))}
        if grown:
            yield f"rows more than usual: {grown}"
    if outcome.sessions > usual.sessions:
        yield f"{outcome.sessions} media sessions"


def _about_what_was_said(operation: Operation, outcome: Outcome) -> Iterator[str]:
    yield from (f"{secret!r} is told in {text!r:.200}" for secret, text in outcome.leaks()[:2])
    retries = [event for event in outcome.events if isinstance(event, RetryScheduled)]
    warned = [record for record in outcome.loud if "trying again" in record.getMessage()]
    if len(retries) != len(warned):
        yield f"{len(retries)} retries, {len(warned)} warnings of them"
    told = [event for event in outcome.events if isinstance(event, RequestFinished | RequestFailed)]
    if len(told) != sum(outcome.sent.values()) and operation.id not in _UNCOUNTED:
        yield f"{sum(outcome.sent.values())} requests, {len(told)} of them told to hooks"
    others = [record.getMessage() for record in outcome.loud if record.levelname != "WARNING"]
    if others:
        yield f"logged as errors: {others}"
