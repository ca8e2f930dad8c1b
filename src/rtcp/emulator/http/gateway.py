"""The checks that the platform gateway makes before a service sees the request (facts of the troubleshooting guide)."""

from __future__ import annotations

import re
import uuid

from rtcp.emulator.http.ims import Ims
from rtcp.emulator.http.problems import gateway_error, problem
from rtcp.emulator.http.wire import JSON_PATCH_TYPE, JSON_TYPE, OCTETS, Refusal, Request
from rtcp.emulator.store import Sandbox, Store

_ORG_ID = re.compile(r"[^@\s]+@AdobeOrg")
# The platform's default sandbox; some guide samples leave the header out, so its absence means this one.
DEFAULT_SANDBOX = "prod"
# Operations whose bodies are not JSON, or not always.
_BODY_TYPES = {
    "batches.upload": (OCTETS,),
    "batches.upload_part": (OCTETS,),
    "datasets.enable_profile": (JSON_TYPE, JSON_PATCH_TYPE),
}


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


def expired_token() -> Refusal:
    return Refusal(gateway_error("401013", "Oauth token is not valid"))


def _check_token(authorization: str | None, ims: Ims) -> str:
    if not authorization:
        raise Refusal(gateway_error("403010", "Oauth token is missing."))
    scheme, _, token = authorization.partition(" ")
    grant = ims.grant(token.strip()) if scheme.lower() == "bearer" else None
    if grant is None:
        raise expired_token()
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
    if name is None and sandbox_id:
        for known in store.sandbox_names():
            sandbox = store.sandbox(known)
            if sandbox.id == sandbox_id:
                return sandbox
        raise _no_sandbox("x-sandbox-id", sandbox_id)
    name = name or DEFAULT_SANDBOX
    if not store.has_sandbox(name):
        raise _no_sandbox("x-sandbox-name", name)
    return store.sandbox(name)


def _no_sandbox(header: str, value: str) -> Refusal:
    # 403, not 404: on a look-up a 404 means "no such person", and the wrong sandbox must not read like that.
    return Refusal(problem(403, f"{header} {value!r} names no sandbox of this organisation"))
