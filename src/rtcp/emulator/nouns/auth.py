"""The token endpoint of the identity service, and its errors."""

from __future__ import annotations

from urllib.parse import parse_qsl

from rtcp.emulator.http import gateway
from rtcp.emulator.http.operations import route
from rtcp.emulator.http.wire import Answer, Request
from rtcp.emulator.service import Service


@route("auth.fetch_token")
def fetch_token(request: Request, service: Service) -> Answer:
    """Answer a token, or the OAuth error; parameters come from the form, else from the query."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    # Both places, as sources differ: ims-token-version in openapi/assumptions.toml.
    parameters = {name.lower(): value for name, value in (*request.query.pairs, *form.items())}
    if parameters.get("grant_type") != "client_credentials":
        return _error("unsupported_grant_type", "grant_type must be client_credentials")
    client_id, secret = parameters.get("client_id", ""), parameters.get("client_secret", "")
    wrong = service.ims.find_wrong_part(client_id, secret)
    if wrong is not None:
        return _error("invalid_client", f"invalid {wrong} parameter")
    # A guess: ims-scope-required in openapi/assumptions.toml.
    if not parameters.get("scope", "").strip(", "):
        return _error("invalid_scope", "scope is missing")
    token = service.ims.issue(client_id)
    return Answer(200, {"access_token": token, "token_type": "bearer", "expires_in": gateway.LIFETIME_SECONDS})


def error_of(status: int, detail: str) -> Answer:
    """The error that a status stands for."""
    return _error("invalid_request" if status < 500 else "server_error", detail, status=status)


def _error(error: str, description: str, *, status: int = 400) -> Answer:
    return Answer(status, {"error": error, "error_description": description})
