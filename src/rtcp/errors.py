"""The error tree: what went wrong, to what, and what to do; never a secret or a person's identity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class RtcpError(Exception):
    """Base of every error that rtcp raises on purpose."""


class ConfigError(RtcpError, ValueError):
    """A setting is missing or bad. Nothing was sent."""


class InvalidArgumentError(RtcpError, ValueError):
    """An argument of a call cannot be right. Nothing was sent."""


class SessionRuleError(InvalidArgumentError):
    """A media event that may not happen now, or in this form. Nothing was sent.

    Attributes:
        rule: which rule it breaks, as a short word ("ad-outside-break", "after-end").
    """

    def __init__(self, message: str, *, rule: str | None = None) -> None:
        super().__init__(message)
        self.rule = rule


class MissingExtraError(RtcpError, ImportError):
    """An optional package is not installed; the message names the extra that brings it."""


class RequestError(RtcpError):
    """No usable answer came back.

    Attributes:
        method, url: what was asked; the URL carries no query.
        request_id: the id that was sent along as `x-request-id`, to look for in the service's logs.
        may_have_been_applied: True when the request may have reached the service before it failed.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str | None = None,
        url: str | None = None,
        request_id: str | None = None,
        may_have_been_applied: bool = False,
    ) -> None:
        super().__init__(message)
        self.method = method
        self.url = url
        self.request_id = request_id
        self.may_have_been_applied = may_have_been_applied

    def __str__(self) -> str:
        text = super().__str__()
        if self.method is not None:
            text += f" ({self.method} {self.url})"
        return text if self.request_id is None else f"{text}; request {self.request_id}"


class ConnectError(RequestError):
    """The connection could not be made, or broke.

    Attributes:
        is_transient: False when trying again cannot help (a certificate that does not verify, a proxy that refuses).
    """

    is_transient: bool = True


class RequestTimeoutError(RequestError, TimeoutError):
    """The service did not answer in time."""


class DecodeError(RequestError):
    """An answer came, but it is not what the service documents."""


class ResponseError(RtcpError):
    """The service answered that it did not do it.

    Attributes:
        status: HTTP status.
        code: the service's own code ("403027", "UPS-MRG-1000001"), or None.
        title, detail: what the service says, with the identities that were asked for masked.
        help: what to do, where we know it.
        request_id: to give to Adobe's support.
        method, url: what was asked; the URL carries no query.
        retry_after: seconds that the service asks to wait, or None.
        body: the parsed answer as it came (may hold people's data; never part of the text), or None.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str | None = None,
        title: str | None = None,
        detail: str | None = None,
        help: str | None = None,
        request_id: str | None = None,
        method: str | None = None,
        url: str | None = None,
        retry_after: float | None = None,
        body: Any = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.help = help
        self.request_id = request_id
        self.method = method
        self.url = url
        self.retry_after = retry_after
        self.body = body

    def __str__(self) -> str:
        parts = [super().__str__()]
        if self.method is not None:
            parts[0] += f" ({self.method} {self.url})"
        if self.help is not None:
            parts.append(self.help)
        if self.retry_after is not None:
            parts.append(f"the service asks to wait {self.retry_after:g} s")
        if self.request_id is not None:
            parts.append(f"request {self.request_id}")
        return "; ".join(parts)


class BadRequestError(ResponseError):
    """400: the service does not understand the request."""


class AuthenticationError(ResponseError):
    """401: the token is not valid."""


class PermissionDeniedError(ResponseError):
    """403: these credentials may not do this."""


class NotFoundError(ResponseError):
    """404: there is nothing under this id in this sandbox."""


class SessionGoneError(NotFoundError):
    """404 or 410: a media session is over, or was never there. Start a new one; what is sent to this one is lost.

    Attributes:
        states: the player states that were on; tell them to the new session with `states_update(start=...)`.
    """

    states: tuple[str, ...] = ()


class ConflictError(ResponseError):
    """409: it contradicts what is there."""


class UnprocessableError(ResponseError):
    """422: understood, but against a rule of the service."""


class RateLimitError(ResponseError):
    """429: too many requests; `.retry_after` says how long to wait, where the service told."""


class ServerError(ResponseError):
    """5xx: the service failed."""


class TokenError(RtcpError):
    """IMS refused the credentials.

    Attributes:
        code: the OAuth error ("invalid_client", "invalid_scope"), or None.
    """

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class PartialFailureError(RtcpError):
    """Some of many failed.

    Attributes:
        succeeded, failed, unknown: input positions with their results; unknown means that no answer came, so it
            may have been applied.
    """

    def __init__(
        self, message: str, *, succeeded: Sequence[Any] = (), failed: Sequence[Any] = (), unknown: Sequence[Any] = ()
    ) -> None:
        super().__init__(message)
        self.succeeded = succeeded
        self.failed = failed
        self.unknown = unknown


class PagingError(RtcpError):
    """The service's next-page token cannot be followed: it repeats, or leads to another host."""


class JobFailedError(RtcpError):
    """A job ended badly; `.job` holds its last state."""

    def __init__(self, message: str, *, job: Any = None) -> None:
        super().__init__(message)
        self.job = job


class WaitTimeoutError(RtcpError, TimeoutError):
    """A job is still running; `.last` holds the last state seen. The job goes on."""

    def __init__(self, message: str, *, last: Any = None) -> None:
        super().__init__(message)
        self.last = last


class SpoolError(RtcpError):
    """A spool or a file of dead letters is unreadable, in use by another process, or full."""


class OddAnswerWarning(UserWarning):
    """A field of an answer does not fit its documented form, and was left out; `to_wire()` has it as it came."""
