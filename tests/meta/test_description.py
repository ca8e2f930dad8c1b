"""Description, client and emulator speak of the same operations."""

from __future__ import annotations

import json
from importlib.resources import files

from tests.meta.test_public_names import public_members, resources

from rtcp.emulator.http.operations import OPERATIONS
from rtcp.emulator.routes import HANDLERS

DOCUMENT = json.loads(files("rtcp.emulator").joinpath("openapi.json").read_text(encoding="utf-8"))
DESCRIBED = {
    (method.upper(), path): operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in ("get", "post", "put", "patch", "delete", "head")
}


# They are made of other verbs, and have no operation of their own.
COMPOSED = {"entities.explain", "system_jobs.plan"}


def described_verbs() -> set[str]:
    return {verb for operation in DESCRIBED.values() for verb in operation.get("x-rtcp-verbs", ())}


def client_verbs() -> set[str]:
    return {f"{noun}.{verb}" for noun, kind in resources().items() for verb in public_members(kind)}


def test_every_described_verb_is_a_method_of_the_client():
    assert described_verbs() - client_verbs() == set()


def test_every_method_of_the_client_is_described():
    assert client_verbs() - described_verbs() == COMPOSED


def test_every_described_operation_is_called_as_the_verb_that_it_serves():
    for (method, path), operation in DESCRIBED.items():
        verbs = operation.get("x-rtcp-verbs")
        assert verbs is None or verbs[0] == operation["operationId"], f"{method} {path}"


def test_the_emulator_serves_what_is_described_and_nothing_else():
    named = {key: operation.get("x-rtcp-variant-of", operation["operationId"]) for key, operation in DESCRIBED.items()}

    assert named == OPERATIONS


def test_every_operation_of_the_emulator_has_a_handler():
    assert set(OPERATIONS.values()) <= set(HANDLERS)


def test_every_handler_belongs_to_an_operation_or_to_a_verb_that_shares_one():
    assert set(HANDLERS) <= set(OPERATIONS.values()) | described_verbs()
