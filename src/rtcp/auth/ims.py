"""The IMS token call: authlib builds and reads it, our transport sends it, so that its limits hold there too.

Service page: https://developer.adobe.com/developer-console/docs/guides/authentication/ServerToServerAuthentication/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from rtcp.auth.values import FetchedToken, is_token
from rtcp.config import Config
from rtcp.errors import ConfigError, DecodeError, RateLimitError, ResponseError, ServerError, TokenError
from rtcp.transport.request import Request, Response, Service
from rtcp.transport.scrubbing import shortened

TOKEN_ROUTE: Final = "/ims/token/v3"  # noqa: S105 - a path
# Seconds, and less than tokens last: too short a guess costs a call, too long a one a 401.
_UNTOLD_LIFE: Final = 3600
# No token lives for eleven days: a larger number is in milliseconds, as the old JWT exchange answered.
_LARGEST_SECONDS: Final = 1_000_000


class Ims:
    """Fetches tokens for the client-credentials grant, with the first client secret that works."""

    def __init__(self, config: Config, *, send: Callable[[Request], Response]) -> None:
        self._config = config
        self._send = send
        self._working = 0

    def fetch(self) -> FetchedToken:
        """Ask IMS for a token.

        Raises:
            ConfigError: client id, secret or organisation are missing.
            TokenError: IMS refused; with several secrets, each was tried.
            ServerError, RateLimitError: IMS failed, or wants a pause.
            RequestError: IMS could not be reached, or did not answer with JSON.
        """
        self._config.require("client_id", "client_secret", "org_id")
        secrets = self._config.secrets
        refused: TokenError | ConfigError | None = None
        told: list[str] = []
        for offset in range(len(secrets)):
            # The one that worked last comes first: while secrets are rotated, each other one is a refused call.
            index = (self._working + offset) % len(secrets)
            try:
                told.append(secrets[index].resolve())
            except ConfigError as exc:
                # While secrets are rotated, one may be gone already; what IMS says of another tells more.
                refused = refused or exc
                continue
            outcome = self._ask(told[-1], private=tuple(told))
            if isinstance(outcome, FetchedToken):
                self._working = index
                return outcome
            refused = outcome
            # Scopes and types are as wrong with every other secret.
            if outcome.code != "invalid_client":
                break
        assert refused is not None
        if isinstance(refused, ConfigError):
            raise refused
        tried = (
            f" (each of the {len(secrets)} client secrets was tried)"
            if len(secrets) > 1 and refused.code == "invalid_client"
            else ""
        )
        raise TokenError(f"{refused}{tried}", code=refused.code)

    def _ask(self, secret: str, *, private: tuple[str, ...]) -> FetchedToken | TokenError:
        # Loaded with the first token only: nothing else needs it, and it would double the time to import rtcp.
        from authlib.common.errors import AuthlibBaseError
        from authlib.oauth2.client import OAuth2Client

        post = _Post(self._send, private=private)
        oauth = OAuth2Client(
            post,
            self._config.client_id,
            secret,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - a method's name
            scope=",".join(self._config.scopes),
        )
        try:
            token: Mapping[str, Any] = oauth.fetch_token(TOKEN_ROUTE, grant_type="client_credentials")
        except (RateLimitError, ServerError):
            # These say nothing of the credentials.
            raise
        except ResponseError as exc:
            return TokenError(f"IMS refused the credentials: {exc}{_advice(exc.code)}", code=exc.code)
        except _RefusedError as exc:
            code, words = shortened(exc.code, private), shortened(exc.reason, private)
        except AuthlibBaseError as exc:
            code, words = shortened(str(exc.error), private), "no reason given"
        else:
            value = token.get("access_token")
            if is_token(value):
                return FetchedToken(value, float(token["expires_in"]))
            code, words = "no_token", "the answer holds no access_token"
            if value:
                words = "the access_token of the answer has characters that none has"
        return TokenError(f"IMS refused the credentials: {code}: {words}{_advice(code)}", code=code)


_OTHER_TYPE: Final = (
    "; the credential is of another type: make an OAuth Server-to-Server one for this project in the Developer Console"
)
_ADVICE: Final[Mapping[str, str]] = {
    "invalid_client": "; check client_id and client_secret",
    "invalid_scope": "; give the scopes that the Developer Console lists for this credential, and no others",
    "unauthorized_client": _OTHER_TYPE,
    "unsupported_grant_type": _OTHER_TYPE,
}


def _advice(code: str | None) -> str:
    return _ADVICE.get(code or "", "")


class _RefusedError(Exception):
    """What IMS says in place of a token. Told past authlib, which fails on letters outside ASCII."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        super().__init__()
        self.code = str(body["error"])
        self.reason = str(body.get("error_description") or "no reason given")


@dataclass(frozen=True)
class _Answer:
    """What authlib reads of an HTTP answer."""

    status_code: int
    body: Any

    def json(self) -> Any:
        return self.body

    def raise_for_status(self) -> None:
        """Nothing to do: our transport has raised already."""


class _Post:
    """The session that authlib posts through."""

    def __init__(self, send: Callable[[Request], Response], *, private: tuple[str, ...]) -> None:
        self._send = send
        self._private = private

    def post(self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any, **_: Any) -> _Answer:
        request = Request(
            Service.IMS,
            "POST",
            url,
            # The secret gets no name here, as error reporters show locals.
            form={**data, **dict(parse_qsl(auth.prepare("POST", url, {}, "")[2]))},
            authenticated=False,
            idempotent=True,
            private=self._private,
        )
        try:
            response = self._send(request)
        except ResponseError as exc:
            is_oauth = isinstance(exc.body, dict) and isinstance(exc.body.get("error"), str)
            if not is_oauth or isinstance(exc, RateLimitError | ServerError):
                raise
            refused: Any = exc.body
            raise _RefusedError(refused) from None
        try:
            body = response.json()
        except ValueError:
            body = None
        if isinstance(body, dict) and body.get("error"):
            raise _RefusedError(body)
        if isinstance(body, dict):
            # authlib trusts these to be whole numbers and would fail on any other spelling.
            body = {name: value for name, value in body.items() if name != "expires_at"}
            return _Answer(response.status, {**body, "expires_in": _seconds(body.get("expires_in"))})
        raise DecodeError(
            "IMS answered with something that is no token",
            method="POST",
            url=response.url,
            request_id=response.request_id,
        )


def _seconds(told: Any) -> int:
    try:
        seconds = float(told)
    except (TypeError, ValueError, OverflowError):
        return _UNTOLD_LIFE
    if not 0 < seconds < float("inf"):
        return _UNTOLD_LIFE
    # None at all would ask for a new one with each call.
    return max(1, int(seconds / 1000 if seconds > _LARGEST_SECONDS else seconds))
