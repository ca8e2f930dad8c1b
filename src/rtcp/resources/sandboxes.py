"""The id of a sandbox, for organisations whose delete requests want it instead of the name."""

from __future__ import annotations

from typing import Any, Final

from rtcp.config import AUTO, DEFAULT_SANDBOX
from rtcp.errors import ConfigError
from rtcp.resources._base import Resource
from rtcp.transport.answers import unreadable
from rtcp.transport.request import Request, Response

_ROUTE: Final = "/data/foundation/sandbox-management/sandboxes/{name}"


class Sandboxes(Resource):
    """Looks up the id of the configured sandbox, once, and only when `sandbox_id="auto"` asks for it."""

    _found: str | None = None

    def resolve(self) -> str | None:
        """The id to send as `x-sandbox-id`; None when the settings do not ask for one to be looked up.

        Raises:
            ConfigError: the service does not show the id to this token.
            DecodeError: the answer is no sandbox.
        """
        if self._config.sandbox_id != AUTO:
            return None
        if self._found is None:
            name = self._config.sandbox or DEFAULT_SANDBOX
            request = Request.platform("GET", _ROUTE, path={"name": name})
            found = self._send_for(request, _read_id)
            if not isinstance(found, str) or not found:
                raise ConfigError(
                    f"the service does not show the id of sandbox {name!r} to this token; pass sandbox_id="
                )
            self._found = found
        return self._found


def _read_id(body: Any, response: Response) -> Any:
    if not isinstance(body, dict):
        raise unreadable(response, "the answer is no sandbox")
    return body.get("id")
