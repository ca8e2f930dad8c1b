"""What a client tells its hooks: `rtcp.Client(hooks=[callable])`; each event is a frozen value without secrets."""

from __future__ import annotations

from rtcp.transport.hooks import (
    Event,
    Hook,
    OddField,
    RequestFailed,
    RequestFinished,
    RetryScheduled,
    TokenFetched,
)

__all__ = ["Event", "Hook", "OddField", "RequestFailed", "RequestFinished", "RetryScheduled", "TokenFetched"]
