"""What travels through the emulator: requests received, the record kept of them, and answers; free of any server."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from rtcp.emulator.store import Sandbox

# Where the emulator has paths of its own.
ADMIN_PREFIX = "/_emulator/"
JSON_TYPE = "application/json"
JSON_PATCH_TYPE = "application/json-patch+json"
OCTETS = "application/octet-stream"
PROBLEM_TYPE = "application/problem+json"
# Small enough for flat memory, large enough that the loop is not the cost.
CHUNK_BYTES = 256 * 1024
# Enough for a test or a demo, little enough that a bulk load does not fill the memory.
KEPT_REQUESTS = 10_000
# Of these bytes the latest are kept; older requests have no body any more.
KEPT_BODY_BYTES = 64 * 1024 * 1024
# Deeper JSON is refused: no source has a limit, and no documented body has a quarter of it.
MOST_LEVELS = 100
_MASK = "***"
_SECRET = re.compile(r"(client_secret=)[^&]*")
_SHOWN = ("operation", "method", "path", "query", "headers", "body", "status", "sandbox")


class _Absent:
    """The type of NO_JSON: a body that is missing or not JSON, which no JSON value can stand for."""

    def __repr__(self) -> str:
        return "NO_JSON"


NO_JSON = _Absent()


class Query:
    """Query parameters; names in any case, values in the order received."""

    __slots__ = ("_values", "pairs")

    def __init__(self, text: str) -> None:
        self.pairs: list[tuple[str, str]] = parse_qsl(text, keep_blank_values=True)
        values: dict[str, list[str]] = {}
        # The samples spell one parameter three ways (entityIdNS, entityIdNs, orderby, orderBy).
        for name, value in self.pairs:
            values.setdefault(name.lower(), []).append(value)
        self._values = values

    def first(self, *names: str) -> str | None:
        """The first value of the first name present and not empty."""
        for name in names:
            found = self._values.get(name)
            if found and found[0] != "":
                return found[0]
        return None

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def items(self) -> list[tuple[str, list[str]]]:
        return list(self._values.items())

    def __contains__(self, name: str) -> bool:
        return name in self._values


@dataclass(slots=True)
class Request:
    """One received request; `operation` is None on a path that the emulator does not serve.

    Attributes:
        is_local: it comes from this machine; looked at on the emulator's own paths.
    """

    operation: str | None
    method: str
    path: str
    query: Query
    headers: Mapping[str, str]
    body: bytes = b""
    path_id: str | None = None
    content: Any = NO_JSON
    org_id: str = ""
    is_local: bool = True
    _sandbox: Sandbox | None = None

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox that the gateway let the request into."""
        if self._sandbox is None:
            raise LookupError("the request did not pass the gateway")
        return self._sandbox

    def enter(self, sandbox: Sandbox, org_id: str) -> None:
        self._sandbox = sandbox
        self.org_id = org_id

    @property
    def is_in_sandbox(self) -> bool:
        return self._sandbox is not None


@dataclass(slots=True)
class Received:
    """One received request; `status` is None until it was answered, and stays so when the connection was cut."""

    operation: str | None
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    raw: bytes
    status: int | None = None
    sandbox: str | None = None

    @property
    def body(self) -> Any:
        """The JSON value that was sent, the text when it was none, None without a body."""
        if not self.raw:
            return None
        content = decode_json(self.raw)
        if content is not NO_JSON:
            return content
        return _SECRET.sub(rf"\1{_MASK}", self.raw.decode("utf-8", "replace"))

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _SHOWN}


class Requests:
    """The requests received since the last reset, oldest first; the last 10,000 are kept, all are counted."""

    def __init__(self, *, body_bytes: int = KEPT_BODY_BYTES) -> None:
        self._received: deque[Received] = deque(maxlen=KEPT_REQUESTS)
        self._counts: Counter[str] = Counter()
        self._most_body_bytes = body_bytes
        self._body_bytes = 0
        self._with_body: deque[Received] = deque()
        self._lock = threading.Lock()

    def note(self, request: Request) -> Received:
        """Keep a request; its answer is filled in later."""
        headers = dict(request.headers)
        if "authorization" in headers:
            headers["authorization"] = f"{headers['authorization'].partition(' ')[0]} {_MASK}"
        query: dict[str, list[str]] = {}
        for name, value in request.query.pairs:
            query.setdefault(name, []).append(_MASK if name.lower() == "client_secret" else value)
        received = Received(request.operation, request.method, request.path, query, headers, request.body)
        with self._lock:
            self._received.append(received)
            self._make_room(received)
            self._counts[request.operation or "unknown"] += 1
        return received

    def of(self, operation: str) -> list[Received]:
        """The kept requests of one operation, such as "entities.get"."""
        return [received for received in self.snapshot() if received.operation == operation]

    def count(self, operation: str | None = None) -> int:
        """How many requests came in, of one operation or of all."""
        return self._counts.total() if operation is None else self._counts[operation]

    def counts(self) -> dict[str, int]:
        with self._lock:
            return dict(self._counts)

    def snapshot(self) -> list[Received]:
        with self._lock:
            return list(self._received)

    def clear(self) -> None:
        with self._lock:
            self._received.clear()
            self._with_body.clear()
            self._body_bytes = 0
            self._counts.clear()

    def __len__(self) -> int:
        return len(self._received)

    def __iter__(self) -> Iterator[Received]:
        return iter(self.snapshot())

    def __getitem__(self, position: int) -> Received:
        return self.snapshot()[position]

    def _make_room(self, received: Received) -> None:
        if not received.raw:
            return
        self._with_body.append(received)
        self._body_bytes += len(received.raw)
        kept = self._with_body
        # The latest keeps its body, however large it is.
        while len(kept) > 1 and (self._body_bytes > self._most_body_bytes or len(kept) > KEPT_REQUESTS):
            oldest = kept.popleft()
            self._body_bytes -= len(oldest.raw)
            oldest.raw = b""


@dataclass(frozen=True, slots=True)
class FilePart:
    """A span of a file as the body of an answer, read only as it is sent."""

    path: Path
    start: int
    length: int

    def chunks(self, length: int) -> Iterator[bytes]:
        """The first so many bytes, piece by piece; fewer when the file has become shorter."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            remaining = min(length, self.length)
            while remaining > 0 and (chunk := file.read(min(remaining, CHUNK_BYTES))):
                remaining -= len(chunk)
                yield chunk


@dataclass(slots=True)
class Answer:
    """One answer: `body` is a JSON value, bytes sent as they are, a part of a file, or None for an empty body."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE

    def encode(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, FilePart):
            return b"".join(self.body.chunks(self.body.length))
        try:
            return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()
        except UnicodeEncodeError:
            # Half a surrogate pair, legal in JSON only as an escape.
            return json.dumps(self.body, separators=(",", ":")).encode()

    def stream(self) -> tuple[int, Callable[[int], Iterator[bytes]]]:
        """The length of the body, and the way to its first so many bytes."""
        if isinstance(self.body, FilePart):
            return self.body.length, self.body.chunks
        body = self.encode()
        return len(body), lambda length: iter((body[:length],))


def decode_json(body: bytes) -> Any:
    """The JSON value of a body, or NO_JSON; what is nested too deep for everything behind is none either."""
    try:
        content = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return NO_JSON
    return NO_JSON if is_too_deep(content, body) else content


def is_too_deep(content: Any, body: bytes) -> bool:
    """Whether a JSON value has more levels than any of the service's; `body` is its text."""
    # A value has no more levels than its text has brackets: nearly every body is done with here.
    if body.count(b"{") + body.count(b"[") <= MOST_LEVELS:
        return False
    level = [content]
    for _ in range(MOST_LEVELS):
        level = [
            child
            for each in level
            if isinstance(each, (dict, list))
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True


def _refuse_constant(name: str) -> None:
    """Python reads NaN and Infinity, which are no JSON."""
    raise ValueError(name)


class Refusal(Exception):  # noqa: N818 - the word for what a gateway does
    """A step of the pipeline says no; the answer says how."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer
