"""What a failure lets one hope for: the one judgement of it, for everybody who does many things or waits for one."""

from __future__ import annotations

from enum import Enum
from typing import Final

from rtcp.errors import (
    AuthenticationError,
    ConfigError,
    ConnectError,
    DecodeError,
    PermissionDeniedError,
    RateLimitError,
    RequestError,
    ResponseError,
    RtcpError,
    ServerError,
    TokenError,
)

_OF_ALL: Final = (AuthenticationError, ConfigError, PermissionDeniedError, TokenError)
# The service has no such operation, now or later.
_NOT_IMPLEMENTED: Final = 501
_GONE: Final = (404, 410)


class Outlook(Enum):
    """What may come of another try."""

    PASSING = "passing"
    """The same may work later."""
    FINAL = "final"
    """It is about this one thing, and will be said of it again; others may fare better."""
    HOPELESS = "hopeless"
    """Everything else would fail alike: stop, keep what is left, and say so."""


def judge(failure: RtcpError, *, names_all: bool = False) -> Outlook:
    """The outlook after a failure.

    Args:
        names_all: the address that was asked names what everything goes to, such as an inlet: when that is gone, the
            failure is about all.
    """
    if isinstance(failure, _OF_ALL):
        return Outlook.HOPELESS
    if names_all and isinstance(failure, ResponseError) and failure.status in _GONE:
        return Outlook.HOPELESS
    if isinstance(failure, RateLimitError):
        return Outlook.PASSING
    if isinstance(failure, ServerError):
        return Outlook.FINAL if failure.status == _NOT_IMPLEMENTED else Outlook.PASSING
    # A certificate that does not verify, or a proxy that forbids, stands in the way of everything.
    if isinstance(failure, ConnectError):
        return Outlook.PASSING if failure.is_transient else Outlook.HOPELESS
    if isinstance(failure, RequestError | DecodeError):
        return Outlook.PASSING
    return Outlook.FINAL
