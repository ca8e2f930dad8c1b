"""Sends packs of messages to one inlet: within budgets, again where that may help, and tells what became of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from rtcp._numbers import as_number
from rtcp._outlook import Outlook, judge
from rtcp.bulk.packing import Limits
from rtcp.errors import InvalidArgumentError, RequestError, ResponseError, RtcpError
from rtcp.resources.streaming.fates import Fate, can_retry
from rtcp.transport.answers import decode, mapping, read_part_error, unreadable
from rtcp.transport.rate_limit import Budget
from rtcp.transport.request import Request, Response
from rtcp.transport.session import Session

ONE: Final = "/collection/{inlet_id}"
MANY: Final = "/collection/batch/{inlet_id}"
# "1 MB" in the documentation, which does not say whose megabyte: the smaller one.
MAX_BODY: Final = 1_000_000
REQUESTS_PER_SECOND: Final = 1_000
MESSAGES_PER_SECOND: Final = 1_000
VALIDATIONS_PER_MINUTE: Final = 60
HELP: Final[Mapping[int, str]] = {
    400: "the inlet's organisation, dataset and schema must be those of the envelope",
    401: "the inlet wants a token: pass authenticated=True; if you do, the token is no longer valid",
    403: "the inlet wants a token: pass authenticated=True; if you do, the token is not valid for it",
    404: "streaming takes the inlet id (client.inlets.get(connection_id).inlet_id), not the id of the connection",
    413: f"a body may have {MAX_BODY:,} bytes",
    501: "the service cannot validate in this region; leave validate out",
}
_STATUSES: Final = ("statusCode", "status")
_VALIDATIONS: Final = ("syncValidation", "synchronousValidation")
_ERRORS: Final = ("error", "errors", "errorMessage", "error_code", "title", "detail", "report", "cause")
# What makes a receipt one to be looked at closely.
_DOUBTS: Final = frozenset((*_STATUSES, *_VALIDATIONS, *_ERRORS, "message"))
# Words for a status, where somebody writes one.
_GOOD: Final = frozenset({"ok", "pass", "passed", "success", "succeeded", "accepted", "received"})
_NO_STATUS: Final = 1000
_INVALID: Final = 400
_HEAD: Final = b'{"messages":['
_TAIL: Final = b"]}"
# Answers of something in front of the service, which may have received the request all the same.
_NO_ANSWER: Final = frozenset({502, 504})
_ADDRESS: Final = re.compile(r"/collection/(?:batch/)?([^/]+)/?")
_CONNECTION_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(slots=True)
class Traffic:
    """What one pack has cost, and what has ended it where that is about all packs."""

    requests: int = 0
    bytes: int = 0
    hopeless: RtcpError | None = None


@dataclass(frozen=True)
class Sender:
    """How messages go to one inlet.

    Attributes:
        session: sends.
        inlet_id: see `inlet_of`.
        validate: one message in a request, checked by the service before it answers.
        requests, messages: budgets; None is no budget.
        is_stopped: asked before messages are sent again.
    """

    session: Session
    inlet_id: str
    authenticated: bool = False
    validate: bool = False
    requests: Budget | None = None
    messages: Budget | None = None
    is_stopped: Callable[[], bool] = field(default=lambda: False)

    def limits(self, max_batch: int) -> Limits:
        """What a pack of this sender may hold."""
        if self.validate:
            return Limits(MAX_BODY, 1, frame=len(_HEAD) + len(_TAIL))
        within = max_batch if self.messages is None else min(max_batch, self.messages.limit)
        return Limits(MAX_BODY, within, frame=len(_HEAD) + len(_TAIL), separator=1)

    def send_one(self, message: bytes, *, idempotent: bool, headers: Mapping[str, str] | None = None) -> Response:
        """Send one message by itself, and again where that may help.

        Raises:
            RtcpError: the service did not receive it, or nobody can tell.
        """
        query = {"syncValidation": True} if self.validate else None
        request = self._request(ONE, message, idempotent=idempotent, query=query, headers=headers)
        attempt = 0
        while True:
            attempt += 1
            try:
                response = self._transmit(request, 1)
            except RtcpError as exc:
                failure = exc
            else:
                fate = _fate(request, response, mapping(decode(response)))
                if fate is None:
                    raise unreadable(response, "the answer is neither a receipt nor a refusal")
                if not isinstance(fate, RtcpError):
                    return response
                failure = fate
            self.session.wait_to_resume(request, failure, attempt=attempt)

    def send(self, pack: Sequence[bytes], *, idempotent: bool) -> tuple[list[Fate], Traffic]:
        """Send a pack, and again what failed where that may help; never raises for what the service does."""
        fates: list[Fate] = [None] * len(pack)
        pending = list(range(len(pack)))
        traffic = Traffic()
        attempt = 0
        may_have_arrived = False
        while pending:
            attempt += 1
            request = self._pack_request([pack[number] for number in pending], idempotent=idempotent)
            traffic.requests += 1
            traffic.bytes += len(request.content or b"")
            try:
                response = self._transmit(request, len(pending))
                left, failure = self._settle(request, response, pack, pending, fates)
            except RtcpError as exc:
                left, failure = pending, exc
                may_have_arrived = may_have_arrived or _may_have_arrived(exc)
            if failure is None:
                break
            pending = left
            if self._gives_up(request, failure, attempt):
                # Every message of the pack failed, and so would those of any other.
                if failure not in fates and judge(failure, names_all=True) is Outlook.HOPELESS:
                    traffic.hopeless = failure
                # After a sending without an answer, a refusal settles nothing that it need not have met:
                # docs/decisions/0007.
                known = None if may_have_arrived and not _is_final(failure) else failure
                for number in pending:
                    # What the service said of the one message is more than what it said of the request.
                    fates[number] = known and (fates[number] or known)
                break
        return fates, traffic

    def _transmit(self, request: Request, messages: int) -> Response:
        if self.messages is not None and self.requests is not None:
            with self.messages.spend(messages), self.requests.spend():
                return self.session.send_once(request)
        budget, amount = (self.messages, messages) if self.requests is None else (self.requests, 1)
        if budget is None:
            return self.session.send_once(request)
        with budget.spend(amount):
            return self.session.send_once(request)

    def _gives_up(self, request: Request, failure: RtcpError, attempt: int) -> bool:
        if self.is_stopped():
            return True
        try:
            self.session.wait_to_resume(request, failure, attempt=attempt)
        except RtcpError:
            return True
        return self.is_stopped()

    def _settle(
        self,
        request: Request,
        response: Response,
        pack: Sequence[bytes],
        pending: Sequence[int],
        fates: list[Fate],
    ) -> tuple[list[int], RtcpError | None]:
        """Read an answer into the fates; return what may be sent again, and the reason."""
        if self.validate:
            fates[pending[0]] = _fate(request, response, mapping(decode(response)))
            return [], None
        answers = mapping(decode(response)).get("responses")
        if not isinstance(answers, list) or len(answers) != len(pending):
            # Nothing but the place in the list tells which message an entry is about.
            return [], None
        again: list[int] = []
        failure: RtcpError | None = None
        for number, answer in zip(pending, answers, strict=True):
            if type(answer) is dict and answer.get("xactionId") and answer.keys().isdisjoint(_DOUBTS):
                fates[number] = answer
                continue
            # What is said of one message may repeat what is in that one.
            fates[number] = fate = _fate(replace(request, content=pack[number]), response, mapping(answer))
            if isinstance(fate, RtcpError) and can_retry(fate):
                again.append(number)
                failure = fate
        return again, failure

    def _pack_request(self, pack: Sequence[bytes], *, idempotent: bool) -> Request:
        if self.validate:
            return self._request(ONE, pack[0], idempotent=idempotent, query={"syncValidation": True})
        return self._request(MANY, b"%b%b%b" % (_HEAD, b",".join(pack), _TAIL), idempotent=idempotent)

    def _request(
        self,
        route: str,
        content: bytes,
        *,
        idempotent: bool,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Request:
        return Request.streaming(
            route,
            path={"inlet_id": self.inlet_id},
            content=content,
            query=query,
            headers=headers,
            authenticated=self.authenticated,
            idempotent=idempotent,
            help=HELP,
        )


def inlet_of(given: str, *, service: str) -> str:
    """The id of an inlet, which may be given by its whole address.

    Args:
        service: address that messages of this client go to.

    Raises:
        InvalidArgumentError: it is none, or an address of somebody else.
    """
    text = given.strip() if isinstance(given, str) else ""
    if not text:
        raise InvalidArgumentError("the inlet is its id, 64 hexadecimal characters, or its whole address")
    if _CONNECTION_ID.fullmatch(text):
        raise InvalidArgumentError(
            f"{text!r} is the id of a connection; streaming takes the id of its inlet, "
            "client.inlets.get(connection_id).inlet_id"
        )
    if "/" not in text:
        return text
    try:
        asked, ours = (urlsplit(each if "://" in each else f"//{each}") for each in (text, service))
    except ValueError:
        raise InvalidArgumentError("the inlet is neither an id nor an address") from None
    if asked.netloc.lower() != ours.netloc.lower():
        raise InvalidArgumentError(
            f"the inlet is at {asked.hostname!r}, and this client sends to {ours.hostname!r}, as streaming_url= says"
        )
    found = _ADDRESS.fullmatch(asked.path)
    if found is None or asked.query:
        raise InvalidArgumentError("the address of an inlet is https://HOST/collection/ID, with nothing behind it")
    return found[1]


def _fate(request: Request, response: Response, answer: Mapping[str, Any]) -> Fate:
    # The guide prints statusCode; Adobe's own connector reads status.
    told = [answer[name] for name in _STATUSES if answer.get(name) is not None]
    statuses: list[int] = [status for each in told if (status := _status(each)) is not None]
    refused = next((status for status in statuses if status >= 400), None)
    if refused is None and _fails_validation(answer):
        answer, refused = {"message": "the message is not valid", **answer}, _INVALID
    if refused is not None:
        return read_part_error(request, response, answer, status=refused)
    is_good = all(200 <= status < 300 for status in statuses) and all(
        _status(each) is not None or str(each).strip().casefold() in _GOOD for each in told
    )
    speaks_of_errors = any(answer.get(name) for name in _ERRORS)
    if not answer.get("xactionId") or not is_good or speaks_of_errors or ("message" in answer and not told):
        return None
    return dict(answer)


def _fails_validation(answer: Mapping[str, Any]) -> bool:
    said = [mapping(answer.get(name)).get("status", answer.get(name)) for name in _VALIDATIONS]
    return any(isinstance(each, str) and each.strip().casefold() in ("fail", "failed") for each in said)


def _status(value: Any) -> int | None:
    number = as_number(value)
    if number is not None:
        return int(number) if -_NO_STATUS < number < _NO_STATUS else None
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 3 else None


def is_idempotent(message: Mapping[str, Any]) -> bool:
    """True when receiving an envelope twice is receiving it once: a record, or an event with an `_id`."""
    entity = mapping(message.get("body")).get("xdmEntity")
    return isinstance(entity, Mapping) and ("timestamp" not in entity or bool(entity.get("_id")))


def _may_have_arrived(failure: RtcpError) -> bool:
    if isinstance(failure, RequestError):
        return failure.may_have_been_applied
    return isinstance(failure, ResponseError) and failure.status in _NO_ANSWER


def _is_final(failure: RtcpError) -> bool:
    """True for a refusal that an earlier sending, whose answer got lost, must have met as well."""
    return isinstance(failure, ResponseError) and judge(failure) is Outlook.FINAL
