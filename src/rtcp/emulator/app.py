"""The emulator's ASGI application: one function shows the way of every request."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any

from rtcp.emulator.http import gateway
from rtcp.emulator.http.description import Description, Match
from rtcp.emulator.http.faults import Fault
from rtcp.emulator.http.gateway import Surroundings, is_loopback
from rtcp.emulator.http.operations import answer_unbuilt, error_of, fail_parts, find_route, headers_for_pages
from rtcp.emulator.http.problems import problem
from rtcp.emulator.http.published import published_at
from rtcp.emulator.http.wire import ADMIN_PREFIX, NO_JSON, OCTETS, Answer, Query, Refusal, Request, decode_json
from rtcp.emulator.service import Service

# The server puts the way to drop a connection here; ASGI itself knows none.
DROP = "rtcp.drop_connection"
# And the host of a target that is a whole address.
TARGET_HOST = "rtcp.target_host"
# A part of a file, as the published description bounds it; for everything else no source names a bound.
MOST_FILE_BYTES = 512_000_000
MOST_JSON_BYTES = 32 * 1024 * 1024
# Bytes that wait for more of the same answer.
_MOST_HELD = 64 * 1024
# Seconds between two looks whether a work takes long.
_LOOKS_EVERY = 0.02
_BEHIND_GATEWAY = "/data/"
_FILES = "/data/foundation/import/"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class ConnectionCut(Exception):  # noqa: N818 - an order, no error
    """A fault drops the connection; `answer` is None when nothing of it is to be sent."""

    def __init__(self, answer: Answer | None = None) -> None:
        super().__init__("the connection is cut")
        self.answer = answer


class App:
    """One service behind ASGI. The platform, the identity service and the admin paths share one address."""

    def __init__(self, service: Service) -> None:
        self.service = service
        # Set when the server stops, so that no delay holds it up.
        self.stopping = asyncio.Event()
        # The loop itself remembers no task.
        self._works: set[asyncio.Task[None]] = set()
        options = service.options
        self._surroundings = Surroundings(options.hosts, is_remote=options.is_remote)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive, _most_bytes(scope)) if scope["method"] not in ("GET", "HEAD") else b""
        request, matched = _read_request(scope, body or b"", self.service)
        refused = self._surroundings.complaint(request)
        if refused is None and body is None:
            refused = _answer_too_large(request)
        if refused is not None:
            await _send(scope, send, refused, gateway.request_id(request))
            return
        if self.service.jobs.is_due():
            await self._settle()
        try:
            if request.path.startswith(ADMIN_PREFIX):
                # It knows nouns, and a start loads none.
                from rtcp.emulator import admin

                answer = await admin.answer(request, self.service)
            else:
                answer = await self.answer(request, matched)
        except ConnectionCut as cut:
            await _cut(scope, send, cut.answer)
            return
        await _send(scope, send, answer, gateway.request_id(request))

    async def _settle(self) -> None:
        """Have the jobs that are due done in a thread. What takes long is not waited for: until it is done, the job is
        under way.
        """
        work = asyncio.create_task(asyncio.to_thread(self.service.jobs.settle))
        self._works.add(work)
        work.add_done_callback(self._works.discard)
        while not work.done() and not self.service.jobs.is_long:
            await asyncio.wait({work}, timeout=_LOOKS_EVERY)

    async def answer(self, request: Request, matched: Match | None) -> Answer:
        """Inspect, fault, gateway, validate, route, dialect, record."""
        # Before anything can go wrong: what was cut or refused was received all the same.
        received = self.service.requests.note(request)
        fault = self.service.faults.take(request.operation)
        answer = None
        if fault is not None:
            answer = await self._misbehave(fault, request)
        if answer is None:
            try:
                if request.path.startswith(_BEHIND_GATEWAY):
                    gateway.admit(request, self.service.ims, self.service.store)
                if matched is None:
                    answer = _answer_unknown(request, self.service.description)
                else:
                    answer = self.service.dialect.speak(request, self._act(request, matched, fault))
            except Refusal as refusal:
                answer = refusal.answer
        if "origin" in request.headers:
            answer.headers.update(headers_for_pages(request))
        if request.is_in_sandbox:
            received.sandbox = request.sandbox.name
        if fault is not None:
            # At the end, so that the headers of a fault are on every answer, on those of the gateway too.
            answer = fault.spoil(answer)
            if fault.cut is not None:
                raise ConnectionCut(answer if fault.cut == "body" else None)
        received.status = answer.status
        return answer

    async def _misbehave(self, fault: Fault, request: Request) -> Answer | None:
        """Do what a fault does before the operation acts."""
        if fault.delay:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), fault.delay)
        if fault.cut == "before" or self.stopping.is_set():
            raise ConnectionCut
        return fault.instead(request.operation)

    def _act(self, request: Request, matched: Match, fault: Fault | None) -> Answer:
        complaint = matched.operation.complaint(request)
        if complaint is not None:
            raise Refusal(error_of(request.operation, 400, complaint))
        if fault is not None and fault.partial and request.method != "GET":
            answer = fail_parts(request, fault.partial)
            if answer is not None:
                return answer
        return find_route(request.operation or "")(request, self.service)


def _answer_unknown(request: Request, description: Description) -> Answer:
    missing = description.not_built(request.path)
    answer = None if missing is None else answer_unbuilt(missing.noun, request)
    if answer is not None:
        return answer
    published = published_at(request.path)
    known = {*description.methods_of(request.path), *published}
    if known and request.method not in known:
        detail = f"{request.path} has no {request.method}"
        return replace(problem(405, detail), headers={"Allow": ", ".join(sorted(known))})
    name = published[request.method].name if published else None if missing is None else missing.name
    if name is None:
        return problem(404, f"the emulator knows no path {request.path!r}")
    return problem(501, f"the emulator does not do {name} yet ({request.method} {request.path})")


def _read_request(scope: Scope, body: bytes, service: Service) -> tuple[Request, Match | None]:
    method, path = scope["method"], scope["path"]
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    named = (scope.get("state") or {}).get(TARGET_HOST)
    if named is not None or len(hosts) > 1:
        # Each of them must be one of ours: which one counts, programs do not agree on.
        headers["host"] = ", ".join([*hosts, *([] if named is None else [named])])
    query = Query(scope["query_string"].decode("latin-1"))
    if path.startswith(ADMIN_PREFIX):
        is_local = is_loopback((scope.get("client") or ("127.0.0.1",))[0])
        return Request(None, method, path, query, headers, body, is_local=is_local), None
    # As it was sent: in `path` an encoded slash of an id is one of the path already.
    matched = service.description.match(method, scope["raw_path"].decode("latin-1"))
    # Form bodies are the token call's, bytes are files; everything else that has a body is JSON or wrong.
    is_json = body and not path.startswith("/ims/") and headers.get("content-type") != OCTETS
    content = decode_json(body) if is_json else NO_JSON
    operation, path_id = None, None
    if matched is not None:
        schema_class = query.first("schema.name") if method == "GET" else _schema_class(content)
        operation, path_id = matched.operation.id_for(schema_class), matched.path_id
    return Request(operation, method, path, query, headers, body, path_id, content), matched


def _schema_class(content: Any) -> object:
    schema = content.get("schema") if isinstance(content, dict) else None
    return schema.get("name") if isinstance(schema, dict) else None


async def _read(receive: Receive, most_bytes: int) -> bytes | None:
    """The body, or None when it is larger than that; the rest of it is not kept."""
    parts: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        length += len(part)
        if length <= most_bytes:
            parts.append(part)
        # A little too much is read to its end, so that the caller hears of it; who sends on and on is cut off.
        elif length > 2 * most_bytes:
            return None
        else:
            parts.clear()
        if not message.get("more_body"):
            return b"".join(parts) if length <= most_bytes else None


def _most_bytes(scope: Scope) -> int:
    return MOST_FILE_BYTES if scope["path"].startswith(_FILES) else MOST_JSON_BYTES


def _answer_too_large(request: Request) -> Answer:
    answer = error_of(request.operation, 413, "the body is larger than this path takes")
    # What is left of it would be read as the next request.
    answer.headers["Connection"] = "close"
    return answer


async def _send(scope: Scope, send: Send, answer: Answer, request_id: str) -> None:
    length, first = answer.stream()
    await send(_start(answer, length, request_id))
    # It is told the length that GET would have, and none of the body.
    if scope["method"] == "HEAD":
        length = 0
    # Each chunk waits for the next one: only what is sent last may say that nothing follows.
    last = b""
    for chunk in first(length):
        if last:
            await send({"type": "http.response.body", "body": last, "more_body": True})
        last = chunk
    await send({"type": "http.response.body", "body": last})


class OneSend:
    """A transport that gathers what is written in one turn of the loop: head and body leave together."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._held: list[bytes] = []
        self._size = 0
        self._later = asyncio.get_running_loop().call_soon

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._held:
            self._later(self._flush)
        self._held.append(data)
        self._size += len(data)
        # A file comes in many pieces, and only what is on its way makes the app wait.
        if self._size > _MOST_HELD:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        data = b"".join(self._held)
        self._held.clear()
        self._size = 0
        if data and not self._transport.is_closing():
            self._transport.write(data)


async def _cut(scope: Scope, send: Send, answer: Answer | None) -> None:
    """Drop the connection at once, or when half of the promised body is out."""
    if answer is not None:
        length, first = answer.stream()
        await send(_start(answer, length, ""))
        for chunk in first(length // 2):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    scope["state"][DROP]()
    # The server learns of the lost connection in the loop's next turn; before that it would answer 500.
    await asyncio.sleep(0)


def _start(answer: Answer, length: int, request_id: str) -> dict[str, Any]:
    named = {"content-type": answer.content_type, "x-request-id": request_id}
    named.update((name.lower(), value) for name, value in answer.headers.items())
    if answer.status == 204:
        del named["content-type"]
    else:
        named["content-length"] = str(length)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}
