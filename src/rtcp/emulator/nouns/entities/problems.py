"""The errors of look-ups: texts throughout, a list for 429, and a list of failures where some identities fail alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rtcp.emulator.http.wire import Answer
from rtcp.emulator.store import StoreError, TooManyIdentities, UnknownCursor, UnknownIdentity, UnknownPolicy


def error_of(status: int, detail: str) -> Answer:
    """The error that a status stands for."""
    if status == 404:
        return entity_not_found()
    return _too_many_requests() if status == 429 else entity_error(status, detail)


def entity_error(status: int, message: str, cause: str = "") -> Answer:
    return Answer(status, error_body(status, message, cause))


def error_body(status: int, message: str, cause: str = "") -> dict[str, str]:
    """The entities shape: every value is a string, the status too."""
    return {"message": message, "cause": cause, "statusCode": str(status)}


def entity_not_found() -> Answer:
    return Answer(404, {"statusCode": "404"})


def answer_error(error: StoreError) -> Answer:
    """What the service says of something that the store cannot look up."""
    if isinstance(error, TooManyIdentities):
        return entity_error(422, "Too many related identities", '{"limit":"50"}')
    if isinstance(error, UnknownPolicy):
        if error.was_named:
            return entity_error(422, "provided merge policy is not found", '{"code":"UPLIB-101221-404"}')
        missing = f"no default merge policy for class {error.schema_name!r}, and mergePolicyId is missing"
        return entity_error(422, f"UPS-MRG-1000001: {missing}")
    if isinstance(error, UnknownCursor):
        return entity_error(400, "start names no event of this profile")
    if isinstance(error, UnknownIdentity):
        if error.namespace is None:
            return entity_error(400, "entityIdNS is missing, and entityId is no XID of this sandbox")
        return entity_error(400, f"identity namespace {error.namespace!r} is unknown in this sandbox")
    raise error


def partial_failure(failures: Sequence[tuple[str, dict[str, str]]]) -> Answer:
    """207: a list of failures; the documented shape has no place for what succeeded."""
    entries: list[dict[str, Any]] = [{"xid": xid, "error": error} for xid, error in failures]
    return Answer(207, entries)


def _too_many_requests() -> Answer:
    """A list, unlike every other error of theirs."""
    entry = {**error_body(429, "Too many requests"), "retryAfterMs": "500"}
    return Answer(429, [entry])
