"""Description, client and emulator speak of the same operations."""

from __future__ import annotations

import json
from importlib.resources import files

from tests.meta.test_public_names import public_members, resources

from rtcp.emulator.http.description import load_description
from rtcp.emulator.http.faults import JOB_KINDS
from rtcp.emulator.http.operations import DIALECTS, ROUTES
from rtcp.emulator.jobs import find_kind
from rtcp.emulator.noun_folders import load_noun, noun_names

DOCUMENT = json.loads(files("rtcp.emulator").joinpath("openapi.json").read_text(encoding="utf-8"))
DESCRIBED = {
    (method.upper(), path): operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in ("get", "post", "put", "patch", "delete", "head")
}


# They are made of other verbs, and have no operation of their own.
COMPOSED = {
    "entities.explain",
    "export_jobs.table",
    "system_jobs.plan",
    *(f"{noun}.find" for noun in ("audiences", "computed_attributes", "datasets", "merge_policies")),
}


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


def load_all_nouns() -> list[object]:
    return [module for noun in noun_names() for module in load_noun(noun)]


def test_every_described_operation_has_a_route_and_every_route_is_described():
    load_all_nouns()

    assert set(ROUTES) == set(load_description().operation_ids())


def test_every_route_stands_in_the_folder_of_its_noun():
    load_all_nouns()

    homes = {operation: handler.__module__.split(".")[3] for operation, handler in ROUTES.items()}
    assert homes == {operation: operation.partition(".")[0] for operation in ROUTES}


def test_dialects_change_the_answers_of_described_operations_of_their_own_noun():
    for module in load_all_nouns():
        for table in ("CHANGES", "LIST_CHANGES", "REFUSED"):
            for dialect, changes in getattr(module, table, {}).items():
                assert dialect in DIALECTS
                assert {operation.partition(".")[0] for operation in changes} <= {module.__name__.split(".")[3]}
                assert set(changes) <= set(load_description().operation_ids())


def test_every_job_that_a_fault_can_let_fail_is_done_by_its_noun():
    assert [find_kind(kind).name for kind in JOB_KINDS] == list(JOB_KINDS)
