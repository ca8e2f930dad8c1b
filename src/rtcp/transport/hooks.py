"""Events of the transport as frozen values, handed to the hooks of one client; none carries a query, a body, a
header or a secret.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RequestFinished:
    """An answer came, whatever its status. `route` is the path template; `seconds` counts until the last byte."""

    method: str
    route: str
    status: int
    seconds: float
    request_id: str | None


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """No usable answer came. `error` names the class of the error that follows."""

    method: str
    route: str
    error: str
    seconds: float
    request_id: str | None


@dataclass(frozen=True, slots=True)
class RetryScheduled:
    """The request will be sent again after `wait` seconds; `attempt` counts those made so far."""

    method: str
    route: str
    attempt: int
    wait: float
    error: str


@dataclass(frozen=True, slots=True)
class TokenFetched:
    """IMS gave a token that lasts `expires_in` seconds."""

    expires_in: float


@dataclass(frozen=True, slots=True)
class OddField:
    """A field of an answer does not fit its documented form, and was left out; told once for each field of a client.

    `model` is the class that has it, `field` its name on the wire, `kind` the type that it had.
    """

    model: str
    field: str
    kind: str


Event = RequestFinished | RequestFailed | RetryScheduled | TokenFetched | OddField
Hook = Callable[[Event], object]


def emit(hooks: Sequence[Hook], event: Event) -> None:
    """Hand the event to every hook; a hook that fails is logged and does not disturb the request."""
    for hook in hooks:
        try:
            hook(event)
        except Exception:
            logger.exception("a hook failed on %s", type(event).__name__)
