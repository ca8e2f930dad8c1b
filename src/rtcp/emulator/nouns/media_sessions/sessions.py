"""The sessions of both media services: how long each lives, and what it was told, for tests and people to look at."""

from __future__ import annotations

import base64
import random
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from rtcp.emulator.http.wire import Request
from rtcp.emulator.nouns.media_sessions.order import RULES, MediaEvent, Order
from rtcp.emulator.service import Service

IDLE_MS = 10 * 60 * 1000
STANDSTILL_MS = 30 * 60 * 1000
# Only the Edge speaks of it, in the text of its 404.
OLDEST_MS = 24 * 60 * 60 * 1000
# More than a day of a large fleet; a server that runs for weeks forgets the oldest.
KEPT_SESSIONS = 100_000
# So long a session that is over can be looked at; who writes to it then is told that it never was.
KEPT_MS = 24 * 60 * 60 * 1000
_SWEEP_MS = 60 * 60 * 1000
_KEPT_LEAKS = 10_000
_CREDENTIALS = ("authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name", "x-sandbox-id")

Api = Literal["edge", "collection"]


@dataclass(frozen=True, slots=True)
class Flag:
    """An event that breaks a rule of order; `position` counts the session's events from 0."""

    position: int
    event: str
    rule: str

    @property
    def detail(self) -> str:
        return RULES[self.rule]


@dataclass(frozen=True, slots=True)
class Leak:
    """A call that carried credentials to a service that must see none; the names of the headers, not their values."""

    operation: str
    headers: tuple[str, ...]


@dataclass(slots=True)
class MediaSession:
    """One session with its events.

    Attributes:
        api: "edge" or "collection".
        is_downloaded: it came as one payload, and is over.
        is_completed: a sessionComplete was received; None for downloaded content to which the service added it.
    """

    id: str
    api: Api
    started_ms: int
    is_downloaded: bool = False
    config_id: str | None = None
    identities: Any = None
    events: list[MediaEvent] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    is_completed: bool | None = False
    is_ended: bool = False
    _last_ms: int = 0
    _moved_ms: int = 0
    _order: Order = field(default_factory=Order, repr=False)

    def note(self, event: MediaEvent) -> None:
        """Take one event: it keeps the session alive, or ends it."""
        if not self.events or event.playhead != self.events[-1].playhead:
            self._moved_ms = event.received_ms
        self._last_ms = event.received_ms
        position = len(self.events)
        self.flags += [Flag(position, event.kind, rule) for rule in self._order.broken_by(event)]
        self.events.append(event)
        self.is_completed = self.is_completed or event.kind == "sessionComplete"
        self.is_ended = self.is_ended or event.kind == "sessionEnd"

    @property
    def last_ms(self) -> int:
        """When its last event came in."""
        return self._last_ms

    def over_because(self, now_ms: int) -> str | None:
        """Why the session takes no more events, or None while it does."""
        if self.is_downloaded:
            return "it was downloaded content"
        if self.is_ended:
            return "it has ended"
        if now_ms - self._last_ms >= IDLE_MS:
            return "it had no event for 10 minutes"
        if now_ms - self._moved_ms >= STANDSTILL_MS:
            return "its playhead did not move for 30 minutes"
        if self.api == "edge" and now_ms - self.started_ms >= OLDEST_MS:
            return "it is older than 24 hours"
        return None

    def kinds(self) -> list[str]:
        """The types of its events, in the order received."""
        return [event.kind for event in self.events]

    def as_json(self, now_ms: int) -> dict[str, Any]:
        return {
            "id": self.id,
            "api": self.api,
            "downloaded": self.is_downloaded,
            "configId": self.config_id,
            "startedMs": self.started_ms,
            "completed": self.is_completed,
            "overBecause": self.over_because(now_ms),
            "events": [
                {"type": e.kind, "playhead": e.playhead, "ts": e.ts_ms, "receivedMs": e.received_ms, "body": e.body}
                for e in self.events
            ],
            "flags": [
                {"position": f.position, "event": f.event, "rule": f.rule, "detail": f.detail} for f in self.flags
            ],
        }


class Media:
    """All sessions since the last reset, oldest first; in memory only."""

    def __init__(self, service: Service) -> None:
        self.settings = self._first_settings = service.options.media
        self._clock = service.clock
        self._chance = random.Random(service.seed)  # noqa: S311 - ids of an emulator, no secrets
        self._sessions: OrderedDict[str, MediaSession] = OrderedDict()
        self._leaks: deque[Leak] = deque(maxlen=_KEPT_LEAKS)
        self._swept_ms = 0
        self._lock = threading.Lock()

    @property
    def now_ms(self) -> int:
        return self._clock.now_ms()

    @property
    def leaks(self) -> list[Leak]:
        """The calls that carried credentials."""
        with self._lock:
            return list(self._leaks)

    @property
    def flags(self) -> list[Flag]:
        """The flags of all sessions."""
        return [flag for session in self for flag in session.flags]

    def saw(self, request: Request) -> None:
        """Look for credentials in a call, whatever becomes of it."""
        headers = tuple(name for name in _CREDENTIALS if name in request.headers)
        if headers:
            with self._lock:
                self._leaks.append(Leak(request.operation or "", headers))

    def open(self, api: Api, *, config_id: str | None = None, identities: Any = None) -> MediaSession:
        """Start a live session under a new id."""
        session = MediaSession(self.token(), api, self.now_ms, config_id=config_id, identities=identities)
        return self._keep(session)

    def take_downloaded(
        self, api: Api, events: list[MediaEvent], *, config_id: str | None = None, identities: Any = None
    ) -> MediaSession:
        """Keep a session that comes as a whole."""
        session = MediaSession(self.token(), api, self.now_ms, True, config_id, identities)
        for event in events:
            session.note(event)
        # The Edge adds a missing sessionComplete, of content that was not completed.
        if api == "edge" and not session.is_completed:
            session.is_completed = None
        return self._keep(session)

    def find(self, api: Api, session_id: object) -> MediaSession | None:
        """A session of one of the services, alive or not."""
        session = self._sessions.get(session_id) if isinstance(session_id, str) else None
        return session if session is not None and session.api == api else None

    def __getitem__(self, key: str | int) -> MediaSession:
        """A session by its id, or by its position."""
        return self._sessions[key] if isinstance(key, str) else self._snapshot()[key]

    def __iter__(self) -> Iterator[MediaSession]:
        return iter(self._snapshot())

    def __len__(self) -> int:
        return len(self._sessions)

    def clear(self) -> None:
        """Forget every session and every leak, and go back to the first settings."""
        with self._lock:
            self._sessions.clear()
            self._leaks.clear()
            self.settings = self._first_settings

    def token(self, size: int = 32) -> str:
        """A new id in hexadecimal digits, the same in every run with a seed."""
        return self._chance.randbytes(size).hex()

    def cookie(self) -> str:
        """What the Edge would keep of a device."""
        return base64.b64encode(self._chance.randbytes(24)).decode()

    def _keep(self, session: MediaSession) -> MediaSession:
        with self._lock:
            self._let_go(self.now_ms)
            self._sessions[session.id] = session
            if len(self._sessions) > KEPT_SESSIONS:
                self._sessions.popitem(last=False)
        return session

    def _let_go(self, now_ms: int) -> None:
        """Forget the sessions that have been over for a day."""
        # A clock may have been set back.
        if abs(now_ms - self._swept_ms) < _SWEEP_MS:
            return
        self._swept_ms = now_ms
        # All of them are looked at: one that lives for ever must not keep the others.
        for session in list(self._sessions.values()):
            if now_ms - session.last_ms >= KEPT_MS and session.over_because(now_ms) is not None:
                del self._sessions[session.id]

    def _snapshot(self) -> list[MediaSession]:
        with self._lock:
            return list(self._sessions.values())
