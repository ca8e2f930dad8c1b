"""Pings from a thread, for players that do not want to keep the beat themselves."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol, Self

from rtcp.errors import RtcpError, SessionGoneError

logger = logging.getLogger(__name__)

# Seconds to let pass after a ping that failed.
_AFTER_FAILURE: Final = 1.0


class _Pinged(Protocol):
    """What a thread needs of a session."""

    @property
    def is_over(self) -> bool: ...

    def due(self) -> float | None: ...

    def ping(self, playhead: float) -> None: ...


class Pinging:
    """A thread that pings a session while a `with` statement lasts.

    A ping that fails for a while is logged as a warning, and the beat goes on. When the session is gone, or `playhead`
    raises, the thread stops, and leaving the `with` statement raises that.
    """

    def __init__(self, session: _Pinged, playhead: Callable[[], float], *, changed: threading.Condition) -> None:
        self._session = session
        self._playhead = playhead
        self._changed = changed
        self._is_stopped = False
        self._pid = os.getpid()
        self._thread: threading.Thread | None = None
        self.failure: Exception | None = None

    def beat(self) -> bool:
        """Ping if it is due. False when that failed, so that it is due still."""
        due = self._session.due()
        if due is None or due > 0:
            return True
        # The caller's own code: whatever it raises is kept for the end of the with statement.
        try:
            playhead = self._playhead()
        except Exception as exc:  # noqa: BLE001
            self._stop(exc)
            return False
        try:
            self._session.ping(playhead)
        except SessionGoneError as exc:
            self._stop(exc)
            return False
        except RtcpError as exc:
            # The player may have ended the session between the question and the answer.
            if not self._session.is_over:
                logger.warning("a ping failed: %s", exc)
            return False
        return True

    def _stop(self, failure: Exception | None = None) -> None:
        with self._changed:
            self.failure = failure or self.failure
            self._is_stopped = True
            self._changed.notify_all()

    def _run(self) -> None:
        while not self._is_stopped:
            is_fine = self.beat()
            with self._changed:
                # Whoever changes the session says so while holding this lock: no change is slept through.
                wait = self._session.due() if is_fine else _AFTER_FAILURE
                if not self._is_stopped and (wait is None or wait > 0):
                    self._changed.wait(wait)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="rtcp-media-pings", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # In a forked child there is no thread to stop, and its lock may be held for ever.
        if self._pid != os.getpid():
            return
        self._stop()
        if self._thread is not None:
            self._thread.join()
        if self.failure is not None and exc is None:
            raise self.failure
