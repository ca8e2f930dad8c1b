"""The description of the service: its files agree, are well formed, and name every guess they make."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "openapi"
COMPILED: dict[str, Any] = json.loads(files("rtcp.emulator").joinpath("openapi.json").read_text(encoding="utf-8"))
METHODS = {"get", "put", "post", "delete", "patch"}
OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    operation["operationId"]: (path, operation)
    for path, item in COMPILED["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}
with (SOURCES / "assumptions.toml").open("rb") as opened:
    ASSUMPTIONS: list[dict[str, Any]] = tomllib.load(opened)["assumption"]


def resolve(node: Any) -> Any:
    """Follow references until there is none."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = COMPILED
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def walk(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object inside the node, the node included."""
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from walk(child)


def errors_of(value: Any, schema: dict[str, Any]) -> list[str]:
    # References are local to the document, so the schema travels with the document's components.
    whole = {"allOf": [schema], "components": COMPILED["components"]}
    return [str(error) for error in jsonschema_rs.Draft202012Validator(whole).iter_errors(value)]


def media_types(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the bodies that the operation takes and gives, each with a name to recognise it by."""
    for content in resolve(operation.get("requestBody", {})).get("content", {}).values():
        yield "request", content
    for status, response in operation["responses"].items():
        for content in resolve(response).get("content", {}).values():
            yield status, content


def examples() -> Iterator[Any]:
    for operation_id, (_, operation) in OPERATIONS.items():
        for place, content in media_types(operation):
            if "example" in content:
                yield pytest.param(content["example"], content["schema"], id=f"{operation_id}-{place}")
            for name, example in content.get("examples", {}).items():
                yield pytest.param(example["value"], content["schema"], id=f"{operation_id}-{place}-{name}")


@pytest.fixture(params=sorted(OPERATIONS))
def operation_id(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_compiled_document_is_what_the_files_say() -> None:
    run = subprocess.run(
        [sys.executable, str(SOURCES / "compile.py"), "--check"], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr


def test_each_file_declares_the_version_of_openapi_it_is_written_in() -> None:
    versions = {path.name: yaml.safe_load(path.read_text())["openapi"] for path in SOURCES.glob("*.yaml")}

    assert set(versions.values()) == {"3.1.0"}


def test_every_reference_leads_somewhere() -> None:
    for node in walk(COMPILED):
        if "$ref" in node:
            assert resolve(node), node["$ref"]


def test_no_component_lies_unused() -> None:
    used = {node["$ref"] for node in walk(COMPILED) if "$ref" in node}
    defined = {
        f"#/components/{kind}/{name}"
        for kind, entries in COMPILED["components"].items()
        if kind != "securitySchemes"
        for name in entries
    }

    assert defined - used == set()


def test_operation_says_what_it_does_and_where_it_lives(operation_id: str) -> None:
    path, operation = OPERATIONS[operation_id]

    assert re.fullmatch(r"[a-z_]+\.[a-z_]+(\.v\d)?", operation_id)
    assert operation["summary"].endswith(".")
    assert COMPILED["paths"][path]["servers"][0]["url"].startswith("https://")
    for requirement in operation["security"]:
        assert requirement.keys() <= COMPILED["components"]["securitySchemes"].keys()


def test_operation_of_the_gateway_declares_the_headers_that_the_gateway_wants(operation_id: str) -> None:
    path, operation = OPERATIONS[operation_id]
    headers = {p["name"] for p in map(resolve, operation.get("parameters", [])) if p["in"] == "header"}

    if path.startswith("/data/"):
        assert {"x-gw-ims-org-id", "x-sandbox-name", "x-sandbox-id", "x-request-id"} <= headers
        assert operation["security"] == [{"accessToken": [], "apiKey": []}]
    else:
        assert headers <= {"x-adobe-flow-id", "x-sandbox-name"}


def test_verbs_stand_at_the_operation_that_bears_their_name_or_serves_them(operation_id: str) -> None:
    _, operation = OPERATIONS[operation_id]

    if operation_id.startswith("auth.") or operation.get("x-rtcp-internal"):
        assert "x-rtcp-verbs" not in operation
    else:
        assert operation["x-rtcp-verbs"][0] == operation_id


def test_parameters_are_complete_and_named_once(operation_id: str) -> None:
    path, operation = OPERATIONS[operation_id]
    parameters = [resolve(parameter) for parameter in operation.get("parameters", [])]
    names = [(p["in"], name.lower()) for p in parameters for name in {p["name"], *p.get("x-rtcp-aliases", ())}]

    assert len({(p["in"], p["name"]) for p in parameters}) == len(parameters)
    assert len(set(names)) >= len(parameters)
    for parameter in parameters:
        assert parameter["description"]
        assert not list(errors_of(parameter["example"], parameter["schema"]) if "example" in parameter else ())
    assert {p["name"] for p in parameters if p["in"] == "path" and p["required"]} == set(re.findall(r"{(\w+)}", path))


def test_answers_have_a_success_first_and_tell_what_they_mean(operation_id: str) -> None:
    _, operation = OPERATIONS[operation_id]
    statuses = list(operation["responses"])

    assert statuses[0].startswith("2")
    assert statuses == sorted(statuses)
    for response in operation["responses"].values():
        assert resolve(response)["description"]


def test_every_schema_is_a_valid_json_schema() -> None:
    for name, schema in COMPILED["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema), name


@pytest.mark.parametrize(("example", "schema"), list(examples()))
def test_example_obeys_its_own_schema(example: Any, schema: dict[str, Any]) -> None:
    assert errors_of(example, schema) == []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"identities": [{"entityId": "1"}]}, "schema"),
        ({"schema": {"name": "_xdm.context.profile"}, "identities": []}, "identities"),
        ({"schema": {"name": "_xdm.context.profile"}, "identities": [{"relatedEntityId": "1"}]}, "entityId"),
        ({"schema": {"name": "_xdm.context.profile"}, "identities": [{"entityId": 1}]}, "string"),
        (
            {"schema": {"name": "_xdm.context.profile"}, "identities": [{"entityId": "1", "entityIdNS": "Email"}]},
            "object",
        ),
        (
            {"schema": {"name": "_xdm.context.experienceevent"}, "identities": [{"relatedEntityId": "1"}]},
            "relatedSchema",
        ),
        (
            {
                "schema": {"name": "_xdm.context.experienceevent"},
                "relatedSchema": {"name": "_xdm.context.profile"},
                "identities": [{"entityId": "1"}],
            },
            "relatedEntityId",
        ),
    ],
)
def test_malformed_look_up_is_refused_with_a_hint(body: dict[str, Any], complaint: str) -> None:
    assert any(complaint in error for error in errors_of(body, {"$ref": "#/components/schemas/EntitiesLookup"}))


@pytest.mark.parametrize(
    ("attribute_merge", "is_accepted"),
    [
        ({"type": "timestampOrdered"}, True),
        ({"type": "timestampOrdered", "order": ["64f0c2a9"]}, True),
        ({"type": "dataSetPrecedence", "order": ["64f0c2a9"]}, True),
        ({"type": "dataSetPrecedence", "order": []}, False),
        ({"type": "dataSetPrecedence"}, False),
        ({"type": "alphabetical"}, False),
    ],
)
def test_policy_by_precedence_needs_an_order(attribute_merge: dict[str, Any], is_accepted: bool) -> None:
    body = {
        "schema": {"name": "_xdm.context.profile"},
        "identityGraph": {"type": "pdg"},
        "attributeMerge": attribute_merge,
    }

    assert (errors_of(body, {"$ref": "#/components/schemas/MergePolicyDraft"}) == []) is is_accepted


def test_entity_and_page_of_events_are_never_mistaken_for_each_other() -> None:
    page = {"_page": {"next": ""}, "children": []}
    entity = {"Bq3x": {"entityId": "Bq3x", "entity": {}}, "_page": {}}

    assert errors_of(page, {"$ref": "#/components/schemas/EntityMap"})
    assert errors_of(entity, {"$ref": "#/components/schemas/EventPage"})


def test_every_named_assumption_is_written_down() -> None:
    named: set[str] = set()
    for node in walk(COMPILED):
        mentioned = node.get("x-rtcp-assumption", [])
        named.update([mentioned] if isinstance(mentioned, str) else mentioned)

    assert named - {assumption["id"] for assumption in ASSUMPTIONS} == set()


def test_assumption_ids_are_unique() -> None:
    ids = [assumption["id"] for assumption in ASSUMPTIONS]

    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("assumption", ASSUMPTIONS, ids=lambda assumption: str(assumption["id"]))
def test_assumption_is_complete(assumption: dict[str, Any]) -> None:
    verbs = {verb for _, operation in OPERATIONS.values() for verb in operation.get("x-rtcp-verbs", ())}

    for key in ("id", "question", "sends", "accepts", "breaks_if_wrong"):
        assert isinstance(assumption[key], str)
        assert assumption[key].strip()
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", assumption["id"])
    assert assumption["question"].endswith("?")
    assert assumption["sources"]
    assert assumption["operation"]
    assert set(assumption["operation"]) <= {"*", "auth.fetch_token"} | verbs
    assert set(assumption.get("dialects", ())) <= {"spec", "hostile"}
    assert assumption.keys() <= {
        "id", "operation", "question", "sources", "sends", "accepts", "breaks_if_wrong", "dialects",
    }  # fmt: skip
