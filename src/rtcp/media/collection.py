"""The Media Collection API: sessions for Adobe Analytics alone, live and downloaded. No token goes there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from rtcp._arguments import check_verbs
from rtcp._clock import SteadyClock
from rtcp.config import Config
from rtcp.errors import ConfigError, InvalidArgumentError
from rtcp.media.details import Analytics, Qoe, SessionDetails
from rtcp.media.encoding import to_collection
from rtcp.media.events import MediaEvent
from rtcp.media.live import MediaSession
from rtcp.media.session_state import SessionState, Timing, check_recorded
from rtcp.media.session_verbs import start_event
from rtcp.transport.answers import mapping, refuse_page, unreadable
from rtcp.transport.request import Request, Response, Service
from rtcp.transport.scrubbing import values_in
from rtcp.transport.session import Session

_SESSIONS: Final = "/api/v1/sessions"
_EVENTS: Final = "/api/v1/sessions/{id}/events"
_DOWNLOADED: Final = "/api/v1/downloaded"
# Parameters that say who watches: no message may repeat them.
_WHO: Final = frozenset(
    {
        "analytics.visitorId",
        "analytics.aid",
        "visitor.marketingCloudUserId",
        "visitor.customerIDs",
        "appInstallationId",
    }
)
_LOCATION: Final = re.compile(r"/api/[^?#]*/sessions/([^/?#]+)")
_CREATES: Final = (
    "the session may have been counted: starting again makes a second one; nothing can be asked about the first"
)


@check_verbs
class MediaCollection:
    """Media sessions for Adobe Analytics; `media_url` is the host that Adobe has given you.

    Service page: https://experienceleague.adobe.com/en/docs/media-analytics/using/implementation/implementation-no-sdk/streaming-media-apis/mc-api-overview
    """

    def __init__(self, session: Session, config: Config) -> None:
        self._session = session
        self._config = config

    def start_session(
        self,
        details: SessionDetails,
        *,
        analytics: Analytics,
        playhead: float = 0,
        at: datetime | None = None,
        metadata: Mapping[str, str] | None = None,
        qoe: Qoe | None = None,
        custom_states: Collection[str] = (),
        ping_interval: float = 10.0,
        ad_ping_interval: float = 1.0,
    ) -> MediaSession:
        """Start a session and return it.

        Never sent twice by itself: a second start would count a second stream.

        Args:
            details: what is played, and in which player.
            analytics: where it is reported to, and who watches.
            playhead: where playback starts, in seconds.
            at: when that was; now unless told.
            metadata: custom names and texts.
            custom_states: names of player states of your own.
            ping_interval, ad_ping_interval: seconds, for `due` and `pinging`.

        Raises:
            InvalidArgumentError: a part cannot be right; nothing was sent.
            BadRequestError: a part is missing or wrong.
            ConfigError: no organisation is configured, or no `media_url`.

        Example:
            >>> details = rtcp.media.SessionDetails(
            ...     id="ferry-1", length=60.4, content_type="VOD", player_name="web", channel="harbour"
            ... )
            >>> analytics = rtcp.media.Analytics(tracking_server="harbour.example.net", report_suite="harbour")
            >>> with client.media_collection.start_session(details, analytics=analytics) as session:
            ...     session.play(0)
            ...     session.complete(60.4)
            >>> session.is_over
            True
        """
        timing = Timing(ping=ping_interval, ad_ping=ad_ping_interval, age=None)
        # A session is a row of times: one that leaps between two events would end it.
        clock = SteadyClock(self._session.clock)
        event = start_event(
            details, playhead=playhead, at=at or clock.now(), metadata=metadata, qoe=qoe, analytics=analytics
        )
        state = SessionState(timing).after(event, now=clock.now())
        body = to_collection(self._with_organisation(event))
        response = self._session.send(_request(_SESSIONS, body, creates=_CREATES))
        session_id = _session_id(response)

        def post(event: MediaEvent) -> Response:
            request = _request(_EVENTS, to_collection(event), session_id=session_id, idempotent=True)
            return refuse_page(self._session.send(request))

        return MediaSession(session_id, state, post=post, clock=clock, custom_states=custom_states)

    def send_downloaded(
        self, events: Sequence[MediaEvent], *, analytics: Analytics | None = None, on_sessions_route: bool = False
    ) -> str | None:
        """Send one whole session that was played offline; return its id where the service tells one.

        Never sent twice by itself, as the session would be counted twice. The report suite must take timestamps.

        Args:
            events: from its sessionStart on, in the order in which they happened.
            analytics: where it is reported to, unless the sessionStart knows.
            on_sessions_route: True sends the array to `/sessions`, as hosts without `/downloaded` want it; deprecated.

        Raises:
            InvalidArgumentError: neither the sessionStart nor `analytics` says where it is reported to.
            ConfigError: no organisation is configured, or no `media_url`.
            SessionRuleError: the events are no session; nothing was sent.
            BadRequestError: a part is missing or wrong; all of it is discarded.
        """
        check_recorded(events)
        first = events[0]
        if first.analytics is None:
            first = replace(first, analytics=analytics)
        bodies = [to_collection(self._with_organisation(first), downloaded=True), *map(to_collection, events[1:])]
        route = _SESSIONS if on_sessions_route else _DOWNLOADED
        response = refuse_page(self._session.send(_request(route, bodies, creates=_CREATES)), creates=_CREATES)
        # No source says whether the new route tells a location.
        found = _LOCATION.search(response.headers.get("Location") or "")
        return found[1] if found else None

    def _with_organisation(self, start: MediaEvent) -> MediaEvent:
        analytics = start.analytics
        if analytics is None:
            raise InvalidArgumentError(
                "the Media Collection API needs analytics=rtcp.media.Analytics(tracking_server=..., report_suite=...)"
            )
        if analytics.org_id is not None:
            return start
        if not self._config.org_id:
            raise ConfigError("no IMS organisation: pass org_id= to Analytics, or set RTCP_ORG_ID")
        return replace(start, analytics=replace(analytics, org_id=self._config.org_id))


def _request(
    route: str, body: Any, *, session_id: str | None = None, idempotent: bool = False, creates: str | None = None
) -> Request:
    return Request(
        Service.MEDIA,
        "POST",
        route,
        path={} if session_id is None else {"id": session_id},
        json_body=body,
        authenticated=False,
        idempotent=idempotent,
        creates=creates,
        private=tuple(_who_watches(body)),
    )


def _who_watches(body: Any) -> Iterator[str]:
    for event in body if isinstance(body, list) else [body]:
        for name, value in mapping(mapping(event).get("params")).items():
            if name in _WHO:
                yield from [str(value)] if isinstance(value, str | int) else values_in({"identityMap": value})


def _session_id(response: Response) -> str:
    found = _LOCATION.search(response.headers.get("Location") or "")
    if found is None:
        raise unreadable(
            response,
            f"the service answered {response.status} without the location of the new session",
            creates=_CREATES,
        )
    return found[1]
