"""The gateway: whom the emulator listens to, which tokens are good, and the checks before a service sees a request."""

from __future__ import annotations

import re
import secrets
import threading
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from rtcp.emulator.clock import Clock
from rtcp.emulator.http.problems import gateway_error, problem
from rtcp.emulator.http.wire import ADMIN_PREFIX, JSON_PATCH_TYPE, JSON_TYPE, OCTETS, Answer, Refusal, Request
from rtcp.emulator.store import Sandbox, Store

LIFETIME_SECONDS = 86_399
# Nothing that a parser might take for the end of a name, or the beginning of another one.
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{0,5})?")
_ORG_ID = re.compile(r"[^@\s]+@AdobeOrg")
# The platform's default sandbox; some guide samples leave the header out, so its absence means this one.
DEFAULT_SANDBOX = "prod"
# Operations whose bodies are not JSON, or not always.
_BODY_TYPES = {
    "batches.upload": (OCTETS,),
    "batches.upload_part": (OCTETS,),
    "datasets.enable_profile": (JSON_TYPE, JSON_PATCH_TYPE),
}

# The service lets pages of any site call these; everything else is for programs.
_FOR_PAGES = ("/ee/", "/ee-", "/api/v1/", "/collection/")


class Surroundings:
    """Which names the emulator answers to.

    Args:
        hosts: names of this machine beside the loopback ones.
        is_remote: other machines may call, so that every address counts, but no name that is not in `hosts`.
    """

    def __init__(self, hosts: Iterable[str] = (), *, is_remote: bool = False) -> None:
        self._hosts: Collection[str] = frozenset(host.strip("[]").lower() for host in hosts)
        self._is_remote = is_remote

    def complaint(self, request: Request) -> Answer | None:
        """The refusal of a request that was not meant for this emulator, or that a foreign page sends."""
        host = request.headers.get("host")
        # A name that leads here today and elsewhere yesterday is how a page gets around its own origin.
        if host is not None and not all(self._is_ours(_name_of(each)) for each in host.split(", ")):
            return problem(403, "the Host is none of this emulator's names; start it with --allow-host to add one")
        if request.path.startswith(_FOR_PAGES) and not request.path.startswith(ADMIN_PREFIX):
            return None
        origin = request.headers.get("origin")
        is_foreign = origin is not None and not self._is_ours(_name_of(origin.partition("://")[2]))
        # Browsers say so themselves where they send no Origin, as for images and links.
        if is_foreign or (origin is None and request.headers.get("sec-fetch-site") == "cross-site"):
            return problem(403, "a page of another site may not call this path")
        return None

    def _is_ours(self, name: str | None) -> bool:
        if name is None:
            return False
        if name in self._hosts or name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or self._is_remote


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _name_of(host: str) -> str | None:
    """The name of a host with or without a port; None of anything else."""
    found = _HOST.fullmatch(host)
    return found["name"].strip("[]").lower() if found else None


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
        # The oldest first; all live equally long, so those that expire first stand first.
        self._grants: dict[str, Grant] = {}
        self._clients: set[str] = set()
        self._lock = threading.Lock()

    def reset(self) -> None:
        """Forget every token and every client seen."""
        with self._lock:
            self._grants.clear()
            self._clients.clear()

    def issue(self, client_id: str) -> str:
        """A fresh token for a client."""
        token = secrets.token_urlsafe(32)
        now_ms = self._clock.now_ms()
        with self._lock:
            self._forget_expired(now_ms)
            self._grants[token] = Grant(client_id, now_ms + LIFETIME_SECONDS * 1000)
            self._clients.add(client_id)
        return token

    def grant(self, token: str) -> Grant | None:
        """What an unexpired token stands for."""
        grant = self._grants.get(token)
        return grant if grant is not None and self._clock.now_ms() < grant.expires_at_ms else None

    def __len__(self) -> int:
        """How many tokens are kept."""
        return len(self._grants)

    def _forget_expired(self, now_ms: int) -> None:
        while self._grants:
            token, grant = next(iter(self._grants.items()))
            if now_ms < grant.expires_at_ms:
                return
            del self._grants[token]

    def is_known_client(self, client_id: str) -> bool:
        """Whether a client id is configured or has fetched a token here."""
        return client_id in self._clients or (self._credentials is not None and client_id in self._credentials)

    def org_of(self, client_id: str) -> str | None:
        """The only organisation a configured client may name; None binds to none."""
        credential = (self._credentials or {}).get(client_id)
        return credential.org_id if credential else None

    def find_wrong_part(self, client_id: str, secret: str) -> str | None:
        """Which of the two no token is given for, by the name of its parameter; None when both are right."""
        if not client_id:
            return "client_id"
        if self._credentials is None:
            return None if secret else "client_secret"
        credential = self._credentials.get(client_id)
        if credential is None:
            return "client_id"
        return None if secret in credential.secrets else "client_secret"


def request_id(request: Request) -> str:
    """The caller's debug id, or a new one."""
    return request.headers.get("x-request-id") or uuid.uuid4().hex


def admit(request: Request, ims: Ims, store: Store) -> None:
    """Let the request into its sandbox or raise Refusal.

    The order of the checks is not documented: token, key, organisation, sandbox, body type.
    """
    headers = request.headers
    client_id = _check_token(headers.get("authorization"), ims)
    api_key = headers.get("x-api-key")
    if not api_key:
        raise Refusal(gateway_error("403000", "Api Key is required"))
    if not ims.is_known_client(api_key):
        raise Refusal(gateway_error("403003", "Api Key is invalid"))
    org_id = _check_org(headers.get("x-gw-ims-org-id"), ims.org_of(client_id))
    sandbox = _find_sandbox(headers.get("x-sandbox-name"), headers.get("x-sandbox-id"), store)
    allowed = _BODY_TYPES.get(request.operation or "", (JSON_TYPE,))
    if request.body and headers.get("content-type", "").partition(";")[0].strip().lower() not in allowed:
        raise Refusal(problem(400, "A valid content-type must be specified"))
    request.enter(sandbox, org_id)


def refuse_expired_token() -> Answer:
    return gateway_error("401013", "Oauth token is not valid")


def _check_token(authorization: str | None, ims: Ims) -> str:
    if not authorization:
        raise Refusal(gateway_error("403010", "Oauth token is missing."))
    scheme, _, token = authorization.partition(" ")
    grant = ims.grant(token.strip()) if scheme.lower() == "bearer" else None
    if grant is None:
        raise Refusal(refuse_expired_token())
    return grant.client_id


def _check_org(org_id: str | None, bound_to: str | None) -> str:
    if not org_id:
        raise Refusal(gateway_error("400003", "Missing header"))
    if _ORG_ID.fullmatch(org_id) is None:
        raise Refusal(gateway_error("403027", "User region is missing"))
    if bound_to is not None and org_id != bound_to:
        raise Refusal(gateway_error("403025", "Profile is not valid"))
    return org_id


def _find_sandbox(name: str | None, sandbox_id: str | None, store: Store) -> Sandbox:
    # Where both are sent, the name wins: gateway-sandbox-id in openapi/assumptions.toml.
    if name is None and sandbox_id:
        known = next((each for each in store.sandboxes.values() if each.id == sandbox_id), None)
        if known is not None:
            return known
        raise _no_sandbox("x-sandbox-id", sandbox_id)
    name = name or DEFAULT_SANDBOX
    sandbox = store.sandboxes.get(name)
    if sandbox is None:
        raise _no_sandbox("x-sandbox-name", name)
    return sandbox


def _no_sandbox(header: str, value: str) -> Refusal:
    # 403, not 404: on a look-up a 404 means "no such person", and the wrong sandbox must not read like that.
    return Refusal(problem(403, f"{header} {value!r} names no sandbox of this organisation"))


def _credential(value: Sequence[str] | Credential) -> Credential:
    if isinstance(value, Credential):
        return value
    if isinstance(value, str):
        return Credential((value,))
    return Credential(tuple(value))
