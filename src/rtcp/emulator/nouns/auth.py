"""The token endpoint of the identity service."""

from __future__ import annotations

from rtcp.emulator.http.wire import Answer, Request
from rtcp.emulator.service import Service


def fetch_token(request: Request, service: Service) -> Answer:
    """Answer a token, or the OAuth error."""
    return service.ims.fetch_token(request)
