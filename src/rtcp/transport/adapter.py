"""The adapter that a client starts with."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter


class WholeBodyAdapter(HTTPAdapter):
    """Reads a body in one piece, while the request is still being sent as far as tracing libraries can see.

    requests reads it in pieces of 10 KB, and gives up the interpreter lock after each: among threads that parse, a
    body of 100 KB then waits ten times for its turn.
    """

    def send(self, request: requests.PreparedRequest, stream: bool = False, **options: Any) -> requests.Response:  # type: ignore[override]
        response = super().send(request, stream=stream, **options)
        # A double of the base class, such as that of `responses`, has read its own already.
        if not stream and not response._content_consumed:  # type: ignore[attr-defined]
            response._content = response.raw.read(decode_content=True)
            response._content_consumed = True  # type: ignore[attr-defined]
        return response

    def close(self) -> None:
        """Close the idle connections now, and the others as they come back."""
        # urllib3 leaves that to the garbage collector, and a caught error can keep a pool alive for long.
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - iterating over it is not allowed
                pool = manager.pools.get(key)
                if pool is not None:
                    pool.close()
        super().close()
