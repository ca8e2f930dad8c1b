"""A session that is sent while it is played, over whichever wire."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from rtcp._clock import Clock
from rtcp.errors import ResponseError, SessionGoneError
from rtcp.media.events import MediaEvent
from rtcp.media.session_state import SessionState
from rtcp.media.session_verbs import SessionFace

# The Edge has 404 for all of it; Media Collection has 410 for a session that is closed.
_GONE: Final = (404, 410)


class MediaSession(SessionFace):
    """A session that the service knows; each verb sends one event and returns when the service has taken it.

    Where an answer is lost, the same event is sent again: it carries its session and its own time.

    Raises:
        SessionRuleError: the event may not happen now; nothing was sent.
        SessionGoneError: the service has given the session up. Start a new one, and tell it `.states`.

    Attributes:
        id: of the session, as the service calls it.
        location_hint: the region that its events go to, or None.
    """

    def __init__(
        self,
        id: str,
        state: SessionState,
        *,
        post: Callable[[MediaEvent], object],
        clock: Clock,
        custom_states: Collection[str] = (),
        location_hint: str | None = None,
    ) -> None:
        super().__init__(state, clock=clock, custom_states=custom_states)
        self.id = id
        self.location_hint = location_hint
        self._post = post
        self._is_gone = False

    @property
    def is_over(self) -> bool:
        """True when nothing may follow: it was ended, or the service has given it up."""
        return self.state.is_ended or self._is_gone

    def _deliver(self, event: MediaEvent, after: SessionState) -> None:
        why = "the service has said so" if self._is_gone else self.state.expiry(self._clock.now())
        if why is not None:
            self._is_gone = True
            raise self._gone(f"the session is over: {why}; nothing was sent", None)
        try:
            self._post(event)
        except ResponseError as exc:
            if exc.status not in _GONE:
                raise
            failure = exc
        else:
            return
        self._is_gone = True
        raise self._gone(str(failure.args[0]), failure)

    def _gone(self, message: str, answer: ResponseError | None) -> SessionGoneError:
        states = self.state.active
        again = f", and tell it its states: states_update(start={list(states)!r})" if states else ""
        error = SessionGoneError(
            message,
            status=0 if answer is None else answer.status,
            code=None if answer is None else answer.code,
            title=None if answer is None else answer.title,
            detail=None if answer is None else answer.detail,
            help=f"start a new session{again}",
            request_id=None if answer is None else answer.request_id,
            method=None if answer is None else answer.method,
            url=None if answer is None else answer.url,
            body=None if answer is None else answer.body,
        )
        error.states = states
        return error

    def __repr__(self) -> str:
        stands = "over" if self.is_over else f"{self.state.motion.value}, {self.state.ads.value}"
        return f"<MediaSession {self.id[:8]}…: {stands}, playhead {self.state.playhead}>"
