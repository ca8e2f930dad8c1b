"""What the emulator was asked, kept for assertions and for people; tokens and secrets are masked."""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rtcp.emulator.http.wire import NO_JSON, Request, decoded

# Enough for a test or a demo, little enough that a bulk load does not fill the memory.
KEPT_REQUESTS = 10_000
# Of these bytes the latest are kept; older requests have no body any more.
KEPT_BODY_BYTES = 64 * 1024 * 1024
_MASK = "***"
_SECRET = re.compile(r"(client_secret=)[^&]*")


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
        content = decoded(self.raw)
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
        while len(kept) > 1 and (self._body_bytes > self._most_body_bytes or len(kept) > KEPT_REQUESTS):
            oldest = kept.popleft()
            self._body_bytes -= len(oldest.raw)
            oldest.raw = b""


_SHOWN = ("operation", "method", "path", "query", "headers", "body", "status", "sandbox")
