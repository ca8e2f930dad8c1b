"""What the hooks of a client are called with: `rtcp.Client(hooks=[...])`."""

from __future__ import annotations

from rtcp.transport.hooks import Event, Hook, RequestFailed, RequestFinished, RetryScheduled, TokenFetched

__all__ = ["Event", "Hook", "RequestFailed", "RequestFinished", "RetryScheduled", "TokenFetched"]
