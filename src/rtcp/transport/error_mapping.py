"""From an answer to a typed error: pure, and able to read every error body that the service is known to write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import responses
from typing import Any, Final

from rtcp.errors import (
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ResponseError,
    ServerError,
    UnprocessableError,
)
from rtcp.transport.request import Request, Response, Service
from rtcp.transport.scrubbing import shortened, tells, values_in

_BY_STATUS: Final[Mapping[int, type[ResponseError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableError,
    429: RateLimitError,
}
_HELP: Final[Mapping[str, str]] = {
    "401013": "the token has expired or belongs to another environment; with token= given, pass a fresh one",
    "403000": "no api key was sent: client_id is empty",
    "403003": "the api key is not known: check client_id",
    "403010": "no token was sent",
    "403025": "the organisation is not entitled: check org_id, and that the credential's product profiles include "
    "Experience Platform",
    "403027": "the organisation id is malformed, or the credential has no product profile: org_id looks like "
    "'ABC123@AdobeOrg', and an admin must add the credential to a product profile in the Admin Console",
    "UPLIB-101221-404": "either the merge policy id is wrong (client.merge_policies.list() shows them), or nothing is "
    "known of this person under that policy",
}
_TEXT_HELP: Final = (
    (re.compile(r"merge policy\b.*\bnot found", re.IGNORECASE), _HELP["UPLIB-101221-404"]),
    (
        re.compile(r"\bmessage is (invalid|not valid)", re.IGNORECASE),
        "the row does not fit the schema of its dataset; the error's body has what was found, by path",
    ),
    (
        re.compile(r"too many related identities", re.IGNORECASE),
        "more than 50 identities are linked to this one, too many for a look-up; find the shared one that ties them",
    ),
    (
        re.compile(r"(limit|maximum|too many|exceed).*merge polic|merge polic.*(limit|maximum|exceed)", re.IGNORECASE),
        "an organisation may have five merge policies: delete one, or replace it with client.merge_policies.replace()",
    ),
    (
        re.compile(r"no default merge policy|default merge policy.*(missing|not)", re.IGNORECASE),
        "pass merge_policy_id=, or make a default with client.merge_policies.create(default=True)",
    ),
)
_TEXT_KEYS: Final = ("message", "detail", "title", "errorMessage", "error_description", "details", "msg")
_CODE_KEYS: Final = ("error_code", "errorCode", "code", "error")
_LEADING_CODE: Final = re.compile(r"\s*([A-Z]+-[A-Z]+-\d+)")
_TYPE_CODE: Final = re.compile(r"/([A-Za-z0-9]+(?:-[A-Za-z]+)?-\d+-\d+)$")
_HTML_TITLE: Final = re.compile(r"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_LONGEST_TITLE: Final = 2000
# Bytes of an answer that its error keeps.
_MOST_KEPT: Final = 64 << 10
# Bodies may be of anybody's making: one nested without end must not use up the stack.
_DEEPEST: Final = 20
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What an error body says; every part may be missing."""

    message: str | None = None
    code: str | None = None
    title: str | None = None
    detail: str | None = None
    retry_after: float | None = None


def to_error(request: Request, response: Response, *, now: datetime, token: str | None = None) -> ResponseError:
    """The typed error of an answer that is no success; its texts repeat neither the token nor what is private."""
    error = to_error_saying(request, response, _decoded(response), now=now, token=token)
    if len(response.body) > _MOST_KEPT:
        error.body = response.body[:_MOST_KEPT].decode("utf-8", errors="replace")
    return error


def to_error_saying(
    request: Request, response: Response, body: Any, *, now: datetime, token: str | None = None
) -> ResponseError:
    """The typed error of an answer, or of a part of one, whose decoded body is `body`."""
    private = private_of(request) if token is None else (*private_of(request), token)
    said = read_error_body(body)
    kind = _BY_STATUS.get(response.status) or (ServerError if response.status >= 500 else ResponseError)

    def clean(text: str | None) -> str | None:
        return None if text is None else shortened(text, private)

    code = clean(said.code)
    summary = clean(said.message) or clean(said.title) or _without_text(response)
    label = str(response.status) if code in (None, str(response.status)) else f"{response.status} {code}"
    return kind(
        f"{label}: {_without_codes(summary, code, response.status)}",
        status=response.status,
        code=code,
        title=clean(said.title),
        detail=clean(said.detail),
        help=_help(request, response, code, summary),
        request_id=response.request_id,
        method=response.method,
        url=response.url,
        retry_after=_latest(retry_after(response.headers, now=now), said.retry_after),
        body=body,
    )


def private_of(request: Request) -> tuple[str, ...]:
    """What no message about a request may repeat: what it says so of itself, and of rows each of their values."""
    if request.more_private is not None:
        return (*request.private, *request.more_private())
    if request.service is not Service.STREAMING or not isinstance(request.content, bytes):
        return request.private
    try:
        document = json.loads(request.content)
    except (ValueError, RecursionError):
        return request.private
    several = document.get("messages") if isinstance(document, dict) else None
    messages = several if isinstance(several, list) else [document]
    bodies = [message.get("body") for message in messages if isinstance(message, dict)]
    rows = [body.get("xdmEntity") for body in bodies if isinstance(body, dict)]
    return (*request.private, *values_in(rows))


def id_told(request: Request, told: str, *, status: int, token: str | None = None) -> str | None:
    """The id that an answer gives the request, where it is no more than that: a service may echo what it was sent."""
    # What goes in is not read again, so nobody can tell.
    is_of_rows = request.service is Service.STREAMING or request.more_private is not None
    if not _PLAIN_ID.fullmatch(told) or (is_of_rows and status < 400):
        return None
    return None if tells(told, (*private_of(request), token or "")) else told


def _without_codes(summary: str, code: str | None, status: int) -> str:
    """What is said, without the codes that it begins with: they are said once, before it."""
    text = summary
    # The status stands before the code, or behind it.
    for known in filter(None, (code, str(status), code)):
        rest = text.removeprefix(known)
        if rest != text and rest[:1] in (" ", ":", "-"):
            text = rest.lstrip(" :-")
    return text or summary


def read_error_body(body: Any) -> ErrorBody:
    """Read any of the documented shapes, a list or a nesting of them included."""
    parts = [part for part in _walk(body) if isinstance(part, Mapping)]
    if not parts:
        return ErrorBody(message=_plain(body)) if isinstance(body, str) else ErrorBody()
    message = _first_text(parts, _TEXT_KEYS)
    report = parts[0].get("report")
    # Streaming ingestion: the title names the kind of problem, the report says which it is.
    if message == parts[0].get("title") and isinstance(report, Mapping):
        message = _first_text([report], ("message",)) or message
    fields = _refused_fields(parts)
    return ErrorBody(
        message=f"{message or 'refused'}: {fields}" if fields else message,
        code=_code(parts, message),
        title=_first_text(parts[:1], ("title",)),
        detail=_first_text(parts[:1], ("detail", "details")),
        retry_after=_retry_after_millis(parts),
    )


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds the service asks us to wait, or None. Accepts both forms: a number and an HTTP date.

    A date is measured from the `Date` of the same answer, as our own clock may be off; `now` counts without one.
    """
    text = headers.get("Retry-After")
    if text is None:
        return None
    seconds = _number(text)
    if seconds is not None:
        return max(0.0, seconds)
    until = _http_date(text)
    since = _http_date(headers.get("Date")) or now
    return None if until is None else max(0.0, (until - since).total_seconds())


def _http_date(text: str | None) -> datetime | None:
    try:
        at = None if text is None else parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    # It is in GMT, whatever zone it forgot to name.
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def _decoded(response: Response) -> Any:
    if not response.body:
        return None
    try:
        return response.json()
    except ValueError:
        return response.body.decode("utf-8", errors="replace")


def _without_text(response: Response) -> str:
    if 300 <= response.status < 400:
        return "a redirect, which is never followed, as it would carry the token along"
    phrase = responses.get(response.status, "unknown status")
    return phrase if response.body else f"{phrase}, with no body"


def _walk(body: Any, depth: int = 0) -> Iterator[Any]:
    """The body and what is nested in the places where the service nests errors, outermost first."""
    if depth == _DEEPEST:
        return
    if isinstance(body, list):
        # Of several errors the first is told; the `body` of the error has them all.
        for item in body[:1]:
            yield from _walk(item, depth + 1)
    elif isinstance(body, Mapping):
        yield body
        for key in ("error", "error-chain", "errors", "report", "errorChain"):
            nested = body.get(key)
            if key == "errors" and isinstance(nested, Mapping):
                nested = next(iter(nested.values()), None)
            if isinstance(nested, list | Mapping):
                yield from _walk(nested, depth + 1)


def _first_text(parts: list[Mapping[str, Any]], keys: tuple[str, ...]) -> str | None:
    for part in parts:
        for key in keys:
            text = part.get(key)
            if isinstance(text, str) and text.strip() and not text.lstrip().startswith("<"):
                return text.strip()
    return None


def _refused_fields(parts: list[Mapping[str, Any]]) -> str:
    """What the media APIs say of each field: `{name, reason}` in a list beside a general sentence."""
    listed = [item for part in parts if isinstance(part.get("details"), list) for item in part["details"]]
    named = [item for item in listed if isinstance(item, Mapping) and isinstance(item.get("name"), str)]
    return "; ".join(f"{item['name']} {item.get('reason', 'refused')}" for item in named)


def _plain(body: str) -> str | None:
    """A text body as a message; of an HTML page, which is some proxy's or gateway's, only the title."""
    text = body.strip()
    if not text.startswith("<"):
        return text or None
    title = _HTML_TITLE.search(text[:_LONGEST_TITLE])
    return f"an HTML page, {' '.join(title.group(1).split())!r}" if title else "an HTML page"


def _code(parts: list[Mapping[str, Any]], message: str | None) -> str | None:
    for part in parts:
        for key in _CODE_KEYS:
            code = part.get(key)
            if isinstance(code, str | int) and not isinstance(code, bool) and str(code).strip():
                return str(code)
    kind = _TYPE_CODE.search(str(parts[0].get("type", "")))
    if kind:
        return kind.group(1)
    leading = _LEADING_CODE.match(message or "")
    if leading:
        return leading.group(1)
    return None


def _retry_after_millis(parts: list[Mapping[str, Any]]) -> float | None:
    for part in parts:
        millis = _number(part.get("retryAfterMs"))
        if millis is not None:
            return max(0.0, millis / 1000)
    return None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    # Keeps NaN and infinity out, too, which no clock can wait for.
    return number if abs(number) < 1e12 else None


def _latest(*waits: float | None) -> float | None:
    # Whoever comes back before the later one is refused again.
    return max((wait for wait in waits if wait is not None), default=None)


def _help(request: Request, response: Response, code: str | None, summary: str) -> str | None:
    # The service's own code says more than the status, by which a verb has to guess.
    if code is not None and code in _HELP:
        return _HELP[code]
    for pattern, help_text in _TEXT_HELP:
        if pattern.search(summary):
            return help_text
    if response.status in request.help:
        return request.help[response.status]
    if request.creates is not None and response.status >= 500:
        return request.creates
    return None
