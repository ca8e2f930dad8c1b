"""From the exceptions of requests and urllib3, which carry URLs and inputs, to our own, which do not."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from typing import Final, TypeGuard
from urllib.parse import urlsplit

import requests
from urllib3 import exceptions as urllib3_errors

from rtcp.errors import ConfigError, ConnectError, DecodeError, RequestError, RequestTimeoutError, RtcpError
from rtcp.transport.deadline import SLOWEST
from rtcp.transport.intermediaries import Way
from rtcp.transport.request import Request, Response

FOREIGN = (requests.RequestException, urllib3_errors.HTTPError, OSError)
_NOT_SENT = (urllib3_errors.NewConnectionError, urllib3_errors.ConnectTimeoutError)
_MISUSE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidProxyURL,
    urllib3_errors.LocationValueError,
)
_STATUS: Final = re.compile(r"\b([1-5]\d\d)\b")
_DIRECT: Final = Way()
_NO_CONTENT = 204
_HTTP_1_1 = 11
_READ_TIMEOUT = (requests.ReadTimeout, urllib3_errors.ReadTimeoutError)


def to_failure(exc: Exception, request: Request, *, url: str, request_id: str | None, way: Way = _DIRECT) -> RtcpError:
    """The error to raise in place of a foreign one; raise it outside the handler, so that it keeps no context."""
    causes = list(_causes(exc))
    host = urlsplit(url).netloc
    through = "" if way.proxy is None else f" through the proxy {way.proxy}"

    def failure(kind: type[RequestError], text: str, *, applied: bool) -> RequestError:
        if applied and request.creates is not None:
            text = f"{text}; {request.creates}"
        return kind(text, method=request.method, url=url, request_id=request_id, may_have_been_applied=applied)

    if any(isinstance(cause, _MISUSE) for cause in causes):
        return ConfigError(
            f"the address or proxy for {host} cannot be used ({type(causes[0]).__name__}); check base_url, proxies and "
            "HTTP(S)_PROXY"
        )
    # requests has a plain OSError for certificates that are not there; those of connections are of other classes.
    unread = isinstance(exc, OSError) and not isinstance(
        exc, requests.RequestException | ConnectionError | TimeoutError
    )
    if unread or any(isinstance(cause, ssl.SSLError) and cause.library in ("X509", "PEM") for cause in causes):
        return ConfigError(
            f"{way.bundle} cannot be read ({type(exc).__name__}); check ca_bundle and REQUESTS_CA_BUNDLE"
        )
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        untrusted = failure(
            ConnectError,
            f"the certificate of {host} does not verify; set ca_bundle= if your network has its own authority",
            applied=False,
        )
        # Nor will it verify the next time.
        untrusted.__dict__["is_transient"] = False
        return untrusted
    refusal = next((cause.original_error for cause in causes if _is_refused_tunnel(cause)), None)
    if refusal is not None and (status := _STATUS.search(str(refusal))):
        login = (
            "; it wants a login: give it in proxies=, as http://user:password@host:port" if status[1] == "407" else ""
        )
        refused = failure(
            ConnectError, f"the proxy {way.proxy} refused the way to {host} with {status[1]}{login}", applied=False
        )
        # What a proxy forbids it forbids the next time, too.
        refused.__dict__["is_transient"] = not status[1].startswith("4")
        return refused
    if refusal is not None or any(isinstance(cause, _NOT_SENT) for cause in causes):
        return failure(ConnectError, f"no connection to {host}{through}: {_reason(causes)}", applied=False)
    if any(isinstance(cause, _READ_TIMEOUT) for cause in causes):
        return failure(RequestTimeoutError, f"{host} did not answer in time", applied=True)
    if isinstance(exc, requests.exceptions.ContentDecodingError | urllib3_errors.DecodeError):
        return failure(DecodeError, f"the answer of {host} cannot be decompressed", applied=True)
    return failure(
        ConnectError, f"the connection to {host} broke before the answer was complete: {_reason(causes)}", applied=True
    )


def too_slow(
    request: Request, *, url: str, request_id: str | None, is_sent: bool = True, is_file: bool = False
) -> RequestError:
    """The error for an attempt that was cut off at its deadline."""
    host = urlsplit(url).netloc
    if not is_sent:
        text = f"no connection to {host} within the time for one attempt (the third part of timeout)"
        return ConnectError(text, method=request.method, url=url, request_id=request_id)
    text = f"the answer of {host} did not come to its end within the time for one attempt (the third part of timeout)"
    if is_file:
        text = f"the file came from {host} at less than {SLOWEST:,} bytes a second"
    if request.creates is not None:
        text = f"{text}; {request.creates}"
    return RequestTimeoutError(text, method=request.method, url=url, request_id=request_id, may_have_been_applied=True)


def too_large(request: Request, *, url: str, request_id: str | None, most: int) -> DecodeError:
    """The error for an answer that is larger than it may be."""
    text = f"the answer of {urlsplit(url).netloc} has more than the {most:,} bytes that it may have"
    return DecodeError(
        text if request.creates is None else f"{text}; {request.creates}",
        method=request.method,
        url=url,
        request_id=request_id,
        may_have_been_applied=True,
    )


def is_cut_short(request: Request, answer: requests.Response) -> bool:
    """True for an answer that ended within its headers. To `http.client` it is whole, and empty: what gives it away is
    that nothing tells where its body ends, of a request that is answered with one.
    """
    is_reading = request.method == "GET" or (request.method == "POST" and request.idempotent)
    return (
        is_reading
        and 200 <= answer.status_code < 300
        and answer.status_code != _NO_CONTENT
        and not answer.content
        and "Content-Length" not in answer.headers
        and "Transfer-Encoding" not in answer.headers
        # HTTP/1.0, and answers that were made without a wire, may go without both.
        and getattr(answer.raw, "version", 0) == _HTTP_1_1
    )


def cut_short(request: Request, response: Response) -> ConnectError:
    """The error for an answer that ended within its headers."""
    return ConnectError(
        f"the connection to {urlsplit(response.url).netloc} broke before the answer was complete: it ended in its "
        "headers",
        method=response.method,
        url=response.url,
        request_id=response.request_id,
        may_have_been_applied=True,
    )


def _is_refused_tunnel(cause: BaseException) -> TypeGuard[urllib3_errors.ProxyError]:
    # urllib3 calls it a proxy error, too, when a proxy has passed the request on and breaks off before the answer. A
    # tunnel that the proxy refuses is told by a plain OSError of http.client.
    return isinstance(cause, urllib3_errors.ProxyError) and type(cause.original_error) is OSError


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """The exception and those inside it: requests and urllib3 nest them as arguments, reasons and causes."""
    pending: list[object] = [exc]
    seen: set[int] = set()
    while pending:
        current = pending.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        pending += [
            getattr(current, "reason", None),
            getattr(current, "original_error", None),
            current.__cause__,
            *current.args,
        ]


def _reason(causes: list[BaseException]) -> str:
    """What the innermost error is called; its text is not repeated, unless it is the operating system's own."""
    words = next(
        (cause.strerror for cause in causes if isinstance(cause, OSError) and isinstance(cause.strerror, str)), None
    )
    return words or type(causes[-1]).__name__
