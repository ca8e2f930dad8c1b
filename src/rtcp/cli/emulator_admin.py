"""Talking to a running emulator's admin paths, which are no part of the service."""

from __future__ import annotations

import http.client
import json
import os
from typing import Any, Final
from urllib.parse import urlsplit

import click

from rtcp._json import read_json
from rtcp.errors import RtcpError

PORT: Final = 8089
url_option = click.option(
    "--url", metavar="URL", help="The emulator. [default: RTCP_EMULATOR, else http://127.0.0.1:8089]"
)


def ask(url: str | None, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """Ask an emulator for something, and return the object that it answers.

    Raises:
        RtcpError: none listens there, or it says no.
    """
    address = url or os.environ.get("RTCP_EMULATOR") or f"http://127.0.0.1:{PORT}"
    parts = urlsplit(address)
    if parts.scheme != "http" or parts.hostname is None:
        raise click.BadParameter(f"{address!r} is no http address of an emulator", param_hint="--url")
    # A large manifest takes minutes to load.
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=600)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, f"/_emulator/{path}", content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = read_json(answer.read())
    except ConnectionRefusedError:
        raise RtcpError(f"no emulator listens on {address}; start one with: rtcp emulator serve") from None
    except (http.client.HTTPException, ValueError):
        raise RtcpError(f"what listens on {address} is no rtcp emulator") from None
    finally:
        connection.close()
    if answer.status != 200 or not isinstance(told, dict):
        detail = told.get("detail") if isinstance(told, dict) else None
        raise RtcpError(detail or f"the emulator answered {answer.status}")
    return told
