"""Streaming ingestion: one message or many to an inlet, checked as far as an inlet checks them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rtcp.emulator.declared_fields import Violation, compile_fields, wrap_violations
from rtcp.emulator.http.operations import Handler, route
from rtcp.emulator.http.wire import NO_JSON, Answer, Refusal, Request
from rtcp.emulator.nouns.datasets import catalog
from rtcp.emulator.nouns.inlets import flow_objects as inlets
from rtcp.emulator.nouns.inlets.flow_objects import RAW, Inlet
from rtcp.emulator.nouns.streaming.messages import (
    BARE,
    CREATE,
    INVALID,
    UNKNOWN_DATASET,
    UNKNOWN_FORMAT,
    content_violations,
    refusal,
)
from rtcp.emulator.nouns.streaming.problems import inlet_problem, inlet_unauthorized
from rtcp.emulator.nouns.streaming.streams import Streams
from rtcp.emulator.service import Service

# "1 MB" in the documentation, which does not say whose megabyte: the larger one.
MOST_BYTES = 1_048_576
FLOW_HEADER = "x-adobe-flow-id"
_TRUE, _FALSE = ("true", "1"), ("false", "0", "")


@route("streaming.send")
def send(request: Request, service: Service) -> Answer:
    """Take one message, and validate it first when asked to."""
    return _answer(_take_one, request, service)


@route("streaming.send_many")
def send_many(request: Request, service: Service) -> Answer:
    """Take many messages; the answer says of each by its place, and is 207 whatever becomes of them."""
    return _answer(_take_many, request, service)


def _answer(take: Handler, request: Request, service: Service) -> Answer:
    # Returned, not raised: dialects have a word in what inlets refuse.
    try:
        return take(request, service)
    except Refusal as refusal:
        return refusal.answer


def _take_one(request: Request, service: Service) -> Answer:
    inlet = _admit(request, service)
    validates = _validates(request)
    _spend(service, inlet, messages=1, validates=validates)
    message = _message(request, service, inlet)
    reason = refusal(message, inlet, _known_datasets(service, inlet))
    if reason is not None:
        return inlet_problem(400, _told(inlet, message, reason))
    if validates:
        wrong = _violations(message, service, inlet)
        if wrong:
            # What fails here is dropped: it gets into no failed batch.
            cause = {"_streamingValidation": [wrap_violations(wrong)]}
            return inlet_problem(400, _told(inlet, message, INVALID), cause=cause)
    service.part(Streams).take(inlet.sandbox, message["header"]["datasetId"], [message])
    body = {
        "inletId": inlet.id,
        "xactionId": service.part(Streams).new_xaction_id(),
        "receivedTimeMs": service.clock.now_ms(),
        "syncValidation": {"status": "pass"} if validates else {"skipped": True},
    }
    return Answer(200, body)


def _take_many(request: Request, service: Service) -> Answer:
    inlet = _admit(request, service)
    content = request.content
    messages = content.get("messages") if isinstance(content, dict) else None
    if not isinstance(messages, list) or not messages:
        return inlet_problem(400, _told(inlet, None, "the body has no messages"))
    _spend(service, inlet, messages=len(messages), validates=False)
    has_dataset = _known_datasets(service, inlet)
    batch_id = service.part(Streams).new_xaction_id()
    taken: dict[str, list[dict[str, Any]]] = {}
    responses: list[dict[str, Any]] = []
    for position, message in enumerate(messages):
        reason = refusal(message, inlet, has_dataset)
        if reason is None:
            taken.setdefault(message["header"]["datasetId"], []).append(message)
            responses.append({"xactionId": f"{batch_id}:{position}"})
        else:
            responses.append({"statusCode": 400, "message": _told(inlet, message, reason)})
    for dataset_id, accepted in taken.items():
        # What was received whole need not be written anew.
        text = _text(request.body) if len(accepted) == len(messages) else None
        service.part(Streams).take(inlet.sandbox, dataset_id, accepted, text=text)
    body = {
        "inletId": inlet.id,
        "batchId": batch_id,
        "receivedTimeMs": service.clock.now_ms(),
        "responses": responses,
    }
    return Answer(207, body)


def _admit(request: Request, service: Service) -> Inlet:
    """The inlet, when it lets the request in."""
    inlet = inlets.find(service.store, request.path_id or "")
    if inlet is None:
        raise Refusal(inlet_problem(404, f"inletId: [{request.path_id}] there is no such inlet"))
    request.enter(service.store.sandbox(inlet.sandbox), inlet.org_id or "")
    if inlet.needs_token:
        _check_token(request, service, inlet)
    if len(request.body) > MOST_BYTES:
        raise Refusal(inlet_problem(413, f"inletId: [{inlet.id}] the body is larger than 1 MB"))
    if "smile" in request.headers.get("content-type", ""):
        raise Refusal(inlet_problem(501, "the emulator does not read Smile"))
    if request.content is NO_JSON:
        raise Refusal(inlet_problem(400, _told(inlet, None, UNKNOWN_FORMAT)))
    return inlet


def _check_token(request: Request, service: Service, inlet: Inlet) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not token.strip():
        raise Refusal(inlet_unauthorized(f"[{inlet.id}] Ims service token is empty"))
    if scheme.lower() != "bearer" or service.ims.grant(token.strip()) is None:
        raise Refusal(inlet_unauthorized(f"[{inlet.id}] Ims service token is invalid or expired"))


def _validates(request: Request) -> bool:
    # The second name is that of the year 2020.
    asked = (request.query.first("syncvalidation", "synchronousvalidation") or "").lower()
    if asked not in (*_TRUE, *_FALSE):
        raise Refusal(inlet_problem(400, "query parameter syncValidation must be true or false"))
    return asked in _TRUE


def _spend(service: Service, inlet: Inlet, *, messages: int, validates: bool) -> None:
    seconds = service.part(Streams).budgets.spend(inlet.id, messages=messages, validates=validates)
    if seconds is not None:
        answer = inlet_problem(429, f"inletId: [{inlet.id}] too many requests")
        answer.headers["Retry-After"] = str(seconds)
        raise Refusal(answer)


def _message(request: Request, service: Service, inlet: Inlet) -> Any:
    """The message in its envelope; around a bare body, as raw inlets take it, one is made."""
    content = request.content
    if inlet.data_type != RAW or (isinstance(content, dict) and "header" in content):
        return content
    flow_id = request.headers.get(FLOW_HEADER) or request.query.first(FLOW_HEADER)
    dataset_id = None if flow_id is None else inlets.dataset_of_flow(service.store, inlet, flow_id)
    if dataset_id is None:
        raise Refusal(inlet_problem(400, f"inletId: [{inlet.id}] a raw inlet needs the id of a flow in {FLOW_HEADER}"))
    return {"header": {"datasetId": dataset_id, "operations": {"data": CREATE}, BARE: True}, "body": content}


def _known_datasets(service: Service, inlet: Inlet) -> Callable[[str], bool]:
    """A test that asks for each dataset once."""
    sandbox = service.store.sandbox(inlet.sandbox)
    known: dict[str, bool] = {}

    def has_dataset(dataset_id: str) -> bool:
        if dataset_id not in known:
            known[dataset_id] = catalog.has(service.store, sandbox, dataset_id)
        return known[dataset_id]

    return has_dataset


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        # JSON in UTF-16, for one.
        return None


def _violations(message: dict[str, Any], service: Service, inlet: Inlet) -> list[Violation]:
    sandbox = service.store.sandbox(inlet.sandbox)
    declared = catalog.find_declared(service.store, sandbox, message["header"]["datasetId"])
    if declared is None:
        return [{"message": UNKNOWN_DATASET}]
    return content_violations(message, declared.dataset, compile_fields(declared.dataset))


def _told(inlet: Inlet, message: Any, reason: str) -> str:
    """The reason in the service's words, with the inlet and the organisation that the message names."""
    header = message.get("header") if isinstance(message, dict) else None
    org_id = header.get("imsOrgId") if isinstance(header, dict) else None
    return f"inletId: [{inlet.id}] imsOrgId: [{org_id or inlet.org_id or ''}] {reason}"
