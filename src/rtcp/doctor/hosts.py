"""The way to each host, as the client goes it: proxy, connection, certificate, an answer, and the time it tells."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy

from rtcp._clock import Clock
from rtcp.config import Config
from rtcp.doctor.findings import FAILED, OK, SKIPPED, TOLD, WARNING, Finding
from rtcp.errors import ConfigError, ResponseError, RtcpError
from rtcp.transport.adapter import WholeBodyAdapter
from rtcp.transport.request import Request, Service
from rtcp.transport.session import Session
from rtcp.transport.wire import Wire

# Seconds for connecting, for reading, and for one host: somebody waits.
_PATIENCE: Final = (5.0, 10.0, 15.0)
_SKEW: Final = timedelta(seconds=5)
_LOGIN_WANTED: Final = 407
_BROKEN: Final = 500
_ENDS_SOON: Final = timedelta(days=14)
_NAMES: Final[Mapping[Service, str]] = {
    Service.IMS: "IMS",
    Service.PLATFORM: "gateway",
    Service.STREAMING: "streaming",
    Service.EDGE: "edge",
    Service.MEDIA: "media",
}
# Not everybody streams, or is let through to where others do.
_NEEDED: Final = (Service.IMS, Service.PLATFORM)
# The request says nothing of whom it comes from, and the gateway's headers want some value.
_NOBODY: Final = "rtcp-doctor"


@dataclass
class _Seen:
    """What was seen below the client while it asked one host."""

    proxy: str | None = None
    certificate: Mapping[str, Any] | None = None
    tls: str | None = None
    refused: str | None = None
    is_answered: bool = False
    skew: timedelta | None = None
    """How far the host's clock is ahead of ours."""


def find(config: Config, *, clock: Clock) -> Iterator[Finding]:
    """Ask each host for its root, without a token, and tell how far that got."""
    config = config.replace(
        timeout=patient(config, _PATIENCE),
        retries=0,
        client_id=config.client_id or _NOBODY,
        org_id=config.org_id or _NOBODY,
    )
    for services, url in _hosts(config).items():
        yield from _host(config, services, url, clock)


def patient(config: Config, most: tuple[float, float, float]) -> tuple[float, float, float]:
    """The time-outs of the settings, and no longer ones than these."""
    connect, read, total = map(min, config.timeouts, most)
    return connect, read, total


def _hosts(config: Config) -> dict[tuple[Service, ...], str]:
    """Each address once, however many services have it."""
    by_url: dict[str, list[Service]] = {}
    for service in _NAMES:
        url = getattr(config, service.value)
        if url is not None:
            by_url.setdefault(url, []).append(service)
    return {tuple(services): url for url, services in by_url.items()}


def _host(config: Config, services: tuple[Service, ...], url: str, clock: Clock) -> Iterator[Finding]:
    topic, host = f"host: {', '.join(_NAMES[each] for each in services)}", urlsplit(url).netloc
    # With a token that was given, nobody goes to IMS.
    is_needed = any(service in _NEEDED for service in services) and not (
        services == (Service.IMS,) and config.token is not None
    )
    seen = _Seen()
    reach = _reach(config, services[0], seen, clock)
    if reach.outcome == FAILED and not is_needed:
        reach = _Reach(WARNING, f"{reach.detail}; matters to those who use this host")
    yield Finding(topic, "reach", reach.outcome, f"{host}: {reach.detail}")
    yield Finding(topic, "proxy", TOLD, seen.proxy or "none on the way")
    yield _tls(topic, url, seen, clock)
    yield _skew(topic, seen)


@dataclass(frozen=True, slots=True)
class _Reach:
    outcome: str
    detail: str


def _reach(config: Config, service: Service, seen: _Seen, clock: Clock) -> _Reach:
    wire = Wire(clock=clock)
    adapter = _WatchingAdapter(seen, clock)
    wire.http.mount("https://", adapter)
    wire.http.mount("http://", adapter)
    started = clock.monotonic()
    try:
        response = Session(wire, config).send_once(Request(service, "GET", "/", authenticated=False))
    except ResponseError as exc:
        # Whatever it says to a request without a path and a token: it is there.
        status = exc.status
    except ConfigError as exc:
        return _Reach(FAILED, f"not asked: {exc}")
    except RtcpError as exc:
        return _Reach(FAILED, str(exc))
    else:
        status = response.status
    finally:
        wire.close()
    detail = f"answered {status} after {clock.monotonic() - started:.2f} s"
    if status == _LOGIN_WANTED:
        wanted = "it wants a login, as http://user:password@host:port in RTCP_PROXIES"
        return _Reach(FAILED, f"the proxy {detail}: {wanted}")
    # What is in front of it answers, and it does not.
    return _Reach(WARNING if status >= _BROKEN else OK, detail)


def _tls(topic: str, url: str, seen: _Seen, clock: Clock) -> Finding:
    if urlsplit(url).scheme != "https":
        return Finding(topic, "TLS", TOLD, "none: the address begins with http://")
    if seen.refused is not None:
        return Finding(topic, "TLS", FAILED, f"the certificate does not verify: {seen.refused}")
    if seen.certificate is None:
        return Finding(topic, "TLS", SKIPPED, "no connection")
    issuer = _name(seen.certificate.get("issuer", ()))
    ends = _instant(str(seen.certificate.get("notAfter", "")))
    until = "an unknown day" if ends is None else f"{ends:%Y-%m-%d}"
    is_short = ends is not None and ends - clock.now() < _ENDS_SOON
    detail = f"{seen.tls}; the certificate verifies, is by {issuer}, and lasts until {until}"
    return Finding(topic, "TLS", WARNING if is_short else OK, detail)


def _skew(topic: str, seen: _Seen) -> Finding:
    if seen.skew is None:
        return Finding(topic, "clock", SKIPPED, "the host told no time" if seen.is_answered else "no answer")
    seconds = seen.skew.total_seconds()
    if abs(seen.skew) <= _SKEW:
        return Finding(topic, "clock", OK, f"agrees with the host's within {max(1, abs(seconds)):.0f} s")
    way = "behind" if seconds > 0 else "ahead of"
    return Finding(
        topic,
        "clock",
        WARNING,
        f"this machine's clock is {abs(seconds):,.0f} s {way} the host's: certificates, cached tokens and filters by "
        "time go by it",
    )


def _name(parts: Any) -> str:
    """The name of an issuer as people know it."""
    told = {key: value for part in parts for key, value in part}
    names = dict.fromkeys(told[key] for key in ("organizationName", "commonName") if key in told)
    return ", ".join(names) or "nobody it names"


def _instant(told: str) -> datetime | None:
    with suppress(ValueError):
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(told), UTC)
    return None


class _WatchingAdapter(WholeBodyAdapter):
    """The client's own adapter, which also says what it saw."""

    def __init__(self, seen: _Seen, clock: Clock) -> None:
        self._seen = seen
        self._clock = clock
        super().__init__(max_retries=0)

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*arguments, **options)
        if pool.scheme == "https":
            # The certificate is known to the connection alone: no answer of requests has it.
            pool.ConnectionCls = _watching(pool.ConnectionCls, self._seen)
        return pool

    def send(self, request: requests.PreparedRequest, stream: bool = False, **options: Any) -> requests.Response:  # type: ignore[override]
        proxy = select_proxy(request.url or "", options.get("proxies"))
        # What stands in front of the host may be a password.
        self._seen.proxy = None if proxy is None else str(proxy).rpartition("@")[2].rpartition("://")[2]
        before = self._clock.now()
        response = super().send(request, stream=stream, **options)
        after = self._clock.now()
        self._seen.is_answered = True
        told = _date(response.headers.get("Date"))
        if told is not None:
            # A date has whole seconds, cut off; it was written when about half of the time had passed.
            self._seen.skew = told + timedelta(seconds=0.5) - (before + (after - before) / 2)
        return response


def _date(told: str | None) -> datetime | None:
    if told is None:
        return None
    with suppress(ValueError, TypeError, OverflowError):
        instant = parsedate_to_datetime(told)
        return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return None


def _watching(kind: type[Any], seen: _Seen) -> type[Any]:
    """A kind of connection that notes whom it was connected to, and why it would not be."""

    def connect(self: Any) -> None:
        try:
            kind.connect(self)
        except ssl.SSLCertVerificationError as exc:
            seen.refused = exc.verify_message
            raise
        seen.certificate, seen.tls = self.sock.getpeercert(), self.sock.version()

    return type(kind.__name__, (kind,), {"connect": connect})
