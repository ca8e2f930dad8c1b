"""The token service: client credentials in, opaque bearer tokens out, expiry by the emulator's clock."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from rtcp.emulator.clock import Clock
from rtcp.emulator.http.problems import ims_error
from rtcp.emulator.http.wire import Answer, Request

LIFETIME_SECONDS = 86_399


@dataclass(frozen=True, slots=True)
class Credential:
    """One technical account: every secret listed is active; with `org_id`, other organisations are refused."""

    secrets: tuple[str, ...] = field(repr=False)
    org_id: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for."""

    client_id: str
    expires_at_ms: int


class Ims:
    """Issues tokens and knows which of them are good; without credentials any client id and secret will do."""

    def __init__(self, clock: Clock, credentials: Mapping[str, Sequence[str] | Credential] | None = None) -> None:
        self._clock = clock
        self._credentials = None if credentials is None else {k: _credential(v) for k, v in credentials.items()}
        self._grants: dict[str, Grant] = {}
        self._clients: set[str] = set()
        self._lock = threading.Lock()

    def reset(self) -> None:
        """Forget every token and every client seen."""
        with self._lock:
            self._grants.clear()
            self._clients.clear()

    def fetch_token(self, request: Request) -> Answer:
        """Answer a token request; parameters come from the form, else from the query."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        parameters = {name.lower(): value for name, value in (*request.query.pairs, *form.items())}
        if parameters.get("grant_type") != "client_credentials":
            return ims_error("unsupported_grant_type", "grant_type must be client_credentials")
        client_id, secret = parameters.get("client_id", ""), parameters.get("client_secret", "")
        wrong = self._wrong_part(client_id, secret)
        if wrong is not None:
            return ims_error("invalid_client", f"invalid {wrong} parameter")
        if not parameters.get("scope", "").strip(", "):
            return ims_error("invalid_scope", "scope is missing")
        token = self.issue(client_id)
        return Answer(200, {"access_token": token, "token_type": "bearer", "expires_in": LIFETIME_SECONDS})

    def issue(self, client_id: str) -> str:
        """A fresh token for a client."""
        token = secrets.token_urlsafe(32)
        now_ms = self._clock.now_ms()
        with self._lock:
            self._grants[token] = Grant(client_id, now_ms + LIFETIME_SECONDS * 1000)
            self._clients.add(client_id)
        return token

    def grant(self, token: str) -> Grant | None:
        """What an unexpired token stands for."""
        grant = self._grants.get(token)
        return grant if grant is not None and self._clock.now_ms() < grant.expires_at_ms else None

    def is_known_client(self, client_id: str) -> bool:
        """Whether a client id is configured or has fetched a token here."""
        return client_id in self._clients or (self._credentials is not None and client_id in self._credentials)

    def org_of(self, client_id: str) -> str | None:
        """The only organisation a configured client may name; None binds to none."""
        credential = (self._credentials or {}).get(client_id)
        return credential.org_id if credential else None

    def _wrong_part(self, client_id: str, secret: str) -> str | None:
        if not client_id:
            return "client_id"
        if self._credentials is None:
            return None if secret else "client_secret"
        credential = self._credentials.get(client_id)
        if credential is None:
            return "client_id"
        return None if secret in credential.secrets else "client_secret"


def _credential(value: Sequence[str] | Credential) -> Credential:
    if isinstance(value, Credential):
        return value
    if isinstance(value, str):
        return Credential((value,))
    return Credential(tuple(value))
