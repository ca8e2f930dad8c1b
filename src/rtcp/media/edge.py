"""The Media Edge API: sessions over a datastream, live and downloaded. No token goes there."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from rtcp._arguments import check_verbs
from rtcp._clock import SteadyClock
from rtcp.config import Config
from rtcp.errors import InvalidArgumentError, ResponseError
from rtcp.media.details import Qoe, SessionDetails
from rtcp.media.encoding import edge_downloaded, to_edge
from rtcp.media.events import MediaEvent
from rtcp.media.live import MediaSession
from rtcp.media.session_state import SessionState, Timing, check_recorded
from rtcp.media.session_verbs import start_event
from rtcp.models.identity import Identity
from rtcp.transport.answers import decode_object, mapping, objects, read_part_error, refuse_page
from rtcp.transport.request import Request, Response, Service
from rtcp.transport.session import Session

logger = logging.getLogger(__name__)

# Stands before every path, unless the configured address has a path of its own.
_BASE: Final = "/ee"
_ROUTE: Final = "/va/v1/{endpoint}"
# By the region that the start of the session was answered from.
_HINTED: Final = "/{hint}/va/v1/{endpoint}"
_CREATES: Final = (
    "the session may have been counted: starting again makes a second one; nothing can be asked about the first"
)
_HELP: Final = {
    401: "this datastream takes authenticated requests alone, and the Media Edge API knows none; use another datastream"
}


@check_verbs
class MediaEdge:
    """Media sessions through Edge Network: for Customer Journey Analytics, Adobe Analytics and the Profile store.

    Service page: https://developer.adobe.com/data-collection-apis/docs/endpoints/media/
    """

    def __init__(self, session: Session, config: Config) -> None:
        self._session = session
        self._base = "" if urlsplit(config.edge_url).path else _BASE

    def start_session(
        self,
        config_id: str,
        details: SessionDetails,
        *,
        playhead: int = 0,
        at: datetime | None = None,
        metadata: Mapping[str, str] | None = None,
        qoe: Qoe | None = None,
        identities: Sequence[Identity] = (),
        context_data: Mapping[str, str] | None = None,
        custom_states: Collection[str] = (),
        ping_interval: float = 10.0,
        ad_ping_interval: float = 1.0,
    ) -> MediaSession:
        """Start a session and return it.

        Never sent twice by itself: a second start would count a second stream.

        Args:
            config_id: of a datastream that has Media Analytics switched on.
            details: what is played, and in which player.
            playhead: where playback starts, in whole seconds.
            at: when that was; now unless told.
            metadata: custom names and texts, as in `{"_tenant.league": "north"}`.
            identities: who watches; the first one is the primary identity.
            context_data: further texts, for Adobe Analytics only.
            custom_states: names of player states of your own.
            ping_interval, ad_ping_interval: seconds, for `due` and `pinging`.

        Raises:
            InvalidArgumentError: a part cannot be right; nothing was sent.
            BadRequestError: a part is missing or wrong; the message names each.
            ResponseError: the datastream has no Media Analytics.

        Example:
            >>> details = rtcp.media.SessionDetails(
            ...     id="ferry-1", length=60, content_type="VOD", player_name="web", channel="harbour"
            ... )
            >>> with client.media_edge.start_session("harbour-media", details) as session:
            ...     session.play(0)
            ...     session.complete(60)
            >>> session.is_over
            True
        """
        timing = Timing(ping=ping_interval, ad_ping=ad_ping_interval)
        # A session is a row of times: one that leaps between two events would end it.
        clock = SteadyClock(self._session.clock)
        event = start_event(details, playhead=playhead, at=at or clock.now(), metadata=metadata, qoe=qoe)
        state = SessionState(timing).after(event, now=clock.now())
        envelope: dict[str, Any] = {"xdm": _with_identities(to_edge(event), identities)}
        if context_data:
            envelope["_data"] = {"__adobe": {"analytics": {"contextData": dict(context_data)}}}
        request = self._request("sessionStart", config_id, envelope, identities=identities, creates=_CREATES)
        response = self._session.send(request)
        body = decode_object(response, creates=_CREATES)
        session_id = _session_id(body)
        failure = _first_error(request, response, body)
        if session_id is None:
            raise failure or _no_session(response, config_id)
        if failure is not None:
            # Some other service behind the datastream failed; the session is there.
            logger.warning("the media session was started, and something else failed: %s", failure)
        hint = _location_hint(body)

        def post(event: MediaEvent) -> Response:
            envelope = {"xdm": to_edge(event, session_id=session_id)}
            return refuse_page(
                self._session.send(self._request(event.name, config_id, envelope, hint=hint, idempotent=True))
            )

        return MediaSession(session_id, state, post=post, clock=clock, custom_states=custom_states, location_hint=hint)

    def send_downloaded(
        self, config_id: str, events: Sequence[MediaEvent], *, identities: Sequence[Identity] = ()
    ) -> str | None:
        """Send one whole session that was played offline; return its id where the service tells one.

        Never sent twice by itself, as the session would be counted twice. A missing sessionComplete is added by the
        service.

        Args:
            config_id: of a datastream that has Media Analytics switched on.
            events: from its sessionStart on, in the order in which they happened.
            identities: who watched; the first one is the primary identity.

        Raises:
            InvalidArgumentError: an identity has no namespace; nothing was sent.
            SessionRuleError: the events are no session; nothing was sent.
            BadRequestError: a part is missing or wrong; all of it is discarded.
        """
        check_recorded(events)
        envelope = {"xdm": _with_identities(edge_downloaded(events), identities)}
        request = self._request("downloaded", config_id, envelope, identities=identities, creates=_CREATES)
        response = self._session.send(request)
        body = decode_object(response, creates=_CREATES) if response.body else {}
        failure = _first_error(request, response, body)
        if failure is not None:
            raise failure
        return _session_id(body)

    def _request(
        self,
        endpoint: str,
        config_id: str,
        envelope: Mapping[str, Any],
        *,
        hint: str | None = None,
        idempotent: bool = False,
        identities: Sequence[Identity] = (),
        creates: str | None = None,
    ) -> Request:
        if not config_id:
            raise InvalidArgumentError("config_id is the id of a datastream; it is empty")
        return Request(
            Service.EDGE,
            "POST",
            self._base + (_ROUTE if hint is None else _HINTED),
            path={"endpoint": endpoint} if hint is None else {"endpoint": endpoint, "hint": hint},
            query={"configId": config_id},
            json_body={"events": [envelope]},
            authenticated=False,
            idempotent=idempotent,
            private=tuple(identity.id for identity in identities),
            help=_HELP,
            creates=creates,
        )


def _with_identities(xdm: dict[str, Any], identities: Sequence[Identity]) -> dict[str, Any]:
    if not identities:
        return xdm
    by_namespace: dict[str, list[dict[str, Any]]] = {}
    for position, identity in enumerate(identities):
        if identity.namespace is None:
            raise InvalidArgumentError("an identity of a media session needs a namespace, as in 'ECID' or 'FPID'")
        item = {"id": identity.id, "primary": True} if position == 0 else {"id": identity.id}
        by_namespace.setdefault(identity.namespace, []).append(item)
    return {**xdm, "identityMap": by_namespace}


def _first_error(request: Request, response: Response, body: Mapping[str, Any]) -> ResponseError | None:
    """The first error that a success carries along."""
    error = next(iter(objects(body.get("errors"))), None)
    return None if error is None else read_part_error(request, response, error, status=error.get("status"))


def _payloads(body: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    # Handles come in no order.
    handles = [handle for handle in objects(body.get("handle")) if handle.get("type") == kind]
    return [payload for handle in handles for payload in objects(handle.get("payload"))]


def _session_id(body: Mapping[str, Any]) -> str | None:
    for payload in _payloads(body, "media-analytics:new-session"):
        # Requests spell it sessionID, answers sessionId.
        for spelling in ("sessionId", "sessionID"):
            if isinstance(payload.get(spelling), str) and payload[spelling]:
                return str(payload[spelling])
    return None


def _location_hint(body: Mapping[str, Any]) -> str | None:
    for payload in _payloads(body, "locationHint:result"):
        if payload.get("scope") == "EdgeNetwork" and payload.get("hint"):
            return str(payload["hint"])
    return None


def _no_session(response: Response, config_id: str) -> ResponseError:
    return ResponseError(
        f"the datastream {config_id!r} took the start and made no media session",
        status=response.status,
        help="switch Media Analytics on for this datastream, in the Data Collection UI",
        method=response.method,
        url=response.url,
        request_id=response.request_id,
        body=mapping(response.json()),
    )
