"""The headers of the platform gateway."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Final

from rtcp.config import AUTO, DEFAULT_SANDBOX, Config
from rtcp.errors import InvalidArgumentError
from rtcp.transport.request import Service

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Latin-1 without control characters: more does not fit on the wire, and the codec's error would carry the value.
_VALUE: Final = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")


def user_agent(config: Config) -> str:
    """What rtcp calls itself, after what the caller calls itself."""
    own = _own_name()
    return f"{config.user_agent} {own}" if config.user_agent else own


@cache
def _own_name() -> str:
    # The metadata of a distribution are searched for on disk.
    return f"rtcp/{version('rtcp')} python/{platform.python_version()}"


def static_headers(config: Config, service: Service) -> dict[str, str]:
    """The headers that every request to this service carries, the token aside.

    The api key goes to the platform gateway only. Of the sandbox, what is configured is sent: some AWS-hosted
    organisations take the id alone; with neither given it is the sandbox `prod`.
    """
    headers = {
        "Accept": "application/json",
        # No more than `whole_body` undoes.
        "Accept-Encoding": "gzip, deflate",
        "Connection": "keep-alive",
        "User-Agent": user_agent(config),
    }
    # An inlet has a sandbox of its own: where none is configured there is nothing to add.
    if service is Service.STREAMING and config.sandbox is not None:
        headers["x-sandbox-name"] = config.sandbox
    if service is not Service.PLATFORM:
        return headers
    config.require("client_id", "org_id")
    headers["x-api-key"] = str(config.client_id)
    headers["x-gw-ims-org-id"] = str(config.org_id)
    sandbox_id = None if config.sandbox_id == AUTO else config.sandbox_id
    if sandbox_id is not None:
        headers["x-sandbox-id"] = sandbox_id
    if config.sandbox is not None or sandbox_id is None:
        headers["x-sandbox-name"] = config.sandbox or DEFAULT_SANDBOX
    return headers


def check_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers; one that would break out of its line is refused.

    Raises:
        InvalidArgumentError: names the header, never its value.
    """
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise InvalidArgumentError(
                f"header {name!r} has a line break, a control character or one outside Latin-1; nothing was sent"
            )
    return headers
