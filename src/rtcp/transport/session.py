"""The one place where requests leave: token, headers, retries, hooks and errors in an order that is visible."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any, Final, Protocol

import requests
from requests.structures import CaseInsensitiveDict

from rtcp._clock import Clock
from rtcp._hidden import Hidden
from rtcp.config import Config, values
from rtcp.config.sources import at_home
from rtcp.errors import ConfigError, RateLimitError, RequestError, RtcpError
from rtcp.transport import deadline
from rtcp.transport.body_stream import Stream
from rtcp.transport.deadline import Paced
from rtcp.transport.failures import FOREIGN, cut_short, is_cut_short, to_failure, too_large, too_slow
from rtcp.transport.headers import check_headers, static_headers
from rtcp.transport.intermediaries import Way, check_plain, trusted, way_to
from rtcp.transport.refusals import refusal_within
from rtcp.transport.request import Content, Request, Response, Service
from rtcp.transport.retry import RetryPolicy, call_again, hinted_wait, may_send_again
from rtcp.transport.whole_body import TooLargeError
from rtcp.transport.wire import Wire

logger = logging.getLogger(__name__)

# Of a token that has expired, one page of streaming ingestion says 401, another 403.
_REFUSED: Final[Mapping[Service, tuple[int, ...]]] = {Service.STREAMING: (401, 403)}

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Bytes of an answer, decompressed: many times what the largest documented ones have. Those of files have no bounds.
_MOST: Final[Mapping[Service, int]] = {
    Service.PLATFORM: 256 << 20,
    Service.STREAMING: 16 << 20,
    Service.EDGE: 16 << 20,
    Service.MEDIA: 16 << 20,
    Service.IMS: 1 << 20,
}
# Seconds: whoever waits for a token has a call of their own in mind.
_TOKEN_TIME: Final = 30.0


class TokenSource(Protocol):
    """Where bearer tokens come from."""

    def get(self, *, patience: float) -> str:
        """A token that is valid now, waited for no longer than so many seconds while another thread fetches it."""
        ...

    def discard(self, token: str) -> bool:
        """Never hand out this token again; True when `get` can bring another one."""
        ...


class Session:
    """Sends requests for one configuration and returns answers, or raises typed errors."""

    def __init__(self, wire: Wire, config: Config, token: TokenSource | None = None) -> None:
        self._wire = wire
        self._config = config
        self._token = token
        self._policy = RetryPolicy(retries=config.retries)
        self._tell_odd = None if config.strict else wire.tell_odd
        self._static: dict[Service, tuple[str | None, CaseInsensitiveDict[str]]] = {}
        self._settings: dict[Service, tuple[Mapping[str, Any], Way]] = {}

    @property
    def clock(self) -> Clock:
        """What this client tells time by."""
        return self._wire.clock

    def send(self, request: Request) -> Response:
        """Send a request, again where that is safe, and return the answer of a success.

        Raises:
            ResponseError: the service said no.
            RequestError: no usable answer came.
        """
        try:
            return self._persist(request)
        except _NoTokenError as exc:
            failure = exc.failure
        raise failure

    def send_once(self, request: Request) -> Response:
        """Send a request once; only a refused token is tried anew. For those who count what they send.

        Raises:
            ResponseError: the service said no.
            RequestError: no usable answer came.
        """
        try:
            return self._attempt(request)
        except _NoTokenError as exc:
            failure = exc.failure
        raise failure

    @contextmanager
    def stream(self, request: Request) -> Iterator[Stream]:
        """Send a request once, and hand out its answer while the body is still on its way.

        Only a refused token is tried anew: from where to go on after a cut, the reader of the body knows best.

        Raises:
            ResponseError: the service said no.
            RequestError: no usable answer came, or its body broke off while it was read.
        """
        started = self._wire.clock.monotonic()
        with closing(self._open(request)) as stream:
            try:
                yield stream
            except RequestError as failure:
                seconds = self._wire.clock.monotonic() - started
                self._tell_failed(request, failure, seconds, stream.request_id)
                raise
        self._tell_finished(request, stream, self._wire.clock.monotonic() - started)

    def wait_to_resume(self, request: Request, failure: RtcpError, *, attempt: int) -> None:
        """Return when a request that is sent once at a time may go out again after its `attempt`-th failure in a row;
        else raise that.
        """
        if not self._policy.wants(request, failure, attempt=attempt):
            raise failure
        wait = self._policy.wait(failure, attempt=attempt)
        self._tell_retry(request, failure, attempt, wait)
        self._wire.clock.sleep(wait)

    def _open(self, request: Request) -> Stream:
        try:
            response = self._attempt(request, stream=True)
        except _NoTokenError as exc:
            failure = exc.failure
        else:
            assert isinstance(response, Stream)
            return response
        raise failure

    def _persist(self, request: Request) -> Response:
        try:
            return self._attempt(request)
        except RtcpError as exc:
            failure = exc
            # The loop, and its import, are only for what may be sent again: docs/decisions/0003.
            if self._policy.retries == 0 or not may_send_again(request, failure):
                raise
        return call_again(
            lambda: self._attempt(request),
            after=failure,
            request=request,
            policy=self._policy,
            clock=self._wire.clock,
            before_wait=lambda last, attempt, wait: self._tell_retry(request, last, attempt, wait),
        )

    def _attempt(self, request: Request, *, stream: bool = False) -> Response:
        # First of all: in a forked child, the locks below may be held for ever by threads that only the parent has.
        self._wire.check_usable()
        # The gate before the token: one that was fetched first might be old when the gate opens.
        self._wire.limiter.wait(request.service)
        token = self._fetch(self._token) if request.authenticated and self._token is not None else None
        response = self._transmit(request, token, stream=stream)
        if (
            response.status in _REFUSED.get(request.service, (401,))
            and token is not None
            and self._token is not None
            and self._token.discard(token)
        ):
            token = self._fetch(self._token)
            response = self._transmit(request, token, stream=stream)
        if 200 <= response.status < 300:
            refused = None if stream else refusal_within(response)
            if refused is None:
                return response
            response = replace(response, status=refused)
        # Loaded with the first error: its patterns would cost every client that is made.
        from rtcp.transport.error_mapping import to_error

        error = to_error(request, response, now=self._wire.clock.now(), token=token)
        hint = hinted_wait(error)
        if isinstance(error, RateLimitError) and hint is not None and hint <= self._policy.cap:
            self._wire.limiter.hold(request.service, hint)
        raise error

    def _transmit(self, request: Request, token: str | None, *, stream: bool) -> Response:
        """One request on the wire. Fills the prepared request by hand: `Session.request` spends half its time on
        what is known here.
        """
        wire = self._wire
        base_url = self._base_url(request.service)
        url = base_url + request.location()
        request_id = str(uuid.uuid4())
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        # Their query has no name here either: it tells who was asked for.
        prepared.url = _with_query(url, request.encoded_query())
        # The stubs know texts and bytes only; what can be iterated is sent as well, as its length is told. The body has
        # no name here: it may hold a secret, and error reporters show locals.
        prepared.headers, prepared.body = self._head_and_body(request, token, request_id)  # type: ignore[assignment]
        prepared.hooks = wire.http.hooks
        settings, way = self._settings.get(request.service) or self._settle(request.service, base_url)
        if stream:
            settings = {**settings, "stream": True}
        connect, read, total = self._config.timeouts
        if request.service is Service.IMS:
            total = min(total, _TOKEN_TIME)
        attempt = wire.deadlines.begin(total, idle=read, most=_MOST[request.service])
        if request.content is not None and not isinstance(request.content, bytes):
            prepared.body = Paced(request.content, attempt)  # type: ignore[assignment]
        failure: RtcpError | None = None
        is_open = False
        before = deadline.enter(attempt)
        started = wire.clock.monotonic()
        try:
            answer = wire.http.send(prepared, allow_redirects=False, timeout=(connect, read), **settings)
            is_open = stream and 200 <= answer.status_code < 300
            body = b"" if is_open else answer.content
        except FOREIGN as exc:
            failure = to_failure(exc, request, url=url, request_id=request_id, way=way)
        except TooLargeError as exc:
            failure = too_large(request, url=url, request_id=request_id, most=exc.most)
        except BaseException:
            attempt.end()
            raise
        finally:
            deadline.enter(before)
        if not is_open:
            attempt.end()
        # Whatever came of it: a socket that was shut down reads like the end of an answer.
        if attempt.is_over:
            failure = too_slow(request, url=url, request_id=request_id, is_sent=attempt.is_sent)
        if failure is None:
            known_as = _known_as(request, answer, request_id, token)
            head = (answer.status_code, answer.headers, body, request.method, url, known_as)
            if is_open:
                return Stream(*head, request, answer, attempt)
            response = Response(*head, tell_odd=self._tell_odd)
            if not is_cut_short(request, answer):
                self._tell_finished(request, response, wire.clock.monotonic() - started)
                return response
            failure = cut_short(request, response)
        self._tell_failed(request, failure, wire.clock.monotonic() - started, request_id)
        raise failure

    def _head_and_body(
        self, request: Request, token: str | None, request_id: str
    ) -> tuple[CaseInsensitiveDict[str], bytes | Content | None]:
        known = self._static.get(request.service)
        if known is None or known[0] != token:
            static = static_headers(self._config, request.service)
            if token is not None:
                static["Authorization"] = Hidden(f"Bearer {token}")
            known = (token, CaseInsensitiveDict(check_headers(static)))
            self._static[request.service] = known
        headers = known[1].copy()
        headers["x-request-id"] = request_id
        body, content_type = request.body()
        if content_type is not None:
            headers["Content-Type"] = content_type
        if body is not None or request.method in ("POST", "PUT", "PATCH"):
            headers["Content-Length"] = str(0 if body is None else len(body))
        if request.headers:
            headers.update(check_headers(request.headers))
        return headers, body

    def _settle(self, service: Service, base_url: str) -> tuple[Mapping[str, Any], Way]:
        """Proxies, certificates and the like for one host, as requests itself would settle them for each call."""
        proxies = self._config.proxies or {}
        given = {"http": proxies, "https": proxies} if isinstance(proxies, str) else dict(proxies)
        self._config.check_encrypted(service.value)
        bundle = values.path(self._config.ca_bundle, name="ca_bundle")
        verify = None if bundle is None else str(at_home(bundle))
        environment = self._wire.http.merge_environment_settings(base_url, given, None, verify, None)
        settings: dict[str, Any] = dict(environment)
        if self._config.emulator:
            # The emulator runs here: a proxy meant for the world outside does not know it.
            settings["proxies"] = {}
        if not self._config.allow_plain_http:
            check_plain(base_url, settings["proxies"])
        # Whatever came together above, nothing weaker than this goes out.
        settings["verify"] = trusted(base_url, settings["verify"], has_own_bundle=verify is not None)
        # They may hold passwords, and error reporters show locals.
        settings["proxies"] = {scheme: Hidden(proxy) for scheme, proxy in settings["proxies"].items()}
        way = way_to(base_url, settings, has_own_bundle=verify is not None)
        self._settings[service] = settings, way
        return settings, way

    def _fetch(self, source: TokenSource) -> str:
        try:
            return source.get(patience=self._config.timeouts[2])
        except RtcpError as exc:
            failure = exc
        raise _NoTokenError(failure)

    def _base_url(self, service: Service) -> str:
        base_url: str | None = getattr(self._config, service.value)
        if base_url is None:
            raise ConfigError(f"no address for this service: pass {service.value}= or set RTCP_{service.value.upper()}")
        return base_url

    def _tell_finished(self, request: Request, response: Response, seconds: float) -> None:
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug(
                "%s %s -> %d in %.3f s, request %s",
                request.method,
                request.route,
                response.status,
                seconds,
                response.request_id,
            )
        if self._wire.hooks:
            # Here and below: what only a hook needs is loaded for one.
            from rtcp.transport.hooks import RequestFinished, emit

            emit(
                self._wire.hooks,
                RequestFinished(request.method, request.route, response.status, seconds, response.request_id),
            )

    def _tell_failed(self, request: Request, failure: RtcpError, seconds: float, request_id: str | None) -> None:
        name = type(failure).__name__
        logger.debug("%s %s failed after %.3f s: %s", request.method, request.route, seconds, name)
        if self._wire.hooks:
            from rtcp.transport.hooks import RequestFailed, emit

            emit(self._wire.hooks, RequestFailed(request.method, request.route, name, seconds, request_id))

    def _tell_retry(self, request: Request, failure: RtcpError, attempt: int, wait: float) -> None:
        name = type(failure).__name__
        logger.warning(
            "%s %s: %s on attempt %d, trying again in %.1f s", request.method, request.route, name, attempt, wait
        )
        if self._wire.hooks:
            from rtcp.transport.hooks import RetryScheduled, emit

            emit(self._wire.hooks, RetryScheduled(request.method, request.route, attempt, wait, name))


def _with_query(url: str, query: str) -> str:
    return f"{url}?{query}" if query else url


def _known_as(request: Request, answer: requests.Response, sent: str, token: str | None) -> str:
    """What the service calls the request, so that its support can find it; else what it was called by us."""
    told = answer.headers.get("X-Request-Id")
    if told is None or told == sent:
        return sent
    # What nearly all have; the patterns for the others are loaded below.
    if _UUID.fullmatch(told) and request.service is not Service.STREAMING:
        small = told.lower()
        if not any(value.lower() in small for value in (*request.private, token) if value):
            return told
    from rtcp.transport.error_mapping import id_told

    return id_told(request, told, status=answer.status_code, token=token) or sent


class _NoTokenError(Exception):
    """The token call failed, after retries of its own: the request that wanted the token must not retry around it."""

    def __init__(self, failure: RtcpError) -> None:
        super().__init__()
        self.failure = failure
