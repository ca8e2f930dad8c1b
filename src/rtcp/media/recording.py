"""One session on its way into a spool, and the form of the rows that it leaves there."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol

from rtcp._clock import Clock
from rtcp._json import read_json
from rtcp.errors import SessionRuleError, SpoolError
from rtcp.media.details import SessionDetails
from rtcp.media.events import MediaEvent, event_from_json
from rtcp.media.session_state import SessionState, Timing
from rtcp.media.session_verbs import SessionFace
from rtcp.models.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recorded session.

    Attributes:
        key: tells it from the others of its spool.
        events: from its sessionStart on, in the order in which they happened.
        identities: who watched; the first one is the primary identity.
        reason: why the service refused it, None when it has not.
    """

    key: str
    events: tuple[MediaEvent, ...] = field(default=(), repr=False)
    identities: tuple[Identity, ...] = ()
    custom_states: tuple[str, ...] = ()
    ping_interval: float = 10.0
    ad_ping_interval: float = 1.0
    reason: str | None = None

    @property
    def content_id(self) -> str:
        """What was played."""
        details = self.events[0].details
        return details.id if isinstance(details, SessionDetails) else ""

    @property
    def started(self) -> datetime:
        """When it began."""
        return self.events[0].at

    @property
    def last(self) -> datetime:
        """When its newest event was."""
        return self.events[-1].at

    @property
    def is_finished(self) -> bool:
        """True when it holds its end."""
        return any(event.name in ("sessionComplete", "sessionEnd") for event in self.events)

    def to_row(self) -> bytes:
        """The session as one record."""
        return dumped({**self._head(), "events": [event.to_json() for event in self.events]})

    def to_event_row(self, event: MediaEvent, *, is_first: bool) -> bytes:
        """One event as a record; the first one carries what is known of the session."""
        return dumped({**(self._head() if is_first else {"key": self.key}), "event": event.to_json()})

    def _head(self) -> dict[str, Any]:
        head = {
            "key": self.key,
            "identities": [[identity.id, identity.namespace] for identity in self.identities],
            "custom_states": list(self.custom_states),
            "pings": [self.ping_interval, self.ad_ping_interval],
        }
        return head if self.reason is None else {**head, "reason": self.reason}


def read_row(data: bytes) -> tuple[Recorded, MediaEvent | None]:
    """A session, or what one record knows of it and the one event of that record.

    Raises:
        SpoolError: the record is something else.
    """
    try:
        row = read_json(data)
        ping, ad_ping = row.get("pings", (10.0, 1.0))
        head = Recorded(
            key=row["key"],
            events=tuple(event_from_json(event) for event in row.get("events", ())),
            identities=tuple(Identity(id, namespace) for id, namespace in row.get("identities", ())),
            custom_states=tuple(row.get("custom_states", ())),
            ping_interval=ping,
            ad_ping_interval=ad_ping,
            reason=row.get("reason"),
        )
        return head, event_from_json(row["event"]) if "event" in row else None
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        problem = type(exc).__name__
    raise SpoolError(f"a record of the spool is no recorded session ({problem} while reading it)")


def dumped(row: dict[str, Any]) -> bytes:
    """A record's bytes."""
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode()


class _Keeper(Protocol):
    """What a recording needs of its recorder."""

    def keep(self, head: Recorded, event: MediaEvent, *, is_first: bool) -> list[int]: ...

    def finish(self, recorded: Recorded, ids: Sequence[int]) -> None: ...


class Recording(SessionFace):
    """A session that is recorded; each verb returns when its event is on disk.

    It is finished by `end`, by leaving its `with` statement, or, once it is complete, by the next `drain`.

    Attributes:
        key: tells it from the others of its spool.
    """

    def __init__(self, keeper: _Keeper, recorded: Recorded, ids: Collection[int] = (), *, clock: Clock) -> None:
        # Nobody but the player watches over an offline session: it never times out.
        timing = Timing(ping=recorded.ping_interval, ad_ping=recorded.ad_ping_interval, idle=None, still=None, age=None)
        state = SessionState(timing)
        for event in recorded.events:
            state = state.after(event, now=event.at)
        super().__init__(state, clock=clock, custom_states=recorded.custom_states)
        self.key = recorded.key
        self._keeper = keeper
        self._head = recorded
        self._events = list(recorded.events)
        self._ids = list(ids)
        self._is_finished = False

    @property
    def is_over(self) -> bool:
        """True when nothing may follow."""
        return self._is_finished

    def finish_if_complete(self) -> None:
        """Hand a complete session over as it is, without a sessionEnd."""
        with self._turn:
            if self.state.is_complete and not self._is_finished:
                self._finish(self._events)

    def _deliver(self, event: MediaEvent, after: SessionState) -> None:
        if self._is_finished:
            raise SessionRuleError("the recording is finished; this event belongs to a new one", rule="after-end")
        if after.is_ended:
            self._finish([*self._events, event])
        else:
            self._ids += self._keeper.keep(self._head, event, is_first=not self._events)
            self._events.append(event)

    def _finish(self, events: Sequence[MediaEvent]) -> None:
        recorded = Recorded(
            key=self.key,
            events=tuple(events),
            identities=self._head.identities,
            custom_states=self._head.custom_states,
            ping_interval=self._head.ping_interval,
            ad_ping_interval=self._head.ad_ping_interval,
        )
        self._keeper.finish(recorded, self._ids)
        self._is_finished = True
        self._events, self._ids = [], []

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # In a forked child, the recording is the parent's to finish.
        if self._pid == os.getpid():
            self.finish_if_complete()
            self.end()

    def __repr__(self) -> str:
        stands = "finished" if self._is_finished else self.state.motion.value
        return f"<Recording {self.key[:8]}…: {stands}, {len(self._events)} events>"
