"""Sessions of content watched offline: kept event by event in a spool, sent whole once there is a network."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from rtcp._clock import Clock, SteadyClock, SystemClock
from rtcp.bulk.spool import Entry, Queue, SpoolFile
from rtcp.errors import InvalidArgumentError
from rtcp.media.collection import MediaCollection
from rtcp.media.details import Analytics, Qoe, SessionDetails
from rtcp.media.draining import Drained, drain
from rtcp.media.edge import MediaEdge
from rtcp.media.events import MILLISECOND, MediaEvent, check_for
from rtcp.media.fields import Api
from rtcp.media.recording import Recorded, Recording, read_row
from rtcp.media.session_verbs import start_event
from rtcp.models.identity import Identity

_OPEN: Final = "media.open"
_FINISHED: Final = "media.finished"
_DEAD: Final = "media.dead"
_CHUNK: Final = 1000


class Sender(Protocol):
    """What `drain` needs of a client."""

    # Cached as in the client: for pyright no other property is the same.

    @cached_property
    def media_edge(self) -> MediaEdge:
        """For a datastream."""
        ...

    @cached_property
    def media_collection(self) -> MediaCollection:
        """For Adobe Analytics alone."""
        ...


class Recorder:
    """Records sessions into a spool, one recorder for a spool; `drain` sends them.

    Each event is on disk when its verb returns. A finished session is one row: a kill at any moment leaves it either
    unfinished, with all its events, or finished.

    Args:
        spool: a file, made when it is not there, or an open `SpoolFile`.
        api: `"edge"` or `"collection"` holds each event to what that API takes; None leaves it to `drain`.
        clock: what to read time from; for tests.

    Raises:
        SpoolError: the file is no spool, or is open in another process.

    Example:
        >>> details = rtcp.media.SessionDetails(
        ...     id="ferry-1", length=35, content_type="VOD", player_name="tablet", channel="harbour"
        ... )
        >>> with rtcp.media.Recorder("offline.spool") as recorder:
        ...     with recorder.start_session(details) as session:
        ...         session.play(0)
        ...         session.complete(35)
        ...     recorder.drain(client, config_id="harbour-media").sent
        1
    """

    def __init__(self, spool: SpoolFile | str | Path, *, api: str | None = None, clock: Clock | None = None) -> None:
        if api not in (None, "edge", "collection"):
            raise InvalidArgumentError(f"api is 'edge', 'collection' or None, not {api!r}")
        self._api = None if api is None else Api(api)
        self._clock = clock or SystemClock()
        self._owns = not isinstance(spool, SpoolFile)
        self._spool = spool if isinstance(spool, SpoolFile) else SpoolFile(spool)
        self._open = Queue(self._spool, _OPEN)
        self._finished = Queue(self._spool, _FINISHED)
        self._dead = Queue(self._spool, _DEAD)
        self._lock = threading.Lock()
        self._running: dict[str, Recording] = {}
        try:
            self._cut_off = self._recover()
        except BaseException:
            self.close()
            raise

    def start_session(
        self,
        details: SessionDetails,
        *,
        playhead: float = 0,
        at: datetime | None = None,
        metadata: Mapping[str, str] | None = None,
        qoe: Qoe | None = None,
        analytics: Analytics | None = None,
        identities: Sequence[Identity] = (),
        custom_states: Collection[str] = (),
        ping_interval: float = 10.0,
        ad_ping_interval: float = 1.0,
    ) -> Recording:
        """Start a recording and return it: it has the verbs of a live session.

        Args:
            details: what is played, and in which player.
            playhead: where playback starts, in seconds.
            at: when that was; now unless told.
            metadata: custom names and texts.
            analytics: for the Media Collection API, unless `drain` gives it.
            identities: who watches, for the Media Edge API; the first one is the primary identity.
            custom_states: names of player states of your own.
            ping_interval, ad_ping_interval: seconds, for `due` and `pinging`.

        Raises:
            InvalidArgumentError: a part cannot be right; nothing was kept.
            SpoolError: the disk is full, say.
        """
        head = Recorded(
            key=uuid.uuid4().hex,
            identities=tuple(identities),
            custom_states=tuple(custom_states),
            ping_interval=ping_interval,
            ad_ping_interval=ad_ping_interval,
        )
        clock = SteadyClock(self._clock)
        recording = Recording(self, head, clock=clock)
        recording.send(
            start_event(
                details,
                playhead=playhead,
                at=at or clock.now(),
                metadata=metadata,
                qoe=qoe,
                analytics=analytics,
            )
        )
        return self._watched(recording)

    def unfinished(self) -> list[Recorded]:
        """The recordings that an earlier process left unfinished, oldest first. They are not sent as they are."""
        with self._lock:
            return [recorded for recorded, _ in self._cut_off.values()]

    def resume(self, key: str) -> Recording:
        """Go on with an unfinished recording.

        Raises:
            InvalidArgumentError: there is none with this key.
        """
        with self._lock:
            found = self._cut_off.pop(key, None)
        if found is None:
            raise InvalidArgumentError(f"there is no unfinished recording {key!r}; unfinished() lists them")
        recorded, ids = found
        return self._watched(Recording(self, recorded, ids, clock=SteadyClock(self._clock)))

    def end_unfinished(self) -> int:
        """End every unfinished recording just after its last event, so that it will be sent; return how many."""
        cut_off = self.unfinished()
        for recorded in cut_off:
            self.resume(recorded.key).end(at=recorded.last + MILLISECOND)
        return len(cut_off)

    def waiting(self) -> list[Recorded]:
        """The finished recordings that wait to be sent, oldest first, without those that a drain has in hand."""
        return [read_row(entry.data)[0] for entry in self._free(self._finished)]

    def dead_letters(self) -> list[Recorded]:
        """The recordings that the service refused, oldest first; `.reason` says why."""
        return [read_row(entry.data)[0] for entry in self._free(self._dead)]

    def revive(self) -> int:
        """Put all dead letters behind those that wait to be sent; return how many."""
        entries = self._free(self._dead)
        for entry in entries:
            recorded, _ = read_row(entry.data)
            self._dead.move([entry.id], to=self._finished, records=[replace(recorded, reason=None).to_row()])
        return len(entries)

    def __len__(self) -> int:
        """Finished recordings that wait to be sent."""
        return len(self._finished)

    def drain(
        self,
        client: Sender,
        *,
        config_id: str | None = None,
        analytics: Analytics | None = None,
        on_sessions_route: bool = False,
        on_progress: Callable[[Drained], object] | None = None,
    ) -> Drained:
        """Send the finished recordings, oldest first, each as one payload; return what became of them.

        What the service takes is deleted; what it refuses becomes a dead letter with the reason. When the network or
        the service fails, sending stops, and the rest is kept for the next time. A session arrives twice only when the
        answer to it was lost: nobody can tell then whether it had been taken. Several may drain at once; none sends
        what another one has in hand.

        Args:
            client: the `rtcp.Client` to send with.
            config_id: of a datastream: sends to the Media Edge API. Without it, to the Media Collection API.
            analytics: for the Media Collection API, where a recording has none of its own.
            on_sessions_route: for hosts of the Media Collection API without `/downloaded`; deprecated.
            on_progress: called after each recording.

        Raises:
            AuthenticationError, PermissionDeniedError, ConfigError: nothing is lost; see to that and drain again.
            InvalidArgumentError: a recording for the Media Collection API has no analytics, and none are given.
        """
        with self._lock:
            # A copy: finishing one takes it out, under the same lock.
            running = list(self._running.values())
        for recording in running:
            recording.finish_if_complete()

        def send(recorded: Recorded) -> object:
            if config_id is not None:
                return client.media_edge.send_downloaded(config_id, recorded.events, identities=recorded.identities)
            return client.media_collection.send_downloaded(
                recorded.events, analytics=analytics, on_sessions_route=on_sessions_route
            )

        return drain(self._finished, self._dead, send, on_progress=on_progress)

    def close(self) -> None:
        """Close the spool, unless it was given open. What is unfinished stays unfinished. Closing twice is fine."""
        if self._owns:
            self._spool.close()

    def keep(self, head: Recorded, event: MediaEvent, *, is_first: bool) -> list[int]:
        """Bring one event of a recording to disk; for `Recording`."""
        if self._api is not None:
            check_for(event, self._api)
        # Claimed: what is recorded here is no leftover of an earlier process.
        return self._open.put([head.to_event_row(event, is_first=is_first)], claim=True)

    def finish(self, recorded: Recorded, ids: Sequence[int]) -> None:
        """Make one row of a recording and its events; for `Recording`."""
        if self._api is not None:
            check_for(recorded.events[-1], self._api)
        # One commit: a kill leaves either the events or the row.
        self._open.move(ids, to=self._finished, records=[recorded.to_row()])
        with self._lock:
            self._running.pop(recorded.key, None)

    def _watched(self, recording: Recording) -> Recording:
        with self._lock:
            self._running[recording.key] = recording
        return recording

    def _recover(self) -> dict[str, tuple[Recorded, list[int]]]:
        """What an earlier process left: complete sessions are finished, the others handed out by `resume`."""
        heads: dict[str, Recorded] = {}
        events: dict[str, list[MediaEvent]] = {}
        ids: dict[str, list[int]] = {}
        # Claimed for good, so that nobody else meets them.
        while entries := self._open.take(_CHUNK):
            for entry in entries:
                head, event = read_row(entry.data)
                heads.setdefault(head.key, head)
                ids.setdefault(head.key, []).append(entry.id)
                events.setdefault(head.key, []).extend([] if event is None else [event])
        found = {key: (replace(head, events=tuple(events[key])), ids[key]) for key, head in heads.items()}
        for key, (recorded, its_ids) in list(found.items()):
            if recorded.is_finished:
                self.finish(recorded, its_ids)
                del found[key]
        return found

    def _free(self, queue: Queue) -> list[Entry]:
        entries: list[Entry] = []
        while taken := queue.take(_CHUNK):
            entries += taken
        queue.release([entry.id for entry in entries])
        return entries

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
