"""Whether IMS and the gateway take the credentials, and how long the token lives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rtcp._clock import Clock
from rtcp.auth.cache import TokenCache
from rtcp.auth.ims import TOKEN_ROUTE
from rtcp.auth.token import LEEWAY
from rtcp.auth.token_life import read_end
from rtcp.client import Client
from rtcp.config import Config
from rtcp.doctor.findings import FAILED, OK, SKIPPED, TOLD, WARNING, Finding
from rtcp.doctor.hosts import patient
from rtcp.errors import RtcpError
from rtcp.hooks import Event, RequestFailed, RequestFinished, TokenFetched

_TOPIC: Final = "credentials"
# Seconds: somebody waits.
_PATIENCE: Final = (5.0, 15.0, 30.0)


def find(config: Config, *, clock: Clock) -> tuple[list[Finding], RtcpError | None]:
    """Fetch a token as the client would, read one merge policy with it, and return what came of it with the error."""
    events: list[Event] = []
    error: RtcpError | None = None
    # Without retries: a first failure is what was asked for, not something to get over.
    quick = config.replace(timeout=patient(config, _PATIENCE), retries=0)
    try:
        quick.require("client_id", "org_id")
        with Client(quick, hooks=[events.append], clock=clock) as client:
            # A read that changes nothing, of one object, and past all checks of the gateway.
            client.merge_policies.list(page_size=1).first()
    except RtcpError as exc:
        error = exc
    asked = any(isinstance(event, RequestFinished | RequestFailed) and event.route != TOKEN_ROUTE for event in events)
    return [_token(config, events, error, clock, asked_gateway=asked), _gateway(error, asked=asked)], error


def _token(
    config: Config, events: Sequence[Event], error: RtcpError | None, clock: Clock, *, asked_gateway: bool
) -> Finding:
    if config.token is not None:
        return _given(config.token, clock)
    fetched = next((event for event in events if isinstance(event, TokenFetched)), None)
    if fetched is not None:
        return _life(f"IMS gave one that lives for {fetched.expires_in / 3600:.1f} h", fetched.expires_in)
    if asked_gateway:
        # Nobody fetched a token, and yet the gateway was asked: the token came out of the cache.
        cache = TokenCache.of(config, now=clock.now)
        cached = None if cache is None else cache.read()
        if cached is not None:
            return _life(f"the token cache has one that lives for {cached.expires_in / 3600:.1f} h", cached.expires_in)
    return Finding(_TOPIC, "token", FAILED, "there is none" if error is None else str(error))


def _given(token: str, clock: Clock) -> Finding:
    end = read_end(token)
    if end is None:
        return Finding(_TOPIC, "token", TOLD, "given as it is; how long it lives, only its giver knows")
    hours = (end - clock.now()).total_seconds() / 3600
    if hours <= 0:
        return Finding(_TOPIC, "token", FAILED, f"given, and at its end since {-hours:.1f} h: ask for another one")
    detail = f"given, and lives for {hours:.1f} h; nobody renews it"
    return Finding(_TOPIC, "token", WARNING if hours < 1 else OK, detail)


def _life(detail: str, seconds: float) -> Finding:
    if seconds > LEEWAY:
        return Finding(_TOPIC, "token", OK, detail)
    return Finding(_TOPIC, "token", WARNING, f"{detail}: so short that a new one is fetched all the time")


def _gateway(error: RtcpError | None, *, asked: bool) -> Finding:
    if error is None:
        return Finding(_TOPIC, "gateway", OK, "takes the token, the key and the organisation")
    if not asked:
        return Finding(_TOPIC, "gateway", SKIPPED, "not asked without a token")
    return Finding(_TOPIC, "gateway", FAILED, str(error))
